/* SPDX-License-Identifier: BSD-2-Clause */
#include <wchar.h>
#include <curses.h>
#include <term.h>

#include "tui/terminal.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "tui/keys.h"

#define ESCAPE_DELAY_MS 25

struct terminal {
	struct rescue rescue;
	SCREEN *screen;
	WINDOW *keys; /* a pad: reading keys from a window would also repaint it, and could block */
	bool unicode;
	struct canvas shown;
	attr_t attributes[ROLES];
	short pairs[ROLES];
};

int terminal_check(struct err *err)
{
	const char *term = getenv("TERM"), *move;
	pid_t foreground = tcgetpgrp(STDIN_FILENO);
	int result;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return err_say(err, -ENOTTY, "input and output are no terminal");
	if (!term || !*term || !strcmp(term, "dumb"))
		return err_say(
			err, -ENOTTY, "a terminal without a cursor (TERM=%s)", term ? term : "");
	if (foreground > 0 && foreground != getpgrp())
		return err_say(
			err, -ENOTTY, "in the background: the terminal is another program's");
	if (setupterm(NULL, STDOUT_FILENO, &result) != OK)
		return err_say(err, -ENOTTY,
			"terminals of type %s are not described here (package ncurses-term?); "
			"try TERM=xterm",
			term);
	move = tigetstr("cup");
	result = move && move != (char *)-1;
	del_curterm(cur_term);
	return result ? 0 : err_say(err, -ENOTTY, "a terminal without a cursor (TERM=%s)", term);
}

/* Appends a capability without its padding, "$<5>", which only printing terminals need. */
static void add_capability(struct rescue *rescue, const char *name)
{
	const char *text = tigetstr(name);

	if (!text || text == (const char *)-1)
		return;
	while (*text && rescue->restore_bytes < RESCUE_BYTES) {
		if (text[0] == '$' && text[1] == '<' && strchr(text, '>'))
			text = strchr(text, '>') + 1;
		else
			rescue->restore[rescue->restore_bytes++] = *text++;
	}
}

static int prepare_restore(struct rescue *rescue, struct err *err)
{
	const char *alternate;
	int result;

	if (setupterm(NULL, STDOUT_FILENO, &result) != OK)
		return err_say(err, -ENOTTY, "terminal: TERM is unset or not known");
	add_capability(rescue, "sgr0");
	add_capability(rescue, "rmkx");
	add_capability(rescue, "cnorm");
	add_capability(rescue, "rmcup");
	alternate = tigetstr("rmcup");
	if ((!alternate || alternate == (const char *)-1) &&
		rescue->restore_bytes + 2 <= RESCUE_BYTES) {
		memcpy(rescue->restore + rescue->restore_bytes, "\r\n", 2);
		rescue->restore_bytes += 2;
	}
	del_curterm(cur_term);
	return 0;
}

/* Eight colours on the terminal's own background, so that light and dark ones both work; without
 * colours, bold and reverse say the same, and the text has its "!" anyway. */
static void choose_attributes(struct terminal *terminal, bool no_color)
{
	static const short colors[ROLES] = { [ROLE_OK] = COLOR_GREEN,
		[ROLE_WARN] = COLOR_YELLOW,
		[ROLE_BAD] = COLOR_RED,
		[ROLE_ACCENT] = COLOR_CYAN,
		[ROLE_ALARM] = COLOR_RED };
	static const attr_t attributes[ROLES] = { [ROLE_DIM] = A_DIM,
		[ROLE_STRONG] = A_BOLD,
		[ROLE_BAD] = A_BOLD,
		[ROLE_TITLE] = A_BOLD,
		[ROLE_HEAD] = A_BOLD | A_UNDERLINE,
		[ROLE_ALARM] = A_REVERSE | A_BOLD,
		[ROLE_SELECT] = A_REVERSE };
	bool colored = !no_color && has_colors() && start_color() == OK && COLORS >= 8 &&
		       use_default_colors() == OK;

	for (int i = 0; i < ROLES; i++) {
		terminal->attributes[i] = attributes[i];
		if (colored && colors[i] && init_pair((short)(i + 1), colors[i], -1) == OK)
			terminal->pairs[i] = (short)(i + 1);
	}
	if (!colored)
		terminal->attributes[ROLE_WARN] = A_BOLD;
}

static int start_curses(struct terminal *terminal, bool no_color, struct err *err)
{
	fflush(stdout);
	terminal->screen = newterm(NULL, stdout, stdin);
	terminal->keys = terminal->screen ? newpad(1, 1) : NULL;
	if (!terminal->keys)
		return err_say(err, -ENOTTY, "terminal: ncurses cannot use it");
	cbreak();
	noecho();
	nonl();
	curs_set(0);
	set_escdelay(ESCAPE_DELAY_MS);
	typeahead(-1); /* or each frame asks several times whether a key waits */
	keypad(terminal->keys, TRUE);
	nodelay(terminal->keys, TRUE);
	choose_attributes(terminal, no_color);
	/* until its first endwin() ncurses writes at every jump of the cursor, 47 times a frame */
	rescue_arm(&terminal->rescue);
	refresh();
	endwin();
	refresh();
	rescue_disarm(&terminal->rescue);
	return 0;
}

int terminal_start(struct terminal **terminal, bool no_color, struct err *err)
{
	struct terminal *new;
	int code;

	code = terminal_check(err);
	if (code)
		return code;
	new = calloc(1, sizeof(*new));
	if (!new)
		return err_set(err, -ENOMEM, "terminal");
	setlocale(LC_CTYPE, "");
	/* the Linux console has neither braille nor eighths of blocks */
	new->unicode =
		!strcmp(nl_langinfo(CODESET), "UTF-8") && strncmp(getenv("TERM"), "linux", 5);
	new->rescue.input = STDIN_FILENO;
	new->rescue.output = STDOUT_FILENO;
	code = prepare_restore(&new->rescue, err);
	if (code)
		goto out_free;
	code = rescue_start(&new->rescue, err);
	if (code)
		goto out_free;
	code = start_curses(new, no_color, err);
	if (code)
		goto out_stop;
	*terminal = new;
	return 0;

out_stop:
	terminal_stop(new);
	return code;
out_free:
	free(new);
	return code;
}

void terminal_stop(struct terminal *terminal)
{
	struct pollfd out = { STDOUT_FILENO, POLLOUT, 0 };

	if (terminal->screen) {
		rescue_arm(&terminal->rescue);
		if (poll(&out, 1, 0) <= 0) /* stopped: the handler sets output free */
			raise(SIGALRM);
		endwin();
		rescue_disarm(&terminal->rescue);
	}
	if (terminal->keys)
		delwin(terminal->keys);
	if (terminal->screen)
		delscreen(terminal->screen);
	rescue_stop(&terminal->rescue);
	canvas_fini(&terminal->shown);
	free(terminal);
}

bool terminal_has_unicode(const struct terminal *terminal)
{
	return terminal->unicode;
}

enum graph_style terminal_graph_style(const struct terminal *terminal)
{
	/* emulators of today say so by their colours; eighths of blocks are in older fonts, too */
	return !terminal->unicode	   ? STYLE_ASCII
	       : tigetnum("colors") >= 256 ? STYLE_BRAILLE
					   : STYLE_BLOCKS;
}

bool terminal_size(struct terminal *terminal, int *width, int *height)
{
	struct winsize size;

	if (ioctl(terminal->rescue.output, TIOCGWINSZ, &size))
		return false;
	/* 0 by 0: nobody has told the terminal, as on a serial line; terminfo's guess then
	 * stands */
	*width = size.ws_col ? size.ws_col : COLS;
	*height = size.ws_row ? size.ws_row : LINES;
	return true;
}

bool terminal_is_taken(const struct terminal *terminal)
{
	pid_t foreground = tcgetpgrp(terminal->rescue.input);

	return foreground > 0 && foreground != getpgrp();
}

/* What has changed of it, or all. */
static void put_row(const struct terminal *terminal, const struct canvas *canvas, int y, bool all)
{
	const struct canvas_cell *row = &canvas->cells[y * canvas->width];
	const struct canvas_cell *shown = &terminal->shown.cells[y * canvas->width];

	for (int x = 0; x < canvas->width; x++) {
		wchar_t glyph[2] = { row[x].glyph, 0 };
		enum role role = row[x].role;
		cchar_t cell;

		if (!all && row[x].glyph == shown[x].glyph && role == shown[x].role)
			continue;
		/* the _nstr form neither wraps nor scrolls in the last column of the last row */
		setcchar(&cell, glyph, terminal->attributes[role], terminal->pairs[role], NULL);
		mvadd_wchnstr(y, x, &cell, 1);
	}
}

bool terminal_draw(struct terminal *terminal, const struct canvas *canvas, bool all)
{
	struct canvas *shown = &terminal->shown;
	struct pollfd out = { terminal->rescue.output, POLLOUT, 0 };

	if (poll(&out, 1, 0) <= 0 || !(out.revents & POLLOUT))
		return false;
	if (canvas->width != shown->width || canvas->height != shown->height) {
		if (canvas_resize(shown, canvas->width, canvas->height))
			return false;
		resizeterm(canvas->height, canvas->width);
		all = true;
	}
	for (int y = 0; y < canvas->height; y++)
		put_row(terminal, canvas, y, all);
	memcpy(shown->cells, canvas->cells,
		(size_t)canvas->width * canvas->height * sizeof(canvas->cells[0]));
	if (all)
		clearok(curscr, TRUE);
	wnoutrefresh(stdscr);
	rescue_arm(&terminal->rescue);
	doupdate();
	if (!rescue_disarm(&terminal->rescue))
		return true;
	reset_prog_mode(); /* setting the write free has switched off Ctrl-S */
	return false;
}

void terminal_suspend(struct terminal *terminal)
{
	rescue_arm(&terminal->rescue);
	endwin();
	rescue_disarm(&terminal->rescue);
}

void terminal_resume(struct terminal *terminal)
{
	reset_prog_mode();
	keypad(terminal->keys, TRUE); /* else the first arrow key comes as ESC, [ and A */
	curs_set(0);
}

int terminal_key(struct terminal *terminal)
{
	static const struct {
		int key, code;
	} special[] = { { KEY_F(1), CODE_F1 }, { KEY_UP, CODE_UP }, { KEY_DOWN, CODE_DOWN },
		{ KEY_LEFT, CODE_LEFT }, { KEY_RIGHT, CODE_RIGHT }, { KEY_PPAGE, CODE_PAGE_UP },
		{ KEY_NPAGE, CODE_PAGE_DOWN }, { KEY_HOME, CODE_HOME }, { KEY_END, CODE_END },
		{ KEY_BTAB, CODE_BACK_TAB }, { KEY_ENTER, CODE_ENTER }, { '\n', CODE_ENTER },
		{ KEY_BACKSPACE, CODE_BACKSPACE }, { 8, CODE_BACKSPACE } };
	int key = wgetch(terminal->keys);

	if (key == ERR)
		return CODE_NONE;
	for (unsigned i = 0; i < sizeof(special) / sizeof(special[0]); i++)
		if (special[i].key == key)
			return special[i].code;
	/* other special keys and bytes above ASCII mean nothing here */
	return key < 0x80 ? key : 0;
}

struct rescue *terminal_rescue(struct terminal *terminal)
{
	return &terminal->rescue;
}
