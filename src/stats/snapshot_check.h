/* SPDX-License-Identifier: BSD-2-Clause */
/* Snapshots from outside of this process: a mapping, a recording. */
#ifndef RINGSIDE_SNAPSHOT_CHECK_H
#define RINGSIDE_SNAPSHOT_CHECK_H

#include "stats/snapshot.h"

/* A number for the layout of struct snapshot and for what the table of metrics says of it: programs with
 * equal numbers understand each other's. */
uint64_t snapshot_layout(void);

/* Whether all counts and indices are in range and all texts end, so that a reader may follow them. */
bool snapshot_is_sane(const struct snapshot *snapshot);

#endif
