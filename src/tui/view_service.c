/* SPDX-License-Identifier: BSD-2-Clause */
/* Everything about one service: where it answers and why there, what it dropped, and the figures and
 * tables of its own, which describe themselves. */
#include "tui/view.h"

#include <stdio.h>
#include <string.h>

#include "tui/changes.h"
#include "tui/widgets.h"

#define HEAD_COLUMNS 6 /* of the word that a line begins with */
#define FIGURE_COLUMNS_WIDTH 38
#define LEAST_GRAPH_ROWS 6

/* The value as its unit wants it. */
static struct label label_figure(const struct figure_text *text, union figure_value value)
{
	if (text->kind == FIGURE_RATE)
		return label_number(value.rate, "");
	if (!strcmp(text->unit, "ns"))
		return label_ns(value.count);
	return text->kind == FIGURE_GAUGE ? label_things(value.count) : label_count(value.count);
}

/* What the kernel half has handed to workers and no worker has judged: the queues' drops say what was lost. */
static uint64_t in_queues(const struct snapshot_service *service)
{
	const uint64_t drops = snapshot_service_drops(service);
	const uint64_t judged = service->flow.tx_packets - service->made_packets + drops +
				service->pass_packets + service->delivered_packets;

	if (service->flow.rx_packets == SNAPSHOT_UNKNOWN || drops == SNAPSHOT_UNKNOWN ||
		service->flow.tx_packets == SNAPSHOT_UNKNOWN ||
		service->pass_packets == SNAPSHOT_UNKNOWN ||
		service->delivered_packets == SNAPSHOT_UNKNOWN || judged > service->flow.rx_packets)
		return 0;
	return service->flow.rx_packets - judged;
}

/* In as many lines as its terms need. */
static int draw_book(const struct area *area, int y, const struct snapshot_service *service)
{
	const uint64_t queued = in_queues(service);
	const struct {
		const char *name;
		uint64_t packets;
		bool shown;
	} terms[] = {
		{ "in", service->flow.rx_packets, true },
		{ "+ made", service->made_packets,
			service->made_packets && service->made_packets != SNAPSHOT_UNKNOWN },
		{ "= out", service->flow.tx_packets, true },
		{ "+ drop", snapshot_service_drops(service), true },
		{ "+ pass", service->pass_packets, true },
		{ "+ delivered", service->delivered_packets, true },
		{ "+ lost or under way", queued, queued },
	};
	struct line line = line_start(area, y);

	line_add(&line, ROLE_TITLE, "BOOK ");
	for (unsigned i = 0; i < sizeof(terms) / sizeof(terms[0]); i++) {
		const struct label count = label_count(terms[i].packets);

		if (!terms[i].shown ||
			line_add(&line, ROLE_TEXT, " %s %s", terms[i].name, count.text))
			continue;
		line = line_start(area, ++y);
		line_add(&line, ROLE_TEXT, "      %s %s", terms[i].name, count.text);
	}
	return y + 1;
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
	return draw_book(area, 1, service);
}

/* What is said behind something, whole: if need be in a line of its own. Returns the line. */
static int put_note(const struct area *area, int x, int y, enum role role, const char *text)
{
	if (x + text_width(text) > area->width) {
		x = HEAD_COLUMNS;
		y++;
	}
	area_text(area, x, y, role, text);
	return y;
}

static int draw_paths(const struct view *view, const struct area *area, int y,
	const struct snapshot_service *service)
{
	for (unsigned i = 0; i < service->paths_count; i++, y++) {
		const struct snapshot_service_path *path = &service->paths[i];
		int x = area_print(area, 0, y, ROLE_TEXT, "HALF  %s on %s:", path->path,
			view->now->interfaces[path->interface].name);

		y = put_note(area, x + 1, y, ROLE_TEXT, path->why);
	}
	return y;
}

static int draw_reasons(const struct view *view, const struct area *area, int y, unsigned index)
{
	const struct snapshot_service *now = &view->now->services[index];
	const struct snapshot_service *before = view_service_before(view, index);

	for (unsigned i = 0; i < DROPS_OF_SERVICE; i++) {
		double rate = before ? view_rate(view, before->drop[i], now->drop[i]) : NAN;

		enum role role = rate > 0 ? ROLE_WARN : ROLE_TEXT;
		int x;

		if (!now->drop[i])
			continue;
		x = area_print(area, 0, y, role, "DROP  %-16s %8s/s  total %-8s", drop_names[i],
			label_number(rate, "").text, label_count(now->drop[i]).text);
		y = put_note(area, x + 1, y, role, drop_texts[i].meaning) + 1;
	}
	return y;
}

static int draw_latency(const struct view *view, const struct area *area, int y,
	const struct snapshot_latency *latency)
{
	int x;

	if (snapshot_is_untimed(latency, view->now->level)) {
		area_print(area, 0, y, ROLE_DIM, "LAT   n/a: %s", latency->what);
	} else if (!latency->sampled) {
		area_print(area, 0, y, ROLE_DIM, "LAT   not measured at level %s (press d)",
			level_names[view->now->level]);
	} else {
		x = area_print(area, 0, y, ROLE_TEXT, "LAT   p50 %s p90 %s p99 %s p99.9 %s max %s",
			label_ns(latency->p50).text, label_ns(latency->p90).text,
			label_ns(latency->p99).text, label_ns(latency->p999).text,
			label_ns(latency->max).text);
		y = put_note(area, x + 2, y, ROLE_DIM, latency->what);
	}
	return y + 1;
}

#define PER_SECOND "_per_second"

/* As a column's or a figure's title: units that the value shows, or that a sign says, are left out. */
static struct label label_title(const struct figure_text *text)
{
	struct label label = { ROLE_TEXT, "" };
	size_t length = strlen(text->name);
	const char *end = "";

	if (length > strlen(PER_SECOND) &&
		!strcmp(text->name + length - strlen(PER_SECOND), PER_SECOND)) {
		length -= strlen(PER_SECOND);
		end = "/s";
	} else if (!strcmp(text->unit, "ns") && length > 3 &&
		   !strcmp(text->name + length - 3, "_ns")) {
		length -= 3;
	}
	snprintf(label.text, sizeof(label.text), "%.*s%s", (int)length, text->name, end);
	return label;
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
			label_title(&figure->text).text,
			label_figure(&figure->text, figure->value).text);
		count++;
	}
	return y + (int)((count + across - 1) / across);
}

#define VALUE_COLUMNS 6 /* of 999.9k and 93.2us */

static int column_width(const struct figure_text *text)
{
	int width = text_width(label_title(text).text);

	return width < VALUE_COLUMNS ? VALUE_COLUMNS : width;
}

/* As wide as the longest label, if that leaves room for half of the line. */
static int label_width(
	const struct view *view, const struct area *area, unsigned number, const char *title)
{
	int width = text_width(title), most = area->width / 2;

	for (unsigned i = 0; i < view->now->rows_count; i++)
		if (view->now->rows[i].table == number &&
			text_width(view->now->rows[i].label) > width)
			width = text_width(view->now->rows[i].label);
	return width < most ? width : most;
}

/* A row, or without one the head; from x on stand the values. */
static void draw_cells(const struct view *view, const struct area *area, int x, int y,
	const struct snapshot_table *table, const struct figure_row *row, enum role role)
{
	if (role != ROLE_TEXT)
		area_fill(area, 0, y, area->width, role, L' ');
	area_print(area, 0, y, role, "%-.*s", x, row ? row->label : table->row);
	x++;
	for (unsigned i = 0; i < table->columns_count; i++) {
		const struct figure_text *column = &table->columns[i];
		int width = column_width(column);

		if (column->level > view->now->level)
			continue;
		if (x + width > area->width)
			break;
		area_print(area, x, y, role, "%*s", width,
			row ? label_figure(column, row->value[i]).text : label_title(column).text);
		x += width + 1;
	}
}

/* *marked: the line of the row whose key is being typed. */
static int draw_table(
	const struct view *view, const struct area *area, int y, unsigned number, int *marked)
{
	const struct snapshot_table *table = &view->now->tables[number];
	int x = label_width(view, area, number, table->row);
	char title[80];

	snprintf(title, sizeof(title), table->set[0] ? "%s (m: %s)" : "%s", table->name,
		table->set_to);
	widget_rule(area, y++, title);
	draw_cells(view, area, x, y++, table, NULL, ROLE_HEAD);
	for (unsigned i = 0; i < view->now->rows_count; i++) {
		const struct figure_row *row = &view->now->rows[i];
		const struct change change = { table, row };
		bool is_marked = view->typing == TYPING_CHANGE && table->set[0] &&
				 change_is_typed(&change, view->change);

		if (row->table != number)
			continue;
		if (is_marked)
			*marked = y;
		draw_cells(view, area, x, y++, table, row, is_marked ? ROLE_SELECT : ROLE_TEXT);
	}
	return y;
}

static bool has_rows(const struct view *view, unsigned number)
{
	for (unsigned i = 0; i < view->now->rows_count; i++)
		if (view->now->rows[i].table == number)
			return true;
	return false;
}

/* Those without a row are named in one line. */
static int draw_tables(
	const struct view *view, const struct area *area, int y, unsigned index, int *marked)
{
	struct line line;
	bool some = false;

	for (unsigned i = 0; i < view->now->tables_count; i++)
		if (view->now->tables[i].service == index && has_rows(view, i))
			y = draw_table(view, area, y, i, marked);
	line = line_start(area, y);
	for (unsigned i = 0; i < view->now->tables_count; i++)
		if (view->now->tables[i].service == index && !has_rows(view, i)) {
			line_add(&line, ROLE_DIM, some ? ", %s" : "empty: %s",
				view->now->tables[i].name);
			some = true;
		}
	return some ? y + 1 : y;
}

/* All below the head, from line y on. Returns the line behind it. */
static int draw_body(
	const struct view *view, const struct area *area, int y, unsigned index, int *marked)
{
	const struct snapshot_service *service = &view->now->services[index];

	y = draw_paths(view, area, y, service);
	y = draw_reasons(view, area, y, index);
	y = draw_latency(view, area, y, &service->latency);
	y = draw_figures(view, area, y, index);
	return draw_tables(view, area, y, index, marked);
}

/* What there is room for below: when packets came, and how long they took. */
static void draw_rest(const struct view *view, const struct area *area, unsigned index)
{
	const struct snapshot_service *service = &view->now->services[index];
	struct page_state *latency;
	struct view chosen = *view;
	struct area part = *area;
	int wanted;

	/* the histogram is of the service that is chosen on the page of latencies */
	latency = &chosen.state[PAGE_LATENCY];
	snprintf(latency->selected, sizeof(latency->selected), "%s", service->name);
	chosen.filter[0] = '\0';
	wanted = service->latency.sampled ? section_histogram.wants(&chosen, area->width) : 0;
	if (area->height >= wanted + LEAST_GRAPH_ROWS + 1)
		part = area_rows(area, 0, area->height - (wanted ? wanted + 1 : 0));
	view_graph_rates(view, &part, &view->history->services[index].rates, "IN packets/s");
	part = area_rows(area, part.height + 1, wanted);
	if (part.height == wanted && wanted)
		section_histogram.draw(&chosen, &part);
}

void view_service(const struct view *view, const struct area *area, unsigned index)
{
	int y = draw_head(view, area, &view->now->services[index]), marked = -1;
	struct area rest = area_rows(area, y, area->height), none = area_rows(area, 0, 0);
	int hidden, scroll = (int)view->state[PAGE_SERVICES].scroll;

	none.width = area->width;
	hidden = draw_body(view, &none, 0, index, &marked) - rest.height;
	if (scroll > hidden)
		scroll = hidden > 0 ? hidden : 0;
	/* the row that is being changed is seen, and what stands in the corner does not hide it */
	if (marked >= 0 && marked < scroll)
		scroll = marked;
	else if (marked > scroll + rest.height - 2)
		scroll = marked - rest.height + 2;
	draw_body(view, &rest, -scroll, index, &marked);
	if (-hidden > LEAST_GRAPH_ROWS) {
		rest = area_rows(&rest, rest.height + hidden + 1, rest.height);
		draw_rest(view, &rest, index);
	}
	if (hidden > scroll)
		area_print(area, area->width - 12, area->height - 1, ROLE_SELECT, " +%d lines ",
			hidden - scroll);
}
