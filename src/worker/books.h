/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The books of one queue: what its kernel half, its worker and the kernel's sockets have counted, over
 * every time that its interface was open, and how they add up.
 *
 *    hook (kernel) ──▶ pass, answer, drop
 *         └─ redirect ──▶ dropped by the socket │ in its ring │ in the worker's hands │ judged (worker)
 *
 * Without a kernel half the backend's receive is the first count (direct).
 */
#ifndef RINGSIDE_BOOKS_H
#define RINGSIDE_BOOKS_H

#include "worker/interface.h"

struct books {
	struct cells kernel; /* at the hook */
	struct cells worker; /* of the frames that the hook handed over */
	struct cells direct; /* of frames that no hook has seen */
	struct cell made[SERVICE_SLOTS]; /* struct hook_books's, by services' own hooks */
	struct io_gauges gauges, direct_gauges;
	uint64_t lent, direct_lent; /* in the worker's hands */
	uint64_t tx_errors; /* answers that the driver could not transmit; UINT64_MAX: unknown */
	uint64_t unsent; /* left in the TX rings of closed sockets */
	struct service_way ways[SERVICE_SLOTS]; /* of the frames that services sent to other CPUs */
	uint64_t busy_ns, batches[SNAPSHOT_BATCH_BINS];
	struct cell redirect; /* set by books_settle(): handed over by the hook */
	struct cell received; /* likewise: counted by the backend itself, no hook being there */
	uint64_t in_flight; /* likewise: in rings and hands */
	int64_t unaccounted; /* likewise */
};

/* Reads the books of a queue as they are, on top of what was counted before. interface NULL, or without
 * that queue: just that. */
void books_read(
	struct interface *interface, uint32_t index, const struct books *past, struct books *books);

/* The same, at one moment although they move: sets redirect, in_flight and unaccounted. final: nothing moves any more. */
void books_settle(struct interface *interface, uint32_t index, const struct books *past, bool final,
	struct books *books);

/* Keeps what a service's own hook has counted; it counts no more, and is about to be closed. Returns 0 or
 * -ENOMEM. */
int books_keep_hook(struct interface *interface, unsigned slot);

/* Adds up one outcome, or all of them, over all slots. */
void cells_sum(const struct cells *cells, unsigned outcome, struct cell *sum);
void cells_sum_passed(
	const struct cells *cells, struct cell *sum); /* to the stack, a CPU, an application */
void cells_sum_drops(const struct cells *cells, struct cell *sum);
void cells_sum_all(const struct cells *cells, struct cell *sum);

/* A count that may be unknown (UINT64_MAX), as a number to add. */
static inline uint64_t known(uint64_t count)
{
	return count == UINT64_MAX ? 0 : count;
}

/* Adds to a count; unknown when either is. */
static inline void add_known(uint64_t *sum, uint64_t more)
{
	*sum = *sum == UINT64_MAX || more == UINT64_MAX ? UINT64_MAX : *sum + more;
}

#endif
