/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A table whose columns appear by importance: those that fit the width, in the order of the array.
 */
#ifndef RINGSIDE_TABLE_H
#define RINGSIDE_TABLE_H

#include <stdint.h>

#include "bpf/verdict.h"
#include "tui/widgets.h"

struct view;

#define TABLE_COLUMNS 32

struct column {
	const char *title;
	uint8_t width;
	uint8_t rank; /* 0 is always there, then the lower the earlier */
	bool left; /* text goes to the left, numbers to the right */
	enum level level; /* the lowest level that records it */
	struct label (*cell)(const struct view *view, const void *row);
};

struct table {
	const struct column *columns;
	unsigned count;
	const struct view *view;
	int first_width; /* of the first column, instead of its own */
	const char *first_title;
	uint32_t shown; /* mask; table_fit() fills it */
};

/* Chooses the columns for a width and a level. */
void table_fit(struct table *table, int width, enum level level);
void table_head(const struct table *table, const struct area *area, int y);
/* One row; a mark other than ' ' stands before it, and ROLE_ALARM fills the whole line. */
void table_row(const struct table *table, const struct area *area, int y, const void *row,
	enum role role, wchar_t mark);
/* The same of a row that may be the selected one: marked, and in reverse. */
void table_row_select(const struct table *table, const struct area *area, int y, const void *row,
	enum role role, wchar_t mark, bool selected);

#endif
