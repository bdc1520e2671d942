/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Snapshots in a file, one after the other, bit by bit as they were. Each is kept as what has changed
 * since the one before, so a second of them takes a few kilobytes. Only programs whose snapshots have
 * the same layout understand each other's.
 */
#ifndef RINGSIDE_RECORDING_H
#define RINGSIDE_RECORDING_H

#include "base/err.h"
#include "stats/snapshot.h"

struct recording;

/* Begins a new file. */
int recording_create(struct recording **recording, const char *path, struct err *err);
/* Adds a snapshot; it is in the file when this returns 0. */
int recording_add(struct recording *recording, const struct snapshot *snapshot, struct err *err);

/* Opens one to read. -EPROTO: err says that it is none, or whose. */
int recording_open(struct recording **recording, const char *path, struct err *err);
/* Fills the next snapshot. 1: there was one; 0: that was all, also when the last one was cut short, as a
 * crash leaves it. -EPROTO: the file is damaged. */
int recording_next(struct recording *recording, struct snapshot *snapshot, struct err *err);

void recording_close(struct recording *recording); /* NULL is allowed */

#endif
