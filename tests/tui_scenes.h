/* SPDX-License-Identifier: BSD-2-Clause */
/* Synthetic snapshots for the dashboard's tests: what an instance would publish in a given
 * situation. */
#ifndef RINGSIDE_TUI_SCENES_H
#define RINGSIDE_TUI_SCENES_H

#include "stats/snapshot.h"

/* "silent", "healthy", "basic", "debug", "dropping", "stalled", "absent", "many", "rich" */
extern const char *const scene_names[];

/* Fills a snapshot of the scene, so many ns after its start; rates are unknown in it. The same
 * question always has the same answer. Returns false for a name that is not there. */
bool scene_fill(struct snapshot *snapshot, const char *name, uint64_t elapsed_ns);

#endif
