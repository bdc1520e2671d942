/* SPDX-License-Identifier: BSD-2-Clause */
/* The queues: all of them where they fit, else the worst first and a line that sums them up. */
#include "tui/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tui/table.h"
#include "tui/widgets.h"

struct queue_row {
	char name[24], state[24];
	enum role role;
	bool is_sum;
	uint32_t cpu;
	unsigned index; /* in the snapshot */
	double rx_pps, tx_pps, rx_bps, tx_bps, pass_pps, drop_pps, busy, wakeups;
	uint64_t rx_packets, in_flight, p50, p99, p999, max;
	double rx_ring, tx_ring, fill_ring; /* percent */
};

static const struct queue_row *row_of(const void *row)
{
	return row;
}

/* A row of its own type for each column would be a table of offsets; a function each reads
 * better. */
#define CELL(name, expression)                                                                     \
	static struct label name(const struct view *view, const void *context)                     \
	{                                                                                          \
		const struct queue_row *row = row_of(context);                                     \
                                                                                                   \
		(void)view;                                                                        \
		return expression;                                                                 \
	}

static struct label text_label(const char *text)
{
	struct label label = { ROLE_TEXT, "" };

	snprintf(label.text, sizeof(label.text), "%s", text);
	return label;
}

static struct label percent_label(double percent)
{
	struct label label = { ROLE_TEXT, "?" };

	if (!isnan(percent))
		snprintf(label.text, sizeof(label.text), "%.0f%%", percent);
	return label;
}

static struct label drop_label(double pps)
{
	struct label label = label_number(pps, "");

	label.role = pps > 0 ? ROLE_BAD : ROLE_TEXT;
	return label;
}

static struct label cpu_label(uint32_t cpu)
{
	return cpu == SNAPSHOT_NONE ? text_label("-") : label_number(cpu, "");
}

CELL(cell_name, text_label(row->name))
CELL(cell_cpu, row->is_sum ? text_label("") : cpu_label(row->cpu))
CELL(cell_rx, label_number(row->rx_pps, ""))
CELL(cell_tx, label_number(row->tx_pps, ""))
CELL(cell_rate, view_bandwidth(view, row->rx_bps, true))
CELL(cell_tx_rate, view_bandwidth(view, row->tx_bps, true))
CELL(cell_total, label_count(row->rx_packets))
CELL(cell_pass, label_number(row->pass_pps, ""))
CELL(cell_drop, drop_label(row->drop_pps))
CELL(cell_flight, label_count(row->in_flight))
CELL(cell_busy, row->is_sum ? text_label("") : percent_label(row->busy))
CELL(cell_p50, row->is_sum ? text_label("") : label_ns(row->p50))
CELL(cell_p99, row->is_sum ? text_label("") : label_ns(row->p99))
CELL(cell_p999, row->is_sum ? text_label("") : label_ns(row->p999))
CELL(cell_max, row->is_sum ? text_label("") : label_ns(row->max))
CELL(cell_rx_ring, row->is_sum ? text_label("") : percent_label(row->rx_ring))
CELL(cell_tx_ring, row->is_sum ? text_label("") : percent_label(row->tx_ring))
CELL(cell_fill_ring, row->is_sum ? text_label("") : percent_label(row->fill_ring))
CELL(cell_wakeups, row->is_sum ? text_label("") : label_number(row->wakeups, ""))
CELL(cell_state, text_label(row->state))

static const struct column columns[] = {
	{ "Q", 3, 0, true, LEVEL_BASIC, cell_name },
	{ "CPU", 3, 4, false, LEVEL_BASIC, cell_cpu },
	{ "RX/s", 7, 0, false, LEVEL_BASIC, cell_rx },
	{ "TX/s", 7, 1, false, LEVEL_BASIC, cell_tx },
	{ "RATE", 10, 3, false, LEVEL_BASIC, cell_rate },
	{ "TX RATE", 10, 12, false, LEVEL_BASIC, cell_tx_rate },
	{ "DROP/s", 7, 1, false, LEVEL_BASIC, cell_drop },
	{ "PASS/s", 7, 6, false, LEVEL_BASIC, cell_pass },
	{ "FLIGHT", 7, 7, false, LEVEL_BASIC, cell_flight },
	{ "RX TOTAL", 8, 13, false, LEVEL_BASIC, cell_total },
	{ "RX%", 4, 8, false, LEVEL_DEBUG, cell_rx_ring },
	{ "TX%", 4, 8, false, LEVEL_DEBUG, cell_tx_ring },
	{ "FILL", 4, 8, false, LEVEL_DEBUG, cell_fill_ring },
	{ "WAKE/s", 7, 9, false, LEVEL_DEBUG, cell_wakeups },
	{ "BUSY", 4, 2, false, LEVEL_DETAILED, cell_busy },
	{ "p50", 6, 5, false, LEVEL_DETAILED, cell_p50 },
	{ "p99", 6, 5, false, LEVEL_DETAILED, cell_p99 },
	{ "p99.9", 6, 10, false, LEVEL_DETAILED, cell_p999 },
	{ "max", 6, 11, false, LEVEL_DETAILED, cell_max },
	{ "STATE", 8, 1, true, LEVEL_BASIC, cell_state },
};

static double ring_percent(uint64_t used, uint64_t size)
{
	if (used == SNAPSHOT_UNKNOWN || size == SNAPSHOT_UNKNOWN || !size)
		return NAN;
	return 100 * (double)used / (double)size;
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
	row->pass_pps = row->drop_pps = row->wakeups = NAN;
	if (before) {
		row->pass_pps = view_rate(view, before->pass_packets, now->pass_packets);
		row->drop_pps =
			view_rate(view, snapshot_queue_drops(before), snapshot_queue_drops(now));
		row->wakeups = view_rate(view, before->wakeups, now->wakeups);
	}
	/* the kernel still counts drops for a worker that says nothing; all else would be a
	 * stale 0 */
	if (view_queue_is_silent(now))
		row->rx_pps = row->tx_pps = row->rx_bps = row->tx_bps = row->busy = row->pass_pps =
			row->wakeups = NAN;
}

static void fill_row(const struct view *view, struct queue_row *row, unsigned index)
{
	const struct snapshot_queue *now = &view->now->queues[index];
	bool silent = view_queue_is_silent(now);

	memset(row, 0, sizeof(*row));
	row->index = index;
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

/* Not running first, then those that drop, then the busiest. */
static int compare_rows(const void *left, const void *right)
{
	const struct queue_row *a = left, *b = right;
	const double keys[][2] = {
		{ a->role == ROLE_ALARM, b->role == ROLE_ALARM },
		{ isnan(a->drop_pps) ? 0 : a->drop_pps, isnan(b->drop_pps) ? 0 : b->drop_pps },
		{ isnan(a->busy) ? 0 : a->busy, isnan(b->busy) ? 0 : b->busy },
		{ isnan(a->rx_pps) ? 0 : a->rx_pps, isnan(b->rx_pps) ? 0 : b->rx_pps },
	};

	for (unsigned i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (keys[i][0] != keys[i][1])
			return keys[i][0] > keys[i][1] ? -1 : 1;
	return a->index < b->index ? -1 : 1;
}

static void fill_sum(const struct view *view, struct queue_row *sum, unsigned hidden)
{
	const struct snapshot_totals *totals = &view->now->totals;

	memset(sum, 0, sizeof(*sum));
	snprintf(sum->name, sizeof(sum->name), "all");
	snprintf(sum->state, sizeof(sum->state), "+%u more", hidden);
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

static int wants_queues(const struct view *view, int width)
{
	(void)width;
	return view->now->queues_count ? (int)view->now->queues_count + 1 : 0;
}

static void draw_queues(const struct view *view, const struct area *area)
{
	struct table table = { columns, sizeof(columns) / sizeof(columns[0]), view, 3,
		view->now->interfaces_count > 1 ? "QUEUE" : "  Q", 0 };
	unsigned count = view->now->queues_count, fit = (unsigned)area->height - 1;
	struct queue_row rows[SNAPSHOT_QUEUES], sum;
	int y = 1;

	for (unsigned i = 0; i < count; i++) {
		fill_row(view, &rows[i], i);
		if ((int)strlen(rows[i].name) > table.first_width)
			table.first_width = (int)strlen(rows[i].name);
	}
	table_fit(&table, area->width, view->now->level);
	table_head(&table, area, 0);
	if (count > fit) {
		qsort(rows, count, sizeof(rows[0]), compare_rows);
		fit--;
	}
	for (unsigned i = 0; i < count && i < fit; i++)
		table_row(&table, area, y++, &rows[i], rows[i].role,
			rows[i].role == ROLE_ALARM || rows[i].drop_pps > 0 ? L'!' : L' ');
	if (count > fit) {
		fill_sum(view, &sum, count - fit);
		table_row(&table, area, y, &sum, sum.role, L'=');
	}
}
const struct section section_queues = { wants_queues, draw_queues };
