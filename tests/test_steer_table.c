// SPDX-License-Identifier: BSD-2-Clause
/* Which target each slot has, and which ones move when targets or weights change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "service/steer_balance.h"

static struct steer_assignment of_weights(const uint32_t *weights, unsigned count)
{
	struct steer_assignment a = { 0 };

	memset(a.target, STEER_NOBODY, sizeof(a.target));
	for (unsigned t = 0; t < count; t++)
		assert_int_equal(steer_want(&a, 10 + t, weights[t]), 0);
	assert_int_equal(steer_assign(&a), STEER_SLOTS);
	return a;
}

static void assert_has_shares(const struct steer_assignment *a)
{
	unsigned shares[STEER_TARGETS], has[STEER_TARGETS] = { 0 }, sum = 0;

	steer_shares(a, shares);
	for (unsigned n = 0; n < STEER_SLOTS; n++) {
		assert_true(a->target[n] < a->targets);
		has[a->target[n]]++;
	}
	for (unsigned t = 0; t < a->targets; t++) {
		assert_int_equal(has[t], shares[t]);
		sum += shares[t];
	}
	assert_int_equal(sum, STEER_SLOTS);
}

static unsigned differing(const struct steer_assignment *a, const struct steer_assignment *b)
{
	unsigned count = 0;

	for (unsigned n = 0; n < STEER_SLOTS; n++)
		count += a->target[n] != b->target[n];
	return count;
}

static void equal_targets_begin_with_the_shares_that_anybody_can_work_out(void **state)
{
	(void)state;
	for (unsigned count = 1; count <= STEER_TARGETS; count++) {
		uint32_t weights[STEER_TARGETS];
		uint8_t targets[STEER_SLOTS];
		struct steer_assignment a;

		for (unsigned t = 0; t < count; t++)
			weights[t] = 1;
		a = of_weights(weights, count);
		steer_share_out(targets, count);
		assert_memory_equal(targets, a.target, sizeof(targets));
	}
}

static void shares_are_by_weight_and_add_up(void **state)
{
	const uint32_t weights[] = { 1, 0, 3, 1000, 7 };
	unsigned shares[STEER_TARGETS];
	struct steer_assignment a = of_weights(weights, 5);

	(void)state;
	steer_shares(&a, shares);
	/* 4096/1011 = 4.05, 12.15, 4051.4, 28.4: the last slot goes to the largest fraction */
	assert_int_equal(shares[0], 4);
	assert_int_equal(shares[1], 0);
	assert_int_equal(shares[2], 12);
	assert_int_equal(shares[3], 4052);
	assert_int_equal(shares[4], 28);
	assert_has_shares(&a);
}

static void a_new_target_takes_its_share_and_no_more(void **state)
{
	const uint32_t ones[STEER_TARGETS] = { [0 ... STEER_TARGETS - 1] = 1 };

	(void)state;
	for (unsigned count = 1; count < STEER_TARGETS; count++) {
		struct steer_assignment before = of_weights(ones, count), after = before;
		unsigned shares[STEER_TARGETS], moved;

		assert_int_equal(steer_want(&after, 99, 1), 0);
		moved = steer_assign(&after);
		steer_shares(&after, shares);
		assert_has_shares(&after);
		assert_int_equal(moved, shares[count]);
		assert_int_equal(differing(&before, &after), moved);
	}
}

static void a_target_that_goes_leaves_the_others_slots_alone(void **state)
{
	const uint32_t weights[] = { 2, 5, 1 };
	struct steer_assignment before = of_weights(weights, 3), after = before;

	(void)state;
	assert_int_equal(steer_want(&after, 11, 0), 0);
	steer_assign(&after);
	assert_has_shares(&after);
	for (unsigned n = 0; n < STEER_SLOTS; n++)
		if (before.target[n] != 1)
			assert_int_equal(after.target[n], before.target[n]);
}

static void nothing_moves_when_nothing_changes(void **state)
{
	const uint32_t weights[] = { 3, 1, 4, 1, 5 };
	struct steer_assignment before = of_weights(weights, 5), after = before;

	(void)state;
	assert_int_equal(steer_assign(&after), 0);
	assert_int_equal(differing(&before, &after), 0);
}

static void there_is_an_end_of_targets(void **state)
{
	const uint32_t ones[STEER_TARGETS] = { [0 ... STEER_TARGETS - 1] = 1 };
	struct steer_assignment a = of_weights(ones, STEER_TARGETS);

	(void)state;
	assert_int_equal(steer_want(&a, 5, 1), -E2BIG);
	assert_int_equal(steer_want(&a, 12, 7), 0); /* a known one */
	assert_int_equal(a.weight[2], 7);
}

/* Aligned and counted keys spread over the slots as random ones do. */
static void keys_spread_over_the_slots(void **state)
{
	static const uint64_t strides[] = { 1, 8, 4096, 65536, 1ull << 32 };

	(void)state;
	for (unsigned i = 0; i < sizeof(strides) / sizeof(*strides); i++) {
		unsigned count[16] = { 0 };

		for (uint64_t k = 0; k < 16 * 4096; k++)
			count[steer_slot(k * strides[i]) / (STEER_SLOTS / 16)]++;
		/* the mean is 4096, a standard deviation 62 */
		for (unsigned part = 0; part < 16; part++)
			assert_in_range(count[part], 4096 - 6 * 62, 4096 + 6 * 62);
	}
}

static double load_of(const struct steer_assignment *a, const double *pps, unsigned target)
{
	double sum = 0;

	for (unsigned n = 0; n < STEER_SLOTS; n++)
		sum += a->target[n] == target ? pps[n] : 0;
	return sum;
}

/* What it proposes is done, and has the shares that it said. */
static unsigned follow(struct steer_assignment *a, const double *pps)
{
	struct steer_proposal proposals[STEER_PROPOSALS];
	unsigned count = steer_balance(a, pps, proposals);
	double total = 0;

	for (unsigned n = 0; n < STEER_SLOTS; n++)
		total += pps[n];
	for (unsigned i = 0; i < count; i++) {
		const struct steer_proposal *p = &proposals[i];

		assert_true(p->first <= p->last && p->last < STEER_SLOTS);
		for (unsigned n = p->first; n <= p->last; n++) {
			assert_int_equal(a->target[n], p->from);
			a->target[n] = (uint8_t)p->to;
		}
		assert_true(p->from_after < p->from_before && p->to_after > p->to_before);
		assert_float_equal(load_of(a, pps, p->from) / total, p->from_after, 1e-6);
		assert_float_equal(load_of(a, pps, p->to) / total, p->to_after, 1e-6);
	}
	return count;
}

static void proposals_level_loads_by_weight(void **state)
{
	const uint32_t weights[] = { 1, 1, 2 };
	struct steer_assignment a = of_weights(weights, 3);
	double pps[STEER_SLOTS];

	(void)state;
	for (unsigned n = 0; n < STEER_SLOTS; n++)
		pps[n] = n < 1024 ? 10 : 1; /* all that is much is target 0's */
	assert_true(follow(&a, pps) >= 2);
	assert_float_equal(load_of(&a, pps, 0), 13312.0 / 4, 13312 * 0.02);
	assert_float_equal(load_of(&a, pps, 1), 13312.0 / 4, 13312 * 0.02);
	assert_float_equal(load_of(&a, pps, 2), 13312.0 / 2, 13312 * 0.02);
	assert_int_equal(follow(&a, pps), 0);
}

static void nothing_is_proposed_without_use(void **state)
{
	const uint32_t weights[] = { 1, 1 };
	struct steer_assignment a = of_weights(weights, 2);
	double pps[STEER_SLOTS] = { 0 };

	(void)state;
	assert_int_equal(follow(&a, pps), 0); /* no load */
	for (unsigned n = 0; n < STEER_SLOTS; n++)
		pps[n] = 5;
	assert_int_equal(follow(&a, pps), 0); /* level */
	memset(pps, 0, sizeof(pps));
	pps[17] = 50000;
	assert_int_equal(follow(&a, pps), 0); /* one key has all */
	pps[18] = 50000;
	assert_int_equal(follow(&a, pps), 1); /* of two, one moves */
	a.is_away[1] = true;
	assert_true(steer_has_shares(&a));
	a.is_away[0] = true;
	assert_false(steer_has_shares(&a));
}

static void a_target_that_is_away_has_no_slots_and_gets_its_share_back(void **state)
{
	const uint32_t weights[] = { 1, 1, 2 };
	struct steer_assignment a = of_weights(weights, 3), before;
	unsigned shares[STEER_TARGETS];

	(void)state;
	a.is_away[2] = true;
	before = a;
	assert_int_equal(steer_assign(&a), 2048); /* its own, and no other */
	assert_int_equal(differing(&before, &a), 2048);
	steer_shares(&a, shares);
	assert_int_equal(shares[2], 0);
	a.is_away[2] = false;
	assert_int_equal(steer_assign(&a), 2048);
	assert_has_shares(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(proposals_level_loads_by_weight),
		cmocka_unit_test(nothing_is_proposed_without_use),
		cmocka_unit_test(a_target_that_is_away_has_no_slots_and_gets_its_share_back),
		cmocka_unit_test(equal_targets_begin_with_the_shares_that_anybody_can_work_out),
		cmocka_unit_test(shares_are_by_weight_and_add_up),
		cmocka_unit_test(a_new_target_takes_its_share_and_no_more),
		cmocka_unit_test(a_target_that_goes_leaves_the_others_slots_alone),
		cmocka_unit_test(nothing_moves_when_nothing_changes),
		cmocka_unit_test(there_is_an_end_of_targets),
		cmocka_unit_test(keys_spread_over_the_slots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
