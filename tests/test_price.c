// SPDX-License-Identifier: BSD-2-Clause
/* What statistics cost is measured by the very code that runs, and never said to be known better than it is. */
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

/* ---- what turns of known length come to ---- */

static const double true_ns[PRICE_TURNS] = {
	[PRICE_NONE] = 40,
	[PRICE_BASIC] = 42,
	[PRICE_DETAILED] = 44.5,
	[PRICE_DEBUG] = 110,
	[PRICE_NONE_AGAIN] = 40,
};

static double random_share(uint32_t *random)
{
	*random = *random * 1664525 + 1013904223;
	return (double)(*random >> 8) / (1 << 24);
}

/* Turns up to so much longer than the true figures, one in ten of them interrupted, and all slower for a while. */
static void fill_logs(struct price_log logs[XDP_PRICE_COPIES], double scatter_ns)
{
	uint32_t random = 1;

	for (unsigned copy = 0; copy < XDP_PRICE_COPIES; copy++)
		for (unsigned turn = 0; turn < PRICE_ROUNDS * PRICE_TURNS; turn++) {
			double slow = turn > PRICE_ROUNDS ? 1 : 1.2;
			double ns = true_ns[price_turn_of(turn)] * slow +
				    random_share(&random) * scatter_ns;

			if (random_share(&random) < 0.1)
				ns += 500;
			logs[copy].ns[turn] = (__u32)(ns * PRICE_TIMED_PACKETS);
		}
}

static void assert_in_error(const struct price *price, double ns)
{
	if (!(fabs(price->ns - ns) <= price->error_ns))
		fail_msg("%.2f +-%.2f ns is said of %.2f", price->ns, price->error_ns, ns);
}

static void test_a_price_is_found_under_interruptions_and_slow_phases(void **state)
{
	struct price_log logs[XDP_PRICE_COPIES];
	struct price price[LEVEL_DEBUG + 1];

	(void)state;
	fill_logs(logs, 3);
	xdp_price_judge(logs, price);
	for (unsigned level = 0; level <= LEVEL_DEBUG; level++) {
		assert_in_error(&price[level], true_ns[PRICE_BASIC + level] - true_ns[PRICE_NONE]);
		assert_true(price[level].error_ns < 2);
	}
}

static void test_more_scatter_is_more_error(void **state)
{
	struct price_log logs[XDP_PRICE_COPIES];
	struct price calm[LEVEL_DEBUG + 1], wild[LEVEL_DEBUG + 1];

	(void)state;
	fill_logs(logs, 3);
	xdp_price_judge(logs, calm);
	fill_logs(logs, 60);
	xdp_price_judge(logs, wild);
	assert_in_error(&wild[LEVEL_BASIC], 2);
	assert_true(wild[LEVEL_BASIC].error_ns > 3 * calm[LEVEL_BASIC].error_ns);
}

static void test_a_program_that_differs_from_itself_is_an_error(void **state)
{
	struct price_log logs[XDP_PRICE_COPIES];
	struct price price[LEVEL_DEBUG + 1];

	(void)state;
	fill_logs(logs, 0);
	for (unsigned copy = 0; copy < XDP_PRICE_COPIES; copy++)
		for (unsigned turn = 0; turn < PRICE_ROUNDS * PRICE_TURNS; turn++)
			if (price_turn_of(turn) == PRICE_NONE_AGAIN)
				logs[copy].ns[turn] += 9 * PRICE_TIMED_PACKETS;
	xdp_price_judge(logs, price);
	assert_true(price[LEVEL_BASIC].error_ns >= 8.9);
}

static void test_a_copy_that_differs_from_the_others_is_an_error(void **state)
{
	struct price_log logs[XDP_PRICE_COPIES];
	struct price price[LEVEL_DEBUG + 1];

	(void)state;
	fill_logs(logs, 0);
	for (unsigned turn = 0; turn < PRICE_ROUNDS * PRICE_TURNS; turn++)
		if (price_turn_of(turn) == PRICE_DETAILED)
			logs[2].ns[turn] += 7 * PRICE_TIMED_PACKETS;
	xdp_price_judge(logs, price);
	assert_true(price[LEVEL_DETAILED].error_ns >= 6.9);
	assert_true(price[LEVEL_BASIC].error_ns < 1);
}

/* ---- measured ---- */

static void run(struct price_log *log)
{
	struct err err = { "" };
	int ret = price_run_kernel(log, NULL, &err);

	if (ret == -EPERM)
		skip();
	if (ret)
		fail_msg("%s", err.text);
}

/* Two prices at a time, from copies in turn, for the machine has slow phases and both must see them. */
static void measure_two(struct price price[2][LEVEL_DEBUG + 1])
{
	struct price_log logs[2][XDP_PRICE_COPIES];

	for (unsigned i = 0; i < 2 * XDP_PRICE_COPIES; i++)
		run(&logs[i % 2][i / 2]);
	for (unsigned i = 0; i < 2; i++)
		xdp_price_judge(logs[i], price[i]);
}

static void assert_debug_costs_most(const struct price price[LEVEL_DEBUG + 1])
{
	const struct price *debug = &price[LEVEL_DEBUG];

	for (unsigned level = LEVEL_BASIC; level < LEVEL_DEBUG; level++)
		if (!(price[level].ns + price[level].error_ns < debug->ns - debug->error_ns))
			fail_msg("level %u: %.2f +-%.2f ns, debug: %.2f +-%.2f ns", level,
				price[level].ns, price[level].error_ns, debug->ns, debug->error_ns);
}

/* Debug reads the clock twice a packet: more than all else together, on any machine. */
static void test_copies_of_the_kernel_half_agree_and_debug_costs_most(void **state)
{
	struct price price[2][LEVEL_DEBUG + 1];

	(void)state;
	measure_two(price);
	for (unsigned level = 0; level <= LEVEL_DEBUG; level++) {
		const struct price *a = &price[0][level], *b = &price[1][level];

		if (!(fabs(a->ns - b->ns) <= a->error_ns + b->error_ns))
			fail_msg("level %u: %.2f +-%.2f ns and %.2f +-%.2f ns", level, a->ns,
				a->error_ns, b->ns, b->error_ns);
	}
	assert_debug_costs_most(price[0]);
	assert_debug_costs_most(price[1]);
}

static void test_the_measurement_is_called_off(void **state)
{
	struct price price[LEVEL_DEBUG + 1] = { { 1, 1 }, { 1, 1 }, { 1, 1 } };
	const bool stop = true;
	struct err err = { "" };
	int ret = price_measure_kernel(price, &stop, &err);

	(void)state;
	if (ret == -EPERM)
		skip();
	assert_int_equal(ret, -ECANCELED);
	for (unsigned level = 0; level <= LEVEL_DEBUG; level++)
		assert_true(isnan(price[level].ns) && isnan(price[level].error_ns));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_worker_pays_more_at_each_level),
		cmocka_unit_test(test_a_price_is_found_under_interruptions_and_slow_phases),
		cmocka_unit_test(test_more_scatter_is_more_error),
		cmocka_unit_test(test_a_program_that_differs_from_itself_is_an_error),
		cmocka_unit_test(test_a_copy_that_differs_from_the_others_is_an_error),
		cmocka_unit_test(test_copies_of_the_kernel_half_agree_and_debug_costs_most),
		cmocka_unit_test(test_the_measurement_is_called_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
