/* SPDX-License-Identifier: BSD-2-Clause */
#include "tui/history_rows.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

uint64_t heat_lowest(unsigned group)
{
	uint64_t octave = 32ull << (group / 2);

	return group % 2 ? octave + octave / 2 : group ? octave : 0;
}

static void add_queue(struct queue_history *row, const struct snapshot *snapshot, unsigned index,
	const struct history *history, uint64_t elapsed_ns, unsigned seconds)
{
	const struct snapshot_queue *queue = &snapshot->queues[index];
	const char *interface = snapshot->interfaces[queue->interface].name;
	uint64_t packets = queue->flow.rx_packets;
	float rate = NAN;

	if (row->queue != queue->queue || strcmp(row->interface, interface) != 0) {
		memset(row, 0, sizeof(*row));
		snprintf(row->interface, sizeof(row->interface), "%s", interface);
		row->queue = queue->queue;
		row->base = SNAPSHOT_UNKNOWN;
	}
	if (packets != SNAPSHOT_UNKNOWN && row->base != SNAPSHOT_UNKNOWN && packets >= row->base)
		rate = (float)((double)(packets - row->base) * (double)NSEC_PER_SEC /
			       (double)elapsed_ns);
	row->base = packets;
	if (queue->state == QUEUE_STALLED || queue->state == QUEUE_ABSENT)
		rate = NAN;
	for (unsigned i = 0; i < seconds && i < HISTORY_QUEUE_SECONDS; i++)
		row->rx_pps[(history->second + i) % HISTORY_QUEUE_SECONDS] = rate;
	row->count = row->count + seconds < HISTORY_QUEUE_SECONDS ? row->count + seconds
								  : HISTORY_QUEUE_SECONDS;
}

static void group_histogram(const struct histogram *histogram, uint64_t groups[HEAT_GROUPS])
{
	unsigned group = 0;

	memset(groups, 0, HEAT_GROUPS * sizeof(groups[0]));
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
		if (!histogram->bucket[i])
			continue;
		while (group + 1 < HEAT_GROUPS && heat_lowest(group + 1) <= histogram_lowest(i))
			group++;
		groups[group] += histogram->bucket[i];
	}
}

static void add_heat(struct heat *heat, const struct snapshot_service *service,
	const struct history *history, unsigned seconds)
{
	uint64_t groups[HEAT_GROUPS];
	uint32_t *packets;
	bool is_same = !strcmp(heat->service, service->name);

	group_histogram(&service->histogram, groups);
	if (!is_same) {
		memset(heat, 0, sizeof(*heat));
		snprintf(heat->service, sizeof(heat->service), "%s", service->name);
	}
	for (unsigned i = 0; i < seconds && i < HEAT_SECONDS; i++)
		memset(heat->packets[(history->second + i) % HEAT_SECONDS], 0,
			sizeof(heat->packets[0]));
	/* what was gathered over several seconds is shown in the last of them */
	packets = heat->packets[(history->second + seconds - 1) % HEAT_SECONDS];
	for (unsigned i = 0; i < HEAT_GROUPS; i++) {
		if (is_same && groups[i] >= heat->base[i])
			packets[i] = (uint32_t)(groups[i] - heat->base[i]);
		heat->base[i] = groups[i];
	}
	heat->count = heat->count + seconds < HEAT_SECONDS ? heat->count + seconds : HEAT_SECONDS;
}

void history_rows_add(struct history *history, const struct snapshot *snapshot, uint64_t elapsed_ns,
	unsigned seconds)
{
	for (unsigned i = 0; i < snapshot->queues_count; i++)
		add_queue(&history->queues[i], snapshot, i, history, elapsed_ns, seconds);
	for (unsigned i = 0; i < snapshot->services_count; i++)
		add_heat(&history->heat[i], &snapshot->services[i], history, seconds);
	history->second += seconds;
}

double history_queue_at(const struct history *history, unsigned queue, unsigned age)
{
	const struct queue_history *row = &history->queues[queue];

	if (age >= row->count)
		return NAN;
	return (double)row->rx_pps[(history->second + HISTORY_QUEUE_SECONDS - 1 - age) %
				   HISTORY_QUEUE_SECONDS];
}

const uint32_t *history_heat_at(const struct history *history, unsigned service, unsigned age)
{
	const struct heat *heat = &history->heat[service];

	if (age >= heat->count)
		return NULL;
	return heat->packets[(history->second + HEAT_SECONDS - 1 - age) % HEAT_SECONDS];
}
