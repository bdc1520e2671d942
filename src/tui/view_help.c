/* SPDX-License-Identifier: BSD-2-Clause */
#include "tui/view.h"

#include <string.h>

#include "tui/keys.h"
#include "tui/widgets.h"

static const char *const terms[][2] = {
	{ "RX, TX", "packets received at the hook, packets sent back out" },
	{ "BOOK", "every packet in was sent, dropped, passed on, or is in a ring" },
	{ "RATE", "layer 2 without FCS" },
	{ "BUSY", "share of time with packets: a polling CPU is always at 100 %" },
	{ "PATH", "the half that answers: kernel (XDP) or user (the queue's worker)" },
	{ "?", "not known, which is not 0" },
};

void view_help(const struct view *view, const struct area *area)
{
	int y = 0;

	widget_rule(area, y++, "keys");
	for (unsigned i = 0; i < keys_count; i++, y++) {
		area_text(area, 2, y, ROLE_STRONG, keys[i].names);
		area_text(area, 12, y, ROLE_TEXT, keys[i].help);
	}
	widget_rule(area, y++, "words");
	for (unsigned i = 0; i < sizeof(terms) / sizeof(terms[0]); i++, y++) {
		area_text(area, 2, y, ROLE_STRONG, terms[i][0]);
		area_text(area, 12, y, ROLE_TEXT, terms[i][1]);
	}
	if (y < area->height)
		area_print(area, 2, y, ROLE_DIM, "ringside %s", view->now->version);
}
