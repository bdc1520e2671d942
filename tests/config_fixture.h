/* SPDX-License-Identifier: BSD-2-Clause */
/* For the tests of the configuration: a file, what is read from it and what is said of it. */
#ifndef RINGSIDE_TESTS_CONFIG_FIXTURE_H
#define RINGSIDE_TESTS_CONFIG_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <stdio.h>
#include <unistd.h>

#include "config.h"

#define SERVICE "[interface eth0]\n[service reflect]\ninterfaces = eth0\n"

/* A file of the test, removed by the fixture; its name stands for FILE in what is expected. */
struct fixture {
	char path[64];
	struct config config;
	struct config_problems problems;
};

static inline int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	int fd;

	assert_non_null(f);
	strcpy(f->path, "/tmp/ringside-test-XXXXXX");
	fd = mkstemp(f->path);
	assert_true(fd >= 0);
	close(fd);
	*state = f;
	return 0;
}

static inline int teardown(void **state)
{
	struct fixture *f = *state;

	config_fini(&f->config);
	config_problems_fini(&f->problems);
	unlink(f->path);
	free(f);
	return 0;
}

static inline void write_bytes(const struct fixture *f, const char *bytes, size_t length)
{
	FILE *file = fopen(f->path, "we");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
}

static inline int read_source(struct fixture *f, const struct config_source *source)
{
	config_fini(&f->config);
	config_problems_fini(&f->problems);
	return config_init(&f->config, source, &f->problems);
}

static inline int read_text(struct fixture *f, const char *text)
{
	const struct config_source source = { .file = f->path };

	write_bytes(f, text, strlen(text));
	return read_source(f, &source);
}

/* Compares all problems with the lines expected; FILE stands for the file's name. */
static inline void expect_problems(const struct fixture *f, const char *const *expected)
{
	size_t length = strlen(f->path);
	unsigned i;

	for (i = 0; expected[i]; i++) {
		char *line, *at;

		if (i == f->problems.count)
			fail_msg("missing: %s", expected[i]);
		line = f->problems.lines[i];
		while ((at = strstr(line, f->path))) {
			memcpy(at, "FILE", 4);
			memmove(at + 4, at + length, strlen(at + length) + 1);
		}
		assert_string_equal(line, expected[i]);
	}
	if (i < f->problems.count)
		fail_msg("not expected: %s", f->problems.lines[i]);
}

#define EXPECT(f, ...) expect_problems(f, (const char *const[]){ __VA_ARGS__, NULL })

static inline void expect_good(struct fixture *f, const char *text)
{
	int code = read_text(f, text);

	if (code)
		fail_msg("%d %s", code, f->problems.count ? f->problems.lines[0] : "");
	assert_int_equal(f->problems.count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
