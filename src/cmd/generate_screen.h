/* SPDX-License-Identifier: BSD-2-Clause */
/* The terminal of `generate`: shows its view, and takes keys and signals. */
#ifndef RINGSIDE_GENERATE_SCREEN_H
#define RINGSIDE_GENERATE_SCREEN_H

#include "cmd/generate_view.h"
#include "tui/terminal.h"

struct screen {
	struct terminal *terminal;
	struct canvas canvas;
	struct generate_view view;
	bool stale; /* the next frame is drawn whole */
};

/* Whether there is a terminal that a screen can be drawn on. */
bool screen_possible(void);
/* Takes the terminal; signals come to it from then on. */
int screen_open(struct screen *screen, bool ascii, bool no_color, struct err *err);
/* Gives it back. */
void screen_close(struct screen *screen);

/* Readable when there are keys; when there are signals. */
int screen_keys(const struct screen *screen);
int screen_signals(const struct screen *screen);

void screen_draw(struct screen *screen);
/* Takes what has come; returns how often the end was asked for. */
unsigned screen_obey(struct screen *screen);

#endif
