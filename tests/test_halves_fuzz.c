// SPDX-License-Identifier: BSD-2-Clause
/* Random changes of the frames of vectors.h: whatever becomes of them, both halves must say the same and
 * write the same. The sequence is fixed; RINGSIDE_FUZZ_SEED in the environment gives another one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "halves.h"
#include "vectors.h"

#define FRAMES_PER_GROUP 6000
#define CHANGES_MAX 4

/* splitmix64 */
static uint64_t next_word(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static size_t below(uint64_t *state, size_t limit)
{
	return limit ? (size_t)(next_word(state) % limit) : 0;
}

/* A place in the frame: mostly in the headers behind the MAC addresses, for other changes there decide
 * little. */
static size_t choose_place(uint64_t *state, size_t length)
{
	size_t headers = length < 96 ? length : 96;

	if (next_word(state) % 8 == 0 || headers <= 12)
		return below(state, length);
	return 12 + below(state, headers - 12);
}

/* A length field, or whatever stands there, gets a value that a length would hardly have, or nearly has. */
static void change_word(uint64_t *state, uint8_t *frame, size_t length)
{
	static const uint16_t odd_values[] = { 0, 1, 7, 8, 19, 20, 0x7fff, 0x8000, 0xfffe, 0xffff };
	size_t at = choose_place(state, length) & ~(size_t)1;
	uint16_t value;

	if (at + 2 > length)
		return;
	value = (uint16_t)(frame[at] << 8 | frame[at + 1]);
	if (next_word(state) % 2)
		value = odd_values[below(state, sizeof(odd_values) / sizeof(*odd_values))];
	else
		value = (uint16_t)(value + below(state, 9) - 4);
	frame[at] = (uint8_t)(value >> 8);
	frame[at + 1] = (uint8_t)value;
}

static size_t change(uint64_t *state, uint8_t *frame, size_t length)
{
	size_t at = choose_place(state, length), more;

	if (!length)
		return 0;
	switch (next_word(state) % 8) {
	case 0:
		return below(state, length + 1);
	case 1:
		more = below(state, 64);
		for (size_t i = 0; i < more; i++)
			frame[length + i] = (uint8_t)next_word(state);
		return length + more;
	case 2:
		frame[at] = (uint8_t)next_word(state);
		return length;
	case 3:
	case 4:
	case 5:
		change_word(state, frame, length);
		return length;
	default:
		frame[at] ^= (uint8_t)(1 << below(state, 8));
		return length;
	}
}

static uint64_t count_taken(const struct halves *halves)
{
	uint64_t packets = 0;

	for (unsigned slot = 0; slot < SERVICE_SLOTS; slot++)
		packets += halves->worker.books.cells.cell[slot][OUTCOME_TX].packets +
			   halves->worker.books.cells.cell[slot][OUTCOME_DELIVER].packets;
	return packets;
}

static void test_group(void **state)
{
	const struct vector_group *group = *state;
	const char *seed = getenv("RINGSIDE_FUZZ_SEED");
	uint64_t random = seed ? strtoull(seed, NULL, 0) : 1;
	struct halves *halves = halves_open(group->first, group->second);
	unsigned wrong = 0;

	for (unsigned i = 0; i < FRAMES_PER_GROUP && wrong < 3; i++) {
		const struct vector *vector = &group->vectors[i % group->count];
		size_t changes = 1 + below(&random, CHANGES_MAX), length;
		uint8_t frame[PACKET_BYTES_MAX];
		char name[160];

		length = packet_build(&vector->packet, frame);
		if (length > KERNEL_BYTES_MAX - CHANGES_MAX * 64)
			continue;
		while (changes--)
			length = change(&random, frame, length);
		snprintf(name, sizeof(name), "change %u of %s", i, vector->name);
		wrong += !halves_agree(halves, name, frame, length);
	}
	assert_int_equal(wrong, 0);
	/* or the changes would be so wild that they test nothing */
	assert_true(count_taken(halves) > FRAMES_PER_GROUP / 100);
	halves_close(halves);
}

int main(void)
{
	struct CMUnitTest tests[VECTOR_GROUPS];

	for (unsigned i = 0; i < VECTOR_GROUPS; i++)
		tests[i] = (struct CMUnitTest){
			.name = vector_groups[i].name,
			.test_func = test_group,
			.initial_state = (void *)(uintptr_t)&vector_groups[i],
		};
	if (cmocka_run_group_tests(tests, NULL, NULL))
		return 1;
	return halves_exit_status();
}
