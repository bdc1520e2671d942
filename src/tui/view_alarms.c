/* SPDX-License-Identifier: BSD-2-Clause */
/* What is wrong now, in words and with what to do; then the drops since the start. */
#include "tui/view.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "tui/widgets.h"

#define ALARM_LINES 24

struct alarms {
	int width;
	unsigned count;
	struct alarm {
		enum role role;
		char text[256];
	} lines[ALARM_LINES];
};

/* Breaks the text between words; what follows the first line is indented below it. */
static __attribute__((format(printf, 3, 4))) void raise_alarm(
	struct alarms *alarms, enum role role, const char *format, ...)
{
	size_t room = alarms->width > 24 ? (size_t)alarms->width : 24;
	char text[1024];
	const char *at = text;
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (room > sizeof(alarms->lines[0].text) - 1)
		room = sizeof(alarms->lines[0].text) - 1;
	for (unsigned part = 0; *at && alarms->count < ALARM_LINES; part++) {
		const char *indent = part ? "   " : "";
		size_t fits = room - strlen(indent), length = strlen(at);
		struct alarm *line = &alarms->lines[alarms->count++];

		if (length > fits) {
			length = fits;
			while (length && at[length] != ' ')
				length--;
			if (!length)
				length = fits;
		}
		line->role = role;
		snprintf(line->text, sizeof(line->text), "%s%.*s", indent, (int)length, at);
		at += length;
		at += strspn(at, " ");
	}
}

static void raise_queues(
	struct alarms *alarms, const struct view *view, enum queue_state state, const char *what)
{
	unsigned count = view_queues_in(view, state), named = 0;
	char names[400] = "";

	if (!count)
		return;
	for (unsigned i = 0; i < view->now->queues_count && named < 4; i++) {
		const struct snapshot_queue *queue = &view->now->queues[i];
		size_t used = strlen(names);

		if (queue->state != (uint32_t)state)
			continue;
		snprintf(names + used, sizeof(names) - used, "%s%s queue %u", named++ ? ", " : "",
			view->now->interfaces[queue->interface].name, queue->queue);
		used = strlen(names);
		if (queue->cpu != SNAPSHOT_NONE)
			snprintf(names + used, sizeof(names) - used, " (CPU %u)", queue->cpu);
	}
	if (count > named)
		snprintf(names + strlen(names), sizeof(names) - strlen(names), " and %u more",
			count - named);
	raise_alarm(alarms, ROLE_BAD, "!! %s %s", names, what);
}

static void raise_drops(struct alarms *alarms, const struct view *view)
{
	bool raised[DROPS] = { false };

	for (;;) {
		enum drop worst = DROPS;
		char advice[256];
		double highest = 0;

		for (unsigned i = 0; i < DROPS; i++) {
			double rate = raised[i] ? NAN : view_drop_rate(view, i);

			if (rate > highest) {
				highest = rate;
				worst = i;
			}
		}
		if (worst == DROPS)
			return;
		raised[worst] = true;
		snprintf(advice, sizeof(advice), "%s", drop_texts[worst].advice);
		advice[0] = (char)toupper((unsigned char)advice[0]);
		raise_alarm(alarms, drop_is_loss(worst) ? ROLE_BAD : ROLE_WARN,
			"%s %s %s/s: %s. %s.", drop_is_loss(worst) ? "!!" : " !", drop_names[worst],
			label_number(highest, "").text, drop_texts[worst].meaning, advice);
	}
}

static void collect(struct alarms *alarms, const struct view *view, int width)
{
	const struct snapshot *now = view->now;

	alarms->width = width;
	alarms->count = 0;
	if (now->totals.unaccounted_packets &&
		now->totals.unaccounted_packets != SNAPSHOT_BALANCE_UNKNOWN)
		raise_alarm(alarms, ROLE_BAD,
			"!! The books do not balance: %lld packets are unaccounted for. Please "
			"report it.",
			(long long)now->totals.unaccounted_packets);
	raise_queues(alarms, view, QUEUE_FAILED, "failed: see the events below.");
	raise_queues(alarms, view, QUEUE_STALLED,
		"stalled: the worker has not moved for a second. Its rates are unknown.");
	for (unsigned i = 0; i < now->interfaces_count; i++) {
		const struct snapshot_interface *interface = &now->interfaces[i];

		if (!strcmp(interface->state, "absent"))
			raise_alarm(alarms, ROLE_BAD,
				"!! %s is gone. Its queues resume when it is back.",
				interface->name);
		else if (!strcmp(interface->state, "down"))
			raise_alarm(
				alarms, ROLE_BAD, "!! The link of %s is down.", interface->name);
	}
	if (view->ended)
		raise_alarm(
			alarms, ROLE_BAD, "!! %s. What is shown was the last of it.", view->ended);
	raise_drops(alarms, view);
}

bool view_is_alarming(const struct view *view)
{
	struct alarms alarms;

	collect(&alarms, view, view->width);
	return alarms.count;
}

static int wants_alarms(const struct view *view, int width)
{
	struct alarms alarms;

	collect(&alarms, view, width);
	return (int)alarms.count;
}

static void draw_alarms(const struct view *view, const struct area *area)
{
	struct alarms alarms;

	collect(&alarms, view, area->width);
	for (int y = 0; y < area->height && y < (int)alarms.count; y++)
		area_text(area, 0, y, alarms.lines[y].role, alarms.lines[y].text);
}
const struct section section_alarms = { wants_alarms, draw_alarms };

/* What was dropped earlier stays visible, though it no longer alarms. */
static int wants_reasons(const struct view *view, int width)
{
	uint64_t drops = view_drop_total(view, DROPS);

	(void)width;
	return drops && drops != SNAPSHOT_UNKNOWN;
}

static void draw_reasons(const struct view *view, const struct area *area)
{
	struct line line = line_start(area, 0);

	line_add(&line, ROLE_TITLE, "LOST");
	line_add(&line, ROLE_DIM, "  since the start:");
	for (unsigned i = 0; i < DROPS; i++) {
		uint64_t drops = view_drop_total(view, i);

		if (drops && drops != SNAPSHOT_UNKNOWN)
			line_add(&line, drop_is_loss(i) ? ROLE_BAD : ROLE_WARN, "  %s %s",
				drop_names[i],
				area->width >= 120 ? label_exact(drops).text
						   : label_count(drops).text);
	}
}
const struct section section_reasons = { wants_reasons, draw_reasons };
