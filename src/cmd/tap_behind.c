/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/tap_behind.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

/* Snapshots are taken ten times a second; a busy machine may need some more time. */
#define NEWER_NS (2 * NSEC_PER_SEC)
#define LOOK_NS (10 * NSEC_PER_MSEC)

const enum drop tap_behind_reasons[TAP_BEHIND_REASONS] = { DROP_rx_ring_full, DROP_rx_dropped,
	DROP_cpu_ring_full, DROP_tx_failed };

void tap_behind_begin(struct tap_behind *behind, const char *socket)
{
	char path[RUNTIME_PATH_BYTES];
	char *suffix;

	*behind = (struct tap_behind){ .reader.fd = -1 };
	strcpy(path, socket);
	suffix = strrchr(path, '.');
	strcpy(suffix, PUBLISHED_SUFFIX);
	if (published_reader_open(&behind->reader, path, NULL))
		return;
	behind->before = calloc(1, sizeof(*behind->before));
	behind->now = calloc(1, sizeof(*behind->now));
	if (!behind->before || !behind->now || !published_take(&behind->reader, behind->before)) {
		tap_behind_close(behind);
		return;
	}
	*behind->now = *behind->before;
}

void tap_behind_end(struct tap_behind *behind)
{
	const struct timespec pause = { .tv_nsec = LOOK_NS };
	const uint64_t end_ns = clock_now_ns();

	while (behind->now && behind->now->monotonic_ns < end_ns) {
		bool is_over =
			!published_lives(&behind->reader) || clock_now_ns() - end_ns > NEWER_NS;

		if (published_take(&behind->reader, behind->now))
			continue;
		if (is_over)
			return;
		nanosleep(&pause, NULL);
	}
}

/* tx_failed is also what the kernel half of http says of answers that it could not send, which a tap shows. */
static uint64_t sum_shown(const struct snapshot *s, enum drop reason)
{
	uint64_t sum = 0;

	for (unsigned i = 0; reason != DROP_cpu_ring_full && i < s->services_count; i++)
		sum += s->services[i].drop[reason];
	return sum;
}

static uint64_t sum_queues(
	const struct snapshot *s, const char *interface, uint32_t queue, enum drop reason)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < s->queues_count; i++) {
		const struct snapshot_queue *q = &s->queues[i];

		if (interface && strcmp(s->interfaces[q->interface].name, interface) != 0)
			continue;
		if (q->drop[reason] != SNAPSHOT_UNKNOWN &&
			(queue == SNAPSHOT_NONE || q->queue == queue))
			sum += q->drop[reason];
	}
	return sum;
}

uint64_t tap_behind_count(
	const struct tap_behind *behind, const char *interface, uint32_t queue, enum drop reason)
{
	uint64_t before, now;

	if (!behind->now)
		return SNAPSHOT_UNKNOWN;
	before = sum_queues(behind->before, interface, queue, reason);
	now = sum_queues(behind->now, interface, queue, reason);
	if (!interface) {
		before -= sum_shown(behind->before, reason);
		now -= sum_shown(behind->now, reason);
	}
	return now > before ? now - before : 0;
}

void tap_behind_close(struct tap_behind *behind)
{
	published_reader_close(&behind->reader);
	free(behind->before);
	free(behind->now);
	*behind = (struct tap_behind){ .reader.fd = -1 };
}
