/* SPDX-License-Identifier: BSD-2-Clause */
#include "tui/desk.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "tui/keys.h"
#include "tui/rows.h"
#include "tui/widgets.h"

#define MESSAGE_NS (4 * NSEC_PER_SEC)
#define STALE_NS (3 * NSEC_PER_SEC)
#define HISTORY_INTERVAL_S 1.0 /* a column of the graph */
#define FIRST_INTERVAL_S 0.2
#define AT_ONCE 64
#define PAGE_ROWS 10 /* PgUp and PgDn */

void desk_init(struct desk *desk, const struct tui_source *source, double interval_s, uint64_t now)
{
	memset(desk, 0, sizeof(*desk));
	desk->source = source;
	desk->view.interval_s = interval_s > 0 ? interval_s : 1;
	desk->news_at = now;
	feed_init(&desk->feed);
	desk_prepare(desk, now);
}

void desk_say(struct desk *desk, uint64_t now, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(desk->message, sizeof(desk->message), format, arguments);
	va_end(arguments);
	desk->message_until = now + MESSAGE_NS;
}

/* ---- time ---- */

bool desk_collect(struct desk *desk, uint64_t now)
{
	const struct snapshot_source *snapshots = &desk->source->snapshots;
	struct snapshot *newest = &desk->feed.newest;

	/* a recording may have several that are due */
	for (unsigned i = 0; i < AT_ONCE; i++) {
		if (!snapshots->take(snapshots->context, newest, newest->sequence))
			break;
		feed_add(&desk->feed);
		desk->news_at = now;
	}
	if (now + NSEC_PER_MSEC < desk->frame_at && desk->feed.live.has_before)
		return false;
	feed_show(&desk->feed);
	desk->frame_at = now + (uint64_t)(desk->view.interval_s * 1e9);
	return true;
}

/* The first rates should not be waited for; afterwards the graph needs a sample a second. */
uint64_t desk_next(const struct desk *desk, uint64_t now)
{
	double most = desk->feed.live.has_before ? HISTORY_INTERVAL_S : FIRST_INTERVAL_S;
	double interval = desk->view.interval_s;

	return now + (uint64_t)((interval < most ? interval : most) * 1e9);
}

void desk_prepare(struct desk *desk, uint64_t now)
{
	struct view *view = &desk->view;
	const struct feed_frame *frame = view->paused ? &desk->feed.frozen : &desk->feed.live;
	const struct tui_source *source = desk->source;

	view->now = &frame->now;
	view->before = frame->has_before ? &frame->before : NULL;
	view->history = &frame->history;
	view->events = &frame->events;
	view->zero_time_ns = frame->zero_time_ns;
	view->message = now < desk->message_until ? desk->message : NULL;
	view->paused_s = (unsigned)((now - desk->frozen_at) / NSEC_PER_SEC);
	view->ended = source->ended ? source->ended(source->snapshots.context) : NULL;
	view->recorded = source->recorded;
	view->stale_s = 0;
	if (now - desk->news_at >= STALE_NS)
		view->stale_s = (unsigned)((now - desk->news_at) / NSEC_PER_SEC);
}

/* ---- levels ---- */

static void set_level(struct desk *desk, enum level level, uint64_t now)
{
	const struct tui_source *source = desk->source;
	struct err err = { "" };

	if (!source->set_level)
		desk_say(desk, now, "Level %s was not set: from here nothing can be changed",
			level_names[level]);
	else if (source->set_level(source->snapshots.context, level, &err))
		desk_say(desk, now, "Level %s was not set: %s", level_names[level], err.text);
	else
		desk_say(desk, now, "Statistics level %s: %s%s", level_names[level],
			view_price(&desk->feed.newest, level).text,
			level == LEVEL_DEBUG ? ", detailed again in 60 s" : "");
}

/* Debug costs every packet something: it is asked for twice, unless it is on. */
static void want_level(struct desk *desk, enum level level, uint64_t now)
{
	if (level == LEVEL_DEBUG && desk->feed.newest.level != LEVEL_DEBUG &&
		desk->source->set_level)
		desk->view.question = ASK_DEBUG;
	else
		set_level(desk, level, now);
}

/* ---- rows ---- */

static struct page_state *state_of(struct desk *desk)
{
	return &desk->view.state[desk->view.page];
}

#define LINES_MOST 400 /* of a page that is scrolled; views stop at what they have */

static void scroll(unsigned *first, int by, bool to_end)
{
	int next = to_end ? by < 0 ? 0 : LINES_MOST : (int)*first + by;

	*first = (unsigned)(next < 0 ? 0 : next > LINES_MOST ? LINES_MOST : next);
}

static void move(struct desk *desk, int by, bool to_end)
{
	enum page page = desk->view.page;
	struct rows rows;
	int place, last;

	if (desk->view.help || state_of(desk)->detail) {
		scroll(desk->view.help ? &desk->view.help_first : &state_of(desk)->scroll, by,
			to_end);
		return;
	}

	rows_list(&desk->view, page, &rows);
	last = (int)rows.count - 1;
	if (last < 0)
		return;
	place = rows_selected(&desk->view, page, &rows);
	if (to_end)
		place = by < 0 ? 0 : last;
	else if (place < 0)
		place = by < 0 ? last : 0;
	else
		place += by;
	place = place < 0 ? 0 : place > last ? last : place;
	rows_kind(page)->key(&desk->view, rows.index[place], state_of(desk)->selected);
}

/* What the overview's rows lead to is on the queues' page. */
static void look_into(struct desk *desk, uint64_t now)
{
	struct page_state *state = state_of(desk), *target;
	enum page page = desk->view.page == PAGE_OVERVIEW  ? PAGE_QUEUES
			 : desk->view.page == PAGE_LATENCY ? PAGE_SERVICES
							   : desk->view.page;

	if (page != PAGE_QUEUES && page != PAGE_SERVICES)
		return;
	if (rows_selected_index(&desk->view, desk->view.page) < 0)
		move(desk, -1, true);
	if (!state->selected[0]) {
		desk_say(desk, now, "There is nothing to look into");
		return;
	}
	target = &desk->view.state[page];
	memmove(target->selected, state->selected, sizeof(target->selected));
	target->detail = true;
	target->scroll = 0;
	desk->view.page = page;
}

static void back(struct desk *desk)
{
	struct page_state *state = state_of(desk);

	if (desk->view.help)
		desk->view.help = false;
	else if (state->detail)
		state->detail = false;
	else if (desk->view.filter[0])
		desk->view.filter[0] = '\0';
	else if (state->selected[0])
		state->selected[0] = '\0';
	else
		desk->view.page = PAGE_OVERVIEW;
}

static void sort(struct desk *desk, uint64_t now)
{
	const struct row_kind *kind = rows_kind(desk->view.page);
	struct page_state *state = state_of(desk);

	state->sort = kind->sorts[state->sort + 1] ? state->sort + 1 : 0;
	desk->changed = true;
	desk_say(desk, now, "Sorted by %s", kind->sorts[state->sort]);
}

/* ---- keys ---- */

static void type_filter(struct desk *desk, int code)
{
	char *filter = desk->view.filter;
	size_t length = strlen(filter);

	if (code == CODE_ENTER || code == CODE_ESCAPE)
		desk->view.typing = TYPING_NOTHING;
	if (code == CODE_ESCAPE)
		filter[0] = '\0';
	else if (code == CODE_BACKSPACE && length)
		filter[length - 1] = '\0';
	else if (code >= ' ' && code < CODE_BACKSPACE && length + 1 < VIEW_FILTER_BYTES) {
		filter[length] = (char)code;
		filter[length + 1] = '\0';
	}
}

static enum wish answer(struct desk *desk, int code, uint64_t now)
{
	enum question question = desk->view.question;
	bool yes = code == 'y' || code == 'Y' || (question == ASK_DEBUG && code == 'D');

	desk->view.question = ASK_NOTHING;
	if (yes && question == ASK_QUIT)
		return WISH_END;
	if (yes)
		set_level(desk, LEVEL_DEBUG, now);
	return WISH_NOTHING;
}

static void toggle_freeze(struct desk *desk, uint64_t now)
{
	desk->view.paused = !desk->view.paused;
	if (!desk->view.paused)
		return;
	feed_freeze(&desk->feed);
	desk->frozen_at = now;
}

static void step_interval(struct desk *desk, bool slower, uint64_t now)
{
	static const double steps[] = { 0.1, 0.2, 0.5, 1, 2, 5, 10 };
	const unsigned count = sizeof(steps) / sizeof(steps[0]);
	double *interval = &desk->view.interval_s;
	unsigned i = 0;

	if (slower) {
		while (i < count - 1 && steps[i] <= *interval)
			i++;
	} else {
		i = count - 1;
		while (i && steps[i] >= *interval)
			i--;
	}
	*interval = steps[i];
	desk->frame_at = now;
	desk->changed = true;
	desk_say(desk, now, "Interval %g s", *interval);
}

static void open_page(struct desk *desk, int page)
{
	desk->view.help = false;
	desk->view.page = (enum page)((page + PAGES) % PAGES);
}

static void set_view(struct desk *desk, enum action action, int code, uint64_t now)
{
	struct view *view = &desk->view;

	switch (action) {
	case ACTION_HELP:
		view->help = !view->help;
		view->help_first = 0;
		break;
	case ACTION_PAGE:
		open_page(desk, code - '1');
		break;
	case ACTION_NEXT_PAGE:
		open_page(desk, (int)view->page + 1);
		break;
	case ACTION_PREVIOUS_PAGE:
		open_page(desk, (int)view->page - 1);
		break;
	case ACTION_BACK:
		back(desk);
		break;
	case ACTION_UNITS:
		view->bytes = !view->bytes;
		desk->changed = true;
		break;
	case ACTION_GRAPH:
		view->graph = (view->graph + 1) % GRAPHS;
		desk->changed = true;
		break;
	case ACTION_STYLE:
		view->style = (view->style + 1) % STYLE_CHOICES;
		desk->changed = true;
		desk_say(desk, now, "Graphs are drawn with: %s", style_names[view->style]);
		break;
	case ACTION_REVERSE:
		state_of(desk)->reversed = !state_of(desk)->reversed;
		break;
	case ACTION_FILTER:
		view->typing = TYPING_FILTER;
		break;
	default:
		break;
	}
}

static void move_by(struct desk *desk, enum action action)
{
	switch (action) {
	case ACTION_UP:
		move(desk, -1, false);
		break;
	case ACTION_DOWN:
		move(desk, 1, false);
		break;
	case ACTION_PAGE_UP:
		move(desk, -PAGE_ROWS, false);
		break;
	case ACTION_PAGE_DOWN:
		move(desk, PAGE_ROWS, false);
		break;
	case ACTION_FIRST:
		move(desk, -1, true);
		break;
	case ACTION_LAST:
		move(desk, 1, true);
		break;
	default:
		break;
	}
}

static enum wish quit(struct desk *desk)
{
	if (!desk->confirm_quit)
		return WISH_END;
	desk->view.question = ASK_QUIT;
	return WISH_NOTHING;
}

enum wish desk_obey(struct desk *desk, int code, uint64_t now)
{
	enum action action = key_action(code);

	if (desk->view.question)
		return answer(desk, code, now);
	if (desk->view.typing && code != CODE_NONE) {
		if (desk->view.typing == TYPING_FILTER)
			type_filter(desk, code);
		else
			desk_change_type(desk, code, now);
		return WISH_NOTHING;
	}
	switch (action) {
	case ACTION_BASIC:
	case ACTION_DETAILED:
	case ACTION_DEBUG:
		want_level(desk, (enum level)(action - ACTION_BASIC), now);
		break;
	case ACTION_NEXT_LEVEL:
		want_level(
			desk, (enum level)((desk->feed.newest.level + 1) % (LEVEL_DEBUG + 1)), now);
		break;
	case ACTION_ENTER:
		look_into(desk, now);
		break;
	case ACTION_CHANGE:
		desk_change_begin(desk, now);
		break;
	case ACTION_SORT:
		sort(desk, now);
		break;
	case ACTION_FREEZE:
		toggle_freeze(desk, now);
		break;
	case ACTION_SLOWER:
	case ACTION_FASTER:
		step_interval(desk, action == ACTION_SLOWER, now);
		return WISH_INTERVAL;
	case ACTION_ZERO:
		feed_zero(&desk->feed);
		desk_say(desk, now, "Peaks, averages and histograms count from here on");
		break;
	case ACTION_WRITE:
		return WISH_WRITE;
	case ACTION_REDRAW:
		return WISH_REDRAW;
	case ACTION_QUIT:
		return quit(desk);
	default:
		set_view(desk, action, code, now);
		move_by(desk, action);
	}
	return WISH_NOTHING;
}
