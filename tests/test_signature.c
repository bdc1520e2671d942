/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>

#include "bpf/services.h"
#include "service/signature.h"

/* A UDP datagram as signature_match() sees it: 8 bytes of headers before it, then header and
 * payload. */
struct datagram {
	struct frame frame;
	uint8_t bytes[8 + sizeof(struct udphdr) + 1500];
};

struct compiled {
	struct signature_probe probe[SIGNATURE_PROBES];
	unsigned probes;
	struct signature table[SIGNATURE_TABLE];
};

static void datagram_make(struct datagram *d, const void *payload, size_t bytes)
{
	memset(d, 0xee, sizeof(*d));
	d->frame.udp = (void *)(d->bytes + 8);
	d->frame.udp_bytes = (uint32_t)(sizeof(struct udphdr) + bytes);
	d->frame.end = d->bytes + 8 + sizeof(struct udphdr) + bytes;
	memcpy(d->frame.udp + 1, payload, bytes);
}

static bool matches(const struct compiled *c, const struct datagram *d)
{
	for (unsigned i = 0; i < c->probes; i++) {
		if (signature_match(&d->frame, &c->probe[i], c->table))
			return true;
	}
	return false;
}

static bool payload_matches(const struct compiled *c, const void *payload, size_t bytes)
{
	struct datagram d;

	datagram_make(&d, payload, bytes);
	return matches(c, &d);
}

static struct reflect_signature signature(const char *text, unsigned offset)
{
	struct reflect_signature s = { .offset = (uint16_t)offset,
		.length = (uint8_t)strlen(text) };

	memcpy(s.bytes, text, strlen(text));
	return s;
}

static struct compiled *compile(const struct reflect_signature *list, unsigned count)
{
	struct compiled *c = calloc(1, sizeof(*c));
	struct err err = { "" };

	assert_non_null(c);
	signature_table_init(c->table);
	if (signature_compile(list, count, c->probe, &c->probes, c->table, &err))
		fail_msg("%s", err.text);
	return c;
}

/* What the compiled tables must agree with. */
static bool is_in_list(
	const struct reflect_signature *list, unsigned count, const uint8_t *payload, size_t bytes)
{
	for (unsigned i = 0; i < count; i++) {
		const struct reflect_signature *s = &list[i];

		if (s->offset + s->length <= bytes &&
			!memcmp(payload + s->offset, s->bytes, s->length))
			return true;
	}
	return false;
}

static uint32_t random_next(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

/* Makes signatures over a small alphabet, so that prefixes and duplicates are common. */
static void make_list(struct reflect_signature *list, unsigned count, unsigned offsets,
	unsigned letters, unsigned shortest, uint32_t *state)
{
	for (unsigned i = 0; i < count; i++) {
		list[i] = (struct reflect_signature){ 0 };
		list[i].offset = (uint16_t)(random_next(state) % offsets * 5);
		list[i].length = (uint8_t)(shortest + random_next(state) % (9 - shortest));
		for (unsigned k = 0; k < list[i].length; k++)
			list[i].bytes[k] = (uint8_t)('A' + random_next(state) % letters);
	}
}

/* Compares with the plain search, over payloads that hold a signature, whole or cut, and over
 * noise. */
static void compare_with_search(
	const struct reflect_signature *list, unsigned count, unsigned letters, uint32_t *state)
{
	struct compiled *c = compile(list, count);
	uint8_t payload[64];

	for (unsigned i = 0; i < 20000; i++) {
		const struct reflect_signature *s = &list[random_next(state) % count];
		size_t bytes = random_next(state) % 48;

		for (unsigned k = 0; k < sizeof(payload); k++)
			payload[k] = (uint8_t)('A' + random_next(state) % letters);
		memcpy(payload + s->offset, s->bytes, s->length);
		if (i % 4 == 0)
			payload[s->offset + random_next(state) % s->length] ^= 1;
		assert_int_equal(payload_matches(c, payload, bytes),
			is_in_list(list, count, payload, bytes));
	}
	free(c);
}

static void test_one_signature_matches_at_its_offset_only(void **unused)
{
	struct reflect_signature list[] = { signature("PROBEOT", 5) };
	struct compiled *c = compile(list, 1);

	(void)unused;
	assert_int_equal(c->probes, 1);
	assert_true(payload_matches(c, "12345PROBEOT678", 15));
	assert_false(payload_matches(c, "1234PROBEOT6789", 15));
	assert_false(payload_matches(c, "12345PROBEOX678", 15));
	assert_false(payload_matches(c, "12345PROBEO", 11));
	assert_false(payload_matches(c, "", 0));
	free(c);
}

static void test_the_defaults_take_one_probe(void **unused)
{
	struct reflect_signature list[] = { signature("PROBEOT", 5), signature("DATA:OT", 5),
		signature("LATENCY", 5) };
	struct compiled *c = compile(list, 3);

	(void)unused;
	assert_int_equal(c->probes, 1);
	assert_true(payload_matches(c, "12345PROBEOT.", 13));
	assert_true(payload_matches(c, "12345DATA:OT.", 13));
	assert_true(payload_matches(c, "12345LATENCY.", 13));
	assert_false(payload_matches(c, "12345LATENCX.", 13));
	free(c);
}

static void test_a_signature_at_the_very_end_of_the_payload_matches(void **unused)
{
	struct compiled *c;

	(void)unused;
	for (unsigned length = 1; length <= 8; length++) {
		for (unsigned offset = 0; offset < 12; offset++) {
			struct reflect_signature one = signature("ABCDEFGH", offset);
			uint8_t payload[32] = { 0 };

			one.length = (uint8_t)length;
			memset(one.bytes + length, 0, 8 - length);
			memcpy(payload + offset, "ABCDEFGH", 8);
			c = compile(&one, 1);
			for (unsigned bytes = 0; bytes < 32; bytes++)
				assert_int_equal(payload_matches(c, payload, bytes),
					bytes >= offset + length);
			free(c);
		}
	}
}

static void test_bytes_behind_the_udp_length_do_not_count(void **unused)
{
	struct reflect_signature one = signature("ABCD", 3);
	struct compiled *c = compile(&one, 1);
	struct datagram d;

	(void)unused;
	datagram_make(&d, "123ABCD", 7);
	assert_true(matches(c, &d));
	d.frame.udp_bytes--; /* the last byte is Ethernet's padding now */
	assert_false(matches(c, &d));
	free(c);
}

static void test_a_zero_byte_of_a_signature_is_not_found_beyond_the_end(void **unused)
{
	struct reflect_signature one = { .offset = 0, .length = 4, .bytes = { 'A', 0, 0, 0 } };
	struct compiled *c = compile(&one, 1);

	(void)unused;
	assert_true(payload_matches(c, "A\0\0\0", 4));
	assert_false(payload_matches(c, "A\0\0", 3));
	assert_false(payload_matches(c, "A", 1));
	free(c);
}

static void test_a_signature_at_the_highest_offset_matches(void **unused)
{
	struct reflect_signature one = signature("ABCDEFGH", SIGNATURE_OFFSET_MAX);
	struct compiled *c = compile(&one, 1);
	uint8_t payload[SIGNATURE_OFFSET_MAX + 8] = { 0 };

	(void)unused;
	memcpy(payload + SIGNATURE_OFFSET_MAX, "ABCDEFGH", 8);
	assert_true(payload_matches(c, payload, sizeof(payload)));
	assert_false(payload_matches(c, payload, sizeof(payload) - 1));
	free(c);
}

static void test_duplicates_and_extensions_are_dropped(void **unused)
{
	struct reflect_signature list[] = { signature("ABCD", 5), signature("AB", 5),
		signature("AB", 5), signature("ABX", 5) };
	struct compiled *c = compile(list, 4);
	unsigned entries = 0;

	(void)unused;
	for (unsigned i = 0; i < SIGNATURE_TABLE; i++)
		entries += c->table[i].mask != 0;
	assert_int_equal(entries, 1);
	assert_int_equal(c->probes, 1);
	assert_true(payload_matches(c, "12345AB", 7));
	free(c);
}

static void test_the_same_prefix_with_different_tails_takes_a_further_probe(void **unused)
{
	struct reflect_signature list[] = { signature("XY", 0), signature("ABCD", 0),
		signature("ABEF", 0), signature("ABEG", 0) };
	struct compiled *c = compile(list, 4);

	(void)unused;
	assert_int_equal(c->probes, 2);
	assert_true(payload_matches(c, "XY", 2));
	assert_true(payload_matches(c, "ABCD", 4));
	assert_true(payload_matches(c, "ABEF", 4));
	assert_true(payload_matches(c, "ABEG", 4));
	assert_false(payload_matches(c, "ABCF", 4));
	assert_false(payload_matches(c, "AB", 2));
	free(c);
}

static void test_a_hundred_signatures_at_one_offset_take_one_probe(void **unused)
{
	struct reflect_signature list[100];
	struct compiled *c;
	char text[16];

	(void)unused;
	for (unsigned i = 0; i < 100; i++) {
		snprintf(text, sizeof(text), "TEST%03u", i);
		list[i] = signature(text, 5);
	}
	c = compile(list, 100);
	assert_int_equal(c->probes, 1);
	for (unsigned i = 0; i < 100; i++) {
		snprintf(text, sizeof(text), "12345TEST%03u", i);
		assert_true(payload_matches(c, text, 12));
	}
	assert_false(payload_matches(c, "12345TEST100", 12));
	free(c);
}

static void test_256_random_signatures_of_8_bytes_fit(void **unused)
{
	struct reflect_signature list[256];
	uint32_t state = 7;

	(void)unused;
	for (unsigned round = 0; round < 4; round++) {
		make_list(list, 256, 1, 26, 8, &state);
		compare_with_search(list, 256, 26, &state);
	}
}

static void test_mixed_lists_agree_with_a_plain_search(void **unused)
{
	static const struct {
		unsigned count, offsets, letters, shortest;
	} rows[] = {
		{ 1, 1, 2, 1 },
		{ 3, 3, 2, 1 },
		{ 3, 1, 26, 1 },
		{ 20, 1, 2, 3 },
		{ 100, 1, 26, 2 },
		{ 100, 2, 4, 5 },
		{ 256, 3, 26, 3 },
		{ 256, 1, 26, 7 },
		{ 256, 8, 26, 8 },
	};
	struct reflect_signature list[256];
	uint32_t state = 1;

	(void)unused;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		make_list(list, rows[i].count, rows[i].offsets, rows[i].letters, rows[i].shortest,
			&state);
		compare_with_search(list, rows[i].count, rows[i].letters, &state);
	}
}

static void test_lists_that_share_a_table_do_not_find_each_others_signatures(void **unused)
{
	struct compiled *c[4], *table = compile(NULL, 0);
	struct reflect_signature list[4][20];
	uint8_t payload[64];
	uint32_t state = 3;

	(void)unused;
	for (unsigned n = 0; n < 4; n++) {
		c[n] = calloc(1, sizeof(*c[n]));
		make_list(list[n], 20, 1, 2, 6, &state);
		assert_int_equal(signature_compile(list[n], 20, c[n]->probe, &c[n]->probes,
					 table->table, NULL),
			0);
	}
	for (unsigned n = 0; n < 4; n++)
		memcpy(c[n]->table, table->table, sizeof(table->table));
	for (unsigned i = 0; i < 5000; i++) {
		for (unsigned k = 0; k < sizeof(payload); k++)
			payload[k] = (uint8_t)('A' + random_next(&state) % 2);
		for (unsigned n = 0; n < 4; n++)
			assert_int_equal(payload_matches(c[n], payload, 64),
				is_in_list(list[n], 20, payload, 64));
	}
	for (unsigned n = 0; n < 4; n++)
		free(c[n]);
	free(table);
}

static void test_more_offsets_than_probes_are_refused(void **unused)
{
	struct reflect_signature list[SIGNATURE_PROBES + 1];
	struct compiled *c = compile(NULL, 0);
	struct err err = { "" };

	(void)unused;
	for (unsigned i = 0; i <= SIGNATURE_PROBES; i++)
		list[i] = signature("A", i);
	assert_int_equal(
		signature_compile(list, SIGNATURE_PROBES, c->probe, &c->probes, c->table, &err), 0);
	signature_table_init(c->table);
	assert_int_equal(
		signature_compile(list, SIGNATURE_PROBES + 1, c->probe, &c->probes, c->table, &err),
		-E2BIG);
	assert_string_equal(err.text, "too many different offsets of signatures (at most 8)");
	free(c);
}

static void test_a_full_table_is_refused(void **unused)
{
	struct reflect_signature list[REFLECT_SIGNATURES];
	struct compiled *c = compile(NULL, 0);
	struct err err = { "" };
	uint32_t state = 5;
	int code = 0;

	(void)unused;
	for (unsigned i = 0; i < SERVICE_SLOTS && !code; i++) {
		make_list(list, REFLECT_SIGNATURES, 1, 26, 8, &state);
		code = signature_compile(
			list, REFLECT_SIGNATURES, c->probe, &c->probes, c->table, &err);
	}
	assert_int_equal(code, -E2BIG);
	assert_non_null(strstr(err.text, "the table of this interface's services is full"));
	free(c);
}

static void test_compile_fills_ports_limit_and_rule(void **unused)
{
	struct reflect_settings *s = calloc(1, sizeof(*s));
	struct rule_tables *tables = calloc(1, sizeof(*tables));
	struct service_rule rule = { .half = HALF_USER };
	struct service_compile c = {
		.settings = s, .place = 3, .queues = 4, .rule = &rule, .tables = tables
	};

	(void)unused;
	option_set_defaults(service_reflect.options, service_reflect.options_count, s);
	rule_tables_init(tables);
	s->max_pps = 1000;
	assert_int_equal(service_reflect.compile(&c, NULL), 0);
	assert_int_equal(rule.kind, SERVICE_reflect);
	assert_int_equal(rule.half, HALF_USER);
	assert_int_equal(rule.reflect.probes, 1);
	assert_int_equal(rule.reflect.loop_guard, 1);
	assert_int_equal(rule.reflect.swap, REFLECT_SWAP_PORT);
	for (unsigned port = 0; port < 65536; port++)
		assert_int_equal(tables->udp_port_services[port], port == 3842 ? 1 << 3 : 0);
	/* 250 packets a second and queue: 4 ms each; 64 of them are longer than 10 ms */
	assert_int_equal(rule.limit_cost, 4000000ull << 8);
	assert_int_equal(rule.limit_burst, 256000000ull << 8);
	s->max_pps = 10000000;
	c.queues = 1;
	service_reflect.compile(&c, NULL);
	assert_int_equal(rule.limit_cost, 25600);
	assert_int_equal(rule.limit_burst, 10000000ull << 8);
	s->max_pps = 1; /* a hundredth of a packet a second and queue */
	c.queues = 100;
	service_reflect.compile(&c, NULL);
	assert_int_equal(rule.limit_cost, 100000000000ull << 8);
	s->max_pps = 0;
	service_reflect.compile(&c, NULL);
	assert_int_equal(rule.limit_cost, 0);
	free(tables);
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_signature_matches_at_its_offset_only),
		cmocka_unit_test(test_the_defaults_take_one_probe),
		cmocka_unit_test(test_a_signature_at_the_very_end_of_the_payload_matches),
		cmocka_unit_test(test_bytes_behind_the_udp_length_do_not_count),
		cmocka_unit_test(test_a_zero_byte_of_a_signature_is_not_found_beyond_the_end),
		cmocka_unit_test(test_a_signature_at_the_highest_offset_matches),
		cmocka_unit_test(test_duplicates_and_extensions_are_dropped),
		cmocka_unit_test(test_the_same_prefix_with_different_tails_takes_a_further_probe),
		cmocka_unit_test(test_a_hundred_signatures_at_one_offset_take_one_probe),
		cmocka_unit_test(test_256_random_signatures_of_8_bytes_fit),
		cmocka_unit_test(test_mixed_lists_agree_with_a_plain_search),
		cmocka_unit_test(test_lists_that_share_a_table_do_not_find_each_others_signatures),
		cmocka_unit_test(test_more_offsets_than_probes_are_refused),
		cmocka_unit_test(test_a_full_table_is_refused),
		cmocka_unit_test(test_compile_fills_ports_limit_and_rule),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
