/* SPDX-License-Identifier: BSD-2-Clause */
/* Everything about one service: where it answers and why there, what it dropped, and the figures and
 * tables of its own, which describe themselves. */
#include "tui/view.h"

#include <stdio.h>
#include <string.h>

#include "tui/widgets.h"

#define FIGURE_COLUMNS_WIDTH 38
#define LABEL_COLUMNS 22
#define LABEL_COLUMNS_MAX 40

/* The value as its unit wants it. */
static struct label label_figure(const struct figure_text *text, union figure_value value)
{
	if (text->kind == FIGURE_RATE)
		return label_number(value.rate, "");
	if (!strcmp(text->unit, "ns"))
		return label_ns(value.count);
	return label_count(value.count);
}

static int draw_head(
	const struct view *view, const struct area *area, const struct snapshot_service *service)
{
	struct line line = line_start(area, 0);

	line_add(&line, ROLE_TITLE, "%s", service->name);
	line_add(&line, ROLE_TEXT, " (%s, %s)", service->type, service->state);
	line_part(&line, ROLE_STRONG, "in %s", label_number(service->flow.rx_pps, "pps").text);
	line_add(&line, ROLE_TEXT, " %s", view_bandwidth(view, service->flow.rx_bps, true).text);
	line_part(&line, ROLE_STRONG, "out %s", label_number(service->flow.tx_pps, "pps").text);
	line = line_start(area, 1);
	line_add(&line, ROLE_TITLE, "BOOK");
	line_add(&line, ROLE_TEXT, "  in %s = out %s + drop %s + pass %s + delivered %s",
		label_count(service->flow.rx_packets).text,
		label_count(service->flow.tx_packets).text,
		label_count(snapshot_service_drops(service)).text,
		label_count(service->pass_packets).text,
		label_count(service->delivered_packets).text);
	return 2;
}

static int draw_paths(const struct view *view, const struct area *area, int y,
	const struct snapshot_service *service)
{
	for (unsigned i = 0; i < service->paths_count; i++, y++)
		area_print(area, 0, y, ROLE_TEXT, "HALF  %s on %s: %s", service->paths[i].path,
			view->now->interfaces[service->paths[i].interface].name,
			service->paths[i].why);
	return y;
}

static int draw_reasons(const struct view *view, const struct area *area, int y, unsigned index)
{
	const struct snapshot_service *now = &view->now->services[index];
	const struct snapshot_service *before = view_service_before(view, index);

	for (unsigned i = 0; i < DROPS_OF_SERVICE; i++) {
		double rate = before ? view_rate(view, before->drop[i], now->drop[i]) : NAN;

		if (!now->drop[i])
			continue;
		area_print(area, 0, y++, rate > 0 ? ROLE_WARN : ROLE_TEXT,
			"DROP  %-14s %8s/s  total %-8s %s", drop_names[i],
			label_number(rate, "").text, label_count(now->drop[i]).text,
			drop_texts[i].meaning);
	}
	return y;
}

static int draw_latency(const struct view *view, const struct area *area, int y,
	const struct snapshot_latency *latency)
{
	if (!latency->sampled)
		area_print(area, 0, y, ROLE_DIM, "LAT   not measured at level %s (press d)",
			level_names[view->now->level]);
	else
		area_print(area, 0, y, ROLE_TEXT,
			"LAT   p50 %s  p90 %s  p99 %s  p99.9 %s  max %s  (%s)",
			label_ns(latency->p50).text, label_ns(latency->p90).text,
			label_ns(latency->p99).text, label_ns(latency->p999).text,
			label_ns(latency->max).text, latency->what);
	return y + 1;
}

/* In as many columns as there is room for. */
static int draw_figures(const struct view *view, const struct area *area, int y, unsigned index)
{
	unsigned across = (unsigned)area->width / FIGURE_COLUMNS_WIDTH, count = 0;

	across = across ? across : 1;
	for (unsigned i = 0; i < view->now->figures_count; i++) {
		const struct snapshot_figure *figure = &view->now->figures[i];
		int x = (int)(count % across) * FIGURE_COLUMNS_WIDTH;

		if (figure->service != index || figure->text.level > view->now->level)
			continue;
		area_print(area, x, y + (int)(count / across), ROLE_TEXT, "%-24.24s %10s",
			figure->text.name, label_figure(&figure->text, figure->value).text);
		count++;
	}
	return y + (int)((count + across - 1) / across);
}

static int column_width(const struct figure_text *text)
{
	int width = (int)strlen(text->name);

	return width < 8 ? 8 : width;
}

/* As wide as the longest of the table's labels, within reason. */
static int label_columns(const struct view *view, unsigned number)
{
	int columns = LABEL_COLUMNS;

	for (unsigned i = 0; i < view->now->rows_count; i++) {
		int length = (int)strlen(view->now->rows[i].label);

		if (view->now->rows[i].table == number && length > columns)
			columns = length < LABEL_COLUMNS_MAX ? length : LABEL_COLUMNS_MAX;
	}
	return columns;
}

static void draw_cells(const struct view *view, const struct area *area, int y,
	const struct snapshot_table *table, const struct figure_row *row, int labels)
{
	int x = labels + 1;

	area_print(area, 0, y, row ? ROLE_TEXT : ROLE_HEAD, "%-*.*s", labels, labels,
		row ? row->label : table->row);
	for (unsigned i = 0; i < table->columns_count; i++) {
		const struct figure_text *column = &table->columns[i];
		int width = column_width(column);

		if (column->level > view->now->level)
			continue;
		if (x + width > area->width)
			break;
		area_print(area, x, y, row ? ROLE_TEXT : ROLE_HEAD, "%*s", width,
			row ? label_figure(column, row->value[i]).text : column->name);
		x += width + 1;
	}
}

static int draw_table(const struct view *view, const struct area *area, int y, unsigned number)
{
	const struct snapshot_table *table = &view->now->tables[number];
	const int labels = label_columns(view, number);
	unsigned rows = 0;

	widget_rule(area, y++, table->name);
	area_fill(area, 0, y, area->width, ROLE_HEAD, L' ');
	draw_cells(view, area, y++, table, NULL, labels);
	for (unsigned i = 0; i < view->now->rows_count; i++) {
		const struct figure_row *row = &view->now->rows[i];

		if (row->table != number)
			continue;
		draw_cells(view, area, y++, table, row, labels);
		rows++;
	}
	if (!rows)
		area_text(area, 0, y++, ROLE_DIM, "none");
	return y;
}

/* All below the head, from line y on. Returns the line behind it. */
static int draw_body(const struct view *view, const struct area *area, int y, unsigned index)
{
	const struct snapshot_service *service = &view->now->services[index];

	y = draw_paths(view, area, y, service);
	y = draw_reasons(view, area, y, index);
	y = draw_latency(view, area, y, &service->latency);
	y = draw_figures(view, area, y, index);
	for (unsigned i = 0; i < view->now->tables_count; i++)
		if (view->now->tables[i].service == index)
			y = draw_table(view, area, y, i);
	return y;
}

void view_service(const struct view *view, const struct area *area, unsigned index)
{
	int y = draw_head(view, area, &view->now->services[index]);
	struct area rest = area_rows(area, y, area->height), none = area_rows(area, 0, 0);
	int hidden = draw_body(view, &none, 0, index) - rest.height;
	int scroll = (int)view->state[PAGE_SERVICES].scroll;

	if (scroll > hidden)
		scroll = hidden > 0 ? hidden : 0;
	draw_body(view, &rest, -scroll, index);
	if (hidden > scroll)
		area_print(area, area->width - 12, area->height - 1, ROLE_SELECT, " +%d lines ",
			hidden - scroll);
}
