/* SPDX-License-Identifier: BSD-2-Clause */
/* Each key of the table is pressed, and what it changes is looked at: a key without its line here fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "tui/desk.h"
#include "tui/keys.h"
#include "tui/rows.h"
#include "tui_scenes.h"

/* The clock and the instance of a test. */
struct place {
	const char *scene;
	uint64_t now;
	int level, refuse; /* what was set last, -1: nothing; refuse: with this errno */
	const char *ended;
	char changed[120]; /* SERVICE KEY VALUE that was asked for last */
	struct desk *desk;
};

static bool take(void *context, struct snapshot *into, uint64_t sequence)
{
	struct place *place = context;

	assert_true(scene_fill(into, place->scene, place->now));
	return into->sequence > sequence;
}

static int set_level(void *context, enum level level, struct err *err)
{
	struct place *place = context;

	if (place->refuse)
		return err_set(err, place->refuse, "ask the instance");
	place->level = (int)level;
	return 0;
}

static int set_service(void *context, const char *service, const char *key, const char *value,
	struct err *err)
{
	struct place *place = context;

	if (place->refuse)
		return err_set(err, place->refuse, "ask the instance");
	snprintf(place->changed, sizeof(place->changed), "%s %s %s", service, key, value);
	return 0;
}

static const char *say_ended(void *context)
{
	return ((struct place *)context)->ended;
}

static struct place place = { .scene = "rich" };
static const struct tui_source source = {
	.snapshots = { &place, take }, .set_level = set_level, .set_service = set_service, .ended = say_ended
};
static const struct tui_source read_only = { .snapshots = { &place, take }, .ended = say_ended };

static void pass_seconds(unsigned seconds)
{
	for (unsigned i = 0; i < seconds; i++) {
		place.now += NSEC_PER_SEC;
		desk_collect(place.desk, place.now);
	}
	desk_prepare(place.desk, place.now);
}

static struct desk *open_desk(const struct tui_source *from, const char *scene)
{
	place = (struct place){ .scene = scene, .now = 60 * NSEC_PER_SEC, .level = -1 };
	place.desk = malloc(sizeof(*place.desk));
	assert_non_null(place.desk);
	desk_init(place.desk, from, 0.5, place.now);
	place.desk->view.width = 80;
	place.desk->view.height = 24;
	pass_seconds(5);
	return place.desk;
}

static enum wish press(int code)
{
	enum wish wish = desk_obey(place.desk, code, place.now);

	desk_prepare(place.desk, place.now);
	return wish;
}

static int pressed[128], pressed_count;

/* Presses a key of the table and remembers that it was. */
static enum wish press_key(int code)
{
	pressed[pressed_count++] = code;
	return press(code);
}

static void help_comes_and_goes(void **state)
{
	struct desk *desk = open_desk(&source, "rich");
	const int codes[] = { '?', 'h', CODE_F1 };

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		press_key(codes[i]);
		assert_true(desk->view.help);
		press(CODE_DOWN);
		assert_int_equal(desk->view.help_first, 1);
		press(codes[i]);
		assert_false(desk->view.help);
	}
	free(desk);
}

static void digits_and_tab_open_pages(void **state)
{
	struct desk *desk = open_desk(&source, "rich");

	(void)state;
	for (int page = PAGES - 1; page >= 0; page--) {
		press_key('1' + page);
		assert_int_equal(desk->view.page, page);
	}
	press_key(CODE_TAB);
	assert_int_equal(desk->view.page, PAGE_QUEUES);
	press_key(CODE_RIGHT);
	assert_int_equal(desk->view.page, PAGE_SERVICES);
	press_key(CODE_BACK_TAB);
	press_key(CODE_LEFT);
	assert_int_equal(desk->view.page, PAGE_OVERVIEW);
	press(CODE_BACK_TAB);
	assert_int_equal(desk->view.page, PAGE_EVENTS);
	free(desk);
}

static void levels_are_set_and_debug_is_asked_for(void **state)
{
	struct desk *desk = open_desk(&source, "rich");

	(void)state;
	press_key('b');
	assert_int_equal(place.level, LEVEL_BASIC);
	press_key('d');
	assert_int_equal(place.level, LEVEL_DETAILED);
	assert_non_null(strstr(desk->view.message, "1.1 ns in workers, 4.4 ±0.7 ns in XDP"));
	/* debug is asked for: Esc leaves it, y and D itself take it */
	press_key('D');
	assert_int_equal(desk->view.question, ASK_DEBUG);
	press(CODE_ESCAPE);
	assert_int_equal(place.level, LEVEL_DETAILED);
	press('D');
	press('y');
	assert_int_equal(place.level, LEVEL_DEBUG);
	assert_non_null(strstr(desk->view.message, "detailed again in 60 s"));
	press('d');
	press('D');
	press('D');
	assert_int_equal(place.level, LEVEL_DEBUG);
	/* from detailed the next one is debug */
	press_key('s');
	assert_int_equal(desk->view.question, ASK_DEBUG);
	press('n');
	place.refuse = -EACCES;
	press('b');
	assert_non_null(strstr(desk->view.message, "not set: ask the instance: Permission denied"));
	free(desk);
	/* while it is on, it is not asked for again */
	desk = open_desk(&source, "debug");
	press('D');
	assert_int_equal(place.level, LEVEL_DEBUG);
	free(desk);
}

static void levels_of_others_are_only_looked_at(void **state)
{
	struct desk *desk = open_desk(&read_only, "rich");

	(void)state;
	press('D');
	assert_int_equal(desk->view.question, ASK_NOTHING);
	assert_non_null(strstr(desk->view.message, "nothing can be changed"));
	free(desk);
}

static void freezing_keeps_the_screen(void **state)
{
	struct desk *desk = open_desk(&source, "rich");
	uint64_t sequence;

	(void)state;
	press_key('p');
	sequence = desk->view.now->sequence;
	pass_seconds(3);
	assert_true(desk->view.paused);
	assert_int_equal(desk->view.paused_s, 3);
	assert_int_equal(desk->view.now->sequence, sequence);
	press_key(' ');
	assert_false(desk->view.paused);
	assert_true(desk->view.now->sequence > sequence);
	free(desk);
}

static void rows_are_moved_among(void **state)
{
	struct desk *desk = open_desk(&source, "many");
	const char *selected = desk->view.state[PAGE_QUEUES].selected;

	(void)state;
	press('2');
	press('o');
	assert_string_equal(rows_queues.sorts[desk->view.state[PAGE_QUEUES].sort], "queue");
	press_key(CODE_DOWN);
	assert_string_equal(selected, "enp65s0f0:0");
	press_key('j');
	press_key(CODE_PAGE_DOWN);
	assert_string_equal(selected, "enp65s0f0:11");
	press_key('k');
	press_key(CODE_UP);
	assert_string_equal(selected, "enp65s0f0:9");
	press_key(CODE_PAGE_UP);
	assert_string_equal(selected, "enp65s0f0:0");
	press_key(CODE_END);
	assert_string_equal(selected, "enp65s0f1:31");
	press_key(CODE_HOME);
	assert_string_equal(selected, "enp65s0f0:0");
	press_key('O');
	press(CODE_HOME);
	assert_string_equal(selected, "enp65s0f1:31");
	free(desk);
}

static void queues_are_sorted(void **state)
{
	struct desk *desk = open_desk(&source, "many");
	struct rows rows;

	(void)state;
	press('2');
	/* 64 queues do not fit: the one that drops comes first */
	rows_list(&desk->view, PAGE_QUEUES, &rows);
	assert_int_equal(rows.count, 64);
	assert_int_equal(rows.index[0], 40);
	press_key('o');
	rows_list(&desk->view, PAGE_QUEUES, &rows);
	assert_int_equal(rows.index[0], 0);
	assert_true(desk->changed);
	for (unsigned i = 1; rows_queues.sorts[i]; i++)
		press('o');
	assert_int_equal(desk->view.state[PAGE_QUEUES].sort, 0);
	desk->view.height = 80; /* now all of them fit */
	rows_list(&desk->view, PAGE_QUEUES, &rows);
	assert_int_equal(rows.index[0], 0);
	free(desk);
}

static void enter_looks_into_a_row_and_escape_goes_back(void **state)
{
	struct desk *desk = open_desk(&source, "rich");

	(void)state;
	press(CODE_DOWN);
	press(CODE_DOWN);
	press_key(CODE_ENTER);
	assert_int_equal(desk->view.page, PAGE_QUEUES);
	assert_true(desk->view.state[PAGE_QUEUES].detail);
	assert_string_equal(desk->view.state[PAGE_QUEUES].selected, "eth0:1");
	press(CODE_DOWN);
	assert_int_equal(desk->view.state[PAGE_QUEUES].scroll, 1);
	press_key(CODE_ESCAPE);
	assert_false(desk->view.state[PAGE_QUEUES].detail);
	press(CODE_ESCAPE);
	assert_string_equal(desk->view.state[PAGE_QUEUES].selected, "");
	press(CODE_ESCAPE);
	assert_int_equal(desk->view.page, PAGE_OVERVIEW);
	assert_int_equal(press(CODE_ESCAPE), WISH_NOTHING);
	/* with nothing selected, the first one */
	press('4');
	press(CODE_ENTER);
	assert_int_equal(desk->view.page, PAGE_SERVICES);
	assert_string_equal(desk->view.state[PAGE_SERVICES].selected, "reflect");
	free(desk);
}

static void a_filter_is_typed(void **state)
{
	struct desk *desk = open_desk(&source, "many");
	struct rows rows;

	(void)state;
	press('2');
	press_key('/');
	for (const char *at = "F1:2q"; *at; at++)
		press(*at); /* q is a letter here */
	press(CODE_BACKSPACE);
	assert_string_equal(desk->view.filter, "F1:2");
	press(CODE_ENTER);
	rows_list(&desk->view, PAGE_QUEUES, &rows);
	assert_int_equal(rows.count, 11); /* 2, 20 to 29 */
	assert_int_equal(rows.hidden, 53);
	press(CODE_ESCAPE);
	rows_list(&desk->view, PAGE_QUEUES, &rows);
	assert_int_equal(rows.count, 64);
	press('/');
	press('x');
	press(CODE_ESCAPE);
	assert_string_equal(desk->view.filter, "");
	assert_false(desk->view.typing);
	free(desk);
}

static void type(const char *text)
{
	for (; *text; text++)
		press(*text);
}

static void a_service_is_changed_on_its_page(void **state)
{
	struct desk *desk = open_desk(&source, "rich");

	(void)state;
	press_key('m');
	assert_non_null(strstr(desk->view.message, "on its own page"));
	press('3');
	press(CODE_ENTER);
	press('m'); /* the first service has nothing of the kind */
	assert_non_null(strstr(desk->view.message, "Nothing of this service"));
	assert_int_equal(desk->view.typing, TYPING_NOTHING);
	press(CODE_ESCAPE);
	press(CODE_DOWN);
	press(CODE_ENTER);
	press('m');
	assert_int_equal(desk->view.typing, TYPING_CHANGE);
	assert_string_equal(desk->view.change, "slots/0-2047 ");
	press(CODE_UP);
	assert_string_equal(desk->view.change, "slots/0-2047 ");
	press(CODE_DOWN);
	press(CODE_DOWN);
	assert_string_equal(desk->view.change, "slots/2048-4095 ");
	/* without a value nothing is asked for */
	press(CODE_ENTER);
	assert_string_equal(place.changed, "");
	assert_int_equal(desk->view.typing, TYPING_CHANGE);
	for (unsigned i = 0; i < 5; i++)
		press(CODE_BACKSPACE);
	type("4000 q1"); /* q is no key here */
	press(CODE_ENTER);
	assert_string_equal(place.changed, "second slots/2048-4000 q1");
	assert_string_equal(desk->view.message, "second: slots/2048-4000 = q1");
	assert_int_equal(desk->view.typing, TYPING_NOTHING);
	press('m');
	press(CODE_ESCAPE);
	assert_int_equal(desk->view.typing, TYPING_NOTHING);
	place.refuse = -EACCES;
	press('m');
	type("1");
	press(CODE_ENTER);
	assert_non_null(strstr(desk->view.message,
		"second: slots/0-2047 was not set: ask the instance: Permission denied"));
	free(desk);
	desk = open_desk(&read_only, "rich");
	press('m');
	assert_non_null(strstr(desk->view.message, "nothing can be changed"));
	free(desk);
}

static void settings_change(void **state)
{
	struct desk *desk = open_desk(&source, "rich");

	(void)state;
	press_key('u');
	assert_true(desk->view.bytes);
	for (unsigned i = 1; i <= STYLE_CHOICES; i++) {
		press_key('G');
		assert_int_equal(desk->view.style, i % STYLE_CHOICES);
	}
	press_key('g');
	assert_int_equal(desk->view.graph, GRAPH_BITS);
	assert_int_equal(press_key('+'), WISH_INTERVAL);
	assert_true(desk->view.interval_s == 1);
	press_key('=');
	assert_true(desk->view.interval_s == 2);
	for (unsigned i = 0; i < 9; i++)
		press_key('-');
	assert_true(desk->view.interval_s == 0.1);
	for (unsigned i = 0; i < 9; i++)
		press('+');
	assert_true(desk->view.interval_s == 10);
	free(desk);
}

static void zero_forgets_peaks_and_keeps_totals(void **state)
{
	struct desk *desk = open_desk(&source, "rich");

	(void)state;
	assert_false(isnan(desk->view.history->peak[HISTORY_RX_PPS]));
	press_key('z');
	assert_true(isnan(desk->view.history->peak[HISTORY_RX_PPS]));
	assert_true(desk->view.zero_time_ns > 0);
	assert_true(desk->view.now->totals.flow.rx_packets > 0);
	free(desk);
}

static void the_terminal_is_asked(void **state)
{
	struct desk *desk = open_desk(&source, "rich");

	(void)state;
	assert_int_equal(press_key('w'), WISH_WRITE);
	assert_int_equal(press_key('l' & 0x1f), WISH_REDRAW);
	assert_int_equal(press_key('q'), WISH_END); /* a viewer's end stops nobody */
	desk->confirm_quit = true;
	assert_int_equal(press('q'), WISH_NOTHING);
	assert_int_equal(press(CODE_ENTER), WISH_NOTHING);
	assert_int_equal(desk->view.question, ASK_NOTHING);
	press('q');
	assert_int_equal(press('y'), WISH_END);
	free(desk);
}

/* The last of the tests that press. */
static void every_key_of_the_table_was_pressed(void **state)
{
	(void)state;
	for (unsigned i = 0; i < keys_count; i++)
		for (unsigned k = 0; k < KEY_CODES && keys[i].codes[k]; k++) {
			bool was = false;

			for (int j = 0; j < pressed_count; j++)
				was |= pressed[j] == keys[i].codes[k];
			if (!was)
				fail_msg("no test presses %s (code %d)", keys[i].names,
					keys[i].codes[k]);
		}
}

static void an_end_of_the_source_is_said(void **state)
{
	struct desk *desk = open_desk(&source, "rich");

	(void)state;
	assert_null(desk->view.ended);
	place.ended = "gone";
	pass_seconds(1);
	assert_string_equal(desk->view.ended, "gone");
	free(desk);
}

static void events_are_kept_beyond_what_a_snapshot_carries(void **state)
{
	struct events *events = calloc(1, sizeof(*events));
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));

	(void)state;
	assert_non_null(events);
	assert_non_null(snapshot);
	for (unsigned i = 1; i <= EVENTS_KEPT + 50; i++) {
		snapshot->events_count = i < 3 ? i : 3;
		memmove(&snapshot->events[1], &snapshot->events[0],
			2 * sizeof(snapshot->events[0]));
		snapshot->events[0].number = i;
		snapshot->events[0].time_ns = 1000;
		events_add(events, snapshot);
		events_add(events, snapshot);
		assert_int_equal(events->count, i < EVENTS_KEPT ? i : EVENTS_KEPT);
		for (unsigned k = 0; k < events->count; k++)
			assert_int_equal(events->lines[k].number, i - k);
	}
	/* started again: numbers begin anew, time goes on */
	snapshot->events_count = 1;
	snapshot->events[0].number = 1;
	snapshot->events[0].time_ns = 2000;
	events_add(events, snapshot);
	assert_int_equal(events->lines[0].number, 1);
	assert_int_equal(events->lines[1].number, EVENTS_KEPT + 50);
	free(events);
	free(snapshot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(help_comes_and_goes),
		cmocka_unit_test(digits_and_tab_open_pages),
		cmocka_unit_test(levels_are_set_and_debug_is_asked_for),
		cmocka_unit_test(freezing_keeps_the_screen),
		cmocka_unit_test(rows_are_moved_among),
		cmocka_unit_test(queues_are_sorted),
		cmocka_unit_test(enter_looks_into_a_row_and_escape_goes_back),
		cmocka_unit_test(a_filter_is_typed),
		cmocka_unit_test(a_service_is_changed_on_its_page),
		cmocka_unit_test(settings_change),
		cmocka_unit_test(zero_forgets_peaks_and_keeps_totals),
		cmocka_unit_test(the_terminal_is_asked),
		cmocka_unit_test(every_key_of_the_table_was_pressed),
		cmocka_unit_test(levels_of_others_are_only_looked_at),
		cmocka_unit_test(an_end_of_the_source_is_said),
		cmocka_unit_test(events_are_kept_beyond_what_a_snapshot_carries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
