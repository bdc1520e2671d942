/* SPDX-License-Identifier: BSD-2-Clause */
/* The queues as a table: all of them where they fit, else the worst first, and a row that sums up all. */
#include "tui/view.h"

#include <stdio.h>
#include <string.h>

#include "stats/units.h"
#include "tui/queue_rows.h"
#include "tui/rows.h"
#include "tui/table.h"
#include "tui/widgets.h"

#define SPARK_COLUMNS 30
#define SPARK_FROM_COLUMNS 110 /* narrower screens have none */
#define GRAPH_ROWS 12 /* at least, beside something else */
#define PAGE_LINES 5 /* of the queues' page that are no queues: header, views, head, sum, footer */

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

/* "?" would promise that it can be known: without a worker there is no such thing. */
static struct label worker_label(const struct queue_row *row, struct label label)
{
	if (row->is_sum)
		return text_label("");
	if (row->has_worker)
		return label;
	label = text_label("-");
	label.role = ROLE_DIM;
	return label;
}

static struct label worker_percent(const struct queue_row *row, double percent)
{
	return worker_label(row, percent_label(percent));
}

static struct label worker_ns(const struct queue_row *row, uint64_t ns)
{
	return worker_label(row, label_ns(ns));
}

static struct label worker_number(const struct queue_row *row, double value)
{
	return worker_label(row, label_number(value, ""));
}

static struct label worker_batch(const struct queue_row *row)
{
	struct label label = text_label("?");

	if (!isnan(row->batch))
		units_fixed(label.text, sizeof(label.text), row->batch, 1);
	return worker_label(row, label);
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
CELL(cell_busy, worker_percent(row, row->busy))
CELL(cell_p50, worker_ns(row, row->p50))
CELL(cell_p99, worker_ns(row, row->p99))
CELL(cell_p999, worker_ns(row, row->p999))
CELL(cell_max, worker_ns(row, row->max))
CELL(cell_rx_ring, worker_percent(row, row->rx_ring))
CELL(cell_tx_ring, worker_percent(row, row->tx_ring))
CELL(cell_fill_ring, worker_percent(row, row->fill_ring))
CELL(cell_wakeups, worker_number(row, row->wakeups))
CELL(cell_batch, worker_batch(row))
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
	{ "BATCH", 5, 9, false, LEVEL_DETAILED, cell_batch },
	{ "p50", 6, 5, false, LEVEL_DETAILED, cell_p50 },
	{ "p99", 6, 5, false, LEVEL_DETAILED, cell_p99 },
	{ "p99.9", 6, 10, false, LEVEL_DETAILED, cell_p999 },
	{ "max", 6, 11, false, LEVEL_DETAILED, cell_max },
	{ "STATE", 8, 1, true, LEVEL_BASIC, cell_state },
};

static struct table make_table(const struct view *view, const struct rows *rows)
{
	struct table table = { columns, sizeof(columns) / sizeof(columns[0]), view, 3,
		view->now->interfaces_count > 1 ? "QUEUE" : "  Q", 0 };

	for (unsigned i = 0; i < rows->count; i++) {
		struct queue_row row;

		queue_row_fill(view, &row, rows->index[i]);
		if ((int)strlen(row.name) > table.first_width)
			table.first_width = (int)strlen(row.name);
	}
	return table;
}

static void draw_spark(const struct view *view, const struct area *area, int y, unsigned queue)
{
	const struct view_rates rates = { view->history, &view->history->queues[queue].rates };
	const struct graph graph = { view_rates_at, &rates, rates.of->count, 0 };

	widget_spark(area, 0, y, area->width, &graph);
}

/* Rows from the first line on, as many as there are lines; the row of all is the last one. */
static void draw_rows(
	const struct view *view, const struct area *area, const struct rows *rows, bool has_sum)
{
	bool sparks = area->width >= SPARK_FROM_COLUMNS;
	struct area left = area_columns(area, 0, area->width - (sparks ? SPARK_COLUMNS + 1 : 0));
	struct area right = area_columns(area, area->width - SPARK_COLUMNS, SPARK_COLUMNS);
	struct table table = make_table(view, rows);
	int selected = rows_selected(view, view->page, rows);
	unsigned shown = (unsigned)(area->height - 1 - has_sum);
	unsigned first = rows_first(rows, selected, shown);
	struct queue_row row;
	int y = 1;

	table_fit(&table, left.width, view->now->level);
	table_head(&table, &left, 0);
	if (sparks) {
		area_fill(area, left.width, 0, area->width, ROLE_HEAD, L' ');
		area_text(&right, 0, 0, ROLE_HEAD, "RX, last seconds");
	}
	for (unsigned i = first; i < rows->count && i < first + shown; i++, y++) {
		queue_row_fill(view, &row, rows->index[i]);
		table_row_select(&table, &left, y, &row, row.role,
			row.role == ROLE_ALARM || row.drop_pps > 0 ? L'!' : L' ',
			(int)i == selected);
		if (sparks)
			draw_spark(view, &right, y, rows->index[i]);
	}
	if (!has_sum)
		return;
	queue_row_sum(view, &row);
	if (rows->count > shown)
		snprintf(row.state, sizeof(row.state), "+%u more", rows->count - shown);
	table_row(&table, &left, y, &row, row.role, L'=');
}

static int wants_queues(const struct view *view, int width)
{
	unsigned count = view->now->queues_count;

	(void)width;
	return count ? (int)count + 1 + (count > 1) : 0;
}

static void draw_queues(const struct view *view, const struct area *area)
{
	struct rows rows;

	rows_list(view, PAGE_OVERVIEW, &rows);
	draw_rows(view, area, &rows, view->now->queues_count > 1 && area->height > 2);
}
const struct section section_queues = { wants_queues, draw_queues };

unsigned queues_fit(const struct view *view)
{
	return view->height > PAGE_LINES ? (unsigned)(view->height - PAGE_LINES) : 0;
}

/* Where there is room below: the last minutes, then how large batches are. */
static void draw_rest(const struct view *view, const struct area *area, int y)
{
	int left = area->height - y, wanted = section_histogram.wants(view, area->width);
	struct area part;

	if (left < 5)
		return;
	if (left < wanted + GRAPH_ROWS + 1)
		wanted = 0;
	part = area_rows(area, y, wanted ? left - wanted - 1 : left);
	section_graph.draw(view, &part);
	part = area_rows(area, area->height - wanted, wanted);
	if (wanted)
		section_histogram.draw(view, &part);
}

void view_queues(const struct view *view, const struct area *area)
{
	int index = rows_selected_index(view, PAGE_QUEUES);
	struct rows rows;
	struct area table;

	if (view->state[PAGE_QUEUES].detail && index >= 0) {
		view_queue(view, area, (unsigned)index);
		return;
	}
	rows_list(view, PAGE_QUEUES, &rows);
	if (!rows.count) {
		area_text(area, 0, 0, ROLE_DIM,
			rows.hidden ? "No queue has what the filter wants (/ or Esc)"
				    : "There are no queues");
		return;
	}
	table = area_rows(area, 0, (int)rows.count + 2);
	draw_rows(view, &table, &rows, table.height > 2);
	draw_rest(view, area, (int)rows.count + 3);
}
