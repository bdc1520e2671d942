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

/* A silent one's counter says nothing. */
static void add_rate(struct rate_history *rates, uint64_t packets, bool is_silent,
	const struct history *history, uint64_t elapsed_ns, unsigned seconds)
{
	float rate = NAN;

	if (packets != SNAPSHOT_UNKNOWN && rates->base != SNAPSHOT_UNKNOWN &&
		packets >= rates->base && !is_silent)
		rate = (float)((double)(packets - rates->base) * (double)NSEC_PER_SEC /
			       (double)elapsed_ns);
	rates->base = packets;
	for (unsigned i = 0; i < seconds && i < HISTORY_ROW_SECONDS; i++)
		rates->rx_pps[(history->second + i) % HISTORY_ROW_SECONDS] = rate;
	rates->count = rates->count + seconds < HISTORY_ROW_SECONDS ? rates->count + seconds
								    : HISTORY_ROW_SECONDS;
}

static void add_queue(struct queue_history *row, const struct snapshot *snapshot, unsigned index,
	const struct history *history, uint64_t elapsed_ns, unsigned seconds)
{
	const struct snapshot_queue *queue = &snapshot->queues[index];
	const char *interface = snapshot->interfaces[queue->interface].name;

	if (row->queue != queue->queue || strcmp(row->interface, interface) != 0) {
		memset(row, 0, sizeof(*row));
		snprintf(row->interface, sizeof(row->interface), "%s", interface);
		row->queue = queue->queue;
		row->rates.base = SNAPSHOT_UNKNOWN;
	}
	add_rate(&row->rates, queue->flow.rx_packets,
		queue->state == QUEUE_STALLED || queue->state == QUEUE_ABSENT, history, elapsed_ns,
		seconds);
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

static void add_service(struct service_history *row, const struct snapshot_service *service,
	const struct history *history, uint64_t elapsed_ns, unsigned seconds)
{
	uint64_t groups[HEAT_GROUPS];
	uint32_t *packets;
	bool is_same = !strcmp(row->service, service->name);

	group_histogram(&service->histogram, groups);
	if (!is_same) {
		memset(row, 0, sizeof(*row));
		snprintf(row->service, sizeof(row->service), "%s", service->name);
		row->rates.base = SNAPSHOT_UNKNOWN;
	}
	add_rate(&row->rates, service->flow.rx_packets, false, history, elapsed_ns, seconds);
	for (unsigned i = 0; i < seconds && i < HEAT_SECONDS; i++)
		memset(row->packets[(history->second + i) % HEAT_SECONDS], 0,
			sizeof(row->packets[0]));
	/* what was gathered over several seconds is shown in the last of them */
	packets = row->packets[(history->second + seconds - 1) % HEAT_SECONDS];
	for (unsigned i = 0; i < HEAT_GROUPS; i++) {
		if (is_same && groups[i] >= row->base[i])
			packets[i] = (uint32_t)(groups[i] - row->base[i]);
		row->base[i] = groups[i];
	}
	row->count = row->count + seconds < HEAT_SECONDS ? row->count + seconds : HEAT_SECONDS;
}

void history_rows_add(struct history *history, const struct snapshot *snapshot, uint64_t elapsed_ns,
	unsigned seconds)
{
	for (unsigned i = 0; i < snapshot->queues_count; i++)
		add_queue(&history->queues[i], snapshot, i, history, elapsed_ns, seconds);
	for (unsigned i = 0; i < snapshot->services_count; i++)
		add_service(&history->services[i], &snapshot->services[i], history, elapsed_ns,
			seconds);
	history->second += seconds;
}

double history_rate_at(
	const struct history *history, const struct rate_history *rates, unsigned age)
{
	if (age >= rates->count)
		return NAN;
	return (double)rates
		->rx_pps[(history->second + HISTORY_ROW_SECONDS - 1 - age) % HISTORY_ROW_SECONDS];
}

const uint32_t *history_heat_at(const struct history *history, unsigned service, unsigned age)
{
	const struct service_history *row = &history->services[service];

	if (age >= row->count)
		return NULL;
	return row->packets[(history->second + HEAT_SECONDS - 1 - age) % HEAT_SECONDS];
}
