/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel half of http: a program at TC ingress, loaded once for all of a service's interfaces, attached to
 * each by a tcx link that a descriptor holds (any exit of the process takes it off), and its tables.
 */
#ifndef RINGSIDE_HTTP_PROGRAM_H
#define RINGSIDE_HTTP_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "bpf/http.h"
#include "bpf/verdict.h"
#include "service/access.h"
#include "service/address.h"

struct http_program;

/* The map with the rule of [access], where the program has one. */
#define HTTP_ACCESS_RULE ".rodata.access"
/* The map with what taps want, where the program has taps. */
#define HTTP_TAP_RULE ".rodata.tap"

struct http_program_settings {
	uint16_t port;
	const struct address_list *addresses; /* on loan */
	uint32_t files_max, objects_max, flows_max;
	uint32_t segments_max; /* of all answers together */
	struct access_program access; /* which sources it answers; the trie is copied */
	const struct access_loader *loader; /* kept; NULL: it asks for no sources */
};

/* Of a latency, in ns; UINT64_MAX: there is none yet. */
struct http_times {
	uint64_t p50, p99;
};

/* Loads it. -EOPNOTSUPP: the kernel can't take connections over, and err says why. */
int http_program_open(struct http_program **program, const struct http_program_settings *settings,
	struct err *err);
void http_program_close(struct http_program *program);

/* Loads a likeness of it that lets other sources in, or, with the same trie, the same: the next one. tap: what
 * it shows, or NULL. It has the same tables, and is put in the place of
 * the one before on all interfaces by http_program_exchange(). Where that fails, as where the interface has just
 * gone, the program is detached. Then either is given back: that which is not in force. */
int http_program_prepare(struct http_program *program, const struct access_program *access,
	bool same_sources, const struct http_tap_rule *tap, struct err *err);
void http_program_exchange(struct http_program *program);
void http_program_drop(struct http_program *program);

/* The object of the next program, or of the one there is. */
const struct bpf_object *http_program_object(const struct http_program *program);

/* Attaches it to an interface of the calling thread's network namespace, as number `index`. It lets everything
 * pass until http_program_set_interface(). */
int http_program_attach(
	struct http_program *program, unsigned index, uint32_t ifindex, struct err *err);
void http_program_detach(struct http_program *program, unsigned index);

/* From here on packets of that interface are answered; interface NULL: no more. */
void http_program_set_interface(
	struct http_program *program, unsigned index, const struct http_interface *interface);

/* While packets flow. -E2BIG: the table of addresses is full, and nothing has changed. */
void http_program_set_port(struct http_program *program, uint16_t port);
int http_program_set_addresses(
	struct http_program *program, const struct address_list *list, struct err *err);

/* A table's descriptor by its name, for the XDP program, which has those of the next program, or of the one there
 * is; or -ENOENT. */
int http_program_map_fd(const struct http_program *program, const char *name);

/* The program's descriptor, for BPF_PROG_TEST_RUN. */
int http_program_fd(const struct http_program *program);

/* The tables, mapped into the process for as long as it is open. */
struct http_entry *http_program_entries(struct http_program *program);
struct http_object *http_program_objects(struct http_program *program);
struct http_segment *http_program_segments(struct http_program *program);
struct http_state *http_program_state(struct http_program *program);

int http_program_add_path(
	struct http_program *program, const char *path, uint32_t entry, struct err *err);
/* Makes these the machine's own addresses (addresses = local) and lets go of the others. */
void http_program_set_local(
	struct http_program *program, const struct address *list, unsigned count);

/* Counts, summed over the CPUs. */
void http_program_read_counts(struct http_program *program, struct http_counts *counts);
/* Adds what one interface and queue has counted. */
void http_program_add_books(
	struct http_program *program, unsigned index, uint32_t queue, struct hook_books *books);
/* Sets the books of an interface to 0. */
void http_program_clear_books(struct http_program *program, unsigned index);
/* Answers by entry, hits[count]. */
void http_program_read_hits(struct http_program *program, uint64_t *hits, uint32_t count);
/* A latency's figures (enum http_latency). */
void http_program_read_times(
	struct http_program *program, unsigned latency, struct http_times *times);
/* Connections that have got an answer here and are still known. */
uint64_t http_program_flows(struct http_program *program);

#endif
