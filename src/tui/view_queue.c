/* SPDX-License-Identifier: BSD-2-Clause */
/* Everything about one queue. */
#include "tui/view.h"

#include <stdio.h>
#include <string.h>

#include "tui/queue_rows.h"
#include "tui/widgets.h"

#define BAR_COLUMNS 24

static void draw_flows(const struct area *area, const struct view *view,
	const struct queue_row *row, const struct snapshot_queue *queue)
{
	struct line line = line_start(area, 0);

	line_add(&line, ROLE_TITLE, "RX  ");
	line_add(&line, ROLE_STRONG, " %10s %12s", label_number(row->rx_pps, "pps").text,
		view_bandwidth(view, row->rx_bps, true).text);
	line_part(&line, ROLE_TEXT, "total %s packets", label_exact(queue->flow.rx_packets).text);
	line = line_start(area, 1);
	line_add(&line, ROLE_TITLE, "TX  ");
	line_add(&line, ROLE_STRONG, " %10s %12s", label_number(row->tx_pps, "pps").text,
		view_bandwidth(view, row->tx_bps, true).text);
	line_part(&line, ROLE_TEXT, "total %s packets", label_exact(queue->flow.tx_packets).text);
	line = line_start(area, 2);
	line_add(&line, ROLE_TITLE, "PASS");
	line_add(&line, ROLE_TEXT, " %10s %12s", label_number(row->pass_pps, "pps").text, "");
	line_part(&line, ROLE_TEXT, "total %s", label_exact(queue->pass_packets).text);
	line_part(&line, ROLE_TEXT, "in flight %s", label_exact(queue->in_flight_packets).text);
	if (queue->unaccounted_packets == SNAPSHOT_BALANCE_UNKNOWN)
		line_part(&line, ROLE_DIM, "unaccounted ?");
	else
		line_part(&line, queue->unaccounted_packets ? ROLE_BAD : ROLE_OK,
			"unaccounted %lld%s", (long long)queue->unaccounted_packets,
			queue->unaccounted_packets ? " !!" : "");
}

static void draw_worker(const struct area *area, const struct view *view,
	const struct queue_row *row, const struct snapshot_queue *queue)
{
	struct line line = line_start(area, 0);

	line_add(&line, ROLE_TITLE, "WORK");
	line_add(&line, row->role == ROLE_ALARM ? ROLE_ALARM : ROLE_STRONG, "  %s", row->state);
	if (!row->has_worker) {
		line_part(&line, ROLE_DIM, "no worker: the kernel half answers here");
		return;
	}
	if (queue->cpu == SNAPSHOT_NONE)
		line_part(&line, ROLE_TEXT, "on any CPU");
	else
		line_part(&line, ROLE_TEXT, "CPU %u", queue->cpu);
	if (view->now->level == LEVEL_BASIC) {
		line_part(&line, ROLE_DIM, "busy time and batches: level detailed (press d)");
		return;
	}
	line_part(&line, ROLE_TEXT, "busy %s", label_percent(row->busy).text);
	line_part(&line, ROLE_TEXT, "%s frames a batch", label_number(row->batch, "").text);
	line_part(&line, ROLE_TEXT, "wakeups %s/s", label_number(row->wakeups, "").text);
}

static void draw_latency(
	const struct area *area, const struct snapshot_latency *latency, bool has_worker)
{
	struct line line = line_start(area, 0);

	line_add(&line, ROLE_TITLE, "LAT ");
	if (!has_worker) {
		line_add(&line, ROLE_DIM, "  n/a: no worker; each service has its own");
		return;
	}
	if (!latency->sampled) {
		line_add(&line, ROLE_DIM, "  not measured at this level (press d)");
		return;
	}
	line_add(&line, ROLE_TEXT, "  p50 %s  p90 %s  p99 %s  p99.9 %s  max %s",
		label_ns(latency->p50).text, label_ns(latency->p90).text,
		label_ns(latency->p99).text, label_ns(latency->p999).text,
		label_ns(latency->max).text);
	line_part(&line, ROLE_DIM, latency->sampled == 1 ? "all packets" : "1 in %u",
		latency->sampled);
	line_part(&line, ROLE_DIM, "%s", latency->what);
}

/* How full each ring is: what is in it, of what there is room for. */
static int draw_rings(
	const struct area *area, const struct view *view, const struct snapshot_queue *queue)
{
	const struct {
		const char *name;
		uint64_t used;
	} rings[] = { { "RX", queue->rx_ring }, { "TX", queue->tx_ring },
		{ "fill", queue->fill_ring }, { "completion", queue->completion_ring } };
	int y = 1;

	widget_rule(area, 0, "rings");
	if (queue->ring_size == SNAPSHOT_UNKNOWN || !queue->ring_size) {
		area_text(area, 2, y, ROLE_DIM, "none: the kernel half answers here");
		return 2;
	}
	for (unsigned i = 0; i < sizeof(rings) / sizeof(rings[0]); i++, y++) {
		area_print(area, 2, y, ROLE_TEXT, "%-10s %6s of %s", rings[i].name,
			label_things(rings[i].used).text, label_things(queue->ring_size).text);
		if (rings[i].used != SNAPSHOT_UNKNOWN)
			widget_bar(area, 30, y, BAR_COLUMNS,
				(double)rings[i].used / (double)queue->ring_size, ROLE_ACCENT);
	}
	area_print(area, 2, y++, ROLE_DIM, "fill ring found empty %s times, %s polls in vain",
		label_count(queue->fill_ring_empty).text, label_count(queue->empty_polls).text);
	if (view->now->level < LEVEL_DEBUG)
		area_text(area, 30 + BAR_COLUMNS + 2, 1, ROLE_DIM, "just now");
	return y;
}

static int draw_drops(const struct area *area, const struct view *view, unsigned index)
{
	const struct snapshot_queue *now = &view->now->queues[index];
	const struct snapshot_queue *before = view_queue_before(view, index);
	int y = 1;

	widget_rule(area, 0, "drops");
	for (unsigned i = 0; i < DROPS; i++) {
		double rate = before ? view_rate(view, before->drop[i], now->drop[i]) : NAN;
		enum role role = drop_is_loss(i) ? ROLE_BAD : ROLE_WARN;

		if (!now->drop[i])
			continue;
		area_print(area, 2, y++, rate > 0 ? role : ROLE_TEXT, "%-16s %8s/s  total %s%s",
			drop_names[i], label_number(rate, "").text, label_exact(now->drop[i]).text,
			rate > 0 ? "  !" : "");
	}
	if (y == 1)
		area_text(area, 2, y++, ROLE_DIM, "none");
	return y;
}

void view_queue(const struct view *view, const struct area *area, unsigned index)
{
	const struct snapshot_queue *queue = &view->now->queues[index];
	struct queue_row row;
	struct area rest = *area;
	int y = 5;

	queue_row_fill(view, &row, index);
	draw_flows(&rest, view, &row, queue);
	rest = area_rows(area, 3, area->height);
	draw_worker(&rest, view, &row, queue);
	rest = area_rows(area, 4, area->height);
	draw_latency(&rest, &queue->latency, row.has_worker);
	rest = area_rows(area, y, area->height);
	y += draw_drops(&rest, view, index);
	rest = area_rows(area, y, area->height);
	y += draw_rings(&rest, view, queue);
	rest = area_rows(area, y, area->height);
	view_graph_rates(view, &rest, &view->history->queues[index].rates, "RX packets/s");
}
