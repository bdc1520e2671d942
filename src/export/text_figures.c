/* SPDX-License-Identifier: BSD-2-Clause */
#include "export/text_figures.h"

#include <inttypes.h>
#include <string.h>

#include "stats/units.h"

static void put_value(
	struct writer *out, const struct figure_text *text, const union figure_value *value)
{
	char number[UNITS_BYTES];

	writer_plain(out, text->name);
	writer_text(out, " ");
	if (text->kind == FIGURE_RATE)
		writer_text(out, units_si(number, sizeof(number), value->rate, ""));
	else if (value->count == FIGURE_UNKNOWN)
		writer_text(out, "?");
	else if (!strcmp(text->unit, "ns"))
		writer_text(out, units_ns(number, sizeof(number), value->count));
	else
		writer_format(out, "%" PRIu64, value->count);
}

static void put_scalars(struct writer *out, const struct snapshot *s, uint32_t index)
{
	const char *between = "    ";

	for (unsigned i = 0; i < s->figures_count; i++) {
		const struct snapshot_figure *figure = &s->figures[i];

		if (figure->service != index || figure->text.level > s->level)
			continue;
		writer_text(out, between);
		put_value(out, &figure->text, &figure->value);
		between = ", ";
	}
	if (*between == ',')
		writer_text(out, "\n");
}

static void put_row(struct writer *out, const struct snapshot_table *table,
	const struct figure_row *row, uint32_t level)
{
	const char *between = ": ";

	writer_text(out, "    ");
	writer_plain(out, table->row);
	writer_text(out, " ");
	writer_plain(out, row->label);
	for (unsigned i = 0; i < table->columns_count; i++) {
		if (table->columns[i].level > level)
			continue;
		writer_text(out, between);
		put_value(out, &table->columns[i], &row->value[i]);
		between = ", ";
	}
	writer_text(out, "\n");
}

void text_figures_put(struct writer *out, const struct snapshot *s, uint32_t index)
{
	put_scalars(out, s, index);
	for (unsigned i = 0; i < s->tables_count; i++)
		for (unsigned k = 0; s->tables[i].service == index && k < s->rows_count; k++)
			if (s->rows[k].table == i)
				put_row(out, &s->tables[i], &s->rows[k], s->level);
}
