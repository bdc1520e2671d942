/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Drops behind the hook, where no program of ours sees a packet any more: a tap has shown it as what it was at the hook
 * (answered, delivered), or, on its way to a worker, not at all. The snapshots tell how many there were.
 */
#ifndef RINGSIDE_TAP_BEHIND_H
#define RINGSIDE_TAP_BEHIND_H

#include "stats/published.h"

struct tap_behind {
	struct published_reader reader;
	struct snapshot *before, *now; /* NULL: what was dropped is not known */
};

/* Counts from here on those of the instance of that control socket. */
void tap_behind_begin(struct tap_behind *behind, const char *socket);

/* Up to here: waits for a snapshot that is not older. */
void tap_behind_end(struct tap_behind *behind);

/* How many there were, in between, on a queue of an interface (SNAPSHOT_NONE: all of its queues); on any NULL: of all
 * interfaces. SNAPSHOT_UNKNOWN: not known. */
uint64_t tap_behind_count(
	const struct tap_behind *behind, const char *interface, uint32_t queue, enum drop reason);

/* The reasons; there are `count` of them. */
#define TAP_BEHIND_REASONS 4
extern const enum drop tap_behind_reasons[TAP_BEHIND_REASONS];

void tap_behind_close(struct tap_behind *behind);

#endif
