/* SPDX-License-Identifier: BSD-2-Clause */
/* The events seen, more of them than a snapshot carries. Plain memory: a frozen screen keeps a copy. */
#ifndef RINGSIDE_EVENTS_H
#define RINGSIDE_EVENTS_H

#include "stats/snapshot.h"

#define EVENTS_KEPT 256

struct events {
	unsigned count;
	struct log_line lines[EVENTS_KEPT]; /* newest first */
};

/* Adds those of a snapshot that are new. */
void events_add(struct events *events, const struct snapshot *snapshot);

#endif
