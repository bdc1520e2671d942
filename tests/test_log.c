/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <cmocka.h>

#include <errno.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"

/* Standard error goes to a file of our own while a test runs. */
struct capture {
	FILE *file;
	int stderr_before;
	char text[65536];
};

static int setup(void **state)
{
	static struct capture capture;

	capture.file = tmpfile();
	assert_non_null(capture.file);
	capture.stderr_before = dup(STDERR_FILENO);
	assert_true(dup2(fileno(capture.file), STDERR_FILENO) >= 0);
	*state = &capture;
	return 0;
}

static int teardown(void **state)
{
	struct capture *capture = *state;

	dup2(capture->stderr_before, STDERR_FILENO);
	close(capture->stderr_before);
	fclose(capture->file);
	return 0;
}

/* What was written to standard error since the beginning of the test. */
static const char *written(struct capture *capture)
{
	ssize_t length = pread(fileno(capture->file), capture->text, sizeof(capture->text) - 1, 0);

	assert_true(length >= 0);
	capture->text[length] = 0;
	return capture->text;
}

static void test_lines_up_to_the_level_are_written(void **state)
{
	struct log *log = log_open(LOG_INFO, LOG_TEXT);

	log_write(log, LOG_INFO, "eth0: %d queues", 4);
	log_write(log, LOG_DEBUG, "not this");
	log_set_level(log, LOG_DEBUG);
	log_write(log, LOG_DEBUG, "but\nthis\x1b[0m");
	log_write(NULL, LOG_ERROR, "no log: nothing happens");
	assert_string_equal(written(*state), "ringside: eth0: 4 queues\nringside: but this [0m\n");
	log_close(log);
}

static void test_the_journal_gets_priorities(void **state)
{
	struct capture *capture = *state;
	struct stat file;
	char stream[64];
	struct log *log;

	assert_int_equal(fstat(fileno(capture->file), &file), 0);
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)file.st_dev,
		(unsigned long long)file.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	log = log_open(LOG_DEBUG, LOG_TEXT);
	setenv("JOURNAL_STREAM", "1:1", 1);
	log_write(log, LOG_ERROR, "a");
	log_write(log, LOG_WARNING, "b");
	log_write(log, LOG_INFO, "c");
	log_write(log, LOG_DEBUG, "d");
	log_close(log);
	/* a stream that is not ours: standard error leads elsewhere */
	log = log_open(LOG_DEBUG, LOG_TEXT);
	log_write(log, LOG_ERROR, "e");
	log_close(log);
	unsetenv("JOURNAL_STREAM");
	assert_string_equal(written(capture),
		"<3>ringside: a\n<4>ringside: b\n<6>ringside: c\n<7>ringside: d\nringside: e\n");
}

static void test_json_lines_are_escaped(void **state)
{
	struct log *log = log_open(LOG_INFO, LOG_JSON);
	const char *line;

	log_write(log, LOG_WARNING, "a \"b\" \\ c");
	line = written(*state);
	assert_int_equal(strncmp(line, "{\"time\": \"20", 12), 0);
	assert_non_null(strstr(
		line, "Z\", \"level\": \"warning\", \"message\": \"a \\\"b\\\" \\\\ c\"}\n"));
	log_close(log);
}

static void test_warnings_held_back_are_written_at_the_end(void **state)
{
	struct log *log = log_open(LOG_INFO, LOG_TEXT);

	log_hold(log, true);
	log_write(log, LOG_INFO, "only kept");
	log_write(log, LOG_ERROR, "first");
	log_write(log, LOG_WARNING, "second");
	assert_string_equal(written(*state), "");
	log_hold(log, false);
	log_hold(log, false);
	assert_string_equal(written(*state), "ringside: first\nringside: second\n");
	log_hold(log, true);
	for (int i = 0; i < 66; i++)
		log_write(log, LOG_ERROR, "flood");
	log_close(log);
	assert_non_null(
		strstr(written(*state), "ringside: 2 more messages were held back and are lost\n"));
}

static void test_the_newest_lines_are_kept(void **state)
{
	struct log *log = log_open(LOG_INFO, LOG_TEXT);
	struct log_line lines[LOG_KEPT + 1];
	char umlauts[2 * LOG_LINE_BYTES + 2] = "x";

	(void)state;
	assert_int_equal(log_newest(log, lines, 3), 0);
	for (int i = 1; i <= 200; i++)
		log_write(log, LOG_WARNING, "line %d", i);
	assert_int_equal(log_newest(log, lines, LOG_KEPT + 1), LOG_KEPT);
	assert_string_equal(lines[0].text, "line 200");
	assert_int_equal(lines[0].number, 200);
	assert_int_equal(lines[0].level, LOG_WARNING);
	assert_string_equal(lines[LOG_KEPT - 1].text, "line 73");
	for (int i = 0; i < LOG_LINE_BYTES; i++)
		strcat(umlauts, "\xc3\xa4");
	log_write(log, LOG_INFO, "%s", umlauts);
	assert_int_equal(log_newest(log, lines, 1), 1);
	assert_int_equal(strlen(lines[0].text), 255); /* x and 127 whole characters */
	log_write(log, LOG_INFO, "%s", umlauts + 1);
	log_newest(log, lines, 1);
	assert_int_equal(strlen(lines[0].text), 254); /* half a character is left out */
	log_close(log);
}

static void test_an_err_says_where_what_and_why(void **state)
{
	struct err err = { "old" };

	(void)state;
	assert_int_equal(err_set(&err, -EPERM, "bind %s queue %u", "eth0", 3), -EPERM);
	assert_string_equal(err.text, "bind eth0 queue 3: Operation not permitted");
	assert_int_equal(err_where(&err, -EPERM, "[interface %s]", "eth0"), -EPERM);
	assert_string_equal(
		err.text, "[interface eth0]: bind eth0 queue 3: Operation not permitted");
	assert_int_equal(err_say(&err, -EINVAL, "a"), -EINVAL);
	assert_int_equal(err_add(&err, 1, "%s", "b"), 1);
	assert_string_equal(err.text, "ab");
	err.text[0] = 0;
	err_where(&err, 0, "x");
	assert_string_equal(err.text, "x");
	assert_int_equal(err_set(NULL, -5, "x"), -5);
	assert_int_equal(err_where(NULL, -5, "x"), -5);
	for (int i = 0; i < ERR_BYTES; i++)
		err_add(&err, 0, "yy");
	assert_int_equal(strlen(err.text), ERR_BYTES - 1);
	err_where(&err, 0, "z");
	assert_int_equal(strlen(err.text), ERR_BYTES - 1);
	assert_int_equal(strncmp(err.text, "z: xyy", 6), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_lines_up_to_the_level_are_written),
		TEST(test_the_journal_gets_priorities),
		TEST(test_json_lines_are_escaped),
		TEST(test_warnings_held_back_are_written_at_the_end),
		TEST(test_the_newest_lines_are_kept),
		cmocka_unit_test(test_an_err_says_where_what_and_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
