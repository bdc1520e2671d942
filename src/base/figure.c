// SPDX-License-Identifier: BSD-2-Clause
#include "base/figure.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void figure_forget(union figure_value *values, const struct figure_type *types, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (types[i].kind == FIGURE_RATE)
			values[i].rate = NAN;
		else
			values[i].count = FIGURE_UNKNOWN;
	}
}

union figure_value *figure_row(struct figure_sample *sample, unsigned table, const char *label)
{
	struct figure_row *row;

	if (table >= sample->tables_count || *sample->rows_count >= sample->rows_max ||
		sample->table_rows[table] >= sample->tables[table].rows)
		return NULL;
	sample->table_rows[table]++;
	row = &sample->rows[(*sample->rows_count)++];
	row->table = sample->first_table + table;
	snprintf(row->label, sizeof(row->label), "%s", label);
	figure_forget(
		row->value, sample->tables[table].columns, sample->tables[table].columns_count);
	return row->value;
}

void figure_describe(struct figure_text *text, const struct figure_type *types, unsigned index)
{
	const struct figure_type *type = &types[index];

	memset(text, 0, sizeof(*text));
	snprintf(text->name, sizeof(text->name), "%s", type->name);
	snprintf(text->unit, sizeof(text->unit), "%s", type->unit);
	snprintf(text->help, sizeof(text->help), "%s", type->help);
	text->kind = type->kind;
	text->level = type->level;
	for (unsigned i = 0; type->of && i < index; i++)
		if (!strcmp(types[i].name, type->of))
			text->of = i;
}
