/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What views are made of: numbers as short text, lines whose parts show whole or not at all, bars,
 * graphs and tables. Unknown values (NAN, SNAPSHOT_UNKNOWN) are "?" everywhere.
 */
#ifndef RINGSIDE_WIDGETS_H
#define RINGSIDE_WIDGETS_H

#include <stdint.h>

#include "tui/canvas.h"

/* A short text, and what it means; ROLE_TEXT: whatever is around it means. */
struct label {
	enum role role;
	char text[48];
};

struct label label_number(double value, const char *unit); /* 22.31M, 22.31 Mpps */
struct label label_count(uint64_t count);
struct label label_exact(uint64_t count); /* 1,234,567 */
/* Of things there are so many of just now: up to 99999 in full, for 4096 is known by heart and 4.10k is not. */
struct label label_things(uint64_t count);
struct label label_made(uint64_t count); /* " + made 1,234", behind what came in; empty when 0 */
struct label label_ns(uint64_t ns); /* 1.91us */
struct label label_percent(double percent);
struct label label_price(double ns); /* 0.7 ns, "?" */
/* With what it may be wrong by: "7 ±2 ns"; "<3 ns" where that is as much as the price. */
struct label label_measured(double ns, double error_ns);
struct label label_clock(int64_t time_ns); /* 10:42:11, local time */
struct label label_duration(uint64_t seconds); /* 3d 04:12, 04:12:55 */

/* A line filled from the left, and from the right by line_end(). */
struct line {
	struct area area;
	int x;
};

struct line line_start(const struct area *area, int y);
/* Adds text if all of it fits; returns whether it did. */
bool line_add(struct line *line, enum role role, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The same at the right end, a blank before what is there already. */
bool line_end(struct line *line, enum role role, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Adds " | ", which only shows when the next line_add() fits. */
bool line_part(struct line *line, enum role role, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* A horizontal rule with a title in it. */
void widget_rule(const struct area *area, int y, const char *title);
/* A bar over `width` columns for a share of 0 to 1; any share above 0 shows. */
void widget_bar(const struct area *area, int x, int y, int width, double share, enum role role);

/* A graph of samples over the whole area, the newest at the right: two samples a column in
 * braille, one in blocks and in ASCII. `sample` gives the value `age` samples before the newest, NAN for
 * unknown; those up to `count` leave a "?" in the bottom row. */
struct graph {
	double (*sample)(const void *context, unsigned age);
	const void *context;
	unsigned count;
	double top; /* value of the area's upper edge */
};
void widget_graph(const struct area *area, const struct graph *graph);
unsigned graph_samples(const struct area *area); /* how many the area shows */
/* The same in one line, from x on: a block of eight heights a sample; top is the highest sample. */
void widget_spark(const struct area *area, int x, int y, int width, const struct graph *graph);
/* A cell whose darkness is a share of 0 to 1; any share above 0 shows. */
void widget_shade(const struct area *area, int x, int y, double share);
/* A round number at or above the value, at least 10; and its label without zeros behind the
 * point. */
double graph_top(double value);
struct label graph_label(double value);

#endif
