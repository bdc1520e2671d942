// SPDX-License-Identifier: BSD-2-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "halves.h"
#include "vectors.h"

/* Two frames written out, made with Python's struct and socket. */
static const char written_ipv4[] =
	"0252 53000001 00c01712 34568100 a0640800 46b90060 12344000 40113868 c0000202 c6336401"
	"01010100 9c400f02 0048a729 030a1118 1f50524f 42454f54 575e656c 737a8188 8f969da4 abb2b9c0"
	"c7ced5dc e3eaf1f8 ff060d14 1b222930 373e454c 535a6168 6f767d84 8b9299a0 a7aeb5bc";
static const char written_ipv6[] =
	"0252 53000001 00c01712 345686dd 6b9abcde 00500040 20010db8 00000000 00000000 00000002"
	"20010db8 00010000 00000000 00000001 11000104 00000000 9c400f02 004837eb 030a1118 1f50524f"
	"42454f54 575e656c 737a8188 8f969da4 abb2b9c0 c7ced5dc e3eaf1f8 ff060d14 1b222930 373e454c"
	"535a6168 6f767d84 8b9299a0 a7aeb5bc";

static void compare(const char *hex, const struct packet *packet)
{
	uint8_t written[PACKET_BYTES_MAX], built[PACKET_BYTES_MAX];
	size_t length = packet_from_hex(hex, written);

	assert_int_equal(packet_build(packet, built), length);
	assert_memory_equal(built, written, length);
}

static void test_described_frames_are_built_as_written_ones_are(void **state)
{
	const struct packet ipv4 =
		V4(.tags = 1, .tag = { { 0x8100, 0xa064 } }, .tos = 0xb9, .options = 4);
	const struct packet ipv6 =
		V6(.tos = 0xb9, .flow = 0xabcde, .extensions = 1, .extension = { { 0, 0 } });

	(void)state;
	compare(written_ipv4, &ipv4);
	compare(written_ipv6, &ipv6);
}

static unsigned slot_of(const struct vector *vector)
{
	return vector->outcome == OUTCOME_PASS && !vector->left ? SLOT_NONE : vector->slot;
}

static bool check_written(struct halves *halves, const struct vector *vector)
{
	uint8_t frame[PACKET_BYTES_MAX], answer[PACKET_BYTES_MAX];
	size_t length = packet_build(&vector->packet, frame), answer_length = 0;

	if (vector->answer)
		answer_length = packet_from_hex(vector->answer, answer);
	return halves_check_frame(halves, vector->name, frame, length, vector->outcome,
		slot_of(vector), answer, answer_length);
}

static bool check_vector(struct halves *halves, const struct vector *vector)
{
	if (vector->packet.hex)
		return check_written(halves, vector);
	return halves_check(
		halves, vector->name, &vector->packet, vector->outcome, slot_of(vector));
}

static void test_group(void **state)
{
	const struct vector_group *group = *state;
	struct halves *halves = halves_open(group->first, group->second);
	unsigned wrong = 0;

	for (unsigned i = 0; i < group->count; i++)
		wrong += !check_vector(halves, &group->vectors[i]);
	halves_close(halves);
	assert_int_equal(wrong, 0);
}

int main(void)
{
	struct CMUnitTest tests[VECTOR_GROUPS + 1] = {
		cmocka_unit_test(test_described_frames_are_built_as_written_ones_are),
	};

	for (unsigned i = 0; i < VECTOR_GROUPS; i++)
		tests[i + 1] = (struct CMUnitTest){
			.name = vector_groups[i].name,
			.test_func = test_group,
			.initial_state = (void *)(uintptr_t)&vector_groups[i],
		};
	if (cmocka_run_group_tests(tests, NULL, NULL))
		return 1;
	return halves_exit_status();
}
