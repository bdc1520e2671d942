/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "stats/recording.h"
#include "tui/feed.h"
#include "tui/view.h"
#include "tui_scenes.h"

#define SECONDS 30

static char path[] = "/tmp/ringside-test.XXXXXX";

static struct snapshot *new_snapshot(void)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));

	assert_non_null(snapshot);
	return snapshot;
}

/* A scene, two snapshots a second. */
static void record(const char *scene)
{
	struct snapshot *snapshot = new_snapshot();
	struct recording *recording;
	struct err err = { "" };

	assert_int_equal(recording_create(&recording, path, &err), 0);
	for (unsigned i = 1; i <= 2 * SECONDS; i++) {
		assert_true(scene_fill(snapshot, scene, i * NSEC_PER_SEC / 2));
		assert_int_equal(recording_add(recording, snapshot, &err), 0);
	}
	recording_close(recording);
	free(snapshot);
}

static off_t size_of(const char *file)
{
	struct stat stat_;

	assert_int_equal(stat(file, &stat_), 0);
	return stat_.st_size;
}

static void what_is_read_is_what_was_written_bit_by_bit(void **state)
{
	struct snapshot *want = new_snapshot(), *got = new_snapshot();
	struct recording *recording;
	struct err err = { "" };

	(void)state;
	for (unsigned k = 0; scene_names[k]; k++) {
		record(scene_names[k]);
		assert_int_equal(recording_open(&recording, path, &err), 0);
		for (unsigned i = 1; i <= 2 * SECONDS; i++) {
			scene_fill(want, scene_names[k], i * NSEC_PER_SEC / 2);
			assert_int_equal(recording_next(recording, got, &err), 1);
			assert_memory_equal(got, want, sizeof(*want));
		}
		assert_int_equal(recording_next(recording, got, &err), 0);
		recording_close(recording);
	}
	free(want);
	free(got);
}

static void a_second_takes_kilobytes_not_megabytes(void **state)
{
	(void)state;
	record("rich");
	assert_true(size_of(path) < (off_t)(SECONDS * 8192 + sizeof(struct snapshot)));
}

/* The screen of a feed that got its snapshots from `next`. */
static char *draw(int (*next)(void *context, struct snapshot *into), void *context)
{
	struct feed *feed = malloc(sizeof(*feed));
	struct canvas canvas = { 0 };
	size_t size;
	char *text;

	assert_non_null(feed);
	feed_init(feed);
	while (next(context, &feed->newest) == 1) {
		feed_add(feed);
		feed_show(feed);
	}
	const struct view view = { .now = &feed->live.now,
		.before = &feed->live.before,
		.history = &feed->live.history,
		.events = &feed->live.events,
		.interval_s = 0.5 };

	assert_int_equal(canvas_resize(&canvas, 160, 45), 0);
	view_draw(&view, &canvas);
	size = canvas_write(&canvas, false, NULL, 0) + 1;
	text = malloc(size);
	canvas_write(&canvas, false, text, size);
	canvas_fini(&canvas);
	free(feed);
	return text;
}

static int next_of_scene(void *context, struct snapshot *into)
{
	unsigned *i = context;

	if (++*i > 2 * SECONDS)
		return 0;
	return scene_fill(into, "rich", *i * NSEC_PER_SEC / 2);
}

static int next_of_recording(void *context, struct snapshot *into)
{
	return recording_next(context, into, NULL);
}

static void a_screen_from_a_recording_is_the_same_byte_for_byte(void **state)
{
	struct recording *recording;
	char *want, *got;
	unsigned i = 0;

	(void)state;
	record("rich");
	assert_int_equal(recording_open(&recording, path, NULL), 0);
	want = draw(next_of_scene, &i);
	got = draw(next_of_recording, recording);
	assert_string_equal(got, want);
	recording_close(recording);
	free(want);
	free(got);
}

/* However it is cut, whole snapshots come out and then the end, never a part of one. */
static void a_file_that_was_cut_gives_what_is_whole(void **state)
{
	struct snapshot *want = new_snapshot(), *got = new_snapshot();
	struct err err = { "" };
	off_t size;

	(void)state;
	record("healthy");
	size = size_of(path);
	for (off_t cut = size - 1; cut > 64; cut -= 1 + size / 300) {
		struct recording *recording;
		unsigned count = 0;

		assert_int_equal(truncate(path, cut), 0);
		assert_int_equal(recording_open(&recording, path, &err), 0);
		while (recording_next(recording, got, &err) == 1) {
			scene_fill(want, "healthy", ++count * NSEC_PER_SEC / 2);
			assert_memory_equal(got, want, sizeof(*want));
		}
		assert_true(count < 2 * SECONDS);
		recording_close(recording);
	}
	free(want);
	free(got);
}

/* No byte of a file that somebody sends can lead out of a snapshot. */
static void a_damaged_file_is_refused_or_ends(void **state)
{
	struct snapshot *got = new_snapshot();
	char said[ERR_BYTES] = "";
	unsigned seed = 1;

	(void)state;
	for (unsigned round = 0; round < 300; round++) {
		struct recording *recording;
		struct err err = { "" };
		FILE *file;

		if (round % 50 == 0)
			record("rich");
		file = fopen(path, "r+");
		assert_non_null(file);
		fseek(file, 64 + rand_r(&seed) % 2000, SEEK_SET);
		fputc(rand_r(&seed), file);
		fclose(file);
		assert_int_equal(recording_open(&recording, path, &err), 0);
		while (recording_next(recording, got, &err) == 1)
			;
		if (err.text[0])
			strcpy(said, err.text);
		recording_close(recording);
	}
	assert_non_null(strstr(said, "the recording is damaged"));
	free(got);
}

static void other_files_are_refused_in_words(void **state)
{
	struct recording *recording;
	struct err err = { "" };
	FILE *file = fopen(path, "w");

	(void)state;
	assert_non_null(file);
	fputs("something else", file);
	fclose(file);
	assert_int_equal(recording_open(&recording, path, &err), -EPROTO);
	assert_non_null(strstr(err.text, "this is no recording"));
	record("silent");
	file = fopen(path, "r+");
	fseek(file, 8, SEEK_SET);
	fputc('x', file); /* the layout */
	fclose(file);
	assert_int_equal(recording_open(&recording, path, &err), -EPROTO);
	assert_non_null(strstr(err.text, "by another version, ringside "));
	assert_true(recording_open(&recording, "/nonexistent", &err) < 0);
	assert_non_null(strstr(err.text, "/nonexistent: No such file"));
	assert_int_equal(recording_create(&recording, "/dev/full", &err), -ENOSPC);
	assert_non_null(strstr(err.text, "write /dev/full: No space left"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_read_is_what_was_written_bit_by_bit),
		cmocka_unit_test(a_second_takes_kilobytes_not_megabytes),
		cmocka_unit_test(a_screen_from_a_recording_is_the_same_byte_for_byte),
		cmocka_unit_test(a_file_that_was_cut_gives_what_is_whole),
		cmocka_unit_test(a_damaged_file_is_refused_or_ends),
		cmocka_unit_test(other_files_are_refused_in_words),
	};
	int fd = mkstemp(path), failed;

	if (fd < 0)
		return 99;
	close(fd);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	return failed;
}
