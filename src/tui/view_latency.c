/* SPDX-License-Identifier: BSD-2-Clause */
/* Latency: the percentiles in a line each; a page of them with the distribution, what it was over time,
 * and what measuring costs. */
#include "tui/view.h"

#include <stdio.h>
#include <string.h>

#include "tui/rows.h"
#include "tui/table.h"
#include "tui/widgets.h"

/* Services in the order of their samples, so that the busiest is what one line shows. */
static unsigned sort_services(const struct view *view, unsigned order[SERVICE_SLOTS])
{
	unsigned count = 0;

	for (unsigned i = 0; i < view->now->services_count; i++) {
		const struct snapshot_latency *latency = &view->now->services[i].latency;
		unsigned at = count;

		if (!latency->sampled || !latency->count || latency->count == SNAPSHOT_UNKNOWN)
			continue;
		while (at && view->now->services[order[at - 1]].latency.count < latency->count) {
			order[at] = order[at - 1];
			at--;
		}
		order[at] = i;
		count++;
	}
	return count;
}

static int wants_latency(const struct view *view, int width)
{
	unsigned order[SERVICE_SLOTS], count = sort_services(view, order);

	(void)width;
	return count ? (int)count : 1;
}

static void draw_percentiles(const struct view *view, const struct area *area, int y,
	const struct snapshot_service *service)
{
	const struct snapshot_latency *latency = &service->latency;
	const struct {
		const char *name;
		uint64_t value;
		int columns; /* of the screen that shows it */
	} figures[] = { { "p50", latency->p50, 0 }, { "p90", latency->p90, 60 },
		{ "p99", latency->p99, 0 }, { "p99.9", latency->p999, 60 },
		{ "max", latency->max, 0 } };
	struct line line = line_start(area, y);

	line_add(&line, ROLE_TITLE, "LAT ");
	if (area->width >= 76)
		line_add(&line, ROLE_TEXT, " %s", service->name);
	for (unsigned i = 0; i < sizeof(figures) / sizeof(figures[0]); i++) {
		if (figures[i].columns > area->width)
			continue;
		line_add(&line, ROLE_DIM, " %s", figures[i].name);
		line_add(&line, ROLE_STRONG, " %s", label_ns(figures[i].value).text);
	}
	line_part(&line, ROLE_DIM, latency->sampled == 1 ? "all packets" : "1 in %u",
		latency->sampled);
	line_part(&line, ROLE_DIM, "%s", latency->what);
	line_part(&line, ROLE_DIM, "%s packets since %s", label_exact(latency->count).text,
		view->zero_time_ns ? label_clock(view->zero_time_ns).text : "the start");
}

/* Of the services that have no latency, why; false: there is none of these. */
static bool draw_untimed(const struct view *view, struct line *line)
{
	bool is_any = false;

	for (unsigned i = 0; i < view->now->services_count; i++) {
		const struct snapshot_service *service = &view->now->services[i];

		if (!snapshot_is_untimed(&service->latency, view->now->level))
			continue;
		line_add(line, ROLE_DIM, "%s%s n/a: %s", is_any ? ", " : "  ", service->name,
			service->latency.what);
		is_any = true;
	}
	return is_any;
}

static void draw_latency(const struct view *view, const struct area *area)
{
	unsigned order[SERVICE_SLOTS], count = sort_services(view, order);
	struct line line;

	for (int y = 0; y < area->height && y < (int)count; y++)
		draw_percentiles(view, area, y, &view->now->services[order[y]]);
	if (count)
		return;
	line = line_start(area, 0);
	line_add(&line, ROLE_TITLE, "LAT ");
	if (view->now->level == LEVEL_BASIC)
		line_add(&line, ROLE_DIM, "  not measured at level basic (press d)");
	else if (!draw_untimed(view, &line))
		line_add(&line, ROLE_DIM, "  no packet measured yet");
}
const struct section section_latency = { wants_latency, draw_latency };

int view_latency_service(const struct view *view)
{
	unsigned order[SERVICE_SLOTS];
	int selected = rows_selected_index(view, PAGE_LATENCY);

	if (selected >= 0)
		return selected;
	return sort_services(view, order) ? (int)order[0] : -1;
}

/* ---- the page ---- */

static const struct snapshot_latency *latency_of(const struct view *view, const void *row)
{
	return &view->now->services[*(const unsigned *)row].latency;
}

/* What is not known may come to be; what there is not will not. */
static struct label figure(const struct view *view, const void *row, struct label label)
{
	if (snapshot_is_untimed(latency_of(view, row), view->now->level))
		label = (struct label){ ROLE_DIM, "n/a" };
	return label;
}

static struct label cell_name(const struct view *view, const void *row)
{
	struct label label = { ROLE_STRONG, "" };

	snprintf(label.text, sizeof(label.text), "%s",
		view->now->services[*(const unsigned *)row].name);
	return label;
}

static struct label cell_what(const struct view *view, const void *row)
{
	struct label label = { ROLE_DIM, "" };

	snprintf(label.text, sizeof(label.text), "%.47s", latency_of(view, row)->what);
	return label;
}

static struct label cell_sampled(const struct view *view, const void *row)
{
	const struct snapshot_latency *latency = latency_of(view, row);
	struct label label = { ROLE_TEXT, "no" };

	if (snapshot_is_untimed(latency, view->now->level))
		strcpy(label.text, "n/a");
	else if (latency->sampled == 1)
		strcpy(label.text, "all");
	else if (latency->sampled)
		snprintf(label.text, sizeof(label.text), "1/%u", latency->sampled);
	return label;
}

static struct label cell_count(const struct view *view, const void *row)
{
	return figure(view, row, label_count(latency_of(view, row)->count));
}

static struct label cell_mean(const struct view *view, const void *row)
{
	double mean = latency_of(view, row)->mean;

	return figure(view, row, label_ns(isnan(mean) ? SNAPSHOT_UNKNOWN : (uint64_t)mean));
}

#define FIGURE_CELL(name)                                                                          \
	static struct label cell_##name(const struct view *view, const void *row)                  \
	{                                                                                          \
		return figure(view, row, label_ns(latency_of(view, row)->name));                   \
	}
FIGURE_CELL(min)
FIGURE_CELL(p50)
FIGURE_CELL(p90)
FIGURE_CELL(p99)
FIGURE_CELL(p999)
FIGURE_CELL(max)

static const struct column columns[] = {
	{ "SERVICE", 9, 0, true, LEVEL_BASIC, cell_name },
	{ "SAMPLE", 6, 2, false, LEVEL_BASIC, cell_sampled },
	{ "PACKETS", 7, 3, false, LEVEL_BASIC, cell_count },
	{ "min", 6, 5, false, LEVEL_BASIC, cell_min },
	{ "mean", 6, 4, false, LEVEL_BASIC, cell_mean },
	{ "p50", 6, 0, false, LEVEL_BASIC, cell_p50 },
	{ "p90", 6, 2, false, LEVEL_BASIC, cell_p90 },
	{ "p99", 6, 0, false, LEVEL_BASIC, cell_p99 },
	{ "p99.9", 6, 1, false, LEVEL_BASIC, cell_p999 },
	{ "max", 6, 1, false, LEVEL_BASIC, cell_max },
	{ "FROM WHERE TO WHERE", 28, 6, true, LEVEL_BASIC, cell_what },
};

static int draw_table(const struct view *view, const struct area *area)
{
	struct table table = { columns, sizeof(columns) / sizeof(columns[0]), view, 9, "SERVICE",
		0 };
	struct rows rows;
	int selected, y = 1;

	rows_list(view, PAGE_LATENCY, &rows);
	selected = rows_selected(view, PAGE_LATENCY, &rows);
	for (unsigned i = 0; i < rows.count; i++) {
		int width = text_width(view->now->services[rows.index[i]].name);

		if (width > table.first_width)
			table.first_width = width < 20 ? width : 20;
	}
	table_fit(&table, area->width, view->now->level);
	table_head(&table, area, 0);
	for (unsigned i = 0; i < rows.count; i++, y++) {
		unsigned index = rows.index[i];

		table_row_select(&table, area, y, &index, ROLE_TEXT, L' ', (int)i == selected);
	}
	return y;
}

static bool has_kernel_half(const struct view *view)
{
	for (unsigned i = 0; i < view->now->interfaces_count; i++)
		if (view->now->interfaces[i].xdp[0])
			return true;
	return false;
}

/* "1.8 +-0.6 ns" */
#define PRICE_COLUMNS 12

/* What the statistics cost: measured here, for each level, in either half. */
static int draw_prices(const struct view *view, const struct area *area, int y)
{
	static const char *const what[] = { "counts, drop reasons",
		"+ busy, batches, 1 in 64 timed", "+ sizes, every packet timed" };
	const bool has_kernel = has_kernel_half(view);

	widget_rule(area, y++, "cost of statistics, measured on this machine, in ns a packet");
	for (unsigned level = 0; level <= LEVEL_DEBUG; level++, y++) {
		bool is_on = view->now->level == level;
		enum role role = is_on ? ROLE_STRONG : ROLE_TEXT;
		struct line line = line_start(area, y);
		struct label kernel = view_kernel_price(view->now, level);

		if (!has_kernel)
			strcpy(kernel.text, "n/a: none");
		line_add(&line, role, "%c %-9s worker %7s", is_on ? '>' : ' ', level_names[level],
			label_price(view->now->level_price_ns[level]).text);
		line_part(&line, role, "XDP %*s%s",
			PRICE_COLUMNS - area_text_width(area, kernel.text), "", kernel.text);
		line_part(&line, ROLE_DIM, "%s", what[level]);
	}
	return y;
}

static int draw_footnotes(const struct view *view, const struct area *area, int y)
{
	for (unsigned i = 0; i < view->now->services_count; i++) {
		const struct snapshot_service *service = &view->now->services[i];

		if (snapshot_is_untimed(&service->latency, view->now->level))
			area_print(area, 1, y++, ROLE_DIM, "n/a for %s: %s", service->name,
				service->latency.what);
	}
	return y;
}

void view_latency(const struct view *view, const struct area *area)
{
	int y, left, service = view_latency_service(view);
	struct area part;

	if (!view->now->services_count) {
		area_text(area, 0, 0, ROLE_DIM, "There are no services to measure");
		return;
	}
	y = draw_table(view, area) + 1;
	if (view->now->level == LEVEL_BASIC)
		area_text(area, 1, y++, ROLE_DIM, "Not measured at level basic (press d)");
	y = draw_footnotes(view, area, y);
	left = area->height - y - 4;
	if (service >= 0 && left >= 10) {
		int wanted = section_histogram.wants(view, area->width);
		int heat = left >= 18 ? left - wanted < 8 ? 8 : left - wanted : 0;

		if (left - heat < wanted)
			wanted = left - heat;
		part = area_rows(area, y, wanted);
		section_histogram.draw(view, &part);
		y += wanted;
		part = area_rows(area, y, area->height - y - 4);
		y += view_heat(view, &part, (unsigned)service);
		/* latencies are looked at beside the packets that came */
		part = area_rows(area, y + 1, area->height - y - 6);
		view_graph_rates(
			view, &part, &view->history->services[service].rates, "IN packets/s");
	} else if (service < 0) {
		part = area_rows(area, y + 1, left - 2);
		section_graph.draw(view, &part);
	} else if (left >= 4) {
		part = area_rows(area, y, left);
		section_histogram.draw(view, &part);
		y += left;
	}
	draw_prices(view, area, area->height - 4 > y ? area->height - 4 : y);
}
