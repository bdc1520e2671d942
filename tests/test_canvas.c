/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "tui/canvas.h"
#include "tui/history.h"
#include "tui/keys.h"
#include "tui/widgets.h"
#include "base/clock.h"

static char text[8192];

static const char *written(const struct canvas *canvas)
{
	size_t length = canvas_write(canvas, false, text, sizeof(text));

	assert_true(length < sizeof(text));
	return text;
}

static void test_text_is_clipped_at_every_edge_of_its_area(void **state)
{
	struct canvas canvas = { 0 };
	struct area all, middle;

	(void)state;
	assert_int_equal(canvas_resize(&canvas, 8, 3), 0);
	all = canvas_area(&canvas);
	middle = area_rows(&all, 1, 1);
	middle = area_columns(&middle, 2, 4);
	area_text(&middle, -2, 0, ROLE_TEXT, "abcdefgh");
	area_text(&middle, 0, 1, ROLE_TEXT, "below");
	area_text(&middle, 0, -1, ROLE_TEXT, "above");
	assert_string_equal(written(&canvas), "\n  cdef\n\n");
	canvas_fini(&canvas);
}

static void test_an_area_outside_of_its_parent_is_empty(void **state)
{
	struct canvas canvas = { 0 };
	struct area all, outside;

	(void)state;
	assert_int_equal(canvas_resize(&canvas, 4, 2), 0);
	all = canvas_area(&canvas);
	outside = area_rows(&all, 7, 3);
	area_text(&outside, 0, 0, ROLE_BAD, "x");
	outside = area_columns(&all, 9, -3);
	area_fill(&outside, 0, 0, 5, ROLE_BAD, L'x');
	assert_string_equal(written(&canvas), "\n\n");
	canvas_fini(&canvas);
}

static void test_what_a_terminal_would_obey_is_shown_as_question_marks(void **state)
{
	struct canvas canvas = { 0 };
	struct area all;

	(void)state;
	assert_int_equal(canvas_resize(&canvas, 30, 4), 0);
	all = canvas_area(&canvas);
	area_text(&all, 0, 0, ROLE_TEXT,
		"a\x1b[2Jb\rc\x7f"
		"d\xc2\x9b"
		"e");
	area_text(&all, 0, 1, ROLE_TEXT, "\xe4\xb8\xad \xcc\x81 \xf0\x9f\x98\x80 \xe2\x80\xae");
	area_text(&all, 0, 2, ROLE_TEXT, "\xff\xc0\x80\xe2\x82");
	area_text(&all, 0, 3, ROLE_TEXT, "\xc3\xa4 \xc2\xb5s \xe2\x94\x82");
	assert_string_equal(written(&canvas), "a?[2Jb?c?d?e\n? ? ? ?\n?????\n"
					      "\xc3\xa4 \xc2\xb5s \xe2\x94\x82\n");
	canvas.ascii = true;
	area_text(&all, 0, 3, ROLE_TEXT, "\xc3\xa4 \xc2\xb5s \xe2\x94\x82");
	assert_string_equal(written(&canvas), "a?[2Jb?c?d?e\n? ? ? ?\n?????\n? ?s ?\n");
	canvas_fini(&canvas);
}

static void test_writing_says_how_many_bytes_it_needs_and_cuts(void **state)
{
	struct canvas canvas = { 0 };
	struct area all;
	char small[4];

	(void)state;
	assert_int_equal(canvas_resize(&canvas, 6, 1), 0);
	all = canvas_area(&canvas);
	area_text(&all, 0, 0, ROLE_BAD, "abcde");
	assert_int_equal(canvas_write(&canvas, false, NULL, 0), 6);
	assert_int_equal(canvas_write(&canvas, false, small, sizeof(small)), 6);
	assert_string_equal(small, "abc");
	assert_int_equal(canvas_write(&canvas, true, text, sizeof(text)), 6);
	assert_string_equal(text, "bbbbb\n");
	canvas_fini(&canvas);
}

static void test_parts_of_a_line_show_whole_or_not_at_all(void **state)
{
	struct canvas canvas = { .ascii = true };
	struct area all;
	struct line line;

	(void)state;
	assert_int_equal(canvas_resize(&canvas, 20, 1), 0);
	all = canvas_area(&canvas);
	line = line_start(&all, 0);
	assert_true(line_add(&line, ROLE_TEXT, "first"));
	assert_true(line_end(&line, ROLE_TEXT, "end"));
	assert_false(line_part(&line, ROLE_TEXT, "a long part"));
	assert_true(line_part(&line, ROLE_TEXT, "short"));
	assert_false(line_add(&line, ROLE_TEXT, "12345"));
	assert_string_equal(written(&canvas), "first | short    end\n");
	canvas_fini(&canvas);
}

static void test_a_share_above_zero_is_always_visible_and_zero_is_not(void **state)
{
	struct canvas canvas = { 0 };
	struct area all;

	(void)state;
	assert_int_equal(canvas_resize(&canvas, 10, 5), 0);
	all = canvas_area(&canvas);
	widget_bar(&all, 0, 0, 8, 0, ROLE_ACCENT);
	widget_bar(&all, 0, 1, 8, 1e-9, ROLE_ACCENT);
	widget_bar(&all, 0, 2, 8, 0.5, ROLE_ACCENT);
	widget_bar(&all, 0, 3, 8, 7, ROLE_ACCENT);
	widget_bar(&all, 0, 4, 8, NAN, ROLE_ACCENT);
	assert_string_equal(written(&canvas), "\n▏\n████\n████████\n\n");
	canvas_fini(&canvas);
}

static double stairs(const void *context, unsigned age)
{
	const double *values = context;

	return values[age];
}

static void test_a_graph_tells_unknown_from_zero_and_from_not_yet(void **state)
{
	static const double values[] = { 80, 40, 0, NAN, 10, 80 };
	struct graph graph = { stairs, values, 6, 80 };
	struct canvas canvas = { .ascii = true };
	struct area all;

	(void)state;
	assert_int_equal(canvas_resize(&canvas, 8, 2), 0);
	all = canvas_area(&canvas);
	widget_graph(&all, &graph);
	assert_string_equal(written(&canvas), "  :    :\n  :.?_::\n");
	canvas.ascii = false;
	canvas_clear(&canvas);
	widget_graph(&all, &graph);
	assert_string_equal(written(&canvas), "     ⡇ ⢸\n     ⣇⢀⣿\n");
	canvas.style = STYLE_BLOCKS;
	canvas_clear(&canvas);
	widget_graph(&all, &graph);
	assert_string_equal(written(&canvas), "  █    █\n  █▂?▁██\n");
	canvas_fini(&canvas);
}

static void test_the_top_of_a_graph_is_a_round_number_above_its_values(void **state)
{
	(void)state;
	assert_true(graph_top(0) == 10);
	assert_true(graph_top(10.5) == 15);
	assert_true(graph_top(26.47e6) == 30e6);
	assert_true(graph_top(99e6) == 100e6);
	assert_string_equal(graph_label(30e6).text, "30M");
	assert_string_equal(graph_label(1.5e9).text, "1.5G");
	assert_string_equal(graph_label(10).text, "10");
}

static void test_a_measured_price_says_what_it_may_be_wrong_by(void **state)
{
	struct canvas canvas = { .ascii = true };
	struct area all;

	(void)state;
	assert_string_equal(label_measured(4.43, 0.64).text, "4.4 ±0.7 ns");
	assert_string_equal(label_measured(71.6, 6.1).text, "72 ±7 ns");
	assert_string_equal(label_measured(1.3, 1.4).text, "<3 ns");
	assert_string_equal(label_measured(-0.5, 0.8).text, "<1 ns");
	assert_string_equal(label_measured(NAN, NAN).text, "? ns");
	assert_int_equal(canvas_resize(&canvas, 20, 1), 0);
	all = canvas_area(&canvas);
	assert_int_equal(area_text_width(&all, "72 ±7 ns"), 9);
	assert_int_equal(area_text(&all, 0, 0, ROLE_TEXT, "72 ±7 ns"), 9);
	assert_string_equal(written(&canvas), "72 +-7 ns\n");
	canvas_fini(&canvas);
}

static void test_unknown_numbers_are_question_marks(void **state)
{
	(void)state;
	assert_string_equal(label_number(NAN, "pps").text, "?");
	assert_string_equal(label_count(SNAPSHOT_UNKNOWN).text, "?");
	assert_string_equal(label_exact(SNAPSHOT_UNKNOWN).text, "?");
	assert_string_equal(label_ns(SNAPSHOT_UNKNOWN).text, "?");
	assert_string_equal(label_percent(NAN).text, "?");
	assert_string_equal(label_percent(0).text, "0.00%");
	assert_string_equal(label_percent(0.001).text, "<.01%");
	assert_string_equal(label_duration(3 * 86400 + 4 * 3600 + 12 * 60 + 55).text, "3d 04:12");
	assert_string_equal(label_duration(3661).text, "01:01:01");
}

static void count_to(struct history *history, struct snapshot *snapshot, double second, uint64_t rx)
{
	snapshot->monotonic_ns = (uint64_t)(second * 1e9);
	snapshot->time_ns = (int64_t)snapshot->monotonic_ns;
	snapshot->totals.flow.rx_packets = rx;
	history_add(history, snapshot);
}

static void test_history_makes_one_column_of_each_second(void **state)
{
	static struct history history;
	static struct snapshot snapshot;

	(void)state;
	history_init(&history);
	count_to(&history, &snapshot, 10.0, 1000);
	count_to(&history, &snapshot, 10.5, 1500);
	assert_int_equal(history.count, 0);
	count_to(&history, &snapshot, 11.0, 2000);
	assert_int_equal(history.count, 1);
	assert_true(history_at(&history, HISTORY_RX_PPS, 0) == 1000);
	/* nobody looked for three seconds: no gap, the mean over them */
	count_to(&history, &snapshot, 14.0, 8000);
	assert_int_equal(history.count, 4);
	assert_true(history_at(&history, HISTORY_RX_PPS, 2) == 2000);
	assert_true(history.peak[HISTORY_RX_PPS] == 2000);
	assert_true(history_mean(&history, HISTORY_RX_PPS, 60) == 1750);
}

static void test_means_reach_back_fifteen_minutes(void **state)
{
	static struct history history;
	static struct snapshot snapshot;

	(void)state;
	history_init(&history);
	for (unsigned second = 0; second <= 15 * 60; second++)
		count_to(&history, &snapshot, second + 1, second < 300 ? second * 300 : 300 * 300);
	assert_true(history_mean(&history, HISTORY_RX_PPS, 10 * 60) == 0);
	assert_true(history_mean(&history, HISTORY_RX_PPS, 15 * 60) == 100);
	/* what is older counts no more */
	for (unsigned second = 1; second <= 300; second++)
		count_to(&history, &snapshot, 15 * 60 + second + 1, 300 * 300);
	assert_true(history_mean(&history, HISTORY_RX_PPS, 15 * 60) == 0);
}

static void test_history_is_unknown_where_counters_went_backwards(void **state)
{
	static struct history history;
	static struct snapshot snapshot;

	(void)state;
	history_init(&history);
	count_to(&history, &snapshot, 10.0, 1000);
	count_to(&history, &snapshot, 11.0, 5);
	count_to(&history, &snapshot, 12.0, 105);
	assert_true(isnan(history_at(&history, HISTORY_RX_PPS, 1)));
	assert_true(history_at(&history, HISTORY_RX_PPS, 0) == 100);
	assert_true(isnan(history_at(&history, HISTORY_RX_PPS, 2)));
	assert_true(history.peak[HISTORY_RX_PPS] == 100);
}

static void test_zero_restarts_peaks_and_means_and_keeps_the_graph(void **state)
{
	static struct history history;
	static struct snapshot snapshot;

	(void)state;
	history_init(&history);
	count_to(&history, &snapshot, 1.0, 0);
	count_to(&history, &snapshot, 2.0, 900);
	history_zero(&history);
	assert_true(isnan(history.peak[HISTORY_RX_PPS]));
	assert_true(isnan(history_mean(&history, HISTORY_RX_PPS, 60)));
	count_to(&history, &snapshot, 3.0, 1000);
	assert_true(history_mean(&history, HISTORY_RX_PPS, 60) == 100);
	assert_true(history_at(&history, HISTORY_RX_PPS, 1) == 900);
}

static void test_history_keeps_the_newest_seconds_of_a_long_run(void **state)
{
	static struct history history;
	static struct snapshot snapshot;

	(void)state;
	history_init(&history);
	for (unsigned i = 1; i <= HISTORY_SECONDS + 50; i++)
		count_to(&history, &snapshot, i, (uint64_t)i * i);
	assert_int_equal(history.count, HISTORY_SECONDS);
	assert_true(history_at(&history, HISTORY_RX_PPS, 0) == 2 * (HISTORY_SECONDS + 50) - 1);
	assert_true(history_at(&history, HISTORY_RX_PPS, HISTORY_SECONDS - 1) == 2 * 51 - 1);
}

static void test_no_key_is_in_the_table_twice(void **state)
{
	(void)state;
	for (unsigned i = 0; i < keys_count; i++) {
		assert_non_null(keys[i].help);
		for (int j = 0; j < KEY_CODES; j++)
			if (keys[i].codes[j])
				assert_int_equal(key_action(keys[i].codes[j]), keys[i].action);
	}
	assert_int_equal(key_action(CODE_NONE), ACTION_NONE);
	assert_int_equal(key_action(0), ACTION_NONE);
	assert_int_equal(key_action('Z'), ACTION_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_is_clipped_at_every_edge_of_its_area),
		cmocka_unit_test(test_an_area_outside_of_its_parent_is_empty),
		cmocka_unit_test(test_what_a_terminal_would_obey_is_shown_as_question_marks),
		cmocka_unit_test(test_writing_says_how_many_bytes_it_needs_and_cuts),
		cmocka_unit_test(test_parts_of_a_line_show_whole_or_not_at_all),
		cmocka_unit_test(test_a_share_above_zero_is_always_visible_and_zero_is_not),
		cmocka_unit_test(test_a_graph_tells_unknown_from_zero_and_from_not_yet),
		cmocka_unit_test(test_the_top_of_a_graph_is_a_round_number_above_its_values),
		cmocka_unit_test(test_a_measured_price_says_what_it_may_be_wrong_by),
		cmocka_unit_test(test_unknown_numbers_are_question_marks),
		cmocka_unit_test(test_history_makes_one_column_of_each_second),
		cmocka_unit_test(test_means_reach_back_fifteen_minutes),
		cmocka_unit_test(test_history_is_unknown_where_counters_went_backwards),
		cmocka_unit_test(test_zero_restarts_peaks_and_means_and_keeps_the_graph),
		cmocka_unit_test(test_history_keeps_the_newest_seconds_of_a_long_run),
		cmocka_unit_test(test_no_key_is_in_the_table_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
