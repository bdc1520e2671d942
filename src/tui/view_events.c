/* SPDX-License-Identifier: BSD-2-Clause */
/* What has happened: the newest lines on the overview, all that were seen on their own page. */
#include "tui/view.h"

#include <stdio.h>

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

static void draw_event(const struct area *area, int y, const struct log_line *line, bool selected)
{
	enum role role = selected ? ROLE_SELECT : role_of(line);

	if (selected)
		area_fill(area, 0, y, area->width, role, L' ');
	area_text(area, 0, y, selected ? role : ROLE_DIM, label_clock(line->time_ns).text);
	area_print(area, 9, y, role, "%s%s", line->level <= LOG_WARNING ? "! " : "", line->text);
}

static int wants_events(const struct view *view, int width)
{
	(void)width;
	return (int)view->events->count;
}

static void draw_events(const struct view *view, const struct area *area)
{
	for (int y = 0; y < area->height && y < (int)view->events->count; y++)
		draw_event(area, y, &view->events->lines[y], false);
}
const struct section section_events = { wants_events, draw_events };

void view_events(const struct view *view, const struct area *area)
{
	struct rows rows;
	int selected, y = 0;
	unsigned first;

	rows_list(view, PAGE_EVENTS, &rows);
	selected = rows_selected(view, PAGE_EVENTS, &rows);
	first = rows_first(&rows, selected, (unsigned)area->height);
	if (!rows.count)
		area_text(area, 0, 0, ROLE_DIM,
			rows.hidden ? "No event has what the filter wants (/ or Esc)"
				    : "Nothing has happened yet");
	for (unsigned i = first; i < rows.count && y < area->height; i++, y++)
		draw_event(area, y, &view->events->lines[rows.index[i]], (int)i == selected);
}
