/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The doctor: what kernel, machine and driver can do for Ringside, found by trying it. Tables of
 * probes, those of the machine and those of one interface; each looks at one thing and fills a
 * finding. A probe changes nothing that stays: what it loads, binds or attaches is gone when it
 * returns. What it may not look at is unknown, never good or bad.
 */
#ifndef RINGSIDE_DOCTOR_H
#define RINGSIDE_DOCTOR_H

#include <stdbool.h>

#include "base/err.h"
#include "config.h"
#include "net/link.h"

enum finding_state {
	FINDING_OK,
	FINDING_UNKNOWN, /* could not be looked at, or does not exist here */
	FINDING_WARN, /* Ringside runs, but not as well as it could */
	FINDING_FAIL, /* Ringside does not run like this */
	FINDING_STATES,
};
extern const char *const finding_state_names[FINDING_STATES]; /* "ok", "unknown", "warn", "fail" */

struct finding {
	enum finding_state state;
	char value[256]; /* what is there */
	char mend
		[192]; /* the command that mends it, or words for what no command can; may be empty */
	char undo[192]; /* the command that undoes the mending; empty: mend is not for a machine */
};

/* What is looked at. */
struct subject {
	const struct config *config; /* NULL: none was given */
	const struct config_interface *interface; /* NULL: the machine */
	struct link link; /* of the interface */
	bool found; /* it exists: link is filled */
	struct err link_err; /* else: why not */
	bool passive; /* nothing may be bound or attached to the interface */
};

struct probe {
	const char *name;
	const char *why; /* why it matters, one line */
	void (*look)(const struct subject *subject, struct finding *finding);
	bool needs_link; /* left out when the interface is not there */
};

/* The tables, a probe without a name at the end; in the order they are printed. */
extern const struct probe doctor_kernel_probes[]; /* of the machine */
extern const struct probe
	doctor_feature_probes[]; /* likewise: what single services and keys need */
extern const struct probe doctor_machine_probes[]; /* likewise */
extern const struct probe doctor_link_probes[]; /* of an interface */
extern const struct probe doctor_driver_probes[]; /* likewise, what its driver and queues do */

/* Called with each finding; scope: the interface's name, or "machine". */
typedef void doctor_take(
	void *context, const char *scope, const struct probe *probe, const struct finding *finding);

/* Looks at the machine and at every interface of the configuration (NULL: the machine alone; its
 * stats_level and services do not matter). Returns true when nothing stops Ringside. */
bool doctor_examine(const struct config *config, bool passive, doctor_take *take, void *context);

/* For probes: sets state and value. */
void finding_set(struct finding *finding, enum finding_state state, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* What was tried was refused: for want of a capability, which says nothing of the kernel, or else a warning. */
void finding_set_refused(struct finding *finding, int code, const char *what);
/* Sets the command that mends, to be run in the interface's namespace, and the one that undoes it. Words
 * that a shell would not leave alone (an interface may be called "a;b") give none. */
void finding_mend(struct finding *finding, const struct subject *subject, const char *mend, ...)
	__attribute__((format(printf, 3, 4)));
void finding_undo(struct finding *finding, const struct subject *subject, const char *undo, ...)
	__attribute__((format(printf, 3, 4)));
/* Sets words for what no command of one line mends. */
void finding_advise(struct finding *finding, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Queues of the interface that the configuration uses. */
unsigned subject_queues(const struct subject *subject);
/* Whether the configuration has an interface with XDP: neither AF_PACKET nor a capture file. */
bool subject_wants_xdp(const struct subject *subject);
/* Bytes of packet memory when every queue of every interface that may have a socket has one. */
unsigned long long subject_packet_memory(const struct subject *subject);

/* Runs a look in a network namespace of its own, with nothing but loopback, which is gone afterwards.
 * -EPERM when none can be made. */
int doctor_run_apart(void (*look)(struct finding *finding), struct finding *finding);
/* The same; unknown when none can be made. */
void doctor_try_apart(void (*look)(struct finding *finding), struct finding *finding);

#endif
