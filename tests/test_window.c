// SPDX-License-Identifier: BSD-2-Clause
/* The accountant of sent packets: each is received, late or lost once, whatever the order of events. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "generate/window.h"

#define SLOTS 256
#define DEADLINE 100
#define WAIT 200

struct run {
	struct generate_window shared;
	struct window window;
	uint8_t answered[SLOTS];
	uint64_t times[SLOTS];
	uint64_t received, late, duplicated, stray, knocks;
};

static struct run *begin(uint32_t every)
{
	struct run *run = calloc(1, sizeof(*run));

	assert_non_null(run);
	run->shared.slots = SLOTS;
	run->window = (struct window){ .shared = &run->shared,
		.answered = run->answered,
		.times = run->times,
		.every = every,
		.deadline_ns = DEADLINE,
		.wait_ns = WAIT };
	return run;
}

static void send_at(struct run *run, uint64_t now)
{
	uint64_t sequence = run->shared.next++;

	if (sequence % run->window.every == 0)
		run->times[sequence / run->window.every % (SLOTS / run->window.every)] = now;
}

static void answer(struct run *run, uint32_t sequence)
{
	uint64_t whole = generate_extend(run->shared.next, sequence);

	switch (generate_account(&run->shared, whole, &run->answered[whole % SLOTS])) {
	case FATE_RECEIVED:
		run->received++;
		break;
	case FATE_LATE:
		run->late++;
		break;
	case FATE_DUPLICATED:
		run->duplicated++;
		break;
	case FATE_STRAY:
		run->stray++;
		break;
	case FATE_KNOCK:
		run->knocks++;
		break;
	}
}

static void expect(
	struct run *run, uint64_t received, uint64_t late, uint64_t duplicated, uint64_t stray)
{
	window_close(&run->window);
	assert_int_equal(run->received, received);
	assert_int_equal(run->late, late);
	assert_int_equal(run->duplicated, duplicated);
	assert_int_equal(run->stray, stray);
	assert_int_equal(run->shared.next, received + late + run->window.lost);
	free(run);
}

static void test_an_answer_is_in_time_up_to_the_deadline_then_late_then_a_stray(void **state)
{
	struct run *run = begin(1);

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		send_at(run, 1000);
	window_advance(&run->window, 1000 + DEADLINE, 0);
	answer(run, 0);
	window_advance(&run->window, 1001 + DEADLINE, 0);
	answer(run, 1);
	window_advance(&run->window, 1001 + WAIT, 0);
	answer(run, 2);
	assert_int_equal(run->window.lost, 0); /* counted when the receivers know the limit */
	window_advance(&run->window, 1002 + WAIT, 0);
	assert_int_equal(run->window.lost, 1);
	expect(run, 1, 1, 0, 1);
}

static void test_what_is_answered_twice_is_a_duplicate_in_time_or_late(void **state)
{
	struct run *run = begin(1);

	(void)state;
	send_at(run, 1000);
	answer(run, 0);
	answer(run, 0);
	window_advance(&run->window, 1001 + DEADLINE, 0);
	answer(run, 0);
	expect(run, 1, 0, 2, 0);
}

static void test_what_was_never_sent_is_a_stray_and_knocks_are_counted_apart(void **state)
{
	struct run *run = begin(1);

	(void)state;
	answer(run, UINT32_MAX); /* before anything was sent */
	assert_int_equal(run->knocks, 1);
	send_at(run, 1000);
	answer(run, UINT32_MAX);
	answer(run, 1);
	answer(run, 5);
	assert_int_equal(run->knocks, 2);
	expect(run, 0, 0, 0, 2);
}

static void test_slots_are_used_again_and_every_loss_is_counted_once(void **state)
{
	struct run *run = begin(1);
	uint64_t now = 1000, lost = 0;

	(void)state;
	for (uint64_t i = 0; i < 100 * SLOTS; i++, now++) {
		send_at(run, now);
		if (i % 7)
			answer(run, (uint32_t)i);
		else
			lost++;
		if (i % 10 == 0)
			window_advance(&run->window, now, 0);
		assert_true(run->shared.next - run->shared.cleared_before <= SLOTS);
	}
	window_advance(&run->window, now + 2 * WAIT, now);
	window_advance(&run->window, now + 2 * WAIT, now);
	assert_int_equal(run->window.lost, lost);
	expect(run, 100 * SLOTS - lost, 0, 0, 0);
}

/* With one time for 64 packets, none is late before all of its block must be. */
static void test_a_block_ages_by_the_next_ones_time_and_the_last_one_by_the_end(void **state)
{
	struct run *run = begin(64);

	(void)state;
	for (unsigned i = 0; i < 64; i++)
		send_at(run, 1000);
	window_advance(&run->window, 1000 + 10 * WAIT, 0); /* may still be being sent */
	answer(run, 0);
	for (unsigned i = 64; i < 70; i++)
		send_at(run, 5000);
	window_advance(&run->window, 5001 + DEADLINE, 0);
	answer(run, 1); /* late: its block ended at 5000 at the latest */
	answer(run, 64); /* in time: its block has no end yet */
	window_advance(&run->window, 7001 + DEADLINE, 7000);
	answer(run, 65); /* late */
	assert_int_equal(run->late, 2);
	window_advance(&run->window, 7001 + WAIT, 7000);
	window_advance(&run->window, 7001 + WAIT, 7000);
	assert_int_equal(run->window.lost, 66);
	expect(run, 2, 2, 0, 0);
}

static void test_the_sequence_is_continued_where_32_bits_end(void **state)
{
	struct run *run = begin(1);
	uint64_t start = (1ull << 32) - 20;

	(void)state;
	run->shared.next = run->shared.late_before = run->shared.dead_before = start;
	run->shared.cleared_before = run->window.dying_before = start;
	for (unsigned i = 0; i < 40; i++)
		send_at(run, 1000 + i);
	for (uint64_t i = start; i < start + 40; i++)
		answer(run, (uint32_t)i);
	assert_int_equal(run->received, 40);
	assert_int_equal(run->stray + run->duplicated + run->knocks, 0);
	window_close(&run->window);
	assert_int_equal(run->window.lost, 0);
	free(run);
}

static void test_the_window_holds_what_is_sent_while_it_waits(void **state)
{
	(void)state;
	assert_int_equal(window_slots(1, 2000000000), WINDOW_SLOTS_MIN);
	assert_true(window_slots(300000, 2000000000) >= 600000);
	assert_int_equal(window_slots(0, 2000000000), WINDOW_SLOTS_MAX);
	assert_int_equal(window_slots(1000000000, 60000000000), WINDOW_SLOTS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_an_answer_is_in_time_up_to_the_deadline_then_late_then_a_stray),
		cmocka_unit_test(test_what_is_answered_twice_is_a_duplicate_in_time_or_late),
		cmocka_unit_test(test_what_was_never_sent_is_a_stray_and_knocks_are_counted_apart),
		cmocka_unit_test(test_slots_are_used_again_and_every_loss_is_counted_once),
		cmocka_unit_test(
			test_a_block_ages_by_the_next_ones_time_and_the_last_one_by_the_end),
		cmocka_unit_test(test_the_sequence_is_continued_where_32_bits_end),
		cmocka_unit_test(test_the_window_holds_what_is_sent_while_it_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
