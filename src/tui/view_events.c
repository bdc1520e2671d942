/* SPDX-License-Identifier: BSD-2-Clause */
/* What has happened: the newest lines on the overview, all that were seen on their own page. */
#include "tui/view.h"

#include <stdio.h>
#include <string.h>

#include "tui/rows.h"
#include "tui/widgets.h"

static const char *const sorts[] = { "time", NULL };

static unsigned list(const struct view *view, enum page page, uint16_t *index)
{
	(void)page;
	for (unsigned i = 0; i < view->events->count; i++)
		index[i] = (uint16_t)i;
	return view->events->count;
}

static void key(const struct view *view, unsigned index, char text[VIEW_KEY_BYTES])
{
	const struct log_line *line = &view->events->lines[index];

	snprintf(text, VIEW_KEY_BYTES, "%llu.%lld", (unsigned long long)line->number,
		(long long)line->time_ns);
}

static void words(const struct view *view, unsigned index, char text[256])
{
	const struct log_line *line = &view->events->lines[index];

	snprintf(text, 256, "%.240s %s", line->text, log_level_names[line->level]);
}

const struct row_kind rows_events = { sorts, list, key, words };

static enum role role_of(const struct log_line *line)
{
	return line->level == LOG_ERROR	    ? ROLE_BAD
	       : line->level == LOG_WARNING ? ROLE_WARN
					    : ROLE_TEXT;
}

#define TEXT_COLUMN 9 /* behind the time */

static void draw_event(const struct area *area, int y, const struct log_line *line)
{
	area_text(area, 0, y, ROLE_DIM, label_clock(line->time_ns).text);
	area_print(area, TEXT_COLUMN, y, role_of(line), "%s%s",
		line->level <= LOG_WARNING ? "! " : "", line->text);
}

/* The bytes that so many columns hold, of whole words where there is a blank. */
static size_t line_bytes(const char *text, int columns)
{
	size_t bytes = 0, words = 0;

	for (int x = 0; x < columns && text[bytes]; x++) {
		words = text[bytes] == ' ' ? bytes : words;
		do
			bytes++;
		while ((text[bytes] & 0xc0) == 0x80);
	}
	return words && text[bytes] && text[bytes] != ' ' ? words : bytes;
}

/* The selected one, whole. Returns the line behind it. */
static int draw_selected(const struct area *area, int y, const struct log_line *line)
{
	const char *text = line->text;
	int room = area->width - TEXT_COLUMN;

	area_fill(area, 0, y, area->width, ROLE_SELECT, L' ');
	area_text(area, 0, y, ROLE_SELECT, label_clock(line->time_ns).text);
	if (line->level <= LOG_WARNING)
		area_put(area, TEXT_COLUMN - 1, y, ROLE_SELECT, L'!');
	do {
		size_t bytes = room > 0 ? line_bytes(text, room) : strlen(text);

		area_fill(area, TEXT_COLUMN, y, room, ROLE_SELECT, L' ');
		area_print(area, TEXT_COLUMN, y++, ROLE_SELECT, "%.*s", (int)bytes, text);
		text += bytes + strspn(text + bytes, " ");
	} while (*text);
	return y;
}

static int wants_events(const struct view *view, int width)
{
	(void)width;
	return (int)view->events->count;
}

static void draw_events(const struct view *view, const struct area *area)
{
	for (int y = 0; y < area->height && y < (int)view->events->count; y++)
		draw_event(area, y, &view->events->lines[y]);
}
const struct section section_events = { wants_events, draw_events };

void view_events(const struct view *view, const struct area *area)
{
	const struct area none = area_rows(area, 0, 0);
	struct rows rows;
	int selected, y = 0, lines = 1;
	unsigned first;

	rows_list(view, PAGE_EVENTS, &rows);
	selected = rows_selected(view, PAGE_EVENTS, &rows);
	if (selected >= 0)
		lines = draw_selected(&none, 0, &view->events->lines[rows.index[selected]]);
	first = rows_first(
		&rows, selected, (unsigned)(area->height > lines ? area->height - lines + 1 : 1));
	if (!rows.count)
		area_text(area, 0, 0, ROLE_DIM,
			rows.hidden ? "No event has what the filter wants (/ or Esc)"
				    : "Nothing has happened yet");
	for (unsigned i = first; i < rows.count && y < area->height; i++) {
		const struct log_line *line = &view->events->lines[rows.index[i]];

		if ((int)i == selected)
			y = draw_selected(area, y, line);
		else
			draw_event(area, y++, line);
	}
}
