/* SPDX-License-Identifier: BSD-2-Clause */
/* A service's latency over time: a column a second, a row a span of time, the darker the more packets. */
#include "tui/view.h"

#include <stdio.h>
#include <string.h>

#include "tui/widgets.h"

#define SCALE_COLUMNS 10

/* The groups that have any packets in the seconds shown. */
static bool find_span(const struct view *view, unsigned service, unsigned seconds, unsigned *lowest,
	unsigned *highest)
{
	bool found = false;

	for (unsigned age = 0; age < seconds; age++) {
		const uint32_t *packets = history_heat_at(view->history, service, age);

		for (unsigned i = 0; packets && i < HEAT_GROUPS; i++) {
			if (!packets[i])
				continue;
			if (!found || i < *lowest)
				*lowest = i;
			if (!found || i > *highest)
				*highest = i;
			found = true;
		}
	}
	return found;
}

/* As the histogram: a packet in a hundred thousand still shows. */
static double shade(uint32_t part, uint32_t total)
{
	double share = part && total ? (log10((double)part / (double)total) + 5) / 5 : 0;

	return part && share < 0.01 ? 0.01 : share;
}

static void draw_column(
	const struct area *area, int x, const uint32_t *packets, unsigned lowest, unsigned per_row)
{
	uint32_t total = 0;

	for (unsigned i = 0; i < HEAT_GROUPS; i++)
		total += packets[i];
	for (int y = 0; y < area->height; y++) {
		unsigned first = lowest + (unsigned)(area->height - 1 - y) * per_row;
		uint32_t part = 0;

		for (unsigned i = first; i < first + per_row && i < HEAT_GROUPS; i++)
			part += packets[i];
		widget_shade(area, x, y, shade(part, total));
	}
}

int view_heat(const struct view *view, const struct area *area, unsigned service)
{
	struct area body = area_columns(area, SCALE_COLUMNS, area->width);
	unsigned seconds = (unsigned)body.width, lowest = 0, highest = 0, per_row;
	char title[96];
	int rows;

	if (area->height < 4)
		return 0;
	snprintf(title, sizeof(title),
		"latency of %s over time: a column a second, now at the right",
		view->now->services[service].name);
	widget_rule(area, 0, title);
	if (!find_span(view, service, seconds, &lowest, &highest)) {
		area_text(area, 1, 1, ROLE_DIM, "no packet measured in these seconds");
		return 2;
	}
	per_row = (highest - lowest + (unsigned)area->height - 1) / (unsigned)(area->height - 1);
	per_row = per_row ? per_row : 1;
	rows = (int)((highest - lowest) / per_row) + 1;
	body = area_rows(&body, 1, rows);
	for (int y = 0; y < rows; y++)
		area_print(area, 0, y + 1, ROLE_DIM, "%8s+",
			label_ns(heat_lowest(lowest + (unsigned)(rows - 1 - y) * per_row)).text);
	for (int x = 0; x < body.width; x++) {
		const uint32_t *packets =
			history_heat_at(view->history, service, (unsigned)(body.width - 1 - x));

		if (packets)
			draw_column(&body, x, packets, lowest, per_row);
	}
	return rows + 1;
}
