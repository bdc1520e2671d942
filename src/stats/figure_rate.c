/* SPDX-License-Identifier: BSD-2-Clause */
#include "stats/figure_rate.h"

#include <string.h>

#include "base/clock.h"

/* Two snapshots, and what is being compared. */
struct pair {
	const struct snapshot *now, *before; /* before NULL: none */
	double interval_s;
};

static double rate(
	const struct pair *pair, const union figure_value *now, const union figure_value *before)
{
	if (!before || now->count == FIGURE_UNKNOWN || before->count == FIGURE_UNKNOWN ||
		now->count < before->count || pair->interval_s <= 0)
		return NAN;
	return (double)(now->count - before->count) / pair->interval_s;
}

static bool same_service(const struct pair *pair, uint32_t now, uint32_t before)
{
	return now < pair->now->services_count && before < pair->before->services_count &&
	       !strcmp(pair->now->services[now].name, pair->before->services[before].name);
}

static const union figure_value *figure_before(
	const struct pair *pair, const struct snapshot_figure *figure)
{
	for (unsigned i = 0; pair->before && i < pair->before->figures_count; i++) {
		const struct snapshot_figure *old = &pair->before->figures[i];

		if (!strcmp(old->text.name, figure->text.name) &&
			same_service(pair, figure->service, old->service))
			return &old->value;
	}
	return NULL;
}

static uint32_t table_before(const struct pair *pair, const struct snapshot_table *table)
{
	for (uint32_t i = 0; pair->before && i < pair->before->tables_count; i++) {
		const struct snapshot_table *old = &pair->before->tables[i];

		if (!strcmp(old->name, table->name) &&
			same_service(pair, table->service, old->service))
			return i;
	}
	return SNAPSHOT_NONE;
}

static const struct figure_row *row_before(
	const struct pair *pair, uint32_t table, const char *label)
{
	for (unsigned i = 0; table != SNAPSHOT_NONE && i < pair->before->rows_count; i++) {
		const struct figure_row *old = &pair->before->rows[i];

		if (old->table == table && !strcmp(old->label, label))
			return old;
	}
	return NULL;
}

/* The rates of one service, whose figures begin at `first`. */
static void set_figures(const struct pair *pair, struct snapshot *now, unsigned first)
{
	for (unsigned i = first;
		i < now->figures_count && now->figures[i].service == now->figures[first].service;
		i++) {
		struct snapshot_figure *figure = &now->figures[i];
		const struct snapshot_figure *of = &now->figures[first + figure->text.of];

		if (figure->text.kind == FIGURE_RATE &&
			first + figure->text.of < now->figures_count)
			figure->value.rate = rate(pair, &of->value, figure_before(pair, of));
	}
}

static void set_row(
	const struct pair *pair, struct figure_row *row, const struct figure_row *before)
{
	const struct snapshot_table *table = &pair->now->tables[row->table];

	for (unsigned i = 0; i < table->columns_count; i++) {
		uint32_t of = table->columns[i].of;

		if (table->columns[i].kind == FIGURE_RATE)
			row->value[i].rate =
				rate(pair, &row->value[of], before ? &before->value[of] : NULL);
	}
}

void figure_rate_set(struct snapshot *now, const struct snapshot *before)
{
	const struct pair pair = { now, before, (double)now->interval_ns / (double)NSEC_PER_SEC };
	uint32_t tables[SNAPSHOT_TABLES];

	for (unsigned i = 0; i < now->figures_count; i++)
		if (!i || now->figures[i].service != now->figures[i - 1].service)
			set_figures(&pair, now, i);
	for (unsigned i = 0; i < now->tables_count; i++)
		tables[i] = table_before(&pair, &now->tables[i]);
	for (unsigned i = 0; i < now->rows_count; i++) {
		struct figure_row *row = &now->rows[i];

		set_row(&pair, row, row_before(&pair, tables[row->table], row->label));
	}
}
