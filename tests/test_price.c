// SPDX-License-Identifier: BSD-2-Clause
/* What statistics cost is measured by the very code that runs, and rises with the level. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <math.h>

#include "worker/price.h"

static void test_a_worker_pays_more_at_each_level(void **state)
{
	double ns[LEVEL_DEBUG + 1];

	(void)state;
	price_measure(ns);
	assert_true(ns[LEVEL_BASIC] > 0);
	assert_true(ns[LEVEL_BASIC] < ns[LEVEL_DEBUG]);
}

/* Debug reads the clock twice a packet: more than all else together, on any machine. */
static void test_the_kernel_half_pays_most_for_debug(void **state)
{
	double ns[LEVEL_DEBUG + 1];
	struct err err = { "" };
	int ret = price_measure_kernel(ns, NULL, &err);

	(void)state;
	if (ret == -EPERM)
		skip();
	if (ret)
		fail_msg("%s", err.text);
	assert_false(isnan(ns[LEVEL_BASIC]) || isnan(ns[LEVEL_DETAILED]));
	assert_true(ns[LEVEL_DEBUG] > ns[LEVEL_BASIC] && ns[LEVEL_DEBUG] > ns[LEVEL_DETAILED]);
}

static void test_the_measurement_is_called_off(void **state)
{
	double ns[LEVEL_DEBUG + 1] = { 1, 1, 1 };
	const bool stop = true;
	struct err err = { "" };
	int ret = price_measure_kernel(ns, &stop, &err);

	(void)state;
	if (ret == -EPERM)
		skip();
	assert_int_equal(ret, -ECANCELED);
	for (unsigned level = 0; level <= LEVEL_DEBUG; level++)
		assert_true(isnan(ns[level]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_worker_pays_more_at_each_level),
		cmocka_unit_test(test_the_kernel_half_pays_most_for_debug),
		cmocka_unit_test(test_the_measurement_is_called_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
