/* SPDX-License-Identifier: BSD-2-Clause */
#include "tui/keys.h"

#define CONTROL(letter) ((letter)&0x1f)

const struct key keys[] = {
	{ { '?', 'h', CODE_F1 }, ACTION_HELP, "? h F1", "help", "this page, and back" },
	{ { 'b' }, ACTION_BASIC, "b", "basic", "statistics level basic: counts and drop reasons" },
	{ { 'd' }, ACTION_DETAILED, "d", "detailed",
		"level detailed: also latency of 1 packet in 64, batches, busy time" },
	{ { 'D' }, ACTION_DEBUG, "D", "debug",
		"level debug: also latency of all packets, rings, sizes; for 60 s" },
	{ { 'p', ' ' }, ACTION_FREEZE, "p Space", "freeze", "freeze the whole screen, and go on" },
	{ { 'u' }, ACTION_UNITS, "u", "units", "bits or bytes" },
	{ { 'z' }, ACTION_ZERO, "z", "zero",
		"peaks, averages and histograms start here; totals stay" },
	{ { 'w' }, ACTION_WRITE, "w", "write",
		"write this screen to a file in the current directory" },
	{ { '+', '=' }, ACTION_SLOWER, "+", "slower", "a longer interval, up to 10 s" },
	{ { '-' }, ACTION_FASTER, "-", "faster", "a shorter interval, down to 0.1 s" },
	{ { 's' }, ACTION_NEXT_LEVEL, "s", "next level", "step to the next statistics level" },
	{ { CONTROL('l') }, ACTION_REDRAW, "Ctrl-L", "redraw", "draw the whole screen again" },
	{ { CODE_ESCAPE }, ACTION_BACK, "Esc", 0, "leave this page; never quits" },
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
