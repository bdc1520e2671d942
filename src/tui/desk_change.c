// SPDX-License-Identifier: BSD-2-Clause
/* A service is changed: a line is typed, of a key that the rows of its page offer and a value. */
#include <stdio.h>
#include <string.h>

#include "tui/changes.h"
#include "tui/desk.h"
#include "tui/keys.h"
#include "tui/rows.h"

static unsigned list(const struct desk *desk, struct change changes[SNAPSHOT_ROWS])
{
	int service = rows_selected_index(&desk->view, PAGE_SERVICES);

	return service < 0
		       ? 0
		       : changes_list(desk->view.now, (unsigned)service, changes, SNAPSHOT_ROWS);
}

static void offer(struct desk *desk, const struct change *change)
{
	char key[VIEW_CHANGE_BYTES];

	change_key(change, key);
	snprintf(desk->view.change, sizeof(desk->view.change), "%.*s ", VIEW_CHANGE_BYTES - 2, key);
}

void desk_change_begin(struct desk *desk, uint64_t now)
{
	struct change changes[SNAPSHOT_ROWS];

	if (!desk->source->set_service)
		desk_say(desk, now, "From here nothing can be changed");
	else if (desk->view.page != PAGE_SERVICES || !desk->view.state[PAGE_SERVICES].detail)
		desk_say(desk, now, "A service is changed on its own page: 3, Enter");
	else if (!list(desk, changes))
		desk_say(desk, now, "Nothing of this service can be changed here");
	else {
		offer(desk, &changes[0]);
		desk->view.typing = TYPING_CHANGE;
	}
}

/* To the row before or behind the one whose key is typed; without such a one, to the first. */
static void step(struct desk *desk, int by)
{
	struct change changes[SNAPSHOT_ROWS];
	int count = (int)list(desk, changes), at = 0;

	while (at < count && !change_is_typed(&changes[at], desk->view.change))
		at++;
	at = at == count ? 0 : at + by;
	if (at >= 0 && at < count)
		offer(desk, &changes[at]);
}

static void ask(struct desk *desk, uint64_t now)
{
	const char *service = desk->view.state[PAGE_SERVICES].selected;
	char key[VIEW_CHANGE_BYTES], value[VIEW_CHANGE_BYTES] = "";
	struct err err = { "" };

	if (sscanf(desk->view.change, "%79s %79s", key, value) != 2) {
		desk_say(desk, now, "%s needs a key, a blank and a value", service);
		return;
	}
	desk->view.typing = TYPING_NOTHING;
	if (desk->source->set_service(desk->source->snapshots.context, service, key, value, &err))
		desk_say(desk, now, "%s: %s was not set: %s", service, key, err.text);
	else
		desk_say(desk, now, "%s: %s = %s", service, key, value);
}

void desk_change_type(struct desk *desk, int code, uint64_t now)
{
	char *change = desk->view.change;
	size_t length = strlen(change);

	if (code == CODE_ENTER)
		ask(desk, now);
	else if (code == CODE_ESCAPE)
		desk->view.typing = TYPING_NOTHING;
	else if (code == CODE_UP || code == CODE_DOWN)
		step(desk, code == CODE_UP ? -1 : 1);
	else if (code == CODE_BACKSPACE && length)
		change[length - 1] = '\0';
	else if (code >= ' ' && code < CODE_BACKSPACE && length + 1 < VIEW_CHANGE_BYTES) {
		change[length] = (char)code;
		change[length + 1] = '\0';
	}
}
