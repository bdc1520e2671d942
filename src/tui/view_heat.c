/* SPDX-License-Identifier: BSD-2-Clause */
/* A service's latency over time: a column a second, a row a span of time, the darker the more packets. */
#include "tui/view.h"

#include <stdio.h>
#include <string.h>

#include "tui/widgets.h"

#define SCALE_COLUMNS 10
#define MOST_ROWS_TO_A_GROUP 2

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

/* Groups to a row; or, where there is more room than groups, rows to a group. */
struct scale {
	unsigned groups;
	int rows;
};

static void draw_column(const struct area *area, int x, const uint32_t *packets, unsigned lowest,
	struct scale scale)
{
	uint32_t total = 0;

	for (unsigned i = 0; i < HEAT_GROUPS; i++)
		total += packets[i];
	for (int y = 0; y < area->height; y++) {
		unsigned row = (unsigned)((area->height - 1 - y) / scale.rows);
		unsigned first = lowest + row * scale.groups;
		uint32_t part = 0;

		for (unsigned i = first; i < first + scale.groups && i < HEAT_GROUPS; i++)
			part += packets[i];
		widget_shade(area, x, y, shade(part, total));
	}
}

int view_heat(const struct view *view, const struct area *area, unsigned service)
{
	struct area body = area_columns(area, SCALE_COLUMNS, area->width);
	unsigned seconds = (unsigned)body.width, lowest = 0, highest = 0;
	struct scale scale;
	char title[96];
	int rows, groups;

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
	rows = area->height - 1;
	scale.groups = (highest - lowest + (unsigned)rows) / (unsigned)rows;
	groups = (int)((highest - lowest) / scale.groups) + 1;
	scale.rows = rows / groups < MOST_ROWS_TO_A_GROUP ? rows / groups : MOST_ROWS_TO_A_GROUP;
	body = area_rows(&body, 1, groups * scale.rows);
	for (int i = 0; i < groups; i++)
		area_print(area, 0, body.height - i * scale.rows, ROLE_DIM, "%8s+",
			label_ns(heat_lowest(lowest + (unsigned)i * scale.groups)).text);
	for (int x = 0; x < body.width; x++) {
		const uint32_t *packets =
			history_heat_at(view->history, service, (unsigned)(body.width - 1 - x));

		if (packets)
			draw_column(&body, x, packets, lowest, scale);
	}
	return body.height + 1;
}
