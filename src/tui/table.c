/* SPDX-License-Identifier: BSD-2-Clause */
#include "tui/table.h"

static int column_width(const struct table *table, unsigned i)
{
	return i ? table->columns[i].width : table->first_width;
}

void table_fit(struct table *table, int width, enum level level)
{
	int used = 1; /* the mark */

	table->shown = 0;
	for (unsigned rank = 0; rank < 256; rank++) {
		for (unsigned i = 0; i < table->count; i++) {
			const struct column *column = &table->columns[i];
			int need = column_width(table, i) + 1;

			if (column->rank != rank || column->level > level)
				continue;
			/* what is less important than one that did not fit stays out too, unless
			 * it is small */
			if (rank && used + need > width + 1)
				continue;
			table->shown |= 1u << i;
			used += need;
		}
	}
}

static int put_cell(const struct table *table, const struct area *area, unsigned i, int x, int y,
	enum role role, const char *text)
{
	int width = column_width(table, i), needed = text_width(text);
	struct area rows = area_rows(area, y, 1), cell = area_columns(&rows, x, width);

	area_text(&cell, table->columns[i].left || needed > width ? 0 : width - needed, 0, role,
		text);
	return x + width + 1;
}

void table_head(const struct table *table, const struct area *area, int y)
{
	int x = 1;

	area_fill(area, 0, y, area->width, ROLE_HEAD, L' ');
	for (unsigned i = 0; i < table->count; i++)
		if (table->shown & 1u << i)
			x = put_cell(table, area, i, x, y, ROLE_HEAD,
				i ? table->columns[i].title : table->first_title);
}

void table_row(const struct table *table, const struct area *area, int y, const void *row,
	enum role role, wchar_t mark)
{
	int x = 1;

	if (role == ROLE_ALARM || role == ROLE_SELECT)
		area_fill(area, 0, y, area->width, role, L' ');
	area_put(area, 0, y, role, mark);
	for (unsigned i = 0; i < table->count; i++) {
		struct label label;

		if (!(table->shown & 1u << i))
			continue;
		label = table->columns[i].cell(table->view, row);
		if (label.role == ROLE_TEXT || role == ROLE_ALARM || role == ROLE_SELECT)
			label.role = role;
		x = put_cell(table, area, i, x, y, label.role, label.text);
	}
}

void table_row_select(const struct table *table, const struct area *area, int y, const void *row,
	enum role role, wchar_t mark, bool selected)
{
	if (selected)
		table_row(table, area, y, row, role == ROLE_ALARM ? role : ROLE_SELECT, L'>');
	else
		table_row(table, area, y, row, role, mark);
}
