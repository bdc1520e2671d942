/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel half of one interface: loaded, attached by a bpf_link that a descriptor holds (any exit of
 * the process, kill -9 included, takes it off) or put into libxdp's dispatcher, its books read.
 */
#ifndef RINGSIDE_XDP_PROGRAM_H
#define RINGSIDE_XDP_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "bpf/services.h"
#include "io/access_maps.h"

struct xdp_program;

struct xdp_program_settings {
	uint32_t queues; /* receive queues that the interface can have */
	const struct service_rule
		*services; /* [SERVICE_SLOTS]; becomes read-only data of the program */
	const struct rule_tables *tables;
	const struct rule_state *state;
	struct access_program access; /* the trie is copied */
	/* A program of the same interface, whose maps the new one goes on with: books, sockets, latencies,
	 * buckets and what services keep of their own; but for prefixes and their hits. NULL: all maps are new. */
	const struct xdp_program *previous;
	uint32_t tapped; /* targets that somebody looks at, a bit for each (bpf/tap.h) */
	bool hooks; /* it calls the programs of services with hooks of their own (the map own_hooks) */
	bool priced; /* it measures what statistics cost (bpf/price.h): never attached */
	bool dispatcher; /* attached beside others, in libxdp's dispatcher (io/dispatcher.h) */
};

/* What the program is called in the kernel. */
#define XDP_PROGRAM_NAME "ringside"

/* Loads it. On failure err has the verifier's last lines, or names the capabilities. -EOPNOTSUPP: the kernel
 * refuses what the dispatcher needs. */
int xdp_program_open(
	struct xdp_program **program, const struct xdp_program_settings *settings, struct err *err);

/* Attaches it to an interface of the calling thread's network namespace, in native or generic mode.
 * -EBUSY: another program is there; it is left alone and err names it. Otherwise err has the kernel's
 * own words when it gave some. */
int xdp_program_attach(
	struct xdp_program *program, uint32_t ifindex, bool generic, struct err *err);

/* Takes the place of another one on its interface, from one frame to the next; and when it returns no
 * CPU runs the other one any more. On failure the other one stays where it is. */
int xdp_program_replace(struct xdp_program *program, struct xdp_program *previous, struct err *err);

/* Takes it off the interface; the books can still be read. */
void xdp_program_detach(struct xdp_program *program);
void xdp_program_close(struct xdp_program *program);

/* The descriptor of a map by its name; -ENOENT: there is none, or its service is not in use. */
int xdp_program_map_fd(const struct xdp_program *program, const char *name);

/* The tables and the state that the kernel half reads, for as long as it is open: both halves share
 * this memory. */
struct rule_tables *xdp_program_tables(struct xdp_program *program);
struct rule_state *xdp_program_state(struct xdp_program *program);

/* What [access] has counted in it, for as long as it is open. */
const struct access_counts *xdp_program_access(const struct xdp_program *program);

/* The program's descriptor, for BPF_PROG_TEST_RUN. */
int xdp_program_fd(const struct xdp_program *program);

/* Sends a queue's frames to an AF_XDP socket. */
int xdp_program_set_socket(struct xdp_program *program, uint32_t queue, int fd, struct err *err);

/* Adds the books of one queue, summed over the CPUs, to `sum`. */
int xdp_program_add_cells(struct xdp_program *program, uint32_t queue, struct cells *sum);

/* Forgets a slot's latencies; no rule has the slot. */
int xdp_program_forget_latency(struct xdp_program *program, uint32_t slot);

/* Adds a slot's latency histogram, summed over the CPUs, to buckets[HISTOGRAM_BUCKETS]. */
int xdp_program_add_latency(
	struct xdp_program *program, uint32_t slot, __u64 *buckets, __u64 *sum, __u64 *max);

#endif
