/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The overview is a budget of lines: each bid, in the order of importance, gives a section more
 * rows as long as there are some. So every size from one line up shows the most important first.
 */
#include "tui/view.h"

#include "tui/widgets.h"

/* In the order on the screen. */
static const struct section *const sections[] = {
	&section_header,
	&section_interfaces,
	&section_rx,
	&section_tx,
	&section_drops,
	&section_books,
	&section_alarms,
	&section_path,
	&section_graph,
	&section_queues,
	&section_services,
	&section_latency,
	&section_histogram,
	&section_kernel,
	&section_reasons,
	&section_events,
};
#define SECTIONS (sizeof(sections) / sizeof(sections[0]))

/* Rows in all that a section is raised to, but not to fewer than `least` of them. */
static const struct bid {
	const struct section *section;
	int least, most;
} bids[] = {
	{ &section_rx, 1, 1 }, { &section_drops, 1, 1 }, { &section_header, 1, 1 },
	{ &section_tx, 1, 1 }, { &section_alarms, 1, 2 }, { &section_latency, 1, 1 },
	{ &section_queues, 2, 6 }, { &section_services, 2, 3 }, { &section_books, 1, 1 },
	{ &section_interfaces, 1, 1 }, { &section_alarms, 1, 4 }, { &section_path, 1, 2 },
	{ &section_graph, 4, 4 }, { &section_events, 1, 2 }, { &section_interfaces, 1, 4 },
	{ &section_services, 3, 5 }, { &section_histogram, 3, 6 }, { &section_reasons, 1, 1 },
	{ &section_kernel, 1, 1 }, { &section_queues, 6, 10 }, { &section_graph, 5, 8 },
	{ &section_histogram, 6, 12 }, { &section_services, 4, 9 }, { &section_kernel, 1, 8 },
	{ &section_alarms, 1, 8 }, { &section_interfaces, 1, 8 }, { &section_events, 3, 6 },
	{ &section_latency, 1, 8 }, { &section_queues, 10, 18 }, { &section_graph, 8, 12 },
	{ &section_histogram, 12, 20 }, { &section_queues, 19, 200 }, { &section_events, 6, 16 },
	{ &section_graph, 12, 1000 }, /* whatever is left */
};

static unsigned index_of(const struct section *section)
{
	unsigned i = 0;

	while (sections[i] != section)
		i++;
	return i;
}

static void allot(const struct view *view, const struct area *area, int rows[SECTIONS])
{
	int left = area->height;

	for (unsigned i = 0; i < sizeof(bids) / sizeof(bids[0]); i++) {
		int wanted = bids[i].section->wants(view, area->width);
		int least = bids[i].least < wanted ? bids[i].least : wanted;
		int most = bids[i].most < wanted ? bids[i].most : wanted;
		int *has = &rows[index_of(bids[i].section)];

		if (most > *has + left)
			most = *has + left;
		if (most <= *has || most < least)
			continue;
		left -= most - *has;
		*has = most;
	}
}

unsigned overview_queues(const struct view *view)
{
	struct area area = { .width = view->width, .height = view->height - 1 };
	int rows[SECTIONS] = { 0 }, has;

	allot(view, &area, rows);
	has = rows[index_of(&section_queues)];
	/* head and the row of all */
	return has < 2 ? 0 : (unsigned)(has - 1 - (view->now->queues_count > 1 && has > 2));
}

void view_overview(const struct view *view, const struct area *area)
{
	int rows[SECTIONS] = { 0 }, y = 0;

	if (area->height <= 1) {
		view_single(view, area);
		return;
	}
	allot(view, area, rows);
	for (unsigned i = 0; i < SECTIONS; i++) {
		struct area part = area_rows(area, y, rows[i]);

		if (!rows[i])
			continue;
		sections[i]->draw(view, &part);
		y += rows[i];
	}
}
