// SPDX-License-Identifier: BSD-2-Clause
/* The packets of generate, compared with frames that are written out here, and the judgement of answers: every
 * bit of one is somebody's fault when it is wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "bpf/generate.h"
#include "generate/frame.h"

#define STREAM 0xa1b2c3d4u
#define TIME 0x1122334455667788ull

static struct generate_settings settings(bool ipv6, unsigned tags, uint32_t flows)
{
	struct generate_settings s = {
		.from = { { 2, 0, 0, 0, 0x0a, 1 }, { 198, 18, 0, 1 } },
		.to = { { 2, 0, 0, 0, 0x0b, 2 }, { 198, 18, 0, 2 } },
		.ipv6 = ipv6,
		.port = 3842,
		.signature = { 'D', 'A', 'T', 'A', ':', 'O', 'T' },
		.signature_at = 5,
		.tags = tags,
		.tag = { 0xa064, 0x2009 },
		.dscp = 46,
		.flows = flows,
	};

	return s;
}

static void write_packet(
	const struct generate_frame *f, const uint8_t *bytes, uint8_t *packet, uint64_t sequence)
{
	memcpy(packet, bytes, f->length);
	generate_write(f, packet, sequence, TIME);
}

static void test_a_frame_is_written_as_published(void **state)
{
	/* 71 bytes without FCS are the shortest with everything; IPv4's checksum is that of RFC 1071 by hand */
	static const uint8_t expected[] = { 2, 0, 0, 0, 0x0b, 2, 2, 0, 0, 0, 0x0a, 1, 0x08,
		0x00, /* */
		0x45, 0xb8, 0x00, 0x39, 0x12, 0x34, 0x40, 0x00, 0x40, 0x11, 0x9b, 0xa0, /* */
		198, 18, 0, 1, 198, 18, 0, 2, /* */
		0x0f, 0x02, 0x0f, 0x02, 0x00, 0x25, 0x00, 0x00, /* */
		0x09, 0x10, 0xea, 0x1d, 0x00, 'D', 'A', 'T', 'A', ':', 'O', 'T', /* */
		0x00, 0x00, 0x01, 0x02, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, /* */
		0xa1, 0xb2, 0xc3, 0xd4, 0x01 };
	struct generate_settings s = settings(false, 0, 1);
	uint8_t bytes[FRAME_BYTES_MAX], packet[FRAME_BYTES_MAX];
	struct generate_frame f;

	(void)state;
	frame_make(&f, bytes, &s, sizeof(expected) + 4, STREAM, 1);
	write_packet(&f, bytes, packet, 0x102);
	assert_int_equal(f.length, sizeof(expected));
	assert_memory_equal(packet, expected, sizeof(expected));
}

static void test_the_shortest_frame_has_sequence_and_half_the_stream(void **state)
{
	struct generate_settings s = settings(false, 0, 1);
	uint8_t bytes[FRAME_BYTES_MAX], packet[FRAME_BYTES_MAX];
	struct generate_frame f;

	(void)state;
	assert_int_equal(frame_size_min(&s), 64);
	frame_make(&f, bytes, &s, 64, STREAM, 1);
	write_packet(&f, bytes, packet, 7);
	assert_int_equal(f.length, 60);
	assert_memory_equal(packet + 47, "DATA:OT\0\0\0\7\xc3\xd4", 13);
}

static void test_sizes_have_their_bounds(void **state)
{
	struct generate_settings s = settings(true, 2, 1);

	(void)state;
	assert_int_equal(frame_size_min(&s), 14 + 8 + 40 + 8 + 5 + 13 + 4);
	assert_int_equal(frame_size_max(&s, 1500), 1526);
	s = settings(false, 0, 1);
	assert_int_equal(frame_size_max(&s, 1500), 1518);
	assert_int_equal(frame_size_max(&s, 65536), FRAME_BYTES_MAX + 4);
}

/* An independent far end: turns the packet round by the offsets of the protocols. */
static void turn_round(uint8_t *packet, bool ipv6, unsigned tags)
{
	uint8_t *ip = packet + 14 + 4 * tags, *udp = ip + (ipv6 ? 40 : 20), kept[16];
	unsigned at = ipv6 ? 8 : 12, bytes = ipv6 ? 16 : 4;

	memcpy(kept, packet, 6);
	memcpy(packet, packet + 6, 6);
	memcpy(packet + 6, kept, 6);
	memcpy(kept, ip + at, bytes);
	memcpy(ip + at, ip + at + bytes, bytes);
	memcpy(ip + at + bytes, kept, bytes);
	memcpy(kept, udp, 2);
	memcpy(udp, udp + 2, 2);
	memcpy(udp + 2, kept, 2);
}

static enum corruption judge(
	const struct generate_frame *f, uint8_t *packet, const uint8_t *bytes, uint64_t sequence)
{
	return generate_judge(f, packet, sequence, f->time_at ? TIME : 0, bytes + GENERATE_HEAD);
}

static bool checksum_is_right(uint8_t *packet, uint32_t length)
{
	struct frame frame = { 0 };

	assert_int_equal(frame_parse(&frame, packet, packet + length), 0);
	return checksum_udp(&frame) == 0xffff;
}

static const uint32_t sizes[] = { 64, 66, 75, 76, 84, 88, 92, 99, 103, 104, 115, 116, 117, 118, 119,
	120, 128, 256, 1518, 3844 };

static void for_each_kind(void (*check)(bool ipv6, unsigned tags, uint32_t flows, uint32_t size))
{
	for (unsigned kind = 0; kind < 12; kind++) {
		bool ipv6 = kind & 1;
		unsigned tags = kind / 2 % 3;
		uint32_t flows = kind >= 6 ? 5 : 1;
		struct generate_settings s = settings(ipv6, tags, flows);

		for (unsigned i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
			if (sizes[i] >= frame_size_min(&s))
				check(ipv6, tags, flows, sizes[i]);
	}
}

static void check_right(bool ipv6, unsigned tags, uint32_t flows, uint32_t size)
{
	struct generate_settings s = settings(ipv6, tags, flows);
	uint8_t bytes[FRAME_BYTES_MAX], packet[FRAME_BYTES_MAX];
	struct generate_frame f;
	int moved;

	frame_make(&f, bytes, &s, size, STREAM, 1);
	for (uint64_t sequence = 0xfffffffd; sequence < 0x100000004; sequence++) {
		uint8_t *udp = packet + f.udp_at;

		write_packet(&f, bytes, packet, sequence);
		if (ipv6)
			assert_true(checksum_is_right(packet, f.length));
		else
			assert_int_equal(udp[6] | udp[7], 0);
		turn_round(packet, ipv6, tags);
		assert_ptr_equal(generate_find(&f, packet, packet + f.length, &moved),
			packet + f.signature_at);
		assert_int_equal(moved, 0);
		assert_int_equal(judge(&f, packet, bytes, sequence), CORRUPT_NOT);
		/* a far end may make the UDP checksum anew, and a router counts its hop */
		if (!ipv6) {
			uint16_t check = generate_udp_check(
				&f, sequence, f.time_at ? TIME : 0, f.time_at ? 1 : 0);

			memcpy(udp + 6, &check, sizeof(check));
			assert_true(checksum_is_right(packet, f.length));
			assert_int_equal(judge(&f, packet, bytes, sequence), CORRUPT_NOT);
		}
	}
}

static void test_every_kind_and_size_comes_back_right(void **state)
{
	(void)state;
	for_each_kind(check_right);
}

static bool is_free(const struct generate_frame *f, uint32_t byte, unsigned bit)
{
	uint32_t dscp = f->ip_at + 1u;

	/* congestion marks, and a TTL or hop limit that is lower; the answer flag */
	if (byte == dscp)
		return f->is_ipv6 ? (bit == 4 || bit == 5) : bit < 2;
	if (f->is_ipv6 && byte == f->ip_at + 7u)
		return true; /* tried below */
	return f->flags_at && byte == f->flags_at && bit == 1;
}

static void check_every_bit(bool ipv6, unsigned tags, uint32_t flows, uint32_t size)
{
	struct generate_settings s = settings(ipv6, tags, flows);
	uint8_t bytes[FRAME_BYTES_MAX], packet[FRAME_BYTES_MAX];
	struct generate_frame f;
	uint32_t sequence_at;

	frame_make(&f, bytes, &s, size, STREAM, 1);
	sequence_at = f.signature_at + GENERATE_SEQUENCE;
	write_packet(&f, bytes, packet, 3);
	turn_round(packet, ipv6, tags);
	for (uint32_t byte = 0; byte < f.length; byte++) {
		if (byte >= sequence_at && byte < sequence_at + 4)
			continue; /* would be another packet */
		for (unsigned bit = 0; bit < 8; bit++) {
			enum corruption found;

			packet[byte] ^= (uint8_t)(1u << bit);
			found = judge(&f, packet, bytes, 3);
			packet[byte] ^= (uint8_t)(1u << bit);
			if (is_free(&f, byte, bit))
				continue;
			if (found == CORRUPT_NOT)
				fail_msg("ipv6 %d, tags %u, size %u: byte %u, bit %u", ipv6, tags,
					size, byte, bit);
		}
	}
	assert_int_equal(judge(&f, packet, bytes, 3), CORRUPT_NOT);
}

static void test_no_bit_that_is_wrong_goes_unseen(void **state)
{
	(void)state;
	for_each_kind(check_every_bit);
}

static void expect_fault(uint32_t at, uint8_t bits, bool ipv6, enum corruption expected)
{
	struct generate_settings s = settings(ipv6, 1, 3);
	uint8_t bytes[FRAME_BYTES_MAX], packet[FRAME_BYTES_MAX];
	struct generate_frame f;

	frame_make(&f, bytes, &s, 300, STREAM, 1);
	write_packet(&f, bytes, packet, 4);
	turn_round(packet, ipv6, 1);
	packet[at] ^= bits;
	assert_int_equal(judge(&f, packet, bytes, 4), expected);
}

static void test_each_fault_has_its_name(void **state)
{
	(void)state;
	expect_fault(0, 1, false, CORRUPT_ADDRESSES);
	expect_fault(11, 0x80, false, CORRUPT_ADDRESSES);
	expect_fault(14, 0x20, false, CORRUPT_TAGS); /* priority */
	expect_fault(15, 0x01, false, CORRUPT_TAGS); /* id */
	expect_fault(19, 0x04, false, CORRUPT_DSCP);
	expect_fault(19, 0x01, false, CORRUPT_HEADERS); /* ECN may change, its checksum follows */
	expect_fault(26, 0x40, false, CORRUPT_HEADERS); /* TTL 0 */
	expect_fault(28, 0x40, false, CORRUPT_HEADERS); /* checksum */
	expect_fault(30, 0x40, false, CORRUPT_ADDRESSES);
	expect_fault(38, 0x01, false, CORRUPT_ADDRESSES); /* the flow's port */
	expect_fault(42, 0x01, false, CORRUPT_HEADERS); /* UDP length */
	expect_fault(46, 0x01, false, CORRUPT_PAYLOAD);
	expect_fault(299 - 4, 0x01, false, CORRUPT_PAYLOAD);
	expect_fault(18, 0x01, true, CORRUPT_DSCP); /* the traffic class' upper half */
	expect_fault(18, 0x10, true, CORRUPT_HEADERS); /* version */
	expect_fault(19, 0x80, true, CORRUPT_DSCP);
	expect_fault(19, 0x01, true, CORRUPT_HEADERS); /* flow label */
	expect_fault(25, 0x40, true, CORRUPT_HEADERS); /* hop limit 0 */
	expect_fault(64, 0x01, true, CORRUPT_HEADERS); /* UDP checksum */
}

static void test_only_its_own_packets_are_found(void **state)
{
	struct generate_settings s = settings(false, 1, 1);
	uint8_t bytes[FRAME_BYTES_MAX], packet[FRAME_BYTES_MAX];
	struct generate_frame f;
	int moved;

	(void)state;
	frame_make(&f, bytes, &s, 100, STREAM, 1);
	write_packet(&f, bytes, packet, 9);
	packet[f.stream_at + 3] ^= 1;
	assert_null(generate_find(&f, packet, packet + f.length, &moved));
	packet[f.stream_at + 3] ^= 1;
	packet[f.signature_at] ^= 1;
	assert_null(generate_find(&f, packet, packet + f.length, &moved));
	packet[f.signature_at] ^= 1;
	packet[f.udp_at + 1] ^= 1;
	packet[f.udp_at + 3] ^= 1;
	assert_null(generate_find(&f, packet, packet + f.length, &moved));
	packet[f.udp_at + 1] ^= 1;
	packet[f.udp_at + 3] ^= 1;
	for (uint32_t length = 0; length < f.signature_at + (uint32_t)GENERATE_STAMP; length++)
		assert_null(generate_find(&f, packet, packet + length, &moved));
	/* without its tag it is found elsewhere */
	memmove(packet + 12, packet + 16, f.length - 16);
	assert_ptr_equal(generate_find(&f, packet, packet + f.length - 4, &moved),
		packet + f.signature_at - 4);
	assert_int_equal(moved, 1);
}

static __u64 test_clock;
static __u64 read_test_clock(void)
{
	return test_clock;
}

/* Takes all that is due at a time; returns how many. */
static unsigned take_due(struct generate_pace *pace, uint64_t *next, uint64_t now)
{
	unsigned count = 0;

	test_clock = now;
	for (; generate_is_due(pace, *next, read_test_clock); ++*next, count++)
		pace->due += pace->interval;
	return count;
}

static void test_the_pace_is_kept_and_what_was_missed_is_counted(void **state)
{
	const uint64_t start = 5000000000;
	struct generate_pace pace = { .start_ns = start,
		.duration_ns = 1000000000,
		.interval = (1000000000ull << GENERATE_FRACTION) / 1000 };
	uint64_t next = 0;

	(void)state;
	assert_int_equal(take_due(&pace, &next, start), 1);
	assert_int_equal(take_due(&pace, &next, start + 999999), 0);
	assert_int_equal(take_due(&pace, &next, start + 1000000), 1);
	/* 8 ms are made up for, */
	assert_int_equal(take_due(&pace, &next, start + 9000000), 8);
	assert_int_equal(pace.skipped, 0);
	/* a stop of 100 ms is not */
	assert_true(take_due(&pace, &next, start + 109000000) <= 9);
	assert_int_equal(next + pace.skipped, 110);
	for (uint64_t ms = 110; ms < 1100; ms++)
		take_due(&pace, &next, start + ms * 1000000);
	assert_int_equal(next + pace.skipped, 1000);
	assert_int_equal(pace.stop, 1);
	assert_int_equal(pace.end_ns, start + 1000000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_frame_is_written_as_published),
		cmocka_unit_test(test_the_shortest_frame_has_sequence_and_half_the_stream),
		cmocka_unit_test(test_sizes_have_their_bounds),
		cmocka_unit_test(test_every_kind_and_size_comes_back_right),
		cmocka_unit_test(test_no_bit_that_is_wrong_goes_unseen),
		cmocka_unit_test(test_each_fault_has_its_name),
		cmocka_unit_test(test_only_its_own_packets_are_found),
		cmocka_unit_test(test_the_pace_is_kept_and_what_was_missed_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
