/* SPDX-License-Identifier: BSD-2-Clause */
/* What of a service can be changed while it runs: the rows of those of its tables that say so. */
#ifndef RINGSIDE_CHANGES_H
#define RINGSIDE_CHANGES_H

#include "tui/view.h"

struct change {
	const struct snapshot_table *table;
	const struct figure_row *row;
};

/* The rows in their order on the screen, at most max of them; returns how many. */
unsigned changes_list(
	const struct snapshot *snapshot, unsigned service, struct change *list, unsigned max);

/* A row's key: "slots/0-255". */
void change_key(const struct change *change, char key[VIEW_CHANGE_BYTES]);

/* Whether what is typed begins with the row's key. */
bool change_is_typed(const struct change *change, const char *typed);

#endif
