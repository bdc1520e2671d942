/* SPDX-License-Identifier: BSD-2-Clause */
/* The services: what each got, sent and dropped, and which half answers. */
#include "tui/view.h"

#include <stdio.h>
#include <string.h>

#include "tui/rows.h"
#include "tui/table.h"
#include "tui/widgets.h"

/* Cells get the service's index. */
static const struct snapshot_service *service_of(const struct view *view, const void *row)
{
	return &view->now->services[*(const unsigned *)row];
}

static struct label cell_name(const struct view *view, const void *row)
{
	struct label label = { ROLE_STRONG, "" };

	snprintf(label.text, sizeof(label.text), "%s", service_of(view, row)->name);
	return label;
}

static struct label cell_type(const struct view *view, const void *row)
{
	struct label label = { ROLE_TEXT, "" };

	snprintf(label.text, sizeof(label.text), "%s", service_of(view, row)->type);
	return label;
}

static struct label cell_in(const struct view *view, const void *row)
{
	return label_number(service_of(view, row)->flow.rx_pps, "");
}

static struct label cell_out(const struct view *view, const void *row)
{
	return label_number(service_of(view, row)->flow.tx_pps, "");
}

static struct label cell_rate(const struct view *view, const void *row)
{
	return view_bandwidth(view, service_of(view, row)->flow.rx_bps, true);
}

static struct label cell_drop(const struct view *view, const void *row)
{
	const struct snapshot_service *now = service_of(view, row);
	const struct snapshot_service *before = view_service_before(view, *(const unsigned *)row);
	double rate = !before ? NAN
			      : view_rate(view, snapshot_service_drops(before),
					snapshot_service_drops(now));
	struct label label = label_number(rate, "");

	label.role = rate > 0 ? ROLE_WARN : ROLE_TEXT;
	return label;
}

/* The reason with the most drops since the start. */
static struct label cell_reason(const struct view *view, const void *row)
{
	const struct snapshot_service *service = service_of(view, row);
	struct label label = { ROLE_DIM, "-" };
	uint64_t most = 0;

	for (unsigned i = 0; i < DROPS_OF_SERVICE; i++) {
		if (service->drop[i] == SNAPSHOT_UNKNOWN || service->drop[i] <= most)
			continue;
		most = service->drop[i];
		label.role = ROLE_WARN;
		snprintf(label.text, sizeof(label.text), "%s", drop_names[i]);
	}
	return label;
}

/* What there is not at any level is not the same as what is not known. */
static struct label label_latency(
	const struct view *view, const struct snapshot_latency *latency, uint64_t ns)
{
	if (snapshot_is_untimed(latency, view->now->level))
		return (struct label){ ROLE_DIM, "n/a" };
	return label_ns(latency->sampled ? ns : SNAPSHOT_UNKNOWN);
}

static struct label cell_p50(const struct view *view, const void *row)
{
	const struct snapshot_latency *latency = &service_of(view, row)->latency;

	return label_latency(view, latency, latency->p50);
}

static struct label cell_p99(const struct view *view, const void *row)
{
	const struct snapshot_latency *latency = &service_of(view, row)->latency;

	return label_latency(view, latency, latency->p99);
}

static struct label cell_path(const struct view *view, const void *row)
{
	const struct snapshot_service *service = service_of(view, row);
	struct label label = { ROLE_TEXT, "-" };

	if (service->paths_count)
		snprintf(label.text, sizeof(label.text), "%s", service->paths[0].path);
	for (unsigned i = 1; i < service->paths_count; i++)
		if (strcmp(service->paths[i].path, service->paths[0].path))
			strcpy(label.text, "mixed");
	if (strcmp(service->state, "running")) {
		label.role = ROLE_WARN;
		snprintf(label.text, sizeof(label.text), "%s", service->state);
	}
	return label;
}

static struct label cell_why(const struct view *view, const void *row)
{
	const struct snapshot_service *service = service_of(view, row);
	struct label label = { ROLE_DIM, "" };

	if (service->paths_count)
		snprintf(label.text, sizeof(label.text), "%s", service->paths[0].why);
	return label;
}

static const struct column columns[] = {
	{ "SERVICE", 9, 0, true, LEVEL_BASIC, cell_name },
	{ "TYPE", 8, 8, true, LEVEL_BASIC, cell_type },
	{ "IN/s", 7, 0, false, LEVEL_BASIC, cell_in },
	{ "OUT/s", 7, 1, false, LEVEL_BASIC, cell_out },
	{ "RATE", 10, 5, false, LEVEL_BASIC, cell_rate },
	{ "DROP/s", 7, 2, false, LEVEL_BASIC, cell_drop },
	{ "p50", 6, 4, false, LEVEL_DETAILED, cell_p50 },
	{ "p99", 6, 4, false, LEVEL_DETAILED, cell_p99 },
	{ "TOP DROP", 12, 6, true, LEVEL_BASIC, cell_reason },
	{ "HALF", 7, 3, true, LEVEL_BASIC, cell_path },
	{ "WHY", 47, 9, true, LEVEL_BASIC, cell_why },
};

static const char *const sorts[] = { "order", "in", "out", "drops", "name", NULL };
enum service_sort { SORT_ORDER, SORT_IN, SORT_OUT, SORT_DROPS, SORT_NAME };

static double sort_key(const struct view *view, unsigned index, enum service_sort by)
{
	const struct snapshot_service *service = &view->now->services[index];
	uint64_t drops = snapshot_service_drops(service);
	double key = by == SORT_IN		 ? service->flow.rx_pps
		     : by == SORT_OUT		 ? service->flow.tx_pps
		     : drops == SNAPSHOT_UNKNOWN ? -1
						 : (double)drops;

	return isnan(key) ? -1 : key;
}

static bool comes_before(const struct view *view, unsigned a, unsigned b, enum service_sort by)
{
	if (by == SORT_NAME)
		return strcmp(view->now->services[a].name, view->now->services[b].name) < 0;
	return by != SORT_ORDER && sort_key(view, a, by) > sort_key(view, b, by);
}

static unsigned list(const struct view *view, enum page page, uint16_t *index)
{
	enum service_sort by = (enum service_sort)view->state[page].sort;
	unsigned count = view->now->services_count;

	for (unsigned i = 0; i < count; i++) {
		unsigned at = i;

		while (at && comes_before(view, i, index[at - 1], by)) {
			index[at] = index[at - 1];
			at--;
		}
		index[at] = (uint16_t)i;
	}
	return count;
}

static void key(const struct view *view, unsigned index, char text[VIEW_KEY_BYTES])
{
	snprintf(text, VIEW_KEY_BYTES, "%s", view->now->services[index].name);
}

static void words(const struct view *view, unsigned index, char text[256])
{
	const struct snapshot_service *service = &view->now->services[index];

	snprintf(text, 256, "%s %s", service->type, service->state);
}

const struct row_kind rows_services = { sorts, list, key, words };

static void draw_rows(
	const struct view *view, const struct area *area, const struct rows *rows, int selected)
{
	struct table table = { columns, sizeof(columns) / sizeof(columns[0]), view, 9, "SERVICE",
		0 };
	unsigned shown = (unsigned)area->height - 1, first = rows_first(rows, selected, shown);
	int y = 1;

	for (unsigned i = 0; i < rows->count; i++) {
		int width = text_width(view->now->services[rows->index[i]].name);

		if (width > table.first_width)
			table.first_width = width < 20 ? width : 20;
	}
	table_fit(&table, area->width, view->now->level);
	table_head(&table, area, 0);
	for (unsigned i = first; i < rows->count && i < first + shown; i++, y++) {
		unsigned index = rows->index[i];
		const struct snapshot_service *service = &view->now->services[index];

		table_row_select(&table, area, y, &index,
			service->flow.rx_pps == 0 ? ROLE_DIM : ROLE_TEXT, L' ', (int)i == selected);
	}
	if (rows->count > shown)
		area_print(area, area->width - 9, 0, ROLE_HEAD, " +%u more ", rows->count - shown);
}

static int wants_services(const struct view *view, int width)
{
	(void)width;
	return (int)view->now->services_count + 1;
}

static void draw_services(const struct view *view, const struct area *area)
{
	struct rows rows;

	if (!view->now->services_count) {
		area_text(area, 0, 0, ROLE_DIM, "SERVICE  none: every packet is the stack's");
		return;
	}
	rows.count = list(view, PAGE_OVERVIEW, rows.index);
	draw_rows(view, area, &rows, -1);
}
const struct section section_services = { wants_services, draw_services };

void view_services(const struct view *view, const struct area *area)
{
	int index = rows_selected_index(view, PAGE_SERVICES);
	struct rows rows;
	struct area table, rest;

	if (view->state[PAGE_SERVICES].detail && index >= 0) {
		view_service(view, area, (unsigned)index);
		return;
	}
	rows_list(view, PAGE_SERVICES, &rows);
	if (!rows.count) {
		area_text(area, 0, 0, ROLE_DIM,
			rows.hidden ? "No service has what the filter wants (/ or Esc)"
				    : "There are no services: every packet is the stack's");
		return;
	}
	table = area_rows(area, 0, (int)rows.count + 1);
	draw_rows(view, &table, &rows, rows_selected(view, PAGE_SERVICES, &rows));
	/* below them the first one, or the selected one, in full */
	rest = area_rows(area, (int)rows.count + 2, area->height);
	if (rest.height >= 4)
		view_service(view, &rest, index >= 0 ? (unsigned)index : rows.index[0]);
}
