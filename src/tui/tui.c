/* SPDX-License-Identifier: BSD-2-Clause */
#include "tui/tui.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "tui/feed.h"
#include "tui/keys.h"
#include "tui/screenshot.h"
#include "tui/terminal.h"
#include "tui/view.h"

#define MESSAGE_NS (4 * NSEC_PER_SEC)
#define STALE_NS (3 * NSEC_PER_SEC)
#define HISTORY_INTERVAL_S 1.0 /* a column of the graph */
#define FIRST_INTERVAL_S 0.2
#define HANGUP_MS 50

enum ending { GOES_ON, ENDS, TERMINAL_LOST };

struct tui {
	const struct tui_source *source;
	const struct tui_settings *settings;
	struct terminal *terminal;
	struct rescue *rescue;
	struct canvas canvas;
	struct feed feed;
	struct view view;
	char message[160];
	uint64_t message_until, frozen_at, news_at, tick_at, frame_at;
	unsigned empty_reads;
	bool dirty, redraw; /* something, everything is to be drawn */
	bool away; /* continued after a stop: our modes are to be set again */
	enum ending ending;
};

static __attribute__((format(printf, 2, 3))) void say(struct tui *tui, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(tui->message, sizeof(tui->message), format, arguments);
	va_end(arguments);
	tui->message_until = clock_now_ns() + MESSAGE_NS;
}

static void collect(struct tui *tui, uint64_t now)
{
	struct snapshot *newest = &tui->feed.newest;

	if (tui->source->snapshots.take(tui->source->snapshots.context, newest, newest->sequence)) {
		feed_add(&tui->feed);
		tui->news_at = now;
	}
	if (now + NSEC_PER_MSEC >= tui->frame_at || !tui->feed.live.has_before) {
		feed_show(&tui->feed);
		tui->frame_at = now + (uint64_t)(tui->view.interval_s * 1e9);
	}
	tui->dirty = true;
}

/* The first rates should not be waited for; afterwards the graph needs a sample a second. */
static uint64_t next_tick(const struct tui *tui, uint64_t now)
{
	double most = tui->feed.live.has_before ? HISTORY_INTERVAL_S : FIRST_INTERVAL_S;
	double interval = tui->view.interval_s;

	return now + (uint64_t)((interval < most ? interval : most) * 1e9);
}

static void prepare_view(struct tui *tui, uint64_t now)
{
	const struct feed_frame *frame = tui->view.paused ? &tui->feed.frozen : &tui->feed.live;
	struct view *view = &tui->view;

	view->now = &frame->now;
	view->before = frame->has_before ? &frame->before : NULL;
	view->history = &frame->history;
	view->zero_time_ns = frame->zero_time_ns;
	view->message = now < tui->message_until ? tui->message : NULL;
	view->paused_s = (unsigned)((now - tui->frozen_at) / NSEC_PER_SEC);
	view->stale_s = 0;
	if (now - tui->news_at >= STALE_NS)
		view->stale_s = (unsigned)((now - tui->news_at) / NSEC_PER_SEC);
}

static void draw(struct tui *tui)
{
	int width, height;

	if (!terminal_size(tui->terminal, &width, &height)) {
		tui->ending = TERMINAL_LOST;
		return;
	}
	if (width != tui->canvas.width || height != tui->canvas.height)
		if (canvas_resize(&tui->canvas, width, height))
			return;
	prepare_view(tui, clock_now_ns());
	view_draw(&tui->view, &tui->canvas);
	tui->dirty = !terminal_draw(tui->terminal, &tui->canvas, tui->redraw);
	tui->redraw = tui->dirty;
}

static void set_level(struct tui *tui, enum level level)
{
	static const char *const prices[] = { "no cost", "times 1 packet in 64",
		"times every packet: slower; falls back after 60 s" };
	struct err err = { "" };

	if (!tui->source->set_level)
		say(tui, "Level %s was not set: from here nothing can be changed",
			level_names[level]);
	else if (tui->source->set_level(tui->source->snapshots.context, level, &err))
		say(tui, "%s", err.text);
	else
		say(tui, "Statistics level %s: %s", level_names[level], prices[level]);
}

static void toggle_freeze(struct tui *tui)
{
	tui->view.paused = !tui->view.paused;
	if (!tui->view.paused)
		return;
	feed_freeze(&tui->feed);
	tui->frozen_at = clock_now_ns();
}

static void step_interval(struct tui *tui, bool slower)
{
	static const double steps[] = { 0.1, 0.2, 0.5, 1, 2, 5, 10 };
	const unsigned count = sizeof(steps) / sizeof(steps[0]);
	double *interval = &tui->view.interval_s;
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
	tui->tick_at = tui->frame_at = clock_now_ns();
	say(tui, "Interval %g s", *interval);
}

static void zero(struct tui *tui)
{
	feed_zero(&tui->feed);
	say(tui, "Peaks, averages and histograms count from here on");
}

static void write_screen(struct tui *tui)
{
	struct err err = { "" };
	char path[80];

	if (screenshot_write(&tui->canvas, tui->feed.newest.name, path, sizeof(path), &err))
		say(tui, "%s", err.text);
	else
		say(tui, "Wrote this screen to %s", path);
}

static void answer_question(struct tui *tui, int code)
{
	tui->view.ask_quit = false;
	if (code == 'y' || code == 'Y')
		tui->ending = ENDS;
}

static void obey(struct tui *tui, enum action action)
{
	switch (action) {
	case ACTION_HELP:
		tui->view.page = tui->view.page == PAGE_HELP ? PAGE_OVERVIEW : PAGE_HELP;
		break;
	case ACTION_BACK:
		tui->view.page = PAGE_OVERVIEW;
		break;
	case ACTION_BASIC:
		set_level(tui, LEVEL_BASIC);
		break;
	case ACTION_DETAILED:
		set_level(tui, LEVEL_DETAILED);
		break;
	case ACTION_DEBUG:
		set_level(tui, LEVEL_DEBUG);
		break;
	case ACTION_NEXT_LEVEL:
		set_level(tui, (enum level)((tui->feed.newest.level + 1) % (LEVEL_DEBUG + 1)));
		break;
	case ACTION_FREEZE:
		toggle_freeze(tui);
		break;
	case ACTION_SLOWER:
	case ACTION_FASTER:
		step_interval(tui, action == ACTION_SLOWER);
		break;
	case ACTION_UNITS:
		tui->view.bytes = !tui->view.bytes;
		break;
	case ACTION_ZERO:
		zero(tui);
		break;
	case ACTION_WRITE:
		write_screen(tui);
		break;
	case ACTION_REDRAW:
		tui->redraw = true;
		break;
	case ACTION_QUIT:
		if (tui->settings->confirm_quit)
			tui->view.ask_quit = true;
		else
			tui->ending = ENDS;
		break;
	case ACTION_NONE:
		return;
	}
}

static void read_keys(struct tui *tui)
{
	unsigned count = 0;

	for (;; count++) {
		int code = terminal_key(tui->terminal);

		if (code == CODE_NONE)
			break;
		if (tui->view.ask_quit)
			answer_question(tui, code);
		else
			obey(tui, key_action(code));
		tui->dirty = true;
	}
	/* readable without anything to read is the end of the file */
	tui->empty_reads = count ? 0 : tui->empty_reads + 1;
	if (tui->empty_reads > 2)
		tui->ending = TERMINAL_LOST;
}

static void suspend(struct tui *tui)
{
	if (tui->settings->confirm_quit) {
		say(tui, "Ctrl-Z would stop the service too; q quits, Ctrl-C ends at once");
		return;
	}
	terminal_suspend(tui->terminal);
	raise(SIGSTOP);
}

/* From a terminal that has gone, or from somebody who means us. The kernel sends the former's signal a
 * moment before the descriptors say so. */
static void hang_up(struct tui *tui)
{
	struct pollfd screen = { tui->rescue->output, 0, 0 };

	poll(&screen, 1, HANGUP_MS);
	if (screen.revents || !tui->settings->hangup)
		tui->ending = TERMINAL_LOST;
	else
		tui->settings->hangup(tui->settings->hangup_context);
}

static void obey_signals(struct tui *tui)
{
	struct rescue *rescue = tui->rescue;

	rescue_calm(rescue);
	tui->dirty = true;
	if (rescue_take(rescue, SIGTSTP))
		suspend(tui);
	if (rescue_take(rescue, SIGCONT))
		tui->away = true;
	if (rescue_take(rescue, SIGWINCH))
		tui->redraw = true;
	if (rescue_take(rescue, SIGHUP))
		hang_up(tui);
	if (rescue_take(rescue, SIGINT) || rescue_take(rescue, SIGTERM))
		tui->ending = ENDS;
}

static int until(uint64_t deadline)
{
	uint64_t now = clock_now_ns();

	return deadline <= now ? 0 : (int)((deadline - now + NSEC_PER_MSEC - 1) / NSEC_PER_MSEC);
}

static void wait_and_obey(struct tui *tui)
{
	enum { KEYS, SIGNALS, WAKE, SCREEN_GONE, DESCRIPTORS };
	bool taken = terminal_is_taken(tui->terminal);
	struct pollfd fds[DESCRIPTORS] = {
		[KEYS] = { tui->rescue->input, taken ? 0 : POLLIN, 0 },
		[SIGNALS] = { tui->rescue->wake, POLLIN, 0 },
		[WAKE] = { tui->settings->wake_fd, POLLIN, 0 },
		[SCREEN_GONE] = { tui->rescue->output, 0, 0 },
	};
	const short gone = POLLHUP | POLLERR | POLLNVAL;

	if (tui->away && !taken) { /* in the background the modes belong to the shell */
		terminal_resume(tui->terminal);
		tui->away = false;
		tui->dirty = tui->redraw = true;
	}
	if (tui->dirty && !taken)
		draw(tui);
	if (tui->ending != GOES_ON || poll(fds, DESCRIPTORS, until(tui->tick_at)) < 0)
		return;
	if ((fds[KEYS].revents | fds[SCREEN_GONE].revents) & gone)
		tui->ending = TERMINAL_LOST;
	else if (fds[KEYS].revents & POLLIN)
		read_keys(tui);
	if (fds[WAKE].revents)
		tui->ending = ENDS;
	if (fds[SIGNALS].revents)
		obey_signals(tui);
}

static void loop(struct tui *tui)
{
	while (tui->ending == GOES_ON) {
		uint64_t now = clock_now_ns();

		if (now >= tui->tick_at) {
			collect(tui, now);
			tui->tick_at = next_tick(tui, now);
		}
		wait_and_obey(tui);
	}
}

bool tui_possible(void)
{
	return terminal_is_usable();
}

int tui_run(const struct tui_source *source, const struct tui_settings *settings, struct err *err)
{
	const char *no_color = getenv("NO_COLOR");
	struct tui *tui = calloc(1, sizeof(*tui));
	int code;

	if (!tui)
		return err_set(err, -ENOMEM, "dashboard");
	tui->source = source;
	tui->settings = settings;
	tui->view.interval_s = settings->interval_s > 0 ? settings->interval_s : 1;
	tui->news_at = clock_now_ns();
	feed_init(&tui->feed);
	log_hold(settings->log, true);
	code = terminal_start(&tui->terminal, settings->no_color || (no_color && *no_color), err);
	if (!code) {
		tui->rescue = terminal_rescue(tui->terminal);
		tui->canvas.ascii = settings->ascii || !terminal_has_unicode(tui->terminal);
		loop(tui);
		terminal_stop(tui->terminal);
		code = tui->ending == TERMINAL_LOST;
	}
	log_hold(settings->log, false);
	canvas_fini(&tui->canvas);
	free(tui);
	return code;
}
