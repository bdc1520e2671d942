/* SPDX-License-Identifier: BSD-2-Clause */
#include "tui/view.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "tui/keys.h"
#include "tui/rows.h"
#include "tui/widgets.h"

const char *const page_names[PAGES] = { "overview", "queues", "services", "latency", "drops",
	"events" };
const char *const style_names[STYLE_CHOICES + 1] = { "auto", "braille", "blocks", "ascii", NULL };
const char *const graph_names[GRAPHS + 1] = { "packets", "bits", "drops", NULL };

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

struct label view_kernel_price(const struct snapshot *snapshot, enum level level)
{
	return label_measured(
		snapshot->kernel_price_ns[level], snapshot->kernel_price_error_ns[level]);
}

struct label view_price(const struct snapshot *snapshot, enum level level)
{
	struct label label = { ROLE_TEXT, "" };
	const struct label workers = label_price(snapshot->level_price_ns[level]);

	if (isnan(snapshot->kernel_price_ns[level]))
		snprintf(label.text, sizeof(label.text), "%.12s a packet", workers.text);
	else
		snprintf(label.text, sizeof(label.text), "%.12s in workers, %.14s in XDP",
			workers.text, view_kernel_price(snapshot, level).text);
	return label;
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
			line->x + (int)(strlen(name) + strlen(keys[i].hint)) + 3 + 8 >
				line->area.width)
			continue;
		if (line->x)
			line_add(line, ROLE_TEXT, "  ");
		line_add(line, ROLE_STRONG, "%s", name);
		line_add(line, ROLE_DIM, " %s", keys[i].hint);
	}
}

static const char *question(const struct view *view, char *text, size_t size)
{
	bool is_short = view->width < 60;

	if (view->question == ASK_QUIT)
		return is_short ? " Quit? y/N" : " Stop the service and quit? y/N";
	if (view->question != ASK_DEBUG)
		return NULL;
	if (is_short)
		return " Debug 60 s? y/N";
	snprintf(text, size, " Debug times every packet: %s, for 60 s. y/N",
		view_price(view->now, LEVEL_DEBUG).text);
	return text;
}

/* What is being typed, and what else keys do meanwhile. */
static const char *typed(const struct view *view, char *text, size_t size)
{
	if (view->typing == TYPING_FILTER)
		snprintf(text, size, " Rows with: %s_   (Enter: keep, Esc: all)", view->filter);
	else if (view->typing == TYPING_CHANGE && view->message)
		return view->message;
	else if (view->typing == TYPING_CHANGE)
		snprintf(text, size, " Set: %s_   (Up, Down: other rows, Enter: do it, Esc: don't)",
			view->change);
	else
		return NULL;
	return text;
}

/* In the last line; what is too long for it, and mostly ends with what went wrong, begins in the one
 * above. */
static void draw_message(const struct area *area, int y, const char *text)
{
	const char *rest = text;

	/* what went wrong stays together */
	while (text_width(rest) > area->width && strchr(rest, ' '))
		rest = strchr(rest, ' ') + 1;
	if (rest != text && y > 0) {
		area_fill(area, 0, y - 1, area->width, ROLE_SELECT, L' ');
		area_print(area, 0, y - 1, ROLE_SELECT, "%.*s", (int)(rest - text), text);
		text = rest;
	}
	area_fill(area, 0, y, area->width, ROLE_SELECT, L' ');
	area_text(area, 0, y, ROLE_SELECT, text);
}

/* The question, the filter, the message or the key hints; in this order. */
static void draw_footer(const struct view *view, const struct area *area, int y)
{
	struct line line = line_start(area, y);
	char buffer[160];
	const char *text = question(view, buffer, sizeof(buffer));

	if (!text)
		text = typed(view, buffer, sizeof(buffer));
	if (!text)
		text = view->message;
	if (!text) {
		draw_hints(&line);
		return;
	}
	draw_message(area, y, text);
}

/* The views, the one that is shown in reverse; and how its rows are chosen. */
static void draw_tabs(const struct view *view, const struct area *area, int y)
{
	const struct page_state *state = &view->state[view->page];
	struct line line = line_start(area, y);

	for (enum page page = 0; page < PAGES; page++) {
		enum role role = page == view->page ? ROLE_SELECT : ROLE_DIM;

		if (!line_add(&line, role, area->width < 70 ? "%u" : " %u %s ", page + 1,
			    page_names[page]))
			break;
		if (area->width < 70)
			line_add(&line, ROLE_TEXT, " ");
	}
	if (view->filter[0])
		line_end(&line, ROLE_SELECT, " /%s ", view->filter);
	if (state->detail && state->selected[0])
		line_end(&line, ROLE_STRONG, "%s", state->selected);
	else if (view->page != PAGE_EVENTS &&
		 !line_end(&line, ROLE_DIM, "by %s%s", rows_kind(view->page)->sorts[state->sort],
			 state->reversed ? " reversed" : ""))
		line_end(&line, ROLE_DIM, "%s%s", rows_kind(view->page)->sorts[state->sort],
			state->reversed ? " rev" : "");
}

/* What is wrong stands on every page. */
static int draw_page_alarms(const struct view *view, const struct area *area, int y)
{
	int wanted = section_alarms.wants(view, area->width);
	int most = area->height / 8;
	struct area part;

	if (view->page == PAGE_EVENTS || view->page == PAGE_DROPS || !view_is_alarming(view))
		return 0;
	wanted = wanted < most ? wanted : most;
	part = area_rows(area, y, wanted);
	section_alarms.draw(view, &part);
	return part.height;
}

static void draw_page(const struct view *view, const struct area *area)
{
	static void (*const pages[PAGES])(const struct view *view, const struct area *area) = {
		[PAGE_OVERVIEW] = view_overview,
		[PAGE_QUEUES] = view_queues,
		[PAGE_SERVICES] = view_services,
		[PAGE_LATENCY] = view_latency,
		[PAGE_DROPS] = view_drops,
		[PAGE_EVENTS] = view_events,
	};
	struct area header = area_rows(area, 0, 1), rest;
	int y = 2;

	if (view->page == PAGE_OVERVIEW || area->height < 4) {
		view_overview(view, area);
		return;
	}
	section_header.draw(view, &header);
	draw_tabs(view, area, 1);
	y += draw_page_alarms(view, area, y);
	rest = area_rows(area, y, area->height);
	pages[view->page](view, &rest);
}

void view_draw(const struct view *view, struct canvas *canvas)
{
	struct area all = canvas_area(canvas), page = all;
	struct view sized = *view;

	sized.width = canvas->width;
	sized.height = canvas->height;
	canvas_clear(canvas);
	if (all.height > 1)
		page = area_rows(&all, 0, all.height - 1);
	if (view->help)
		view_help(&sized, &page);
	else if (!view->now->sequence)
		area_text(&page, 0, 0, ROLE_DIM, "waiting for the first figures");
	else
		draw_page(&sized, &page);
	/* in one line a question takes the place of the figures */
	if (all.height > 1 || view->question || view->typing || view->message)
		draw_footer(&sized, &all, all.height - 1);
}
