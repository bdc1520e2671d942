// SPDX-License-Identifier: BSD-2-Clause
#include "cmd/replay.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"

static void read_next(struct replay *replay)
{
	int ret;

	if (!replay->next)
		replay->next = malloc(sizeof(*replay->next));
	ret = replay->next ? recording_next(replay->recording, replay->next, &replay->err)
			   : err_set(&replay->err, -ENOMEM, "read a recording");
	if (ret == 1)
		return;
	replay->failed = ret < 0;
	replay->ended = true;
	free(replay->next);
	replay->next = NULL;
}

bool replay_take(void *context, struct snapshot *into, uint64_t sequence)
{
	struct replay *replay = context;
	uint64_t now_ns = clock_now_ns();

	(void)sequence; /* none is given twice */
	if (!replay->start_ns) {
		read_next(replay);
		replay->start_ns = now_ns;
		replay->first_ns = replay->next ? replay->next->monotonic_ns : 0;
	}
	if (!replay->next ||
		replay->next->monotonic_ns > replay->first_ns + (now_ns - replay->start_ns))
		return false;
	*into = *replay->next;
	read_next(replay);
	return true;
}

const char *replay_ended(void *context)
{
	const struct replay *replay = context;

	return replay->failed ? replay->err.text : replay->ended ? "The recording has ended" : NULL;
}
