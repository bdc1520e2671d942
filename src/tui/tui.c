/* SPDX-License-Identifier: BSD-2-Clause */
/* The loop: time, keys and signals on one side, the desk and the terminal on the other. */
#include "tui/tui.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "base/clock.h"
#include "tui/desk.h"
#include "tui/keys.h"
#include "tui/screenshot.h"
#include "tui/settings.h"
#include "tui/terminal.h"

#define HANGUP_MS 50

enum ending { GOES_ON, ENDS, TERMINAL_LOST };

struct tui {
	const struct tui_settings *settings;
	struct terminal *terminal;
	struct rescue *rescue;
	struct canvas canvas;
	struct desk desk;
	uint64_t tick_at;
	unsigned empty_reads;
	bool dirty, redraw; /* something, everything is to be drawn */
	bool away; /* continued after a stop: our modes are to be set again */
	enum ending ending;
};

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
	tui->desk.view.width = width; /* keys move among the rows that are there */
	tui->desk.view.height = height;
	desk_prepare(&tui->desk, clock_now_ns());
	tui->canvas.style = tui->desk.view.style ? tui->desk.view.style - 1
						 : terminal_graph_style(tui->terminal);
	view_draw(&tui->desk.view, &tui->canvas);
	tui->dirty = !terminal_draw(tui->terminal, &tui->canvas, tui->redraw);
	tui->redraw = tui->dirty;
}

/* The snapshot as JSON, and the screen as text. */
static void write_files(struct tui *tui)
{
	const struct tui_source *source = tui->desk.source;
	const struct snapshot *shown = tui->desk.view.now;
	uint64_t now = clock_now_ns();
	struct err err = { "" };
	char path[96], screen[96];

	if (!shown->sequence)
		desk_say(&tui->desk, now, "There is nothing to write yet");
	else if (source->write(shown, path, sizeof(path), &err) ||
		 screenshot_write(&tui->canvas, shown->name, screen, sizeof(screen), &err))
		desk_say(&tui->desk, now, "%s", err.text);
	else
		desk_say(&tui->desk, now, "Wrote %s and this screen to %s", path, screen);
}

static void grant(struct tui *tui, enum wish wish)
{
	switch (wish) {
	case WISH_NOTHING:
		break;
	case WISH_REDRAW:
		tui->redraw = true;
		break;
	case WISH_WRITE:
		write_files(tui);
		break;
	case WISH_INTERVAL:
		tui->tick_at = clock_now_ns();
		break;
	case WISH_END:
		tui->ending = ENDS;
		break;
	}
}

static void read_keys(struct tui *tui)
{
	unsigned count = 0;

	for (;; count++) {
		int code = terminal_key(tui->terminal);

		if (code == CODE_NONE)
			break;
		grant(tui, desk_obey(&tui->desk, code, clock_now_ns()));
		tui->dirty = true;
	}
	/* readable without anything to read is the end of the file */
	tui->empty_reads = count ? 0 : tui->empty_reads + 1;
	if (tui->empty_reads > 2)
		tui->ending = TERMINAL_LOST;
	if (tui->desk.changed)
		settings_write(&tui->desk.view);
	tui->desk.changed = false;
}

static void suspend(struct tui *tui)
{
	if (tui->settings->confirm_quit) {
		desk_say(&tui->desk, clock_now_ns(),
			"Ctrl-Z would stop the service too: use \"ringside top\" beside it; q "
			"quits");
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
	if (rescue_take(rescue, SIGUSR1))
		write_files(tui);
	if (rescue_take(rescue, SIGHUP))
		hang_up(tui);
	if (rescue_take(rescue, SIGPIPE))
		tui->ending = TERMINAL_LOST;
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
			tui->dirty |= desk_collect(&tui->desk, now);
			tui->tick_at = desk_next(&tui->desk, now);
		}
		wait_and_obey(tui);
	}
}

bool tui_possible(struct err *why)
{
	return !terminal_check(why);
}

/* What was given on the command line stands before what was kept. */
static void set_up(struct tui *tui)
{
	const struct tui_settings *settings = tui->settings;

	settings_read(&tui->desk.view);
	if (settings->interval_s > 0)
		tui->desk.view.interval_s = settings->interval_s;
	tui->desk.confirm_quit = settings->confirm_quit;
	tui->rescue = terminal_rescue(tui->terminal);
	tui->canvas.ascii = settings->ascii || !terminal_has_unicode(tui->terminal);
}

int tui_run(const struct tui_source *source, const struct tui_settings *settings, struct err *err)
{
	const char *no_color = getenv("NO_COLOR");
	struct tui *tui = calloc(1, sizeof(*tui));
	int code;

	if (!tui)
		return err_set(err, -ENOMEM, "dashboard");
	tui->settings = settings;
	desk_init(&tui->desk, source, TUI_INTERVAL_S, clock_now_ns());
	log_hold(settings->log, true);
	code = terminal_start(&tui->terminal, settings->no_color || (no_color && *no_color), err);
	if (!code) {
		set_up(tui);
		loop(tui);
		terminal_stop(tui->terminal);
		code = tui->ending == TERMINAL_LOST;
	}
	log_hold(settings->log, false);
	canvas_fini(&tui->canvas);
	free(tui);
	return code;
}
