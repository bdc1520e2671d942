// SPDX-License-Identifier: BSD-2-Clause
/* When a worker looks at its ring for a while before it sleeps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "io/patience.h"

#define SHORT_NS (PATIENCE_NS / 4)
#define LONG_NS (PATIENCE_NS * 100)

static unsigned sleeps_until_due(struct patience *patience)
{
	unsigned n = 0;

	while (!patience_is_due(patience) && n < 1u << 20) {
		patience_slept(patience, SHORT_NS);
		n++;
	}
	return n;
}

static void test_nobody_looks_before_a_sleep_was_short(void **state)
{
	struct patience patience = { 0 };

	(void)state;
	assert_false(patience_is_due(&patience));
	patience_slept(&patience, LONG_NS);
	assert_false(patience_is_due(&patience));
	patience_slept(&patience, SHORT_NS);
	assert_true(patience_is_due(&patience));
}

static void test_a_look_that_finds_something_is_followed_by_the_next(void **state)
{
	struct patience patience = { 0 };

	(void)state;
	patience_slept(&patience, SHORT_NS);
	for (unsigned i = 0; i < 1000; i++) {
		patience_looked(&patience, true, SHORT_NS);
		assert_true(patience_is_due(&patience));
	}
}

static void test_each_look_in_vain_doubles_the_short_sleeps_until_the_next(void **state)
{
	struct patience patience = { 0 };

	(void)state;
	assert_int_equal(sleeps_until_due(&patience), 1);
	for (unsigned i = 1; i < 20; i++) {
		patience_looked(&patience, false, PATIENCE_NS);
		assert_int_equal(sleeps_until_due(&patience),
			1u << (i < PATIENCE_DOUBLINGS ? i : PATIENCE_DOUBLINGS));
	}
	patience_looked(&patience, true, 0);
	assert_true(patience_is_due(&patience));
	patience_looked(&patience, false, PATIENCE_NS);
	assert_int_equal(sleeps_until_due(&patience), 2);
}

static void test_a_look_while_the_cpu_was_another_s_is_in_vain(void **state)
{
	struct patience patience = { 0 };

	(void)state;
	patience_slept(&patience, SHORT_NS);
	patience_looked(&patience, true, LONG_NS);
	assert_false(patience_is_due(&patience));
}

static void test_a_long_sleep_starts_the_count_of_short_ones_anew(void **state)
{
	struct patience patience = { 0 };

	(void)state;
	assert_int_equal(sleeps_until_due(&patience), 1);
	patience_looked(&patience, false, PATIENCE_NS);
	patience_slept(&patience, SHORT_NS);
	patience_slept(&patience, LONG_NS);
	patience_slept(&patience, SHORT_NS);
	assert_false(patience_is_due(&patience));
	patience_slept(&patience, SHORT_NS);
	assert_true(patience_is_due(&patience));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nobody_looks_before_a_sleep_was_short),
		cmocka_unit_test(test_a_look_that_finds_something_is_followed_by_the_next),
		cmocka_unit_test(test_each_look_in_vain_doubles_the_short_sleeps_until_the_next),
		cmocka_unit_test(test_a_look_while_the_cpu_was_another_s_is_in_vain),
		cmocka_unit_test(test_a_long_sleep_starts_the_count_of_short_ones_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
