/* SPDX-License-Identifier: BSD-2-Clause */
/* Graphs of samples, in the characters that the terminal has. */
#include <math.h>

#include "tui/widgets.h"

/* How much of a graph one character holds. */
struct density {
	unsigned samples; /* side by side */
	int steps; /* one above the other */
};

static struct density density(const struct canvas *canvas)
{
	static const struct density densities[] = {
		[STYLE_BRAILLE] = { 2, 4 },
		[STYLE_BLOCKS] = { 1, 8 },
		[STYLE_ASCII] = { 1, 2 },
	};

	return densities[canvas_style(canvas)];
}

unsigned graph_samples(const struct area *area)
{
	return (unsigned)area->width * density(area->canvas).samples;
}

/* How many of the graph's steps a sample fills; a known value always fills one. */
static int graph_height(const struct graph *graph, unsigned age, int steps)
{
	double value = age < graph->count ? graph->sample(graph->context, age) : NAN;
	int height;

	if (isnan(value))
		return 0;
	height = (int)lround(value / graph->top * steps);
	return height < 1 ? 1 : height > steps ? steps : height;
}

static wchar_t braille(int left, int right)
{
	static const unsigned char lefts[] = { 0, 0x40, 0x44, 0x46, 0x47 };
	static const unsigned char rights[] = { 0, 0x80, 0xa0, 0xb0, 0xb8 };

	left = left < 0 ? 0 : left > 4 ? 4 : left;
	right = right < 0 ? 0 : right > 4 ? 4 : right;
	return left || right ? 0x2800 + lefts[left] + rights[right] : L' ';
}

static bool graph_is_unknown(const struct graph *graph, unsigned age)
{
	return age < graph->count && isnan(graph->sample(graph->context, age));
}

/* One character, of which so many steps are filled; idle: nothing but the floor of a second without packets. */
static wchar_t glyph_of(enum graph_style style, int left, int right, bool idle)
{
	static const wchar_t eighths[] = L" ▁▂▃▄▅▆▇█", halves[] = L" .:";

	if (style == STYLE_BRAILLE)
		return braille(left, right);
	if (right <= 0)
		return L' ';
	if (style == STYLE_BLOCKS)
		return eighths[right > 8 ? 8 : right];
	return idle ? L'_' : halves[right > 2 ? 2 : right];
}

static void graph_column(const struct area *area, const struct graph *graph, int x)
{
	struct density dense = density(area->canvas);
	unsigned age = (unsigned)(area->width - 1 - x) * dense.samples;
	int steps = area->height * dense.steps;
	int right = graph_height(graph, age, steps);
	int left = dense.samples == 1 ? right : graph_height(graph, age + 1, steps);
	/* a second without packets is dim, at the bottom; one that is not known is a question
	 * mark */
	bool idle = left <= 1 && right <= 1 &&
		    !(age < graph->count && graph->sample(graph->context, age) > 0);

	for (int row = 0; row < area->height; row++) {
		int below = (area->height - 1 - row) * dense.steps;
		wchar_t glyph =
			glyph_of(canvas_style(area->canvas), left - below, right - below, idle);

		if (glyph != L' ')
			area_put(area, x, row, idle ? ROLE_DIM : ROLE_ACCENT, glyph);
	}
	if (!left && !right && graph_is_unknown(graph, age))
		area_put(area, x, area->height - 1, ROLE_DIM, L'?');
}

void widget_graph(const struct area *area, const struct graph *graph)
{
	for (int x = 0; x < area->width; x++)
		graph_column(area, graph, x);
}

void widget_spark(const struct area *area, int x, int y, int width, const struct graph *graph)
{
	static const wchar_t blocks[] = L"▁▂▃▄▅▆▇█", ascii[] = L"_.-:=+*#";
	double top = 0;

	for (unsigned age = 0; age < (unsigned)width && age < graph->count; age++)
		if (graph->sample(graph->context, age) > top)
			top = graph->sample(graph->context, age);
	for (int i = 0; i < width; i++) {
		unsigned age = (unsigned)(width - 1 - i);
		double value = age < graph->count ? graph->sample(graph->context, age) : NAN;
		int step = top > 0 ? (int)lround(value / top * 8) - 1 : 0;

		if (isnan(value))
			continue;
		step = step < 0 ? 0 : step > 7 ? 7 : step;
		area_put(area, x + i, y, value > 0 ? ROLE_ACCENT : ROLE_DIM,
			area->canvas->ascii ? ascii[step] : blocks[step]);
	}
}
