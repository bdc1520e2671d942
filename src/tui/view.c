/* SPDX-License-Identifier: BSD-2-Clause */
#include "tui/view.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "tui/keys.h"
#include "tui/widgets.h"

double view_rate(const struct view *view, uint64_t before, uint64_t now)
{
	uint64_t elapsed;

	if (!view->before || before == SNAPSHOT_UNKNOWN || now == SNAPSHOT_UNKNOWN || now < before)
		return NAN;
	elapsed = view->now->monotonic_ns - view->before->monotonic_ns;
	if (view->now->monotonic_ns <= view->before->monotonic_ns)
		return NAN;
	return (double)(now - before) * (double)NSEC_PER_SEC / (double)elapsed;
}

/* Mostly at the same index, but a reload may have added or removed what stood in front of it. */
const struct snapshot_queue *view_queue_before(const struct view *view, unsigned index)
{
	const struct snapshot *before = view->before;
	const struct snapshot_queue *now = &view->now->queues[index];
	const char *name = view->now->interfaces[now->interface].name;

	for (unsigned i = 0; before && i < before->queues_count; i++) {
		const struct snapshot_queue *queue =
			&before->queues[(index + i) % before->queues_count];

		if (queue->queue == now->queue &&
			!strcmp(before->interfaces[queue->interface].name, name))
			return queue;
	}
	return NULL;
}

const struct snapshot_service *view_service_before(const struct view *view, unsigned index)
{
	for (unsigned i = 0; view->before && i < view->before->services_count; i++)
		if (!strcmp(view->before->services[i].name, view->now->services[index].name))
			return &view->before->services[i];
	return NULL;
}

static uint64_t queue_drops(const struct snapshot_queue *queue, enum drop reason)
{
	return reason < DROPS ? queue->drop[reason] : snapshot_queue_drops(queue);
}

double view_drop_rate(const struct view *view, enum drop reason)
{
	double sum = NAN;

	for (unsigned i = 0; i < view->now->queues_count; i++) {
		const struct snapshot_queue *before = view_queue_before(view, i);
		double rate;

		if (!before)
			continue;
		rate = view_rate(view, queue_drops(before, reason),
			queue_drops(&view->now->queues[i], reason));
		if (!isnan(rate))
			sum = (isnan(sum) ? 0 : sum) + rate;
	}
	return sum;
}

uint64_t view_drop_total(const struct view *view, enum drop reason)
{
	uint64_t sum = SNAPSHOT_UNKNOWN;

	for (unsigned i = 0; i < view->now->queues_count; i++) {
		uint64_t drops = queue_drops(&view->now->queues[i], reason);

		if (drops != SNAPSHOT_UNKNOWN)
			sum = (sum == SNAPSHOT_UNKNOWN ? 0 : sum) + drops;
	}
	return sum;
}

unsigned view_queues_in(const struct view *view, enum queue_state state)
{
	unsigned count = 0;

	for (unsigned i = 0; i < view->now->queues_count; i++)
		count += view->now->queues[i].state == state;
	return count;
}

bool view_queue_is_silent(const struct snapshot_queue *queue)
{
	return queue->state == QUEUE_STALLED || queue->state == QUEUE_ABSENT ||
	       queue->state == QUEUE_FAILED || queue->state == QUEUE_STARTING;
}

struct label view_bandwidth(const struct view *view, double bps, bool unit)
{
	return label_number(view->bytes ? bps / 8 : bps, !unit ? "" : view->bytes ? "B/s" : "b/s");
}

static void draw_hints(struct line *line)
{
	for (unsigned i = 0; i < keys_count; i++) {
		char name[16];

		if (!keys[i].hint)
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(keys[i].names, " "),
			keys[i].names);
		/* a hint shows whole or not at all, and quitting always has its place */
		if (keys[i].action != ACTION_QUIT &&
			line->x + (int)(strlen(name) + strlen(keys[i].hint)) + 3 + 6 >
				line->area.width)
			continue;
		if (line->x)
			line_add(line, ROLE_TEXT, "  ");
		line_add(line, ROLE_STRONG, "%s", name);
		line_add(line, ROLE_DIM, " %s", keys[i].hint);
	}
}

/* The question, the message or the key hints; returns whether a question or message was shown. */
static bool draw_footer(const struct view *view, const struct area *area, int y)
{
	struct line line = line_start(area, y);
	const char *question = area->width < 34 ? " Quit? y/N" : " Stop the service and quit? y/N";
	const char *text = view->ask_quit ? question : view->message;

	if (!text) {
		draw_hints(&line);
		return false;
	}
	area_fill(area, 0, y, area->width, ROLE_SELECT, L' ');
	area_text(area, 0, y, ROLE_SELECT, text);
	return true;
}

void view_draw(const struct view *view, struct canvas *canvas)
{
	struct area all = canvas_area(canvas), page = all;

	canvas_clear(canvas);
	if (all.height > 1)
		page = area_rows(&all, 0, all.height - 1);
	if (view->page == PAGE_HELP)
		view_help(view, &page);
	else if (!view->now->sequence)
		area_text(&page, 0, 0, ROLE_DIM, "waiting for the first figures");
	else
		view_overview(view, &page);
	/* in one line a question takes the place of the figures */
	if (all.height > 1 || view->ask_quit || view->message)
		draw_footer(view, &all, all.height - 1);
}
