/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The configuration: read from an INI file or the command line, checked, and const from then on.
 */
#ifndef RINGSIDE_CONFIG_H
#define RINGSIDE_CONFIG_H

#include <limits.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>

#include "base/err.h"
#include "base/option.h"
#include "service/access.h"
#include "service/service.h"

#define CONFIG_INTERFACES 8
#define CONFIG_TEXT_BYTES 160 /* a text; longer lines are refused by the reader */
#define CONFIG_BATCH_MAX 256 /* frames */
#define CONFIG_FRAMES_MIN 4096 /* of an AF_XDP queue: 2048 wait to be filled, 2048 to be sent */

enum io_choice { IO_AUTO, IO_AF_XDP, IO_AF_PACKET, IO_PCAP, IO_UDP };
enum xdp_choice { XDP_AUTO, XDP_NATIVE, XDP_GENERIC };
enum attach_choice { ATTACH_LINK, ATTACH_DISPATCHER };
enum switch_choice { SWITCH_AUTO, SWITCH_ON, SWITCH_OFF };
enum huge_choice { HUGE_AUTO, HUGE_2M, HUGE_1G, HUGE_OFF };

struct config_interface {
	char name[IFNAMSIZ]; /* from the section's title */
	unsigned line; /* of the section's title; 0 when there is no file */
	char netns[CONFIG_TEXT_BYTES];
	int io, xdp, attach, zero_copy, huge_pages; /* the enums above */
	struct option_numbers queues; /* count 0: all */
	struct option_numbers cpus; /* count 0: auto */
	bool irq_affinity;
	uint32_t frames; /* per queue; 0: auto */
	uint32_t frame_size; /* bytes: 2048 or 4096 */
	uint32_t busy_poll_us;
	uint32_t batch;
	struct option_mac mac;
	char read[CONFIG_TEXT_BYTES], write[CONFIG_TEXT_BYTES];
};

struct config_service {
	char name[32]; /* from the section's title */
	unsigned line;
	unsigned slot; /* of its counts and buckets; its index, until a reload */
	const struct service_type *type;
	struct service_settings *settings; /* type->settings_size bytes, owned */
};

struct config_api {
	struct sockaddr_storage listen; /* ss_family AF_UNSPEC: no TCP */
	char token_file[CONFIG_TEXT_BYTES];
};

struct config {
	char name[32];
	int stats_level; /* enum level of bpf/verdict.h */
	int log_level; /* enum log_level */
	unsigned interfaces_count, services_count;
	struct config_interface interfaces[CONFIG_INTERFACES];
	struct config_service services[SERVICE_SLOTS];
	struct access_settings access;
	struct config_api api;
};

/* A list of problems, each a line "FILE:LINE: WHAT: WHY"; grows as needed. */
struct config_problems {
	unsigned count;
	char **lines; /* owned */
};

/*
 * Where a configuration comes from. Either file, or interface and service (the quick start: the
 * service's defaults on that interface). set: the --set arguments, "SECTION.KEY=VALUE", split at
 * the last dot before '='; they act behind the file.
 */
struct config_source {
	const char *file;
	const char *interface, *service;
	const char *const *set;
	unsigned set_count;
};

/* Reads and checks. Returns 0; -EINVAL with every problem listed; or another negative errno with
 * one problem that says why the file could not be read. The caller ends it with config_fini() in
 * any case. */
int config_init(struct config *config, const struct config_source *source,
	struct config_problems *problems);
void config_fini(struct config *config);

/* The same, and prints the effective configuration as config_print() does: *ini is the caller's to free, in
 * any case. */
int config_load(struct config *config, const struct config_source *source, char **ini,
	struct config_problems *problems);

/* What two effective configurations, as printed, differ in. */
struct config_difference {
	const char *section; /* "service reflect" */
	const char *key; /* NULL: the whole section is new, or gone */
	const char *before, *now; /* of a section: NULL where it is not there */
	bool needs_restart; /* the key is looked at only at the start */
};

/* Calls `each` for every difference, in the order of the sections and keys of `now`, then of `before`.
 * Pointers are on loan for the call. Returns 0 or -ENOMEM. */
int config_compare(const char *before, const char *now,
	void (*each)(void *context, const struct config_difference *difference), void *context);
void config_problems_fini(struct config_problems *problems);

/* Prints the effective configuration as an INI file that reads back to the same: every key of
 * [ringside], of [access], of [api] and of every section that was given. Returns what config_init() does of the same
 * source; -EIO when the file could not be written. */
int config_print(const struct config_source *source, FILE *out, struct config_problems *problems);

/* The capabilities without which it does not run (bits: base/privilege.h), and those that are kept while
 * it runs, since an interface that comes back is opened again: packet memory may be over the memlock
 * limit, interrupts belong to root. */
uint64_t config_needs(const struct config *config);
uint64_t config_keeps(const struct config *config);

/* The kinds of sections but [service NAME], whose rows are the service types', for --help, manual and
 * completion; a row without a title at the end. */
struct config_kind {
	const char *title; /* "interface NAME" */
	const char *help; /* one line */
	const struct option *options;
	unsigned options_count;
};
extern const struct config_kind config_kinds[];

/* The rows of [ringside], [interface], [access] and [api], for --help and tests. */
extern const struct option config_ringside_options[];
extern const unsigned config_ringside_options_count;
extern const struct option config_interface_options[];
extern const unsigned config_interface_options_count;
extern const struct option config_access_options[];
extern const unsigned config_access_options_count;
extern const struct option config_api_options[];
extern const unsigned config_api_options_count;

#endif
