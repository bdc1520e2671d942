/* SPDX-License-Identifier: BSD-2-Clause */
#include "tui/view.h"

#include <string.h>

#include "tui/keys.h"
#include "tui/widgets.h"

static const char *const terms[][2] = {
	{ "RX, TX", "packets received at the hook, packets sent back out" },
	{ "BOOK", "every packet in was sent, dropped, passed on, or is in a ring" },
	{ "PATH", "the stages that packets pass; the first silent one has a !" },
	{ "RATE", "layer 2 without FCS" },
	{ "BUSY", "share of time with packets: a polling CPU is always at 100 %" },
	{ "FLIGHT", "packets in the rings just now" },
	{ "HALF", "the half that answers: kernel (XDP) or user (the queue's worker)" },
	{ "?  -", "not known, which is not 0; there is no such thing here" },
};
#define TERMS (sizeof(terms) / sizeof(terms[0]))

#define NAMES_COLUMNS 12

static void draw_terms(const struct area *area, int y)
{
	widget_rule(area, y++, "words");
	for (unsigned i = 0; i < TERMS; i++, y++) {
		area_text(area, 2, y, ROLE_STRONG, terms[i][0]);
		area_text(area, NAMES_COLUMNS, y, ROLE_TEXT, terms[i][1]);
	}
}

void view_help(const struct view *view, const struct area *area)
{
	bool is_wide = area->width >= 150;
	struct area right = area_columns(area, area->width / 2 + 1, area->width);
	int y = 1, rows = (int)keys_count + (is_wide ? 0 : (int)TERMS + 1), hidden;
	unsigned first = view->help_first;

	hidden = rows + 1 - area->height;
	if ((int)first > hidden)
		first = hidden > 0 ? (unsigned)hidden : 0;
	widget_rule(area, 0, hidden > 0 ? "keys (up and down show more)" : "keys");
	for (unsigned i = first; i < keys_count && y < area->height; i++, y++) {
		area_text(area, 2, y, ROLE_STRONG, keys[i].names);
		area_text(area, NAMES_COLUMNS, y, ROLE_TEXT, keys[i].help);
	}
	if (is_wide)
		draw_terms(&right, 0);
	else if (y < area->height)
		draw_terms(area, y - (int)(first > keys_count ? first - keys_count : 0));
	if (area->height > 3 && is_wide)
		area_print(&right, 2, (int)TERMS + 2, ROLE_DIM, "ringside %s", view->now->version);
}
