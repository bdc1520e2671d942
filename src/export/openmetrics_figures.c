// SPDX-License-Identifier: BSD-2-Clause
/* What an instance is, and how its parts are; then services' figures of their own and their tables, which a
 * snapshot describes itself. */
#include <stdio.h>
#include <string.h>

#include "export/openmetrics_writer.h"

static void put_interfaces(struct om *om, const struct snapshot *s)
{
	om_family(om, "ringside_interface", OM_INFO,
		"Interfaces, and how packets are had from them.");
	for (unsigned i = 0; i < s->interfaces_count; i++) {
		const struct snapshot_interface *interface = &s->interfaces[i];

		om_begin(om, "");
		om_label(om, "interface", interface->name);
		om_label(om, "driver", interface->driver);
		om_label(om, "io", interface->io);
		om_label(om, "xdp", interface->xdp);
		om_label(om, "poll", interface->poll);
		om_count(om, 1);
	}
	om_family(om, "ringside_interface_up", OM_GAUGE,
		"1 while the interface is there and its link is up.");
	for (unsigned i = 0; i < s->interfaces_count; i++) {
		if (snapshot_is_unused(&s->interfaces[i]))
			continue;
		om_begin(om, "");
		om_label(om, "interface", s->interfaces[i].name);
		om_count(om, !strcmp(s->interfaces[i].state, "up"));
	}
}

static void put_queues(struct om *om, const struct snapshot *s)
{
	char number[16];

	om_family(om, "ringside_queue_running", OM_GAUGE,
		"1 while the queue's packets are received and its worker moves.");
	for (unsigned i = 0; i < s->queues_count; i++) {
		if (snapshot_is_unused(&s->interfaces[s->queues[i].interface]))
			continue;
		snprintf(number, sizeof(number), "%u", s->queues[i].queue);
		om_begin(om, "");
		om_label(om, "interface", s->interfaces[s->queues[i].interface].name);
		om_label(om, "queue", number);
		om_count(om, s->queues[i].state == QUEUE_RUNNING);
	}
}

void om_put_instance(struct om *om, const struct snapshot *s)
{
	om_family(om, "ringside", OM_INFO, "The instance.");
	om_begin(om, "");
	om_label(om, "name", s->name);
	om_label(om, "version", s->version);
	om_label(om, "stats_level", level_names[s->level <= LEVEL_DEBUG ? s->level : LEVEL_DEBUG]);
	om_count(om, 1);
	om_family(om, "ringside_uptime_seconds", OM_GAUGE, "Time since the start.");
	om_begin(om, "");
	om_seconds(om, s->uptime_ns);
	put_interfaces(om, s);
	put_queues(om, s);
	om_family(om, "ringside_service_running", OM_GAUGE, "1 while the service is running.");
	for (unsigned i = 0; i < s->services_count; i++) {
		om_begin(om, "");
		om_service_labels(om, &s->services[i]);
		om_count(om, !strcmp(s->services[i].state, "running"));
	}
}

static const char *type_of(const struct snapshot *s, uint32_t service)
{
	return service < s->services_count ? s->services[service].type : "";
}

static bool is_shown(const struct snapshot *s, const struct figure_text *text)
{
	return text->kind != FIGURE_RATE && text->level <= s->level;
}

static void put_family(struct om *om, const char *prefix, const struct figure_text *text)
{
	char name[OM_NAME_BYTES];

	om_name(name, prefix, text->name, text->unit);
	om_family(om, name, text->kind == FIGURE_COUNTER ? OM_COUNTER : OM_GAUGE, text->help);
}

static bool is_same_figure(const struct snapshot *s, unsigned a, unsigned b)
{
	return !strcmp(s->figures[a].text.name, s->figures[b].text.name) &&
	       !strcmp(type_of(s, s->figures[a].service), type_of(s, s->figures[b].service));
}

/* Services of one type have the same figures: one family for all of them. */
static void put_figure(struct om *om, const struct snapshot *s, unsigned index)
{
	const struct figure_text *text = &s->figures[index].text;

	if (!is_shown(s, text))
		return;
	for (unsigned i = 0; i < index; i++)
		if (is_same_figure(s, i, index))
			return;
	put_family(om, type_of(s, s->figures[index].service), text);
	for (unsigned i = index; i < s->figures_count; i++) {
		const struct snapshot_figure *figure = &s->figures[i];

		if (!is_same_figure(s, i, index) || figure->value.count == FIGURE_UNKNOWN ||
			figure->service >= s->services_count)
			continue;
		om_begin(om, "");
		om_label(om, "service", s->services[figure->service].name);
		om_value(om, text->unit, figure->value.count);
	}
}

static bool is_same_table(const struct snapshot *s, unsigned a, unsigned b)
{
	return !strcmp(s->tables[a].name, s->tables[b].name) &&
	       !strcmp(type_of(s, s->tables[a].service), type_of(s, s->tables[b].service));
}

/* A scrape with one sample twice is refused as a whole: of labels that were cut to the same, the first. */
static bool is_first_of_label(const struct snapshot *s, unsigned row)
{
	for (unsigned i = 0; i < row; i++)
		if (s->rows[i].table == s->rows[row].table &&
			!strcmp(s->rows[i].label, s->rows[row].label))
			return false;
	return true;
}

static void put_column(struct om *om, const struct snapshot *s, unsigned index, unsigned column)
{
	const struct figure_text *text = &s->tables[index].columns[column];

	for (unsigned i = 0; i < s->rows_count; i++) {
		const struct figure_row *row = &s->rows[i];
		const struct snapshot_table *table;

		if (row->table >= s->tables_count || !is_same_table(s, row->table, index) ||
			row->value[column].count == FIGURE_UNKNOWN || !is_first_of_label(s, i))
			continue;
		table = &s->tables[row->table];
		if (table->service >= s->services_count)
			continue;
		om_begin(om, "");
		om_label(om, "service", s->services[table->service].name);
		om_label(om, table->row, row->label);
		om_value(om, text->unit, row->value[column].count);
	}
}

static void put_table(struct om *om, const struct snapshot *s, unsigned index)
{
	const struct snapshot_table *table = &s->tables[index];
	char prefix[64];

	for (unsigned i = 0; i < index; i++)
		if (is_same_table(s, i, index))
			return;
	snprintf(prefix, sizeof(prefix), "%s_%s", type_of(s, table->service), table->name);
	for (unsigned k = 0; k < table->columns_count; k++) {
		if (!is_shown(s, &table->columns[k]))
			continue;
		put_family(om, prefix, &table->columns[k]);
		put_column(om, s, index, k);
	}
}

void om_put_figures(struct om *om, const struct snapshot *s)
{
	for (unsigned i = 0; i < s->figures_count; i++)
		put_figure(om, s, i);
	for (unsigned i = 0; i < s->tables_count; i++)
		put_table(om, s, i);
}
