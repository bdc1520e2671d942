/* SPDX-License-Identifier: BSD-2-Clause */
/* The lab's test packets: every byte of one, and what counts as its answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bpf/checksum.h"
#include "cmd/lab_frame.h"

#define SENT_NS 0x0102030405060708ull

static const struct lab_end from = { .mac = { 2, 0, 0, 0, 10, 1 }, .ip = { 198, 18, 0, 1 } };
static const struct lab_end to = { .mac = { 2, 0, 0, 0, 11, 2 }, .ip = { 198, 18, 0, 2 } };

/* A packet as a reflector would return it. */
static void swap(uint8_t *packet)
{
	uint8_t was[LAB_FRAME_MAX];

	memcpy(was, packet, sizeof(was));
	memcpy(packet, was + 6, 6);
	memcpy(packet + 6, was, 6);
	memcpy(packet + 26, was + 30, 4);
	memcpy(packet + 30, was + 26, 4);
	memcpy(packet + 34, was + 36, 2);
	memcpy(packet + 36, was + 34, 2);
}

static void make(struct lab_frame *frame, uint8_t *packet, uint32_t length, uint32_t flows,
	uint32_t sequence)
{
	memset(packet, 0, LAB_FRAME_MAX);
	lab_frame_init(frame, &from, &to, length, flows);
	lab_frame_write(frame, packet, sequence, SENT_NS);
}

static void test_a_packet_is_what_a_handheld_tester_sends(void **state)
{
	static const uint8_t wanted[] = { 2, 0, 0, 0, 11, 2, 2, 0, 0, 0, 10, 1, 0x08,
		0x00, /* Ethernet */
		0x45, 0, 0, 54, 0, 0, 0x40, 0, 64, 17, 0xae, 0x8f, /* IPv4 */
		198, 18, 0, 1, 198, 18, 0, 2, 0x0f, 0x02, 0x0f, 0x02, 0, 34, 0x49, 0x7e, /* UDP */
		0x09, 0x10, 0xea, 0x1d, 0x00, 'P', 'R', 'O', 'B', 'E', 'O', 'T', /* signature */
		0x00, 0x01, 0xe2, 0x40, 1, 2, 3, 4, 5, 6, 7, 8, /* sequence, time */
		66, 67 };
	struct lab_frame frame;
	uint8_t packet[LAB_FRAME_MAX];

	(void)state;
	make(&frame, packet, sizeof(wanted), 1, 123456);
	assert_memory_equal(packet, wanted, sizeof(wanted));
}

static void test_both_checksums_of_every_packet_are_good(void **state)
{
	static const uint32_t lengths[] = { 60, 61, 65, 66, 67, 128, 1513, 1514 };
	static const uint32_t sequences[] = { 0, 1, 0xffff, 0x10000, 0xffffffff };

	(void)state;
	for (unsigned i = 0; i < sizeof(lengths) / sizeof(*lengths); i++)
		for (unsigned j = 0; j < sizeof(sequences) / sizeof(*sequences); j++) {
			struct lab_frame frame;
			/* the IP header on a multiple of four, as in a buffer of the kernel's */
			_Alignas(4) uint8_t room[2 + LAB_FRAME_MAX];
			uint8_t *packet = room + 2;
			struct frame parsed = { 0 };
			uint32_t sequence;

			make(&frame, packet, lengths[i], 8, sequences[j]);
			assert_int_equal(frame_parse(&parsed, packet, packet + lengths[i]), 0);
			assert_int_equal(checksum_ipv4(&parsed), 0xffff);
			assert_int_equal(checksum_udp(&parsed), 0xffff);
			assert_true(lab_frame_sequence(packet, lengths[i], &sequence));
			assert_int_equal(sequence, sequences[j]);
		}
}

static void test_flows_differ_in_the_source_port_alone(void **state)
{
	struct lab_frame frame;
	uint8_t packet[LAB_FRAME_MAX];

	(void)state;
	make(&frame, packet, 128, 8, 16);
	assert_int_equal(packet[34] << 8 | packet[35], LAB_PORT);
	make(&frame, packet, 128, 8, 17);
	assert_int_equal(packet[34] << 8 | packet[35], 49153);
	assert_int_equal(packet[36] << 8 | packet[37], LAB_PORT);
}

static void test_the_packet_the_other_way_round_is_the_right_answer(void **state)
{
	struct lab_frame frame;
	uint8_t packet[LAB_FRAME_MAX];

	(void)state;
	make(&frame, packet, 200, 8, 17);
	swap(packet);
	assert_int_equal(lab_frame_judge(&frame, packet, 200, 17, SENT_NS), LAB_RIGHT);
	/* a hop less, with the checksum that belongs to it (RFC 1624) */
	packet[22]--;
	assert_int_equal(lab_frame_judge(&frame, packet, 200, 17, SENT_NS), LAB_DAMAGED);
	packet[24]++;
	assert_int_equal(lab_frame_judge(&frame, packet, 200, 17, SENT_NS), LAB_RIGHT);
}

static void test_addresses_that_stayed_are_not_swapped(void **state)
{
	static const struct {
		unsigned offset, bytes;
	} stays[] = { { 0, 6 }, { 6, 6 }, { 26, 4 }, { 30, 4 }, { 34, 2 }, { 36, 2 } };
	struct lab_frame frame;
	uint8_t packet[LAB_FRAME_MAX], answer[LAB_FRAME_MAX];

	(void)state;
	make(&frame, packet, 200, 8, 17);
	assert_int_equal(lab_frame_judge(&frame, packet, 200, 17, SENT_NS), LAB_NOT_SWAPPED);
	for (unsigned i = 0; i < sizeof(stays) / sizeof(*stays); i++) {
		memcpy(answer, packet, sizeof(answer));
		swap(answer);
		memcpy(answer + stays[i].offset, packet + stays[i].offset, stays[i].bytes);
		assert_int_equal(
			lab_frame_judge(&frame, answer, 200, 17, SENT_NS), LAB_NOT_SWAPPED);
	}
}

static void test_any_other_change_is_damage(void **state)
{
	struct lab_frame frame;
	uint8_t packet[LAB_FRAME_MAX];

	(void)state;
	make(&frame, packet, 200, 8, 17);
	swap(packet);
	for (unsigned i = 12; i < 200; i++) {
		if ((i >= 26 && i < 38))
			continue;
		packet[i] ^= 0x10;
		assert_int_equal(lab_frame_judge(&frame, packet, 200, 17, SENT_NS), LAB_DAMAGED);
		packet[i] ^= 0x10;
	}
	assert_int_equal(lab_frame_judge(&frame, packet, 199, 17, SENT_NS), LAB_DAMAGED);
	assert_int_equal(lab_frame_judge(&frame, packet, 201, 17, SENT_NS), LAB_DAMAGED);
	assert_int_equal(lab_frame_judge(&frame, packet, 20, 17, SENT_NS), LAB_DAMAGED);
	assert_int_equal(lab_frame_judge(&frame, packet, 200, 17, SENT_NS), LAB_RIGHT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_packet_is_what_a_handheld_tester_sends),
		cmocka_unit_test(test_both_checksums_of_every_packet_are_good),
		cmocka_unit_test(test_flows_differ_in_the_source_port_alone),
		cmocka_unit_test(test_the_packet_the_other_way_round_is_the_right_answer),
		cmocka_unit_test(test_addresses_that_stayed_are_not_swapped),
		cmocka_unit_test(test_any_other_change_is_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
