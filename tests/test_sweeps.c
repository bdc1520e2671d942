// SPDX-License-Identifier: BSD-2-Clause
/* Fields of a frame taken through all their values, in both halves; vectors.h has the rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "halves.h"

#define DROPPED(reason) (OUTCOME_DROP + DROP_##reason)

/* A frame that is answered, or not; number is for the message. */
static void expect(struct halves *halves, const char *what, unsigned number,
	const struct packet *packet, int outcome)
{
	char name[96];

	snprintf(name, sizeof(name), "%s %u", what, number);
	if (!halves_check(halves, name, packet, outcome, outcome == OUTCOME_PASS ? SLOT_NONE : 0))
		fail();
}

static void test_runts_of_every_length_are_passed(void **state)
{
	const struct packet whole[] = {
		V4(),
		V6(),
		V4(.payload = 12),
		V4(.tags = 2, .tag = { { 0x88a8, 1 }, { 0x8100, 2 } }),
		V4(.options = 40),
		V6(.extensions = 1, .extension = { { 0, 1 } }),
	};
	struct halves *halves = halves_open("", NULL);

	(void)state;
	for (unsigned i = 0; i < sizeof(whole) / sizeof(*whole); i++) {
		uint8_t frame[PACKET_BYTES_MAX];
		unsigned bytes = (unsigned)packet_build(&whole[i], frame);

		for (unsigned length = 0; length < bytes; length++) {
			struct packet cut = whole[i];

			cut.cut = bytes - length;
			expect(halves, "a runt of", length, &cut, OUTCOME_PASS);
		}
	}
	halves_close(halves);
}

static void test_short_packets_are_answered_once_their_headers_are_there(void **state)
{
	struct halves *halves = halves_open("signatures = any", NULL);

	(void)state;
	for (unsigned length = 0; length <= 60; length++) {
		struct packet packet = V4(.payload = 0, .padding = 60);

		packet.cut = 102 - length;
		expect(halves, "frame of", length, &packet,
			length < 42 ? OUTCOME_PASS : OUTCOME_TX);
	}
	halves_close(halves);
}

static void sweep_payload(const char *lines, uint16_t error, int outcome)
{
	struct halves *halves = halves_open(lines, NULL);

	for (unsigned bytes = 12; bytes <= 1472; bytes++) {
		const struct packet ipv4 = V4(.payload = bytes, .udp_error = error);
		const struct packet ipv6 = V6(.payload = bytes, .udp_error = error);

		expect(halves, "IPv4 payload", bytes, &ipv4, outcome);
		expect(halves, "IPv6 payload", bytes, &ipv6, outcome);
	}
	halves_close(halves);
}

static void test_payloads_of_every_length_come_back(void **state)
{
	(void)state;
	sweep_payload("", 0, OUTCOME_TX);
}

static void test_payloads_of_every_length_are_verified(void **state)
{
	(void)state;
	sweep_payload("checksum = verify", 0, OUTCOME_TX);
	sweep_payload("checksum = verify", 0x0100, DROPPED(bad_checksum));
}

static void test_payloads_of_every_length_are_recomputed(void **state)
{
	(void)state;
	sweep_payload("checksum = recompute", 0x1234, OUTCOME_TX);
}

static void test_every_ttl_is_counted_down_with_its_checksum(void **state)
{
	struct halves *halves = halves_open("", NULL);

	(void)state;
	for (unsigned ttl = 0; ttl <= 255; ttl++) {
		const struct packet ipv4 = V4(.ttl = (uint8_t)ttl);
		const struct packet ipv6 = V6(.ttl = (uint8_t)ttl);

		expect(halves, "TTL", ttl, &ipv4, ttl > 1 ? OUTCOME_TX : DROPPED(ttl_exceeded));
		expect(halves, "hop limit", ttl, &ipv6,
			ttl > 1 ? OUTCOME_TX : DROPPED(ttl_exceeded));
	}
	halves_close(halves);
}

/* Every sum that a header can have, so also those where the checksum comes to 0 or carries twice. */
static void test_the_ttl_is_counted_down_under_every_checksum(void **state)
{
	struct halves *halves = halves_open("", NULL);

	(void)state;
	for (unsigned id = 0; id <= 0xffff; id++) {
		const struct packet packet = V4(.id = (uint16_t)id, .payload = 12);

		expect(halves, "id", id, &packet, OUTCOME_TX);
	}
	halves_close(halves);
}

/* Where the checksum comes to 0, 0xffff says the same (RFC 1624 §3): its answer must be as right. */
static void test_a_checksum_of_0xffff_is_taken_for_0(void **state)
{
	struct halves *halves = halves_open("", NULL);
	struct packet packet = V4(.id = 0), described;
	uint8_t frame[PACKET_BYTES_MAX], answer[PACKET_BYTES_MAX];
	size_t length = packet_build(&packet, frame);

	(void)state;
	packet.id = (uint16_t)(frame[24] << 8 | frame[25]); /* makes up for the sum's rest */
	assert_int_equal(packet_build(&packet, frame), length);
	assert_int_equal(frame[24] | frame[25], 0);
	frame[24] = frame[25] = 0xff;
	described = halves_answer(&packet, &halves->settings[0]);
	assert_true(halves_check_frame(halves, "0xffff", frame, length, OUTCOME_TX, 0, answer,
		packet_build(&described, answer)));
	halves_close(halves);
}

static void test_every_port_is_looked_up(void **state)
{
	struct halves *halves = halves_open("ports = 1, 5000-5002, 65535", NULL);

	(void)state;
	for (unsigned port = 0; port <= 0xffff; port++) {
		const struct packet packet = V4(.dport = (uint16_t)port, .payload = 12);
		bool listed = port == 1 || (port >= 5000 && port <= 5002) || port == 65535;

		expect(halves, "port", port, &packet, listed ? OUTCOME_TX : OUTCOME_PASS);
	}
	halves_close(halves);
}

static void test_of_all_protocols_only_udp_is_answered(void **state)
{
	struct halves *halves = halves_open("", NULL);

	(void)state;
	for (unsigned protocol = 0; protocol <= 255; protocol++) {
		const struct packet ipv4 = V4(.protocol = (uint8_t)protocol);
		const struct packet ipv6 = V6(.protocol = (uint8_t)protocol);

		expect(halves, "protocol", protocol, &ipv4,
			protocol == 17 ? OUTCOME_TX : OUTCOME_PASS);
		expect(halves, "next header", protocol, &ipv6,
			protocol == 17 ? OUTCOME_TX : OUTCOME_PASS);
	}
	halves_close(halves);
}

static void test_of_all_fragment_fields_only_whole_packets_are_answered(void **state)
{
	struct halves *halves = halves_open("", NULL);

	(void)state;
	for (unsigned fragment = 0; fragment <= 0xffff; fragment += 1) {
		const struct packet packet = V4(.fragment = (uint16_t)fragment, .payload = 12);

		expect(halves, "fragment field", fragment, &packet,
			fragment & 0x3fff ? OUTCOME_PASS : OUTCOME_TX);
	}
	halves_close(halves);
}

static void test_a_hundred_signatures_at_one_offset_are_told_apart(void **state)
{
	char lines[2048] = "signatures = ", text[8];
	size_t used = strlen(lines);
	struct halves *halves;

	(void)state;
	for (unsigned i = 0; i < 100; i++)
		used += (size_t)snprintf(
			lines + used, sizeof(lines) - used, "%sSIG-%02u@7", i ? ", " : "", i);
	halves = halves_open(lines, NULL);
	for (unsigned i = 0; i < 1000; i++) {
		const struct packet packet = V4(.signature = text, .offset = 7, .payload = 13);

		/* a hundred that are listed, and nine hundred that nearly are */
		snprintf(text, sizeof(text), "SI%c-%02u", 'G' + i / 100, i % 100);
		expect(halves, text, i, &packet, i < 100 ? OUTCOME_TX : OUTCOME_PASS);
	}
	halves_close(halves);
}

/* The checksums cover every bit behind the Ethernet header, and one bit never leaves them right. */
static void test_no_frame_with_a_flipped_bit_is_answered_when_verified(void **state)
{
	const struct packet packets[] = { V4(.options = 8), V6(.payload = 33) };
	struct halves *halves = halves_open("checksum = verify", NULL);

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		uint8_t frame[PACKET_BYTES_MAX];
		size_t length = packet_build(&packets[i], frame);
		/* IPv6 has no checksum of its own: only addresses, UDP and payload are covered */
		size_t first = i ? 14 + 8 : 14;

		for (size_t bit = 8 * first; bit < 8 * length; bit++) {
			struct judged judged;

			frame[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_true(halves_agree(halves, "a flipped bit", frame, length));
			halves_run_user(halves, frame, length, &judged);
			assert_int_not_equal(judged.outcome, OUTCOME_TX);
			frame[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
	}
	halves_close(halves);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_runts_of_every_length_are_passed),
		cmocka_unit_test(test_short_packets_are_answered_once_their_headers_are_there),
		cmocka_unit_test(test_payloads_of_every_length_come_back),
		cmocka_unit_test(test_payloads_of_every_length_are_verified),
		cmocka_unit_test(test_payloads_of_every_length_are_recomputed),
		cmocka_unit_test(test_every_ttl_is_counted_down_with_its_checksum),
		cmocka_unit_test(test_the_ttl_is_counted_down_under_every_checksum),
		cmocka_unit_test(test_a_checksum_of_0xffff_is_taken_for_0),
		cmocka_unit_test(test_every_port_is_looked_up),
		cmocka_unit_test(test_of_all_protocols_only_udp_is_answered),
		cmocka_unit_test(test_of_all_fragment_fields_only_whole_packets_are_answered),
		cmocka_unit_test(test_a_hundred_signatures_at_one_offset_are_told_apart),
		cmocka_unit_test(test_no_frame_with_a_flipped_bit_is_answered_when_verified),
	};

	if (cmocka_run_group_tests(tests, NULL, NULL))
		return 1;
	return halves_exit_status();
}
