// SPDX-License-Identifier: BSD-2-Clause
/* The screen of generate as text: every figure is on it, and it fits whatever size. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "cmd/generate_view.h"

static char text[65536];

static struct generate_view *example(void)
{
	struct generate_view *view = calloc(1, sizeof(*view));
	struct figures *f = calloc(1, sizeof(*f));

	assert_true(view && f);
	view->interface = "eth0";
	view->target = "192.0.2.7 (02:00:00:00:0b:02)";
	view->state = "SENDING";
	view->duration_ns = 10000000000;
	f->size = 64;
	f->rate_pps = 10000;
	f->engine = "paced";
	strcpy(f->mode, "AF_XDP, native, copy");
	strcpy(f->why, "bind queue 0 with zero copy: Operation not supported");
	for (unsigned second = 1; second <= 4; second++) {
		f->elapsed_ns = second * 1000000000ull;
		f->sent = second * 10000;
		f->unsent = 17;
		f->counts.received = f->sent - 9;
		f->counts.late = 2;
		f->lost = 3;
		f->in_flight = 4;
		f->counts.duplicated = 5;
		f->counts.reordered = 6;
		f->counts.stray = 7;
		f->counts.corrupted[CORRUPT_TAGS] = 11;
		f->counts.corrupted[CORRUPT_ADDRESSES] = 12;
		f->counts.corrupted[CORRUPT_DSCP] = 13;
		f->counts.corrupted[CORRUPT_HEADERS] = 14;
		f->counts.corrupted[CORRUPT_PAYLOAD] = 15;
		f->counts.bytes = f->sent * 60;
		for (unsigned i = 0; i < 100; i++)
			generate_time(&f->counts.times, 3000 + 100 * i);
		generate_view_add(view, f);
	}
	free(f);
	return view;
}

static void draw(const struct generate_view *view, int width, int height)
{
	struct canvas canvas = { .ascii = true };

	assert_int_equal(canvas_resize(&canvas, width, height), 0);
	generate_view_draw(view, &canvas);
	assert_true(canvas_write(&canvas, false, text, sizeof(text)) < sizeof(text));
	canvas_fini(&canvas);
}

static void want(const char *words)
{
	if (!strstr(text, words))
		fail_msg("no '%s' in\n%s", words, text);
}

static void test_every_figure_is_on_the_screen(void **state)
{
	static const char *const all[] = { "ringside generate  eth0",
		"192.0.2.7 (02:00:00:00:0b:02)", "SENDING",
		"64 bytes, 10.00 kpps, paced (AF_XDP, native, copy), 6 s to go", "4.0 s",
		"bind queue 0 with zero copy: Operation not supported", "sent 40,000", "unsent 17",
		"received 39,991", "in flight 4", "LOST 3 (", "late 2", "duplicated 5",
		"reordered 6", "stray 7", "CORRUPTED 65", "tags 11", "addresses 12", "dscp 13",
		"headers 14", "payload 15", "RX packets/s", "ROUND TRIP min 3.00us", "p50 ",
		"p99.9 ", "max 12.9us", "jitter ", "2.00us-5.00us", "5.00us-10.0us",
		"10.0us-20.0us", "q end" };
	struct generate_view *view = example();

	(void)state;
	draw(view, 100, 24);
	for (unsigned i = 0; i < sizeof(all) / sizeof(*all); i++)
		want(all[i]);
	free(view);
}

static void test_rates_are_those_of_the_last_interval(void **state)
{
	struct generate_view *view = example();

	(void)state;
	draw(view, 80, 24);
	want("10.00 kpps");
	assert_int_equal(view->history_count, 4);
	assert_true(view->history[3] == 10000);
	free(view);
}

static void test_any_size_of_terminal_will_do(void **state)
{
	struct generate_view *view = example(), *empty = calloc(1, sizeof(*empty));

	(void)state;
	empty->interface = empty->target = "?";
	empty->state = "KNOCKING";
	for (int width = 1; width < 200; width += 13) {
		for (int height = 1; height < 60; height += 3) {
			draw(view, width, height);
			draw(empty, width, height);
		}
	}
	draw(empty, 80, 24);
	want("KNOCKING");
	free(view);
	free(empty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_figure_is_on_the_screen),
		cmocka_unit_test(test_rates_are_those_of_the_last_interval),
		cmocka_unit_test(test_any_size_of_terminal_will_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
