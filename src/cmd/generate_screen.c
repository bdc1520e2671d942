/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/generate_screen.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "tui/keys.h"

#define CTRL_C 3

bool screen_possible(void)
{
	return !terminal_check(NULL);
}

int screen_open(struct screen *screen, bool ascii, bool no_color, struct err *err)
{
	const char *wish = getenv("NO_COLOR");
	int code;

	memset(screen, 0, sizeof(*screen));
	screen->stale = true;
	code = terminal_start(&screen->terminal, no_color || (wish && *wish), err);
	if (!code)
		screen->canvas.ascii = ascii || !terminal_has_unicode(screen->terminal);
	return code;
}

void screen_close(struct screen *screen)
{
	if (screen->terminal)
		terminal_stop(screen->terminal);
	screen->terminal = NULL;
	canvas_fini(&screen->canvas);
}

int screen_keys(const struct screen *screen)
{
	return terminal_rescue(screen->terminal)->input;
}

int screen_signals(const struct screen *screen)
{
	return terminal_rescue(screen->terminal)->wake;
}

void screen_draw(struct screen *screen)
{
	int width, height;

	if (terminal_is_taken(screen->terminal) ||
		!terminal_size(screen->terminal, &width, &height))
		return;
	if (width != screen->canvas.width || height != screen->canvas.height)
		if (canvas_resize(&screen->canvas, width, height))
			return;
	generate_view_draw(&screen->view, &screen->canvas);
	screen->stale = !terminal_draw(screen->terminal, &screen->canvas, screen->stale);
}

static unsigned take_signals(struct screen *screen)
{
	static const int endings[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE };
	struct rescue *rescue = terminal_rescue(screen->terminal);
	unsigned ends = 0;

	rescue_calm(rescue);
	if (rescue_take(rescue, SIGTSTP)) {
		terminal_suspend(screen->terminal);
		raise(SIGSTOP);
	}
	if (rescue_take(rescue, SIGCONT) && !terminal_is_taken(screen->terminal)) {
		terminal_resume(screen->terminal);
		screen->stale = true;
	}
	if (rescue_take(rescue, SIGWINCH))
		screen->stale = true;
	for (unsigned i = 0; i < sizeof(endings) / sizeof(*endings); i++)
		ends += rescue_take(rescue, endings[i]);
	return ends;
}

unsigned screen_obey(struct screen *screen)
{
	unsigned ends = take_signals(screen);
	int code;

	while (!terminal_is_taken(screen->terminal) &&
		(code = terminal_key(screen->terminal)) != CODE_NONE)
		ends += code == 'q' || code == CTRL_C;
	return ends;
}
