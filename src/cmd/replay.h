/* SPDX-License-Identifier: BSD-2-Clause */
/* A recording as a source of snapshots: each comes when as much time has passed as had passed then. */
#ifndef RINGSIDE_REPLAY_H
#define RINGSIDE_REPLAY_H

#include "stats/recording.h"

/* Begins as { .recording = … }, which is on loan. */
struct replay {
	struct recording *recording;
	uint64_t start_ns, first_ns; /* when it began, here and in the recording */
	struct snapshot *next; /* read, not due yet; NULL: none was read yet, or the end */
	bool ended, failed;
	struct err err; /* why it failed */
};

/* For struct snapshot_source and struct tui_source; the context is a struct replay. */
bool replay_take(void *context, struct snapshot *into, uint64_t sequence);
const char *replay_ended(void *context);

#endif
