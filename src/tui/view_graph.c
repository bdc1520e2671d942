/* SPDX-License-Identifier: BSD-2-Clause */
/* The last minutes as graphs: packets received, and beside them bits where there is room. */
#include "tui/view.h"

#include <stdio.h>

#include "tui/widgets.h"

#define SCALE_COLUMNS 6
#define TWO_GRAPHS_COLUMNS 120
#define TWO_GRAPHS_ROWS 26 /* each as high as a graph alone is at 160x45 */

struct source {
	const struct history *history;
	enum history_series series;
	double scale;
};

static double sample(const void *context, unsigned age)
{
	const struct source *source = context;

	return history_at(source->history, source->series, age) * source->scale;
}

/* marks: each second in which anything was lost stays marked for as long as it is on the graph. */
static void draw_axis(
	const struct view *view, const struct area *area, int y, const char *title, bool marks)
{
	unsigned samples = graph_samples(area), per_column = samples / (unsigned)area->width;
	int width = text_width(title);

	area_fill(area, 0, y, area->width, ROLE_DIM, area->canvas->ascii ? L'-' : L'─');
	area_print(area, 0, y, ROLE_DIM, "-%us ", samples);
	area_text(area, area->width - 4, y, ROLE_DIM, " now");
	if (area->width > width + 24)
		area_print(area, (area->width - width) / 2, y, ROLE_DIM, " %s ", title);
	for (unsigned age = 0; marks && age < samples; age++)
		if (history_at(view->history, HISTORY_DROP_PPS, age) > 0)
			area_put(
				area, area->width - 1 - (int)(age / per_column), y, ROLE_BAD, L'!');
}

static void draw_framed(const struct view *view, const struct area *area, struct graph graph,
	const char *title, bool marks)
{
	struct area plot = area_columns(area, SCALE_COLUMNS, area->width - SCALE_COLUMNS);
	struct area body = area_rows(&plot, 0, area->height - 1);

	if (body.height < 1 || body.width < 8)
		return;
	for (unsigned age = 0; age < graph_samples(&body) && age < graph.count; age++)
		if (graph.sample(graph.context, age) > graph.top)
			graph.top = graph.sample(graph.context, age);
	graph.top = graph_top(graph.top);
	for (int y = 0; y < body.height; y++)
		area_put(area, SCALE_COLUMNS - 1, y, ROLE_DIM, area->canvas->ascii ? L'|' : L'│');
	area_print(area, 0, 0, ROLE_DIM, "%5s", graph_label(graph.top).text);
	if (body.height >= 4 && body.height % 2 == 0)
		area_print(
			area, 0, body.height / 2, ROLE_DIM, "%5s", graph_label(graph.top / 2).text);
	area_print(area, 0, area->height - 1, ROLE_DIM, "%5s", "0");
	widget_graph(&body, &graph);
	draw_axis(view, &plot, area->height - 1, title, marks);
}

static void draw_series(
	const struct view *view, const struct area *area, enum history_series series)
{
	const char *const titles[HISTORY_SERIES] = {
		[HISTORY_RX_PPS] = "RX packets/s",
		[HISTORY_TX_PPS] = "TX packets/s",
		[HISTORY_RX_BPS] = view->bytes ? "RX bytes/s" : "RX bits/s",
		[HISTORY_TX_BPS] = view->bytes ? "TX bytes/s" : "TX bits/s",
		[HISTORY_DROP_PPS] = "drops/s",
	};
	bool is_bits = series == HISTORY_RX_BPS || series == HISTORY_TX_BPS;
	struct source source = { view->history, series, is_bits && view->bytes ? 1.0 / 8 : 1 };

	draw_framed(view, area, (struct graph){ sample, &source, view->history->count, 0 },
		titles[series], true);
}

double view_rates_at(const void *context, unsigned age)
{
	const struct view_rates *rates = context;

	return history_rate_at(rates->history, rates->of, age);
}

void view_graph_rates(const struct view *view, const struct area *area,
	const struct rate_history *of, const char *title)
{
	const struct view_rates rates = { view->history, of };

	if (area->height >= 4)
		draw_framed(view, area, (struct graph){ view_rates_at, &rates, of->count, 0 },
			title, false);
}

/* As many as there are. */
static int wants_graph(const struct view *view, int width)
{
	(void)view;
	return width >= 30 ? 1000 : 0;
}

static void draw_pair(const struct view *view, const struct area *area, enum history_series first,
	enum history_series second)
{
	const struct area left = area_columns(area, 0, area->width / 2 - 1);
	const struct area right = area_columns(area, area->width / 2 + 1, area->width);

	draw_series(view, &left, first);
	draw_series(view, &right, second);
}

/* Packets and bits side by side where there is room for both, and below them what was sent and lost; what the key
 * asks for is among the first. */
static void draw_graph(const struct view *view, const struct area *area)
{
	static const enum history_series series[GRAPHS] = { [GRAPH_PACKETS] = HISTORY_RX_PPS,
		[GRAPH_BITS] = HISTORY_RX_BPS,
		[GRAPH_DROPS] = HISTORY_DROP_PPS };
	enum history_series first = series[view->graph];
	enum history_series other = first == HISTORY_DROP_PPS ? HISTORY_RX_BPS : HISTORY_DROP_PPS;
	bool is_wide = area->width >= TWO_GRAPHS_COLUMNS, is_high = area->height >= TWO_GRAPHS_ROWS;
	struct area upper = area_rows(area, 0, is_high ? area->height / 2 : area->height);
	struct area lower = area_rows(area, upper.height, area->height);

	if (!is_wide)
		draw_series(view, &upper, first);
	else
		draw_pair(view, &upper, HISTORY_RX_PPS,
			first == HISTORY_DROP_PPS ? first : HISTORY_RX_BPS);
	if (is_high && is_wide)
		draw_pair(view, &lower, HISTORY_TX_PPS, other);
	else if (is_high)
		draw_series(view, &lower, other);
}
const struct section section_graph = { wants_graph, draw_graph };
