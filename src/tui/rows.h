/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rows of a page: which of the snapshot's queues, services, reasons or events are shown, and in
 * what order. Views draw them and keys move among them by the same list. A row is selected by its
 * key, not its place: it stays selected when others overtake it.
 */
#ifndef RINGSIDE_ROWS_H
#define RINGSIDE_ROWS_H

#include "tui/view.h"

#define ROWS_MAX 256

struct rows {
	unsigned count, hidden; /* hidden: by the filter */
	uint16_t index[ROWS_MAX]; /* in the snapshot's array */
};

/* What a page has rows of. */
struct row_kind {
	const char *const
		*sorts; /* names of the orders, the first the usual one; NULL at the end */
	/* Fills index with all rows in the order that the view asks for; returns how many. */
	unsigned (*list)(const struct view *view, enum page page, uint16_t *index);
	/* A name that no other row has. */
	void (*key)(const struct view *view, unsigned index, char key[VIEW_KEY_BYTES]);
	/* More that the filter looks at; may be NULL. */
	void (*words)(const struct view *view, unsigned index, char words[256]);
};

extern const struct row_kind rows_queues, rows_services, rows_drops, rows_events;

/* The kind of a page's rows. */
const struct row_kind *rows_kind(enum page page);

void rows_list(const struct view *view, enum page page, struct rows *rows);
/* The place of the selected row, or -1. */
int rows_selected(const struct view *view, enum page page, const struct rows *rows);
/* Its index in the snapshot's array; -1: none is selected. */
int rows_selected_index(const struct view *view, enum page page);
/* The first place to show so that the selected row is among `shown` of them. */
unsigned rows_first(const struct rows *rows, int selected, unsigned shown);

#endif
