/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The terminal: a canvas on the screen through ncurses, and keys from it. One at a time, in one
 * thread, which is ncurses' way.
 */
#ifndef RINGSIDE_TERMINAL_H
#define RINGSIDE_TERMINAL_H

#include <stdbool.h>

#include "base/err.h"
#include "tui/canvas.h"
#include "tui/rescue.h"

struct terminal;

/* 0 when standard input and output are a terminal that a screen can be drawn on and that is ours: TERM is set,
 * known, and can address the cursor, and we are not in the background; else -ENOTTY, and err says which. */
int terminal_check(struct err *err);

/* Takes the screen. -ENOTTY and others: nothing was changed. */
int terminal_start(struct terminal **terminal, bool no_color, struct err *err);
/* Gives it back as it was found; also when it is gone. */
void terminal_stop(struct terminal *terminal);

/* UTF-8 by the locale, on a terminal that has the glyphs. */
bool terminal_has_unicode(const struct terminal *terminal);
/* What its font is likely to have. */
enum graph_style terminal_graph_style(const struct terminal *terminal);
/* Its size now; false when it is gone. */
bool terminal_size(struct terminal *terminal, int *width, int *height);
/* Someone else has the terminal now (our group is in the background): do not touch it. */
bool terminal_is_taken(const struct terminal *terminal);

/* Shows the canvas, only what has changed; all: everything anew. Returns false, having shown
 * nothing or not all of it, when the terminal does not take it now; then everything must be
 * shown next time. */
bool terminal_draw(struct terminal *terminal, const struct canvas *canvas, bool all);
/* Gives the terminal back for a while, then sets our modes again: also after anything else that
 * was not asked for, such as SIGSTOP. */
void terminal_suspend(struct terminal *terminal);
void terminal_resume(struct terminal *terminal);
/* The next key: a character, or a CODE_ of keys.h; CODE_NONE when none is waiting. */
int terminal_key(struct terminal *terminal);

struct rescue *terminal_rescue(struct terminal *terminal);

#endif
