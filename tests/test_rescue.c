/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "tui/rescue.h"

/* A terminal, and the signals blocked that `run` takes from a descriptor. */
struct stage {
	int far_end;
	struct rescue rescue;
	sigset_t blocked, before;
};

static int setup(void **state)
{
	struct stage *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->far_end = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(s->far_end >= 0);
	assert_int_equal(grantpt(s->far_end) | unlockpt(s->far_end), 0);
	s->rescue.output = open(ptsname(s->far_end), O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(s->rescue.output >= 0);
	s->rescue.input = s->rescue.output;
	sigemptyset(&s->blocked);
	sigaddset(&s->blocked, SIGINT);
	sigaddset(&s->blocked, SIGTERM);
	assert_int_equal(sigprocmask(SIG_BLOCK, &s->blocked, &s->before), 0);
	assert_int_equal(rescue_start(&s->rescue, NULL), 0);
	*state = s;
	return 0;
}

static bool is_pending(int number)
{
	sigset_t pending;

	sigpending(&pending);
	return sigismember(&pending, number) == 1;
}

static int teardown(void **state)
{
	const struct timespec now = { 0 };
	struct stage *s = *state;

	while (sigtimedwait(&s->blocked, NULL, &now) > 0)
		continue;
	sigprocmask(SIG_SETMASK, &s->before, NULL);
	close(s->rescue.output);
	close(s->far_end);
	free(s);
	return 0;
}

static void test_what_was_taken_is_over(void **state)
{
	struct stage *s = *state;

	raise(SIGTERM);
	assert_true(rescue_take(&s->rescue, SIGTERM));
	assert_false(rescue_take(&s->rescue, SIGTERM));
	rescue_stop(&s->rescue);
	assert_false(is_pending(SIGTERM));
}

static void test_an_end_that_nobody_took_is_the_callers(void **state)
{
	struct stage *s = *state;

	raise(SIGTERM);
	raise(SIGINT);
	raise(SIGHUP); /* of the terminal, which is over */
	rescue_stop(&s->rescue);
	assert_true(is_pending(SIGTERM));
	assert_true(is_pending(SIGINT));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_what_was_taken_is_over),
		TEST(test_an_end_that_nobody_took_is_the_callers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
