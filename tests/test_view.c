/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whole screens against tests/golden/PAGE-SCENE.txt, at each size: the text, then a letter for each
 * cell's role, as runs. GENERATE=1 writes them anew; read the difference before committing it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "tui/feed.h"
#include "tui/keys.h"
#include "tui/view.h"
#include "tui_scenes.h"

#define SECONDS 90

static const struct {
	int width, height;
} sizes[] = { { 20, 1 }, { 40, 8 }, { 80, 24 }, { 160, 45 }, { 250, 80 } };

/* As the loop would have collected it: a snapshot a second for a minute and a half. */
static struct feed *make_feed(const char *scene)
{
	struct feed *feed = malloc(sizeof(*feed));

	assert_non_null(feed);
	feed_init(feed);
	for (unsigned second = 1; second <= SECONDS; second++) {
		assert_true(scene_fill(&feed->newest, scene, second * NSEC_PER_SEC));
		feed_add(feed);
		feed_show(feed);
	}
	return feed;
}

static struct view make_view(const struct feed *feed)
{
	return (struct view){ .now = &feed->live.now,
		.before = &feed->live.before,
		.history = &feed->live.history,
		.events = &feed->live.events,
		.interval_s = 1,
		.zero_time_ns = feed->live.zero_time_ns };
}

/* "ttt.." as "3t2.": roles come in runs. */
static size_t write_runs(const char *roles, char *text)
{
	size_t used = 0, run;

	for (; *roles; roles += run) {
		run = *roles == '\n' ? 1 : strspn(roles, (const char[]){ *roles, 0 });
		if (run > 1)
			used += (size_t)sprintf(text + used, "%zu", run);
		text[used++] = *roles;
	}
	text[used] = '\0';
	return used;
}

static char *render(const struct view *view, int width, int height, bool ascii)
{
	struct canvas canvas = { .ascii = ascii };
	size_t size, used;
	char *text, *roles;

	assert_int_equal(canvas_resize(&canvas, width, height), 0);
	view_draw(view, &canvas);
	size = canvas_write(&canvas, false, NULL, 0) + 2 * (size_t)(width + 1) * height + 64;
	text = malloc(size);
	roles = malloc(size);
	assert_non_null(text);
	assert_non_null(roles);
	used = canvas_write(&canvas, false, text, size);
	used += (size_t)snprintf(text + used, size - used, "---- roles ----\n");
	canvas_write(&canvas, true, roles, size);
	write_runs(roles, text + used);
	free(roles);
	canvas_fini(&canvas);
	return text;
}

static char *read_golden(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = NULL;
	size_t size = 0;

	if (!file)
		fail_msg("%s is missing: GENERATE=1 makes it", path);
	if (getdelim(&text, &size, 0, file) < 0)
		fail_msg("%s is empty", path);
	fclose(file);
	return text;
}

/* All sizes of one page are one file, a line "==== WIDTHxHEIGHT" before each. */
static void compare(const struct view *view, const char *name, bool ascii)
{
	const char *source = getenv("srcdir");
	char path[512], *all = NULL, *golden;
	size_t size;
	FILE *out = open_memstream(&all, &size), *file;

	assert_non_null(out);
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		char *text = render(view, sizes[i].width, sizes[i].height, ascii);

		fprintf(out, "==== %dx%d\n%s", sizes[i].width, sizes[i].height, text);
		free(text);
	}
	fclose(out);
	snprintf(path, sizeof(path), "%s/tests/golden/%s.txt", source ? source : ".", name);
	if (getenv("GENERATE")) {
		file = fopen(path, "w");
		assert_non_null(file);
		fputs(all, file);
		assert_int_equal(fclose(file), 0);
	} else {
		golden = read_golden(path);
		if (strcmp(golden, all))
			fail_msg("%s differs; this is what was drawn:\n%s", path, all);
		free(golden);
	}
	free(all);
}

static void compare_pages(const char *scene)
{
	struct feed *feed = make_feed(scene);
	struct view view = make_view(feed);

	for (view.page = 0; view.page < PAGES; view.page++) {
		char name[64];

		snprintf(name, sizeof(name), "%s-%s", page_names[view.page], scene);
		compare(&view, name, false);
	}
	free(feed);
}

#define SCENE_TEST(test, scene)                                                                    \
	static void test(void **state)                                                             \
	{                                                                                          \
		(void)state;                                                                       \
		compare_pages(scene);                                                              \
	}

SCENE_TEST(test_every_page_without_traffic, "silent")
SCENE_TEST(test_every_page_at_level_detailed, "healthy")
SCENE_TEST(test_every_page_at_level_basic, "basic")
SCENE_TEST(test_every_page_at_level_debug, "debug")
SCENE_TEST(test_every_page_of_a_queue_that_drops, "dropping")
SCENE_TEST(test_every_page_of_a_stalled_worker, "stalled")
SCENE_TEST(test_every_page_of_an_interface_that_is_gone, "absent")
SCENE_TEST(test_every_page_of_64_queues_on_two_interfaces, "many")
SCENE_TEST(test_every_page_of_several_services, "rich")
SCENE_TEST(test_every_page_when_the_kernels_counters_may_not_be_read, "blind")
SCENE_TEST(test_every_page_without_a_service, "empty")

static void test_ascii_is_enough(void **state)
{
	struct feed *feed = make_feed("rich");
	struct view view = make_view(feed);

	(void)state;
	for (view.page = 0; view.page < PAGES; view.page++)
		for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			char *text = render(&view, sizes[i].width, sizes[i].height, true);

			for (const char *at = text; *at; at++)
				assert_true((unsigned char)*at < 0x80);
			free(text);
		}
	view.page = PAGE_OVERVIEW;
	compare(&view, "ascii", true);
	free(feed);
}

static void test_the_help_page_shows_every_key(void **state)
{
	struct feed *feed = make_feed("healthy");
	struct view view = make_view(feed);
	char *text;

	(void)state;
	view.help = true;
	compare(&view, "help", false);
	text = render(&view, 160, 45, false);
	for (unsigned i = 0; i < keys_count; i++)
		assert_non_null(strstr(text, keys[i].help));
	free(text);
	free(feed);
}

static void test_everything_about_a_queue_and_a_service(void **state)
{
	struct feed *feed = make_feed("rich");
	struct view view = make_view(feed);

	(void)state;
	view.page = PAGE_QUEUES;
	strcpy(view.state[PAGE_QUEUES].selected, "eth0:1");
	compare(&view, "queues-selected", false);
	view.state[PAGE_QUEUES].detail = true;
	compare(&view, "queue", false);
	view.page = PAGE_SERVICES;
	strcpy(view.state[PAGE_SERVICES].selected, "second");
	view.state[PAGE_SERVICES].detail = true;
	compare(&view, "service", false);
	/* a row of its tables is being changed, and seen at every size */
	view.typing = TYPING_CHANGE;
	strcpy(view.change, "slots/2048-4095 3");
	compare(&view, "service-change", false);
	free(feed);
}

/* Where a line is too short for it, in several. */
static void test_the_selected_event_and_a_long_book_are_shown_whole(void **state)
{
	static const char *const words[] = { "beginning,", "middle,", "finally" };
	struct feed *feed = make_feed("rich");
	struct view view = make_view(feed);
	struct log_line *line = &feed->live.events.lines[feed->live.events.count - 1];
	struct snapshot_service *service = &feed->live.now.services[0];
	char *text;

	(void)state;
	snprintf(line->text, sizeof(line->text), "%s %60s and, behind more, %s", words[0], words[1],
		words[2]);
	view.page = PAGE_EVENTS;
	snprintf(view.state[PAGE_EVENTS].selected, VIEW_KEY_BYTES, "%llu.%lld",
		(unsigned long long)line->number, (long long)line->time_ns);
	text = render(&view, 60, 24, false);
	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		assert_non_null(strstr(text, words[i]));
	free(text);
	service->made_packets = service->pass_packets = service->delivered_packets = 123456;
	view.page = PAGE_SERVICES;
	text = render(&view, 80, 24, false);
	assert_non_null(strstr(text, "BOOK  in "));
	assert_non_null(strstr(text, "+ made 123.5k"));
	assert_non_null(strstr(text, "+ delivered 123.5k"));
	free(text);
	free(feed);
}

/* Terms that are 0 make room for the others. */
static void test_the_books_of_all_are_a_sum_in_80_columns(void **state)
{
	struct feed *feed = make_feed("healthy");
	struct view view = make_view(feed);
	struct snapshot_totals *totals = &feed->live.now.totals;
	char *text;

	(void)state;
	totals->flow.rx_packets = 251512;
	totals->made_packets = 42874;
	totals->flow.tx_packets = 154386;
	totals->drop_packets = 0;
	totals->pass_packets = 140000;
	totals->in_flight_packets = 0;
	text = render(&view, 80, 24, false);
	assert_non_null(
		strstr(text, "BOOK in 251.5k+made 42.87k=out 154.4k+drop 0+pass 140.0k+flight 0"));
	free(text);
	totals->drop_packets = SNAPSHOT_UNKNOWN;
	totals->flow.rx_packets = totals->flow.tx_packets = 251512345678;
	text = render(&view, 80, 24, false);
	assert_non_null(
		strstr(text, "BOOK in 251.5G+made 42.87k=out 251.5G+drop ?+pass 140.0k+flight 0"));
	free(text);
	feed->live.now.totals.unaccounted_packets = -1717;
	text = render(&view, 80, 24, false);
	assert_non_null(strstr(text, "BOOK in 251.5G+made 42.87k=out 251.5G+drop ?+pass 140.0k"));
	free(text);
	free(feed);
}

static void test_a_frozen_screen_says_so_at_every_size(void **state)
{
	struct feed *feed = make_feed("healthy");
	struct view view = make_view(feed);

	(void)state;
	view.paused = true;
	view.paused_s = 12;
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		int width = sizes[i].width < 28 ? 28 : sizes[i].width;
		char *text = render(&view, width, sizes[i].height, false);

		assert_non_null(strstr(text, "PAUSED"));
		free(text);
	}
	free(feed);
}

static void test_quitting_asks_even_in_one_line(void **state)
{
	struct feed *feed = make_feed("healthy");
	struct view view = make_view(feed);

	(void)state;
	view.question = ASK_QUIT;
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		char *text = render(&view, sizes[i].width, sizes[i].height, false);

		assert_non_null(strstr(text, "y/N"));
		free(text);
	}
	free(feed);
}

static void test_books_that_do_not_balance_raise_an_alarm(void **state)
{
	struct feed *feed = make_feed("healthy");
	struct view view = make_view(feed);
	char *text;

	(void)state;
	feed->live.now.totals.unaccounted_packets = -17;
	text = render(&view, 80, 24, false);
	assert_non_null(strstr(text, "unaccounted -17 !!"));
	assert_non_null(strstr(text, "-17 packets are unaccounted for"));
	free(text);
	feed->live.now.totals.unaccounted_packets = SNAPSHOT_BALANCE_UNKNOWN;
	text = render(&view, 80, 24, false);
	assert_non_null(strstr(text, "unaccounted ?"));
	free(text);
	free(feed);
}

static void test_the_first_snapshot_has_unknown_rates_and_no_zeros_for_them(void **state)
{
	struct feed *feed = malloc(sizeof(*feed));
	struct view view;
	char *text;

	(void)state;
	assert_non_null(feed);
	feed_init(feed);
	assert_true(scene_fill(&feed->newest, "healthy", 5 * NSEC_PER_SEC));
	snapshot_set_rates(&feed->newest, NULL);
	feed_add(feed);
	feed_show(feed);
	view = make_view(feed);
	view.before = NULL;
	text = render(&view, 80, 24, false);
	assert_null(strstr(text, "0 pps"));
	assert_non_null(strstr(text, "RX             ?"));
	free(text);
	free(feed);
}

static void test_zero_restarts_the_latency_and_freezing_keeps_the_old_one(void **state)
{
	struct feed *feed = make_feed("healthy");
	uint64_t before = feed->live.now.services[0].latency.count;

	(void)state;
	feed_freeze(feed);
	feed_zero(feed);
	assert_int_equal(feed->live.now.services[0].latency.count, 0);
	assert_int_equal(feed->frozen.now.services[0].latency.count, before);
	assert_true(scene_fill(&feed->newest, "healthy", (SECONDS + 1) * NSEC_PER_SEC));
	feed_add(feed);
	feed_show(feed);
	assert_in_range(feed->live.now.services[0].latency.count, 1, before / 50);
	assert_int_equal(
		feed->live.now.totals.flow.rx_packets, feed->newest.totals.flow.rx_packets);
	free(feed);
}

/* Every size that a terminal can have while somebody drags its corner. */
static void test_no_size_draws_outside_of_the_canvas(void **state)
{
	(void)state;
	for (unsigned scene = 0; scene_names[scene]; scene++) {
		struct feed *feed = make_feed(scene_names[scene]);
		struct view view = make_view(feed);

		for (int width = 1; width <= 260; width += width < 130 ? 3 : 17)
			for (int height = 1; height <= 70; height += height < 30 ? 1 : 9)
				free(render(&view, width, height, (width ^ height) & 1));
		view.help = true;
		free(render(&view, 1, 1, false));
		free(feed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_page_without_traffic),
		cmocka_unit_test(test_every_page_at_level_detailed),
		cmocka_unit_test(test_every_page_at_level_basic),
		cmocka_unit_test(test_every_page_at_level_debug),
		cmocka_unit_test(test_every_page_of_a_queue_that_drops),
		cmocka_unit_test(test_every_page_of_a_stalled_worker),
		cmocka_unit_test(test_every_page_of_an_interface_that_is_gone),
		cmocka_unit_test(test_every_page_of_64_queues_on_two_interfaces),
		cmocka_unit_test(test_every_page_of_several_services),
		cmocka_unit_test(test_every_page_when_the_kernels_counters_may_not_be_read),
		cmocka_unit_test(test_every_page_without_a_service),
		cmocka_unit_test(test_ascii_is_enough),
		cmocka_unit_test(test_the_help_page_shows_every_key),
		cmocka_unit_test(test_everything_about_a_queue_and_a_service),
		cmocka_unit_test(test_the_selected_event_and_a_long_book_are_shown_whole),
		cmocka_unit_test(test_the_books_of_all_are_a_sum_in_80_columns),
		cmocka_unit_test(test_a_frozen_screen_says_so_at_every_size),
		cmocka_unit_test(test_quitting_asks_even_in_one_line),
		cmocka_unit_test(test_books_that_do_not_balance_raise_an_alarm),
		cmocka_unit_test(test_the_first_snapshot_has_unknown_rates_and_no_zeros_for_them),
		cmocka_unit_test(test_zero_restarts_the_latency_and_freezing_keeps_the_old_one),
		cmocka_unit_test(test_no_size_draws_outside_of_the_canvas),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
