// SPDX-License-Identifier: BSD-2-Clause
#include "generate/plot.h"

#include <math.h>

#include "stats/units.h"

#define WIDTH 720
#define HEIGHT 420
/* The axes' ends */
#define LEFT 80
#define RIGHT (WIDTH - 80)
#define TOP 60
#define BOTTOM (HEIGHT - 60)
#define GRID 5 /* lines */

/* Numbers are written by hand: the locale's decimal point would be none in SVG. */
static void put_number(FILE *file, double value)
{
	char text[UNITS_FIXED_BYTES];

	fputs(units_fixed(text, sizeof(text), value, 1), file);
}

static void put_point(FILE *file, double x, double y)
{
	put_number(file, x);
	fputc(',', file);
	put_number(file, y);
}

static void put_text(
	FILE *file, double x, double y, const char *anchor, const char *class, const char *text)
{
	fputs("<text x=\"", file);
	put_number(file, x);
	fputs("\" y=\"", file);
	put_number(file, y);
	fprintf(file, "\" text-anchor=\"%s\" class=\"%s\">%s</text>\n", anchor, class, text);
}

/* A round number at or above the value. */
static double round_up(double value)
{
	static const double steps[] = { 1, 2, 2.5, 5, 10 };
	double unit = value > 0 ? pow(10, floor(log10(value))) : 1;

	for (unsigned i = 0; i < sizeof(steps) / sizeof(*steps); i++)
		if (value <= steps[i] * unit)
			return steps[i] * unit;
	return 10 * unit;
}

static double x_of(unsigned index, unsigned count)
{
	return LEFT + (index + 0.5) * (RIGHT - LEFT) / count;
}

static double y_of(double value, double top)
{
	return BOTTOM - value / top * (BOTTOM - TOP);
}

static double throughput_bps(const struct rfc2544_size *size)
{
	return size->throughput_pps * 8 * (size->size - ETHERNET_FCS);
}

static void put_frame(
	FILE *file, const struct rfc2544_results *results, double top, double loss_top)
{
	char text[UNITS_BYTES], percent[UNITS_FIXED_BYTES + 2];

	for (unsigned i = 0; i <= GRID; i++) {
		double share = (double)i / GRID, y = y_of(share, 1);

		fprintf(file, "<path class=\"grid\" d=\"M%d ", LEFT);
		put_number(file, y);
		fprintf(file, " H%d\"/>\n", RIGHT);
		put_text(file, LEFT - 8, y + 4, "end", "rate",
			units_si(text, sizeof(text), share * top, "b/s"));
		units_fixed(percent, sizeof(percent) - 2, 100 * share * loss_top,
			loss_top < 0.05 ? 3 : 0);
		put_text(file, RIGHT + 8, y + 4, "start", "loss", percent);
	}
	put_text(file, RIGHT + 8, TOP - 14, "start", "loss", "%");
	for (unsigned i = 0; i < results->count; i++) {
		snprintf(text, sizeof(text), "%u", results->size[i].size);
		put_text(file, x_of(i, results->count), BOTTOM + 20, "middle", "axis", text);
	}
	put_text(file, WIDTH / 2.0, BOTTOM + 42, "middle", "axis",
		"frame size in bytes, FCS included");
	put_text(file, WIDTH / 2.0, 24, "middle", "title", "RFC 2544");
	put_text(file, LEFT, 44, "start", "rate", "throughput (layer 2 without FCS)");
	put_text(file, RIGHT, 44, "end", "loss", "loss at the highest rate");
}

static void put_line(FILE *file, const struct rfc2544_results *results, const char *class,
	double top, double (*value)(const struct rfc2544_size *),
	bool (*is_there)(const struct rfc2544_size *))
{
	fprintf(file, "<polyline class=\"%s\" points=\"", class);
	for (unsigned i = 0; i < results->count; i++) {
		if (!is_there(&results->size[i]))
			continue;
		put_point(file, x_of(i, results->count), y_of(value(&results->size[i]), top));
		fputc(' ', file);
	}
	fputs("\"/>\n", file);
	for (unsigned i = 0; i < results->count; i++) {
		if (!is_there(&results->size[i]))
			continue;
		fprintf(file, "<circle class=\"%s\" r=\"4\" cx=\"", class);
		put_number(file, x_of(i, results->count));
		fputs("\" cy=\"", file);
		put_number(file, y_of(value(&results->size[i]), top));
		fputs("\"/>\n", file);
	}
}

static double loss_of(const struct rfc2544_size *size)
{
	return size->max_loss;
}

static bool has_throughput(const struct rfc2544_size *size)
{
	return size->done[RFC2544_THROUGHPUT];
}

static bool has_loss(const struct rfc2544_size *size)
{
	return size->done[RFC2544_THROUGHPUT] || size->done[RFC2544_LOSS];
}

void plot_write(FILE *file, const struct rfc2544_results *results)
{
	double top = 0, loss_top = 0;

	for (unsigned i = 0; i < results->count; i++) {
		top = fmax(top, throughput_bps(&results->size[i]));
		loss_top = fmax(loss_top, results->size[i].max_loss);
	}
	top = round_up(top);
	loss_top = loss_top > 0 ? fmin(round_up(loss_top), 1) : 1;
	fprintf(file,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" "
		"height=\"%d\">\n<style>text { font: 12px sans-serif; fill: #333 } .title { "
		"font-size: 16px } "
		".grid { stroke: #ddd } .rate { fill: #06c } .loss { fill: #c40 } "
		"polyline { fill: none; stroke-width: 2 } polyline.rate { fill: none; stroke: #06c "
		"} "
		"polyline.loss { fill: none; stroke: #c40; stroke-dasharray: 6 4 }</style>\n"
		"<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n",
		WIDTH, HEIGHT, WIDTH, HEIGHT, WIDTH, HEIGHT);
	put_frame(file, results, top, loss_top);
	put_line(file, results, "rate", top, throughput_bps, has_throughput);
	put_line(file, results, "loss", loss_top, loss_of, has_loss);
	fputs("</svg>\n", file);
}
