/* SPDX-License-Identifier: BSD-2-Clause */
#include "tui/rows.h"

#include <stdio.h>
#include <string.h>

const struct row_kind *rows_kind(enum page page)
{
	switch (page) {
	case PAGE_SERVICES:
	case PAGE_LATENCY:
		return &rows_services;
	case PAGE_DROPS:
		return &rows_drops;
	case PAGE_EVENTS:
		return &rows_events;
	default:
		return &rows_queues;
	}
}

static bool passes(const struct view *view, const struct row_kind *kind, unsigned index)
{
	char key[VIEW_KEY_BYTES], words[256] = "";

	if (!view->filter[0])
		return true;
	kind->key(view, index, key);
	if (kind->words)
		kind->words(view, index, words);
	return strcasestr(key, view->filter) || strcasestr(words, view->filter);
}

void rows_list(const struct view *view, enum page page, struct rows *rows)
{
	const struct row_kind *kind = rows_kind(page);
	unsigned all = kind->list(view, page, rows->index);

	rows->count = 0;
	for (unsigned i = 0; i < all; i++)
		if (passes(view, kind, rows->index[i]))
			rows->index[rows->count++] = rows->index[i];
	rows->hidden = all - rows->count;
	if (!view->state[page].reversed)
		return;
	for (unsigned i = 0; i < rows->count / 2; i++) {
		uint16_t kept = rows->index[i];

		rows->index[i] = rows->index[rows->count - 1 - i];
		rows->index[rows->count - 1 - i] = kept;
	}
}

int rows_selected(const struct view *view, enum page page, const struct rows *rows)
{
	char key[VIEW_KEY_BYTES];

	for (unsigned i = 0; view->state[page].selected[0] && i < rows->count; i++) {
		rows_kind(page)->key(view, rows->index[i], key);
		if (!strcmp(key, view->state[page].selected))
			return (int)i;
	}
	return -1;
}

int rows_selected_index(const struct view *view, enum page page)
{
	struct rows rows;
	int place;

	rows_list(view, page, &rows);
	place = rows_selected(view, page, &rows);
	return place < 0 ? -1 : rows.index[place];
}

unsigned rows_first(const struct rows *rows, int selected, unsigned shown)
{
	if (selected < 0 || (unsigned)selected < shown || !shown)
		return 0;
	if ((unsigned)selected + 1 > rows->count)
		return 0;
	return (unsigned)selected + 1 - shown;
}
