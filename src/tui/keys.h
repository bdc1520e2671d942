/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * THE table of keys: it drives dispatch, the help page, the footer and the tests, so none of them
 * can name a key that does nothing.
 */
#ifndef RINGSIDE_KEYS_H
#define RINGSIDE_KEYS_H

/* Keys that are no character; terminal.c translates. */
enum {
	CODE_NONE = -1,
	CODE_TAB = 9,
	CODE_ENTER = 13,
	CODE_ESCAPE = 27,
	CODE_BACKSPACE = 127,
	CODE_F1 = 0x110001,
	CODE_UP,
	CODE_DOWN,
	CODE_LEFT,
	CODE_RIGHT,
	CODE_PAGE_UP,
	CODE_PAGE_DOWN,
	CODE_HOME,
	CODE_END,
	CODE_BACK_TAB,
};

enum action {
	ACTION_NONE,
	ACTION_HELP,
	ACTION_PAGE, /* the page of the digit */
	ACTION_NEXT_PAGE,
	ACTION_PREVIOUS_PAGE,
	ACTION_UP,
	ACTION_DOWN,
	ACTION_PAGE_UP,
	ACTION_PAGE_DOWN,
	ACTION_FIRST,
	ACTION_LAST,
	ACTION_ENTER,
	ACTION_CHANGE,
	ACTION_BACK,
	ACTION_SORT,
	ACTION_REVERSE,
	ACTION_FILTER,
	ACTION_GRAPH,
	ACTION_STYLE,
	ACTION_BASIC,
	ACTION_DETAILED,
	ACTION_DEBUG,
	ACTION_NEXT_LEVEL,
	ACTION_FREEZE,
	ACTION_SLOWER,
	ACTION_FASTER,
	ACTION_UNITS,
	ACTION_ZERO,
	ACTION_WRITE,
	ACTION_REDRAW,
	ACTION_QUIT,
};

#define KEY_CODES 6

struct key {
	int codes[KEY_CODES]; /* 0 where there are fewer */
	enum action action;
	const char *names; /* as the help page and the manual have them */
	const char *hint; /* a word for the footer; NULL: not there */
	const char *help;
};

extern const struct key keys[]; /* in the footer's order of importance */
extern const unsigned keys_count;

/* ACTION_NONE for a key that is not in the table. */
enum action key_action(int code);

#endif
