/* SPDX-License-Identifier: BSD-2-Clause */
#include "tui/keys.h"

#define CONTROL(letter) ((letter)&0x1f)

const struct key keys[] = {
	{ { '?', 'h', CODE_F1 }, ACTION_HELP, "? h F1", "help", "this page, and back" },
	{ { '1', '2', '3', '4', '5', '6' }, ACTION_PAGE, "1-6", "views",
		"overview, queues, services, latency, drops, events" },
	{ { 'b' }, ACTION_BASIC, "b", "d D level",
		"statistics level basic: counts and drop reasons" },
	{ { 'd' }, ACTION_DETAILED, "d", 0,
		"level detailed: also latency of 1 packet in 64, batches, busy time" },
	{ { 'D' }, ACTION_DEBUG, "D", 0,
		"level debug: also latency of all packets, sizes; asks; for 60 s" },
	{ { 'p', ' ' }, ACTION_FREEZE, "p Space", "freeze", "freeze the whole screen, and go on" },
	{ { CODE_ENTER }, ACTION_ENTER, "Enter", "detail",
		"everything about the selected queue or service" },
	{ { 'm' }, ACTION_CHANGE, "m", 0,
		"on a service's page: move slots, change a weight (rows that say m:)" },
	{ { 'o' }, ACTION_SORT, "o", "sort", "sort the rows by the next column" },
	{ { 'u' }, ACTION_UNITS, "u", "units", "bits or bytes" },
	{ { '/' }, ACTION_FILTER, "/", "filter", "show only rows with a text; Esc: all" },
	{ { 'z' }, ACTION_ZERO, "z", "zero",
		"rates, peaks and histograms start here; totals stay" },
	{ { 'w' }, ACTION_WRITE, "w", "write", "write the snapshot and this screen to files" },
	{ { CODE_TAB, CODE_RIGHT }, ACTION_NEXT_PAGE, "Tab", 0, "the next view" },
	{ { CODE_BACK_TAB, CODE_LEFT }, ACTION_PREVIOUS_PAGE, "Shift-Tab", 0, "the view before" },
	{ { CODE_DOWN, 'j' }, ACTION_DOWN, "Down j", 0, "select the next row" },
	{ { CODE_UP, 'k' }, ACTION_UP, "Up k", 0, "select the row above" },
	{ { CODE_PAGE_DOWN }, ACTION_PAGE_DOWN, "PgDn", 0, "ten rows down" },
	{ { CODE_PAGE_UP }, ACTION_PAGE_UP, "PgUp", 0, "ten rows up" },
	{ { CODE_HOME }, ACTION_FIRST, "Home", 0, "the first row" },
	{ { CODE_END }, ACTION_LAST, "End", 0, "the last row" },
	{ { 'O' }, ACTION_REVERSE, "O", 0, "turn the order round" },
	{ { 'g' }, ACTION_GRAPH, "g", 0, "graph of packets, bits, or drops" },
	{ { 'G' }, ACTION_STYLE, "G", 0, "draw graphs with braille, blocks, or ASCII" },
	{ { '+', '=' }, ACTION_SLOWER, "+", 0, "a longer interval, up to 10 s" },
	{ { '-' }, ACTION_FASTER, "-", 0, "a shorter interval, down to 0.1 s" },
	{ { 's' }, ACTION_NEXT_LEVEL, "s", 0, "step to the next level" },
	{ { CONTROL('l') }, ACTION_REDRAW, "Ctrl-L", 0, "draw the whole screen again" },
	{ { CODE_ESCAPE }, ACTION_BACK, "Esc", 0, "one step back; never quits" },
	{ { 'q' }, ACTION_QUIT, "q", "quit", "quit; a running service is only stopped after y" },
};
const unsigned keys_count = sizeof(keys) / sizeof(keys[0]);

enum action key_action(int code)
{
	for (unsigned i = 0; code > 0 && i < keys_count; i++)
		for (int j = 0; j < KEY_CODES; j++)
			if (keys[i].codes[j] == code)
				return keys[i].action;
	return ACTION_NONE;
}
