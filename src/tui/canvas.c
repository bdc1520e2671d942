/* SPDX-License-Identifier: BSD-2-Clause */
#include "tui/canvas.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int canvas_resize(struct canvas *canvas, int width, int height)
{
	struct canvas_cell *cells;

	if (width < 1)
		width = 1;
	if (height < 1)
		height = 1;
	cells = calloc((size_t)width * height, sizeof(*cells));
	if (!cells)
		return -ENOMEM;
	free(canvas->cells);
	canvas->cells = cells;
	canvas->width = width;
	canvas->height = height;
	canvas_clear(canvas);
	return 0;
}

void canvas_fini(struct canvas *canvas)
{
	free(canvas->cells);
	*canvas = (struct canvas){ 0 };
}

enum graph_style canvas_style(const struct canvas *canvas)
{
	return canvas->ascii ? STYLE_ASCII : canvas->style;
}

void canvas_clear(struct canvas *canvas)
{
	for (int i = 0; i < canvas->width * canvas->height; i++)
		canvas->cells[i] = (struct canvas_cell){ L' ', ROLE_TEXT };
}

struct area canvas_area(struct canvas *canvas)
{
	return (struct area){ canvas, 0, 0, canvas->width, canvas->height };
}

static void cut(int *start, int *length, int limit)
{
	if (*start < 0)
		*start = 0;
	if (*start > limit)
		*start = limit;
	if (*length < 0)
		*length = 0;
	if (*length > limit - *start)
		*length = limit - *start;
}

struct area area_rows(const struct area *area, int y, int height)
{
	cut(&y, &height, area->height);
	return (struct area){ area->canvas, area->x, area->y + y, area->width, height };
}

struct area area_columns(const struct area *area, int x, int width)
{
	cut(&x, &width, area->width);
	return (struct area){ area->canvas, area->x + x, area->y, width, area->height };
}

void area_put(const struct area *area, int x, int y, enum role role, wchar_t glyph)
{
	if (x < 0 || y < 0 || x >= area->width || y >= area->height)
		return;
	area->canvas->cells[(area->y + y) * area->canvas->width + area->x + x] =
		(struct canvas_cell){ glyph, role };
}

void area_fill(const struct area *area, int x, int y, int width, enum role role, wchar_t glyph)
{
	for (int i = 0; i < width; i++)
		area_put(area, x + i, y, role, glyph);
}

/* One code point of UTF-8, independent of the locale; malformed bytes come out one by one as
 * U+FFFD. */
static uint32_t read_glyph(const char **text)
{
	static const uint32_t lowest[] = { 0, 0x80, 0x800, 0x10000 };
	const unsigned char *at = (const unsigned char *)*text;
	unsigned more = *at >= 0xf0 && *at < 0xf8 ? 3 : *at >= 0xe0 ? 2 : *at >= 0xc0 ? 1 : 0;
	uint32_t glyph;

	(*text)++;
	if (*at < 0x80)
		return *at;
	if (!more || *at >= 0xf8)
		return 0xfffd;
	glyph = *at & (0x3f >> more);
	for (unsigned i = 1; i <= more; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0xfffd;
		glyph = glyph << 6 | (at[i] & 0x3f);
	}
	if (glyph < lowest[more])
		return 0xfffd;
	*text += more;
	return glyph;
}

#define PLUS_MINUS 0xb1 /* the one letter of our own texts that ASCII has not, but writes as two */

/* Text comes from names and events that others wrote: only letters that surely take one column
 * pass. */
static wchar_t safe_glyph(uint32_t glyph, bool ascii)
{
	if (glyph >= 0x20 && glyph < 0x7f)
		return (wchar_t)glyph;
	if (ascii)
		return L'?';
	if ((glyph >= 0xa1 && glyph < 0x300 && glyph != 0xad) || /* Latin */
		(glyph >= 0x390 && glyph < 0x460) || /* Greek, Cyrillic */
		(glyph >= 0x2010 && glyph < 0x2027) || /* dashes, quotes */
		(glyph >= 0x2190 && glyph < 0x2200) || /* arrows */
		(glyph >= 0x2500 && glyph < 0x25a0) || (glyph >= 0x2800 && glyph < 0x2900))
		return (wchar_t)glyph;
	return L'?';
}

int area_text(const struct area *area, int x, int y, enum role role, const char *text)
{
	int columns = 0;

	while (*text) {
		uint32_t glyph = read_glyph(&text);

		if (glyph == PLUS_MINUS && area->canvas->ascii) {
			area_put(area, x + columns++, y, role, L'+');
			glyph = '-';
		}
		area_put(area, x + columns++, y, role, safe_glyph(glyph, area->canvas->ascii));
	}
	return columns;
}

int area_text_width(const struct area *area, const char *text)
{
	int columns = 0;

	while (*text)
		columns += read_glyph(&text) == PLUS_MINUS && area->canvas->ascii ? 2 : 1;
	return columns;
}

int text_width(const char *text)
{
	int columns = 0;

	for (; *text; columns++)
		read_glyph(&text);
	return columns;
}

int area_print(const struct area *area, int x, int y, enum role role, const char *format, ...)
{
	char text[1024];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	return area_text(area, x, y, role, text);
}

struct sink {
	char *buffer;
	size_t size, used;
};

static void put_byte(struct sink *sink, uint32_t byte)
{
	if (sink->used + 1 < sink->size)
		sink->buffer[sink->used] = (char)byte;
	sink->used++;
}

static void put_glyph(struct sink *sink, uint32_t glyph)
{
	if (glyph < 0x80) {
		put_byte(sink, glyph);
	} else if (glyph < 0x800) {
		put_byte(sink, 0xc0 | glyph >> 6);
		put_byte(sink, 0x80 | (glyph & 0x3f));
	} else {
		put_byte(sink,
			0xe0 | glyph >> 12); /* safe_glyph() and the widgets stay below U+10000 */
		put_byte(sink, 0x80 | (glyph >> 6 & 0x3f));
		put_byte(sink, 0x80 | (glyph & 0x3f));
	}
}

static wchar_t written_glyph(const struct canvas_cell *cell, bool roles)
{
	static const char letters[ROLES + 1] = " dsowbathAS";

	return roles ? (wchar_t)letters[cell->role] : cell->glyph;
}

size_t canvas_write(const struct canvas *canvas, bool roles, char *buffer, size_t size)
{
	struct sink sink = { buffer, size, 0 };

	for (int y = 0; y < canvas->height; y++) {
		const struct canvas_cell *row = &canvas->cells[y * canvas->width];
		int end = canvas->width;

		while (end > 0 && written_glyph(&row[end - 1], roles) == L' ')
			end--;
		for (int x = 0; x < end; x++)
			put_glyph(&sink, (uint32_t)written_glyph(&row[x], roles));
		put_byte(&sink, '\n');
	}
	if (size)
		buffer[sink.used < size ? sink.used : size - 1] = '\0';
	return sink.used;
}
