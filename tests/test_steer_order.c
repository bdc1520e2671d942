// SPDX-License-Identifier: BSD-2-Clause
/* What the numbers of a key's packets say, and which keys have a slot of their own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "bpf/steer_order.h"
#include "bpf/steer_slot.h"

struct step {
	uint64_t number;
	enum steer_place place;
	uint64_t missing;
};

static void judge(uint64_t first, const struct step *steps, unsigned count)
{
	struct steer_order order;

	steer_order_begin(&order, first);
	for (unsigned i = 0; i < count; i++) {
		__u64 missing;

		if (steer_order_judge(&order, steps[i].number, &missing) != steps[i].place ||
			missing != steps[i].missing)
			fail_msg("step %u, number %llu: missing %llu", i,
				(unsigned long long)steps[i].number, (unsigned long long)missing);
	}
}

#define JUDGE(first, ...)                                                                          \
	do {                                                                                       \
		const struct step steps[] = { __VA_ARGS__ };                                       \
		judge(first, steps, sizeof(steps) / sizeof(*steps));                               \
	} while (0)

static void gaps_late_ones_and_duplicates_are_told_apart(void **state)
{
	(void)state;
	JUDGE(1, { 2, STEER_NEXT, 0 }, { 4, STEER_GAP, 1 }, { 3, STEER_LATE, 0 },
		{ 3, STEER_TWICE, 0 }, { 4, STEER_TWICE, 0 }, { 5, STEER_NEXT, 0 },
		{ 9, STEER_GAP, 3 }, { 6, STEER_LATE, 0 }, { 9, STEER_TWICE, 0 });
}

static void the_window_ends_after_64_numbers(void **state)
{
	(void)state;
	JUDGE(0, { 64, STEER_GAP, 63 }, { 1, STEER_LATE, 0 }, { 1, STEER_TWICE, 0 },
		{ 0, STEER_LATE, 0 }, { 0, STEER_LATE, 0 }, { 65, STEER_NEXT, 0 },
		{ 2, STEER_LATE, 0 });
	JUDGE(100, { 163, STEER_GAP, 62 }, { 100, STEER_TWICE, 0 }, { 300, STEER_GAP, 136 },
		{ 299, STEER_LATE, 0 }, { 237, STEER_LATE, 0 }, { 237, STEER_TWICE, 0 });
}

static void a_sender_that_begins_anew_is_known_by_its_second_number(void **state)
{
	(void)state;
	JUDGE(1000000, { 1, STEER_LATE, 0 }, { 2, STEER_ANEW, 0 }, { 1, STEER_TWICE, 0 },
		{ 3, STEER_NEXT, 0 });
	JUDGE(5, { 1ull << 40, STEER_LATE, 0 }, { 6, STEER_NEXT, 0 },
		{ (1ull << 40) + 5, STEER_LATE, 0 }, { (1ull << 40) + 6, STEER_ANEW, 0 });
}

static void numbers_wrap(void **state)
{
	(void)state;
	JUDGE(UINT64_MAX, { 0, STEER_NEXT, 0 }, { 2, STEER_GAP, 1 }, { UINT64_MAX, STEER_TWICE, 0 },
		{ 1, STEER_LATE, 0 });
}

static void keys_have_the_slot_of_their_service_alone(void **state)
{
	struct steer_pin pins[STEER_PIN_TABLE];
	const uint64_t key = 0x123456789a;
	const uint32_t place = steer_pin_place(key);

	(void)state;
	memset(pins, 0, sizeof(pins));
	assert_int_equal(steer_pinned(pins, 3, key), 0);
	/* behind another service's, and round the end of the table as it may be */
	pins[place % STEER_PIN_TABLE] = (struct steer_pin){ .key = key, .owner = 1, .number = 9 };
	pins[(place + 1) % STEER_PIN_TABLE] =
		(struct steer_pin){ .key = key, .owner = 4, .number = 5 };
	assert_int_equal(steer_pinned(pins, 3, key), STEER_SLOTS + 5);
	assert_int_equal(steer_pinned(pins, 0, key), STEER_SLOTS + 9);
	assert_int_equal(steer_pinned(pins, 2, key), 0);
	assert_int_equal(steer_pinned(pins, 3, key + 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gaps_late_ones_and_duplicates_are_told_apart),
		cmocka_unit_test(the_window_ends_after_64_numbers),
		cmocka_unit_test(a_sender_that_begins_anew_is_known_by_its_second_number),
		cmocka_unit_test(numbers_wrap),
		cmocka_unit_test(keys_have_the_slot_of_their_service_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
