/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/generate_view.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "stats/units.h"
#include "tui/widgets.h"

/* Rows of the head and of the counts; the graph and the round trips share the rest. */
#define HEAD_ROWS 3
#define COUNT_ROWS 4
#define FOOT_ROWS 1
#define GRAPH_ROWS_MIN 3
#define GRAPH_SCALE_COLUMNS 8

static enum role bad_when(uint64_t count)
{
	return count ? ROLE_BAD : ROLE_OK;
}

void generate_view_add(struct generate_view *view, const struct figures *now)
{
	bool is_first = !view->now.elapsed_ns;

	view->rates = figures_rates(now, is_first ? NULL : &view->now);
	if (now->elapsed_ns > view->now.elapsed_ns)
		view->history[view->history_count++ % GENERATE_HISTORY] = view->rates.rx_pps;
	view->now = *now;
}

static void draw_head(const struct generate_view *view, const struct area *area)
{
	const struct figures *f = &view->now;
	char text[UNITS_FIXED_BYTES], rate[UNITS_BYTES] = "as fast as it goes";
	struct line line = line_start(area, 0);

	line_end(&line, ROLE_STRONG, "%s", view->state);
	line_add(&line, ROLE_TITLE, "ringside generate  %s → ", view->interface);
	line_add(&line, ROLE_TITLE, "%s", view->target);
	line = line_start(area, 1);
	line_end(&line, ROLE_TEXT, "%s s",
		units_fixed(text, sizeof(text), (double)f->elapsed_ns / 1e9, 1));
	if (f->rate_pps)
		units_si(rate, sizeof(rate), (double)f->rate_pps, "pps");
	line_add(&line, ROLE_TEXT, "%" PRIu32 " bytes, %s", f->size, rate);
	line_add(&line, ROLE_TEXT, ", %s (%s)", f->engine ? f->engine : "?", f->mode);
	if (view->duration_ns)
		line_add(&line, ROLE_DIM, ", %s s to go",
			units_fixed(text, sizeof(text),
				f->elapsed_ns < view->duration_ns
					? (double)(view->duration_ns - f->elapsed_ns) / 1e9
					: 0,
				0));
	if (f->why[0])
		area_text(area, 0, 2, ROLE_DIM, f->why);
}

static void draw_way(const struct area *area, int y, const char *name, double pps, double bps,
	const char *what, uint64_t count)
{
	struct line line = line_start(area, y);

	line_add(&line, ROLE_TITLE, "%s", name);
	line_add(&line, ROLE_STRONG, " %12s", label_number(pps, "pps").text);
	line_add(&line, ROLE_STRONG, " %12s", label_number(bps, "b/s").text);
	line_part(&line, ROLE_TEXT, "%s %s", what, label_exact(count).text);
}

static void draw_counts(const struct generate_view *view, const struct area *area)
{
	const struct figures *f = &view->now;
	const struct generate_counts *c = &f->counts;
	struct line line;

	draw_way(area, 0, "TX", view->rates.tx_pps, view->rates.tx_bps, "sent", f->sent);
	if (f->unsent)
		area_print(area, 50, 0, ROLE_WARN, "unsent %s", label_exact(f->unsent).text);
	draw_way(area, 1, "RX", view->rates.rx_pps, view->rates.rx_bps, "received", c->received);
	area_print(area, 50, 1, ROLE_TEXT, "in flight %s", label_exact(f->in_flight).text);
	line = line_start(area, 2);
	line_add(&line, ROLE_TITLE, "LOST ");
	line_add(&line, bad_when(f->lost), "%s (%s)", label_exact(f->lost).text,
		label_percent(100 * figures_loss(f)).text);
	line_part(&line, bad_when(c->late), "late %s", label_exact(c->late).text);
	line_part(&line, bad_when(c->duplicated), "duplicated %s", label_exact(c->duplicated).text);
	line_part(&line, bad_when(c->reordered), "reordered %s", label_exact(c->reordered).text);
	line_part(&line, c->stray ? ROLE_WARN : ROLE_TEXT, "stray %s", label_exact(c->stray).text);
	line = line_start(area, 3);
	line_add(&line, ROLE_TITLE, "CORRUPTED ");
	line_add(&line, bad_when(figures_corrupted(f)), "%s",
		label_exact(figures_corrupted(f)).text);
	line_part(&line, ROLE_TEXT, "tags %s", label_count(c->corrupted[CORRUPT_TAGS]).text);
	line_part(&line, ROLE_TEXT, "addresses %s",
		label_count(c->corrupted[CORRUPT_ADDRESSES]).text);
	line_part(&line, ROLE_TEXT, "dscp %s", label_count(c->corrupted[CORRUPT_DSCP]).text);
	line_part(&line, ROLE_TEXT, "headers %s", label_count(c->corrupted[CORRUPT_HEADERS]).text);
	line_part(&line, ROLE_TEXT, "payload %s", label_count(c->corrupted[CORRUPT_PAYLOAD]).text);
}

static double sample(const void *context, unsigned age)
{
	const struct generate_view *view = context;

	return view->history[(view->history_count - 1 - age) % GENERATE_HISTORY];
}

static void draw_graph(const struct generate_view *view, const struct area *area)
{
	struct area field = area_columns(area, GRAPH_SCALE_COLUMNS, area->width);
	unsigned count = view->history_count, shown = graph_samples(&field);
	struct graph graph = { .sample = sample, .context = view };
	double highest = 0;

	graph.count = count < GENERATE_HISTORY ? count : GENERATE_HISTORY;
	graph.count = graph.count < shown ? graph.count : shown;
	for (unsigned i = 0; i < graph.count; i++)
		highest = fmax(highest, sample(view, i));
	graph.top = graph_top(highest);
	area_print(area, 0, 0, ROLE_DIM, "%6s", graph_label(graph.top).text);
	area_print(area, 0, area->height - 1, ROLE_DIM, "%6s", "0");
	widget_graph(&field, &graph);
}

/* 1, 2, 5, 10, ... ns */
static uint64_t next_step(uint64_t step)
{
	uint64_t unit = 1;

	while (unit * 10 <= step)
		unit *= 10;
	return step == unit ? 2 * unit : step == 2 * unit ? 5 * unit : 10 * unit;
}

static uint64_t count_between(const struct histogram *histogram, uint64_t low, uint64_t high)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
		if (histogram_lowest(i) >= low && histogram_lowest(i) < high)
			sum += histogram->bucket[i];
	return sum;
}

static void draw_trips(const struct generate_view *view, const struct area *area)
{
	const struct histogram *histogram = (const void *)&view->now.counts.times;
	struct round_trip trip = counts_round_trip(&view->now.counts);
	struct line line = line_start(area, 0);
	uint64_t low = 1, high;

	line_add(&line, ROLE_TITLE, "ROUND TRIP ");
	if (!trip.count)
		return;
	line_add(&line, ROLE_TEXT, "min %s", label_ns(trip.min).text);
	line_add(&line, ROLE_STRONG, " p50 %s", label_ns(trip.p50).text);
	line_add(&line, ROLE_TEXT, " p90 %s", label_ns(trip.p90).text);
	line_add(&line, ROLE_STRONG, " p99 %s", label_ns(trip.p99).text);
	line_add(&line, ROLE_TEXT, " p99.9 %s max %s", label_ns(trip.p999).text,
		label_ns(trip.max).text);
	line_add(&line, ROLE_TEXT, " jitter %s", label_ns(trip.jitter).text);
	for (; next_step(low) <= trip.min; low = next_step(low))
		;
	for (int y = 1; y < area->height && low <= trip.max; y++, low = high) {
		double share;

		high = next_step(low);
		share = (double)count_between(histogram, low, high) / (double)trip.count;
		area_print(area, 0, y, ROLE_DIM, "%8s-%s", label_ns(low).text, label_ns(high).text);
		area_print(area, 18, y, ROLE_TEXT, "%7s", label_percent(100 * share).text);
		widget_bar(area, 27, y, area->width - 28, share, ROLE_ACCENT);
	}
}

void generate_view_draw(const struct generate_view *view, struct canvas *canvas)
{
	struct area all = canvas_area(canvas), part;
	int left = all.height - HEAD_ROWS - COUNT_ROWS - FOOT_ROWS, graph = left / 2;

	canvas_clear(canvas);
	part = area_rows(&all, 0, HEAD_ROWS);
	draw_head(view, &part);
	part = area_rows(&all, HEAD_ROWS, COUNT_ROWS);
	draw_counts(view, &part);
	if (graph >= GRAPH_ROWS_MIN) {
		widget_rule(&all, HEAD_ROWS + COUNT_ROWS, "RX packets/s");
		part = area_rows(&all, HEAD_ROWS + COUNT_ROWS + 1, graph - 1);
		draw_graph(view, &part);
	} else {
		graph = 0;
	}
	part = area_rows(&all, HEAD_ROWS + COUNT_ROWS + graph, left - graph);
	draw_trips(view, &part);
	area_text(&all, 0, all.height - FOOT_ROWS, ROLE_DIM, "q end and report");
}
