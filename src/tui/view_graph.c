/* SPDX-License-Identifier: BSD-2-Clause */
/* The last minutes as graphs: packets received, and beside them bits where there is room. */
#include "tui/view.h"

#include <stdio.h>

#include "tui/widgets.h"

#define SCALE_COLUMNS 6
#define TWO_GRAPHS_COLUMNS 120

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

static void draw_axis(const struct view *view, const struct area *area, int y, const char *title)
{
	unsigned samples = graph_samples(area), per_column = samples / (unsigned)area->width;
	int width = text_width(title);

	area_fill(area, 0, y, area->width, ROLE_DIM, area->canvas->ascii ? L'-' : L'─');
	area_print(area, 0, y, ROLE_DIM, "-%us ", samples);
	area_text(area, area->width - 4, y, ROLE_DIM, " now");
	if (area->width > width + 24)
		area_print(area, (area->width - width) / 2, y, ROLE_DIM, " %s ", title);
	/* a second that lost packets stays marked for as long as it is on the graph */
	for (unsigned age = 0; age < samples; age++)
		if (history_at(view->history, HISTORY_DROP_PPS, age) > 0)
			area_put(
				area, area->width - 1 - (int)(age / per_column), y, ROLE_BAD, L'!');
}

static void draw_one(const struct view *view, const struct area *area, enum history_series series,
	const char *title)
{
	struct area plot = area_columns(area, SCALE_COLUMNS, area->width - SCALE_COLUMNS);
	struct area body = area_rows(&plot, 0, area->height - 1);
	struct source source = { view->history, series,
		series == HISTORY_RX_BPS && view->bytes ? 1.0 / 8 : 1 };
	struct graph graph = { sample, &source, view->history->count, 0 };

	if (body.height < 1 || body.width < 8)
		return;
	for (unsigned age = 0; age < graph_samples(&body) && age < graph.count; age++)
		if (sample(&source, age) > graph.top)
			graph.top = sample(&source, age);
	graph.top = graph_top(graph.top);
	for (int y = 0; y < body.height; y++)
		area_put(area, SCALE_COLUMNS - 1, y, ROLE_DIM, area->canvas->ascii ? L'|' : L'│');
	area_print(area, 0, 0, ROLE_DIM, "%5s", graph_label(graph.top).text);
	if (body.height >= 4 && body.height % 2 == 0)
		area_print(
			area, 0, body.height / 2, ROLE_DIM, "%5s", graph_label(graph.top / 2).text);
	area_print(area, 0, area->height - 1, ROLE_DIM, "%5s", "0");
	widget_graph(&body, &graph);
	draw_axis(view, &plot, area->height - 1, title);
}

static int wants_graph(const struct view *view, int width)
{
	(void)view;
	return width >= 30 ? 24 : 0;
}

static void draw_metric(const struct view *view, const struct area *area, enum graph_metric metric)
{
	switch (metric) {
	case GRAPH_BITS:
		draw_one(view, area, HISTORY_RX_BPS, view->bytes ? "RX bytes/s" : "RX bits/s");
		break;
	case GRAPH_DROPS:
		draw_one(view, area, HISTORY_DROP_PPS, "drops/s");
		break;
	default:
		draw_one(view, area, HISTORY_RX_PPS, "RX packets/s");
	}
}

/* Packets and bits side by side where there is room for both; drops take the place of bits. */
static void draw_graph(const struct view *view, const struct area *area)
{
	struct area left, right;

	if (area->width < TWO_GRAPHS_COLUMNS) {
		draw_metric(view, area, view->graph);
		return;
	}
	left = area_columns(area, 0, area->width / 2 - 1);
	right = area_columns(area, area->width / 2 + 1, area->width);
	draw_metric(view, &left, GRAPH_PACKETS);
	draw_metric(view, &right, view->graph == GRAPH_DROPS ? GRAPH_DROPS : GRAPH_BITS);
}
const struct section section_graph = { wants_graph, draw_graph };
