// SPDX-License-Identifier: BSD-2-Clause
/* http's files: what is answered and what is not, and that whatever happens to a file is seen, and never half of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "service/http_watch.h"

#define ENTRIES 64
#define OBJECTS 256
#define SEGMENTS 10
#define PATIENCE_NS (20 * NSEC_PER_SEC)
#define LETTERS 8000 /* of the body that is written again and again */

static struct http_entry entries[ENTRIES];
static struct http_object objects[OBJECTS];
static struct http_segment segments[OBJECTS * SEGMENTS];
static struct {
	char path[HTTP_PATH_BYTES + 1];
	uint32_t entry;
} paths[2 * ENTRIES];
static unsigned paths_count;
static char base[64], root[80];
static struct http_store *store;
static struct http_watch *watch;
static struct log *quiet;

static int add_path(void *context, const char *path, uint32_t entry, struct err *err)
{
	(void)context;
	(void)err;
	assert_true(paths_count < 2 * ENTRIES);
	snprintf(paths[paths_count].path, sizeof(paths[0].path), "%s", path);
	paths[paths_count++].entry = entry;
	return 0;
}

static char *at(const char *name)
{
	static char path[4][300];
	static unsigned turn;
	char *to = path[turn++ % 4];

	snprintf(to, sizeof(path[0]), "%s/%s", root, name);
	return to;
}

static void write_file(const char *name, const char *text)
{
	int fd = open(at(name), O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static uint32_t object_of(const char *path, enum http_encoding encoding)
{
	for (unsigned i = 0; i < paths_count; i++)
		if (!strcmp(paths[i].path, path))
			return entries[paths[i].entry].object[encoding];
	return 0;
}

/* An object's body. */
static const char *body_of(uint32_t object, size_t *bytes)
{
	static char text[SEGMENTS * HTTP_SEGMENT_BYTES + 1];
	const struct http_object *o = &objects[object];
	size_t used = 0;

	for (unsigned i = 0; i < o->segments; i++) {
		memcpy(text + used, segments[o->first + i].text, segments[o->first + i].bytes);
		used += segments[o->first + i].bytes;
	}
	assert_int_equal(used, o->bytes);
	text[used] = '\0';
	if (bytes)
		*bytes = used - o->header_bytes;
	return text + o->header_bytes;
}

static bool is_body(const char *path, const char *text)
{
	uint32_t object = object_of(path, HTTP_IDENTITY);

	return text ? object && !strcmp(body_of(object, NULL), text) : !object;
}

/* As the keeper does: what has happened is taken, what is due looked at. */
static int turn(void)
{
	http_watch_take(watch);
	return http_store_settle(store);
}

static void wait_turn(int wait)
{
	struct pollfd fd = { .fd = http_watch_fd(watch), .events = POLLIN };

	poll(&fd, 1, wait < 0 || wait > 20 ? 20 : wait);
}

/* Until the path is answered with the text; NULL: with nothing. */
static void becomes(const char *path, const char *text)
{
	uint64_t end_ns = clock_now_ns() + PATIENCE_NS;

	for (int wait = turn(); !is_body(path, text); wait = turn()) {
		if (clock_now_ns() > end_ns)
			fail_msg("%s does not become '%s'", path, text ? text : "nothing");
		wait_turn(wait);
	}
}

/* Until nothing is due. */
static void settle(void)
{
	uint64_t end_ns = clock_now_ns() + PATIENCE_NS;

	for (int wait = turn(); wait >= 0; wait = turn()) {
		assert_true(clock_now_ns() < end_ns);
		wait_turn(wait);
	}
}

static int open_all(void **state)
{
	struct http_store_settings settings = {
		.root = root,
		.headers = "",
		.segments_max = SEGMENTS,
		.entries = entries,
		.entries_max = ENTRIES,
		.objects = objects,
		.objects_max = OBJECTS,
		.segments = segments,
		.segments_count = OBJECTS * SEGMENTS,
		.add_path = add_path,
	};
	struct err err = { "" };

	(void)state;
	memset(entries, 0, sizeof(entries));
	paths_count = 0;
	snprintf(base, sizeof(base), "/tmp/test_http_store.XXXXXX");
	assert_non_null(mkdtemp(base));
	snprintf(root, sizeof(root), "%s/root", base);
	assert_int_equal(chmod(base, 0755) | mkdir(root, 0755), 0);
	quiet = log_open(LOG_ERROR, LOG_TEXT);
	settings.log = quiet;
	assert_int_equal(http_store_open(&store, &settings, &err), 0);
	assert_int_equal(http_watch_open(&watch, root, store, quiet, &err), 0);
	return 0;
}

static int take_away(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int close_all(void **state)
{
	(void)state;
	http_watch_close(watch);
	http_store_close(store);
	log_close(quiet);
	return nftw(base, take_away, 16, FTW_DEPTH | FTW_PHYS);
}

static void test_a_file_comes_changes_and_goes(void **state)
{
	(void)state;
	write_file("a.txt", "first");
	becomes("/a.txt", "first");
	assert_int_equal(http_store_files(store), 1);
	write_file("a.txt", "second");
	becomes("/a.txt", "second");
	unlink(at("a.txt"));
	becomes("/a.txt", NULL);
	assert_int_equal(http_store_files(store), 0);
	write_file("a.txt", "");
	becomes("/a.txt", "");
}

static void test_a_changed_file_is_taken_out_at_once(void **state)
{
	(void)state;
	write_file("a.txt", "first");
	becomes("/a.txt", "first");
	write_file("a.txt", "other");
	http_watch_take(watch);
	assert_true(is_body("/a.txt", NULL));
}

static void test_a_rename_over_a_file_shows_the_new_one_and_keeps_the_old_bytes(void **state)
{
	uint32_t old;

	(void)state;
	write_file("a.txt", "the old one");
	becomes("/a.txt", "the old one");
	old = object_of("/a.txt", HTTP_IDENTITY);
	write_file("a.new", "the new one");
	assert_int_equal(rename(at("a.new"), at("a.txt")), 0);
	becomes("/a.txt", "the new one");
	becomes("/a.new", NULL);
	/* who has begun with the old one gets the rest of it */
	assert_int_not_equal(object_of("/a.txt", HTTP_IDENTITY), old);
	assert_string_equal(body_of(old, NULL), "the old one");
}

static void test_what_others_may_not_read_or_see_is_not_shown(void **state)
{
	(void)state;
	write_file("secret", "x");
	chmod(at("secret"), 0640);
	write_file("two names", "x");
	write_file("percent%41", "x");
	write_file("hard", "x");
	assert_int_equal(link(at("hard"), at("harder")), 0);
	assert_int_equal(mkdir(at("closed"), 0700), 0);
	write_file("closed/a", "x");
	assert_int_equal(mkfifo(at("pipe"), 0644), 0);
	write_file("last", "x");
	becomes("/last", "x");
	settle();
	assert_int_equal(http_store_files(store), 1);
	/* and as soon as they may, it is */
	chmod(at("secret"), 0644);
	chmod(at("closed"), 0755);
	becomes("/secret", "x");
	becomes("/closed/a", "x");
	chmod(at("closed"), 0700);
	becomes("/closed/a", NULL);
	unlink(at("harder"));
	write_file("hard", "y");
	becomes("/hard", "y");
}

static void test_links_lead_nowhere(void **state)
{
	char outside[100];
	int fd;

	(void)state;
	snprintf(outside, sizeof(outside), "%s/outside", base);
	assert_int_equal(mkdir(outside, 0755), 0);
	snprintf(outside, sizeof(outside), "%s/outside/file", base);
	fd = open(outside, O_WRONLY | O_CREAT, 0644);
	assert_int_equal(write(fd, "out", 3), 3);
	close(fd);
	assert_int_equal(symlink(outside, at("link")), 0);
	assert_int_equal(symlink("../outside", at("directory")), 0);
	assert_int_equal(symlink("/", at("all")), 0);
	assert_int_equal(mkdir(at("sub"), 0755), 0);
	write_file("sub/inside", "in");
	assert_int_equal(symlink("inside", at("sub/self")), 0);
	becomes("/sub/inside", "in");
	settle();
	assert_int_equal(http_store_files(store), 1);
	/* a directory that becomes a link to outside */
	write_file("sub/file", "in");
	becomes("/sub/file", "in");
	assert_int_equal(rename(at("sub"), at("moved")), 0);
	assert_int_equal(symlink("../outside", at("sub")), 0);
	becomes("/sub/file", NULL);
	becomes("/moved/file", "in");
	settle();
	assert_true(is_body("/sub/file", NULL));
}

static void test_directories_come_move_and_go(void **state)
{
	(void)state;
	assert_int_equal(mkdir(at("d"), 0755) | mkdir(at("d/e"), 0755), 0);
	write_file("d/e/index.html", "deep");
	becomes("/d/e/", "deep");
	becomes("/d/e/index.html", "deep");
	assert_int_equal(rename(at("d"), at("f")), 0);
	becomes("/d/e/", NULL);
	becomes("/f/e/", "deep");
	write_file("f/e/index.html", "deeper");
	becomes("/f/e/", "deeper");
	unlink(at("f/e/index.html"));
	assert_int_equal(rmdir(at("f/e")) | rmdir(at("f")), 0);
	becomes("/f/e/", NULL);
	settle();
	assert_int_equal(http_store_files(store), 0);
}

static void test_variants_belong_to_their_file(void **state)
{
	(void)state;
	write_file("a.css", "plain");
	write_file("a.css.gz", "packed");
	becomes("/a.css", "plain");
	becomes("/a.css.gz", "packed");
	settle();
	assert_string_equal(body_of(object_of("/a.css", HTTP_GZIP), NULL), "packed");
	/* one that is older than its file is of an earlier state */
	assert_int_equal(utimensat(AT_FDCWD, at("a.css.gz"),
				 (const struct timespec[]){ { .tv_sec = 1 }, { .tv_sec = 1 } }, 0),
		0);
	settle();
	assert_int_equal(object_of("/a.css", HTTP_GZIP), 0);
	unlink(at("a.css.gz"));
	settle();
	assert_true(is_body("/a.css", "plain"));
	write_file("alone.css.gz", "x");
	becomes("/alone.css.gz", "x");
	assert_int_equal(object_of("/alone.css", HTTP_GZIP), 0);
}

static void test_too_many_and_too_long_files_are_left_to_the_server(void **state)
{
	char name[32];

	(void)state;
	assert_int_equal(mkdir(at("many"), 0755), 0);
	for (unsigned i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "many/%u", i);
		write_file(name, name);
	}
	settle();
	assert_int_equal(http_store_files(store), ENTRIES - 1);
	assert_int_equal(http_watch_count(root), 3000);
	truncate(at("many/7"), 1 << 20);
	settle();
	assert_true(is_body("/many/7", NULL));
}

static void test_another_limit_takes_files_out_and_back(void **state)
{
	char text[4001];

	(void)state;
	memset(text, 'x', 4000);
	text[4000] = '\0';
	write_file("long", text);
	write_file("short", "here");
	becomes("/long", text);
	becomes("/short", "here");
	http_store_set_segments_max(store, 2);
	assert_true(is_body("/long", NULL));
	assert_true(is_body("/short", "here"));
	assert_int_equal(http_store_settle(store), -1);
	assert_true(is_body("/long", NULL));
	http_store_set_segments_max(store, SEGMENTS);
	http_store_settle(store);
	assert_true(is_body("/long", text));
}

/* Old answers keep their places for a while; then there is room again, and nobody has to touch the file. */
static void test_a_file_without_room_is_looked_at_again(void **state)
{
	int wait = -1;

	(void)state;
	write_file("file", "here");
	becomes("/file", "here");
	for (unsigned i = 0; i < OBJECTS && is_body("/file", "here"); i++) {
		http_store_touch_all(store, "/");
		wait = http_store_settle(store);
	}
	assert_true(is_body("/file", NULL));
	assert_in_range(wait, 1000, HTTP_GRACE_S * 1000 + 1);
}

/* More events than inotify keeps: all is looked at again, whatever they were. */
static void test_an_overflow_loses_nothing(void **state)
{
	FILE *limit = fopen("/proc/sys/fs/inotify/max_queued_events", "re");
	unsigned events = 0;

	(void)state;
	assert_non_null(limit);
	assert_int_equal(fscanf(limit, "%u", &events), 1);
	fclose(limit);
	write_file("changes", "old");
	write_file("goes", "here");
	becomes("/changes", "old");
	becomes("/goes", "here");
	/* of two files by turns, for the same event twice in a row is one */
	for (unsigned i = 0; i < events + 100; i++)
		chmod(at(i & 1 ? "goes" : "changes"), 0644);
	write_file("changes", "new");
	unlink(at("goes"));
	assert_int_equal(mkdir(at("late"), 0755), 0);
	write_file("late/file", "there");
	becomes("/changes", "new");
	becomes("/goes", NULL);
	becomes("/late/file", "there");
	/* and what comes afterwards is seen as before */
	write_file("late/file", "changed");
	becomes("/late/file", "changed");
}

static void test_a_root_that_is_switched_is_followed(void **state)
{
	char other[100], moved[100];

	(void)state;
	write_file("a", "one");
	becomes("/a", "one");
	snprintf(other, sizeof(other), "%s/other", base);
	snprintf(moved, sizeof(moved), "%s/moved", base);
	assert_int_equal(rename(root, moved) | mkdir(other, 0755) | symlink("other", root), 0);
	write_file("a", "two");
	write_file("b", "new");
	http_watch_check_root(watch);
	becomes("/a", "two");
	becomes("/b", "new");
	unlink(root);
	http_watch_check_root(watch);
	becomes("/a", "two"); /* until there is another one */
	assert_int_equal(rename(moved, root), 0);
	http_watch_check_root(watch);
	becomes("/a", "one");
	becomes("/b", NULL);
}

static bool stop;

/* One letter all over, then the next, in place and in pieces, with pauses in which half of it is there. */
static void *write_letters(void *path)
{
	char text[LETTERS];

	for (unsigned n = 0; !__atomic_load_n(&stop, __ATOMIC_ACQUIRE); n++) {
		int fd = open(path, O_WRONLY);
		const struct timespec pause = { .tv_nsec = (long)(n % 5) * 45000000 };

		memset(text, 'a' + (int)(n % 26), sizeof(text));
		for (int i = 0; i < 4; i++)
			if (pwrite(fd, text, LETTERS / 4, i * LETTERS / 4) < 0)
				break;
		close(fd);
		nanosleep(&pause, NULL);
	}
	return NULL;
}

static void test_no_body_is_of_two_states(void **state)
{
	uint64_t end_ns;
	char path[300], text[LETTERS + 1];
	unsigned seen = 0;
	pthread_t writer;

	(void)state;
	memset(text, 'a', LETTERS);
	text[LETTERS] = '\0';
	write_file("letters", text);
	snprintf(path, sizeof(path), "%s", at("letters"));
	stop = false;
	assert_int_equal(pthread_create(&writer, NULL, write_letters, path), 0);
	end_ns = clock_now_ns() + 1500 * NSEC_PER_MSEC;
	while (clock_now_ns() < end_ns || (!seen && clock_now_ns() < end_ns + PATIENCE_NS)) {
		int wait = turn();
		uint32_t object = object_of("/letters", HTTP_IDENTITY);

		if (object) {
			size_t bytes;
			const char *body = body_of(object, &bytes);

			seen++;
			assert_int_equal(bytes, LETTERS);
			for (size_t i = 1; i < bytes; i++)
				assert_int_equal(body[i], body[0]);
		}
		wait_turn(wait);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELEASE);
	pthread_join(writer, NULL);
	assert_true(seen > 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, open_all, close_all)
	const struct CMUnitTest tests[] = {
		TEST(a_file_comes_changes_and_goes),
		TEST(a_changed_file_is_taken_out_at_once),
		TEST(a_rename_over_a_file_shows_the_new_one_and_keeps_the_old_bytes),
		TEST(what_others_may_not_read_or_see_is_not_shown),
		TEST(links_lead_nowhere),
		TEST(directories_come_move_and_go),
		TEST(variants_belong_to_their_file),
		TEST(too_many_and_too_long_files_are_left_to_the_server),
		TEST(another_limit_takes_files_out_and_back),
		TEST(a_file_without_room_is_looked_at_again),
		TEST(an_overflow_loses_nothing),
		TEST(a_root_that_is_switched_is_followed),
		TEST(no_body_is_of_two_states),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
