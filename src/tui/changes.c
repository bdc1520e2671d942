// SPDX-License-Identifier: BSD-2-Clause
#include "tui/changes.h"

#include <stdio.h>
#include <string.h>

unsigned changes_list(
	const struct snapshot *snapshot, unsigned service, struct change *list, unsigned max)
{
	unsigned count = 0;

	for (unsigned i = 0; i < snapshot->tables_count; i++) {
		const struct snapshot_table *table = &snapshot->tables[i];

		if (table->service != service || !table->set[0])
			continue;
		for (unsigned k = 0; k < snapshot->rows_count && count < max; k++)
			if (snapshot->rows[k].table == i)
				list[count++] = (struct change){ table, &snapshot->rows[k] };
	}
	return count;
}

void change_key(const struct change *change, char key[VIEW_CHANGE_BYTES])
{
	snprintf(key, VIEW_CHANGE_BYTES, "%s/%s", change->table->set, change->row->label);
}

bool change_is_typed(const struct change *change, const char *typed)
{
	char key[VIEW_CHANGE_BYTES];
	size_t length;

	change_key(change, key);
	length = strlen(key);
	return !strncmp(typed, key, length) && (typed[length] == ' ' || !typed[length]);
}
