/* SPDX-License-Identifier: BSD-2-Clause */
#include "tui/queue_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tui/rows.h"

static double ring_percent(uint64_t used, uint64_t size)
{
	if (used == SNAPSHOT_UNKNOWN || size == SNAPSHOT_UNKNOWN || !size)
		return NAN;
	return 100 * (double)used / (double)size;
}

/* Frames a batch. Batches are counted by level detailed alone: unknown or none gives NAN. */
static double mean_batch(const struct snapshot_queue *before, const struct snapshot_queue *now)
{
	uint64_t batches = 0;

	for (unsigned i = 0; i < SNAPSHOT_BATCH_BINS; i++) {
		if (now->batches[i] == SNAPSHOT_UNKNOWN || before->batches[i] == SNAPSHOT_UNKNOWN ||
			now->batches[i] < before->batches[i])
			return NAN;
		batches += now->batches[i] - before->batches[i];
	}
	if (!batches || now->flow.rx_packets < before->flow.rx_packets)
		return NAN;
	return (double)(now->flow.rx_packets - before->flow.rx_packets) / (double)batches;
}

static void fill_rates(const struct view *view, struct queue_row *row)
{
	const struct snapshot_queue *now = &view->now->queues[row->index];
	const struct snapshot_queue *before = view_queue_before(view, row->index);

	row->rx_pps = now->flow.rx_pps;
	row->tx_pps = now->flow.tx_pps;
	row->rx_bps = now->flow.rx_bps;
	row->tx_bps = now->flow.tx_bps;
	row->busy = now->busy_percent;
	row->pass_pps = row->drop_pps = row->wakeups = row->batch = NAN;
	if (before) {
		row->batch = mean_batch(before, now);
		row->pass_pps = view_rate(view, before->pass_packets, now->pass_packets);
		row->drop_pps =
			view_rate(view, snapshot_queue_drops(before), snapshot_queue_drops(now));
		row->wakeups = view_rate(view, before->wakeups, now->wakeups);
	}
	/* the kernel still counts drops for a worker that says nothing; all else would be a
	 * stale 0 */
	if (view_queue_is_silent(now))
		row->rx_pps = row->tx_pps = row->rx_bps = row->tx_bps = row->busy = row->pass_pps =
			row->wakeups = row->batch = NAN;
}

void queue_row_fill(const struct view *view, struct queue_row *row, unsigned index)
{
	const struct snapshot_queue *now = &view->now->queues[index];
	bool silent = view_queue_is_silent(now);

	memset(row, 0, sizeof(*row));
	row->index = index;
	row->has_worker = now->busy_ns != SNAPSHOT_UNKNOWN || now->cpu != SNAPSHOT_NONE ||
			  now->rx_ring != SNAPSHOT_UNKNOWN;
	if (view->now->interfaces_count > 1)
		snprintf(row->name, sizeof(row->name), "%s:%u",
			view->now->interfaces[now->interface].name, now->queue);
	else
		snprintf(row->name, sizeof(row->name), "%3u", now->queue);
	snprintf(row->state, sizeof(row->state), "%s",
		now->state < QUEUE_STATES ? queue_state_names[now->state] : "?");
	row->cpu = now->cpu;
	fill_rates(view, row);
	row->rx_packets = now->flow.rx_packets;
	row->in_flight = now->in_flight_packets;
	row->p50 = silent ? SNAPSHOT_UNKNOWN : now->latency.p50;
	row->p99 = silent ? SNAPSHOT_UNKNOWN : now->latency.p99;
	row->p999 = silent ? SNAPSHOT_UNKNOWN : now->latency.p999;
	row->max = silent ? SNAPSHOT_UNKNOWN : now->latency.max;
	if (!now->latency.sampled)
		row->p50 = row->p99 = row->p999 = row->max = SNAPSHOT_UNKNOWN;
	row->rx_ring = silent ? NAN : ring_percent(now->rx_ring, now->ring_size);
	row->tx_ring = silent ? NAN : ring_percent(now->tx_ring, now->ring_size);
	row->fill_ring = silent ? NAN : ring_percent(now->fill_ring, now->ring_size);
	row->role = now->state == QUEUE_RUNNING	   ? row->rx_pps == 0 ? ROLE_DIM : ROLE_TEXT
		    : now->state == QUEUE_STARTING ? ROLE_WARN
		    : now->state == QUEUE_STOPPED  ? ROLE_DIM
						   : ROLE_ALARM;
}

/* Unknown is less than anything known. */
static double known_or_less(double value)
{
	return isnan(value) ? -1 : value;
}

static double count_or_less(uint64_t count)
{
	return count == SNAPSHOT_UNKNOWN ? -1 : (double)count;
}

enum queue_sort {
	SORT_AUTO,
	SORT_QUEUE,
	SORT_WORST,
	SORT_RX,
	SORT_TX,
	SORT_DROPS,
	SORT_BUSY,
	SORT_P99
};
static const char *const sorts[] = { "auto", "queue", "worst", "RX", "TX", "drops", "busy", "p99",
	NULL };

/* What is compared, the most important first; more of it comes first. */
#define SORT_KEYS 4
static void sort_keys(const struct queue_row *row, enum queue_sort by, double keys[SORT_KEYS])
{
	const double worst[SORT_KEYS] = { row->role == ROLE_ALARM, known_or_less(row->drop_pps),
		known_or_less(row->busy), known_or_less(row->rx_pps) };

	memset(keys, 0, SORT_KEYS * sizeof(keys[0]));
	if (by == SORT_WORST)
		memcpy(keys, worst, sizeof(worst));
	else if (by == SORT_RX)
		keys[0] = known_or_less(row->rx_pps);
	else if (by == SORT_TX)
		keys[0] = known_or_less(row->tx_pps);
	else if (by == SORT_DROPS)
		keys[0] = known_or_less(row->drop_pps);
	else if (by == SORT_BUSY)
		keys[0] = known_or_less(row->busy);
	else if (by == SORT_P99)
		keys[0] = count_or_less(row->p99);
}

struct sorted {
	double keys[SORT_KEYS];
	unsigned index;
};

static int compare_rows(const void *left, const void *right)
{
	const struct sorted *a = left, *b = right;

	for (unsigned i = 0; i < SORT_KEYS; i++)
		if (a->keys[i] != b->keys[i])
			return a->keys[i] > b->keys[i] ? -1 : 1;
	return a->index < b->index ? -1 : 1;
}

/* By number where all of them fit, the worst first where they don't. */
static enum queue_sort choose_sort(const struct view *view, enum page page)
{
	enum queue_sort sort = (enum queue_sort)view->state[page].sort;
	unsigned fit = page == PAGE_OVERVIEW ? overview_queues(view) : queues_fit(view);

	if (sort != SORT_AUTO)
		return sort;
	return view->now->queues_count > fit ? SORT_WORST : SORT_QUEUE;
}

static unsigned list(const struct view *view, enum page page, uint16_t *index)
{
	struct sorted sorted[SNAPSHOT_QUEUES];
	enum queue_sort by = choose_sort(view, page);
	unsigned count = view->now->queues_count;

	for (unsigned i = 0; i < count; i++) {
		struct queue_row row;

		queue_row_fill(view, &row, i);
		sort_keys(&row, by, sorted[i].keys);
		sorted[i].index = i;
	}
	if (by != SORT_QUEUE)
		qsort(sorted, count, sizeof(sorted[0]), compare_rows);
	for (unsigned i = 0; i < count; i++)
		index[i] = (uint16_t)sorted[i].index;
	return count;
}

static void key(const struct view *view, unsigned index, char text[VIEW_KEY_BYTES])
{
	const struct snapshot_queue *queue = &view->now->queues[index];

	snprintf(text, VIEW_KEY_BYTES, "%s:%u", view->now->interfaces[queue->interface].name,
		queue->queue);
}

static void words(const struct view *view, unsigned index, char text[256])
{
	snprintf(text, 256, "%s", queue_state_names[view->now->queues[index].state]);
}

const struct row_kind rows_queues = { sorts, list, key, words };

void queue_row_sum(const struct view *view, struct queue_row *sum)
{
	const struct snapshot_totals *totals = &view->now->totals;

	memset(sum, 0, sizeof(*sum));
	snprintf(sum->name, sizeof(sum->name), "all");
	snprintf(sum->state, sizeof(sum->state), "%u/%u ok", view_queues_in(view, QUEUE_RUNNING),
		snapshot_queues_in_use(view->now));
	sum->role = ROLE_STRONG;
	sum->is_sum = true;
	sum->rx_pps = totals->flow.rx_pps;
	sum->tx_pps = totals->flow.tx_pps;
	sum->rx_bps = totals->flow.rx_bps;
	sum->tx_bps = totals->flow.tx_bps;
	sum->rx_packets = totals->flow.rx_packets;
	sum->drop_pps = view_drop_rate(view, DROPS);
	sum->pass_pps = view->before ? view_rate(view, view->before->totals.pass_packets,
					       totals->pass_packets)
				     : NAN;
	sum->in_flight = totals->in_flight_packets;
}
