/* SPDX-License-Identifier: BSD-2-Clause */
/* The services: what each got, sent and dropped, and which half answers. */
#include "tui/view.h"

#include <stdio.h>
#include <string.h>

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

static struct label cell_p50(const struct view *view, const void *row)
{
	const struct snapshot_latency *latency = &service_of(view, row)->latency;

	return label_ns(latency->sampled ? latency->p50 : SNAPSHOT_UNKNOWN);
}

static struct label cell_p99(const struct view *view, const void *row)
{
	const struct snapshot_latency *latency = &service_of(view, row)->latency;

	return label_ns(latency->sampled ? latency->p99 : SNAPSHOT_UNKNOWN);
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
	{ "PATH", 7, 3, true, LEVEL_BASIC, cell_path },
	{ "WHY", 47, 9, true, LEVEL_BASIC, cell_why },
};

static int wants_services(const struct view *view, int width)
{
	(void)width;
	return view->now->services_count ? (int)view->now->services_count + 1 : 0;
}

static void draw_services(const struct view *view, const struct area *area)
{
	struct table table = { columns, sizeof(columns) / sizeof(columns[0]), view, 9, "SERVICE",
		0 };
	unsigned count = view->now->services_count, shown = (unsigned)area->height - 1;

	for (unsigned i = 0; i < count; i++) {
		int width = text_width(view->now->services[i].name);

		if (width > table.first_width)
			table.first_width = width < 20 ? width : 20;
	}
	table_fit(&table, area->width, view->now->level);
	table_head(&table, area, 0);
	for (unsigned i = 0; i < count && i < shown; i++) {
		const struct snapshot_service *service = &view->now->services[i];

		table_row(&table, area, (int)i + 1, &i,
			service->flow.rx_pps == 0 ? ROLE_DIM : ROLE_TEXT, L' ');
	}
	if (count > shown)
		area_print(area, area->width - 9, 0, ROLE_HEAD, " +%u more ", count - shown);
}
const struct section section_services = { wants_services, draw_services };
