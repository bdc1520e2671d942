/* SPDX-License-Identifier: BSD-2-Clause */
#include "tui/events.h"

#include <string.h>

/* An instance that was started again counts from 1, but time goes on. */
static bool is_newer(const struct log_line *line, const struct log_line *than)
{
	return line->time_ns > than->time_ns ||
	       (line->time_ns == than->time_ns && line->number > than->number);
}

void events_add(struct events *events, const struct snapshot *snapshot)
{
	unsigned added = 0, kept;

	while (added < snapshot->events_count &&
		(!events->count || is_newer(&snapshot->events[added], &events->lines[0])))
		added++;
	if (!added)
		return;
	kept = events->count + added > EVENTS_KEPT ? EVENTS_KEPT - added : events->count;
	memmove(&events->lines[added], &events->lines[0], kept * sizeof(events->lines[0]));
	memcpy(&events->lines[0], &snapshot->events[0], added * sizeof(events->lines[0]));
	events->count = kept + added;
}
