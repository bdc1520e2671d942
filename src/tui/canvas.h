/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A canvas: cells of a glyph and a role. Views draw on it and know of no terminal; terminal.h shows
 * it on one, canvas_write() makes text of it (golden tests, the key w). Everything is clipped.
 *
 * Views draw in areas: a rectangle of the canvas with coordinates of its own.
 */
#ifndef RINGSIDE_CANVAS_H
#define RINGSIDE_CANVAS_H

#include <stdbool.h>
#include <stddef.h>
#include <wchar.h>

/* What a cell means; the terminal decides what that looks like, with colours or without. */
enum role {
	ROLE_TEXT,
	ROLE_DIM, /* idle, not measured, explanations */
	ROLE_STRONG, /* the figures that matter most */
	ROLE_OK,
	ROLE_WARN, /* intended losses, warnings */
	ROLE_BAD, /* losses; the text beside says so in words too */
	ROLE_ACCENT, /* graphs and bars */
	ROLE_TITLE, /* names of lines */
	ROLE_HEAD, /* the head of a table */
	ROLE_ALARM, /* stalled, gone: also in reverse */
	ROLE_SELECT, /* frozen, asking, level debug: in reverse */
	ROLES,
};

/* What graphs are drawn with: 2 by 4 dots a character, which not every font has; its eighths; "." and ":". */
enum graph_style { STYLE_BRAILLE, STYLE_BLOCKS, STYLE_ASCII, STYLES };

struct canvas_cell {
	wchar_t glyph;
	enum role role;
};

struct canvas {
	int width, height;
	bool ascii; /* nothing but ASCII is shown */
	enum graph_style style; /* unless ascii */
	struct canvas_cell *cells;
};

struct area {
	struct canvas *canvas;
	int x, y, width, height;
};

/* Gives the canvas its size and blanks it; also for another size. 0 or -ENOMEM: it keeps its
 * size. */
int canvas_resize(struct canvas *canvas, int width, int height);
void canvas_fini(struct canvas *canvas);
void canvas_clear(struct canvas *canvas);
enum graph_style canvas_style(const struct canvas *canvas);
struct area canvas_area(struct canvas *canvas);

/* Both cut what they are asked for to what there is. */
struct area area_rows(const struct area *area, int y, int height);
struct area area_columns(const struct area *area, int x, int width);

void area_put(const struct area *area, int x, int y, enum role role, wchar_t glyph);
void area_fill(const struct area *area, int x, int y, int width, enum role role, wchar_t glyph);
/* Puts UTF-8 text; what is not printable, not one column wide, or not ASCII on an ASCII canvas
 * becomes "?". Returns the columns it needs, clipped or not. */
int area_text(const struct area *area, int x, int y, enum role role, const char *text);
int area_print(const struct area *area, int x, int y, enum role role, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
/* Columns of a text; with an area, as area_text() shows it there. */
int text_width(const char *text);
int area_text_width(const struct area *area, const char *text);

/* The canvas as UTF-8 lines without trailing blanks; roles: the same with a letter for each
 * cell's role, which golden tests compare. Returns the bytes of the whole, like snprintf. */
size_t canvas_write(const struct canvas *canvas, bool roles, char *buffer, size_t size);

#endif
