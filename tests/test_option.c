/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>

#include "base/option.h"
#include "service/reflect.h"

static const char *const words[] = { "auto", "kernel", "user", NULL };

/* Parses; returns what is wrong, or "" when nothing is. */
static const char *parse(int (*parser)(const struct option *, const char *, void *, struct err *),
	const struct option *option, const char *text, void *field)
{
	static struct err err; /* the text outlives the call */
	int code;

	err.text[0] = 0;
	code = parser(option, text, field, &err);
	assert_int_equal(code, err.text[0] ? -EINVAL : 0);
	return err.text;
}

static void test_a_choice_is_the_index_of_its_word(void **unused)
{
	const struct option option = { .key = "path", .choices = words };
	int value = -1;

	(void)unused;
	assert_string_equal(parse(option_choice, &option, "user", &value), "");
	assert_int_equal(value, 2);
	assert_string_equal(parse(option_choice, &option, "usr", &value),
		"not a choice: 'usr' (auto, kernel, user)");
	assert_string_equal(
		parse(option_choice, &option, "", &value), "not a choice: '' (auto, kernel, user)");
}

static void test_yes_no_on_and_off_are_booleans(void **unused)
{
	const struct option option = { .key = "x" };
	bool value = false;

	(void)unused;
	assert_string_equal(parse(option_bool, &option, "yes", &value), "");
	assert_true(value);
	assert_string_equal(parse(option_bool, &option, "off", &value), "");
	assert_false(value);
	assert_string_equal(parse(option_bool, &option, "on", &value), "");
	assert_true(value);
	assert_string_equal(parse(option_bool, &option, "no", &value), "");
	assert_false(value);
	assert_string_equal(
		parse(option_bool, &option, "1", &value), "not a choice: '1' (yes, no, on, off)");
}

static void test_numbers_are_decimal_and_in_range(void **unused)
{
	const struct option option = { .key = "batch", .min = 1, .max = 256 };
	const struct option wide = { .key = "wide" };
	uint32_t value = 0;

	(void)unused;
	assert_string_equal(parse(option_u32, &option, "256", &value), "");
	assert_int_equal(value, 256);
	assert_string_equal(
		parse(option_u32, &option, "257", &value), "out of range: 257 (1 to 256)");
	assert_string_equal(parse(option_u32, &option, "0", &value), "out of range: 0 (1 to 256)");
	assert_string_equal(parse(option_u32, &option, "12x", &value), "not a number: '12x'");
	assert_string_equal(parse(option_u32, &option, "-1", &value), "not a number: '-1'");
	assert_string_equal(parse(option_u32, &option, "+1", &value), "not a number: '+1'");
	assert_string_equal(parse(option_u32, &option, "", &value), "a number is missing");
	assert_string_equal(parse(option_u32, &option, "99999999999999999999", &value),
		"out of range: 99999999999999999999 (1 to 256)");
	assert_int_equal(value, 256);
	assert_string_equal(parse(option_u32, &wide, "4294967295", &value), "");
	assert_string_equal(parse(option_u32, &wide, "4294967296", &value),
		"out of range: 4294967296 (0 to 4294967295)");
}

static void test_auto_stands_for_zero(void **unused)
{
	const struct option option = { .key = "frames", .choices = words, .min = 64, .max = 4096 };
	uint32_t value = 1;

	(void)unused;
	assert_string_equal(parse(option_auto_u32, &option, "auto", &value), "");
	assert_int_equal(value, 0);
	assert_string_equal(parse(option_auto_u32, &option, "64", &value), "");
	assert_int_equal(value, 64);
	assert_string_equal(parse(option_auto_u32, &option, "all", &value),
		"not a number: 'all', nor the word auto");
}

static void test_sizes_take_k_m_and_g(void **unused)
{
	const struct option option = { .key = "size", .max = 1ull << 40 };
	uint64_t value = 0;

	(void)unused;
	assert_string_equal(parse(option_size, &option, "2K", &value), "");
	assert_int_equal(value, 2048);
	assert_string_equal(parse(option_size, &option, "1.5M", &value), "");
	assert_int_equal(value, 1536 * 1024);
	assert_string_equal(parse(option_size, &option, "3G", &value), "");
	assert_int_equal(value, 3ull << 30);
	assert_string_equal(parse(option_size, &option, "7", &value), "");
	assert_int_equal(value, 7);
	assert_string_equal(parse(option_size, &option, "2T", &value),
		"not a size: '2T' (bytes, or with K, M or G)");
	assert_string_equal(parse(option_size, &option, "2000G", &value),
		"out of range: 2000G (0 to 1099511627776)");
	assert_string_equal(parse(option_size, &option, "99999999999999999999G", &value),
		"not a size: '99999999999999999999G' (bytes, or with K, M or G)");
}

static void test_rates_are_packets_a_second(void **unused)
{
	const struct option option = { .key = "max_pps" };
	uint64_t value = 1;

	(void)unused;
	assert_string_equal(parse(option_pps, &option, "0", &value), "");
	assert_int_equal(value, 0);
	assert_string_equal(parse(option_pps, &option, "1kpps", &value), "");
	assert_int_equal(value, 1000);
	assert_string_equal(parse(option_pps, &option, "2.5Mpps", &value), "");
	assert_int_equal(value, 2500000);
	assert_string_equal(parse(option_pps, &option, "14.88M", &value), "");
	assert_int_equal(value, 14880000);
	assert_string_equal(parse(option_pps, &option, "1.25", &value),
		"not a rate: '1.25' (packets a second: 1000, 2.5Mpps)");
	assert_string_equal(parse(option_pps, &option, "100Mbps", &value),
		"a rate in bits: '100Mbps' (packets a second are wanted: 1000, 2.5Mpps)");
	assert_string_equal(parse(option_pps, &option, "fast", &value),
		"not a rate: 'fast' (packets a second: 1000, 2.5Mpps)");
	assert_string_equal(parse(option_pps, &option, "1.k", &value),
		"not a rate: '1.k' (packets a second: 1000, 2.5Mpps)");
}

static void test_texts_are_refused_not_cut(void **unused)
{
	const struct option option = { .key = "text", .max = 4 };
	char text[4];

	(void)unused;
	assert_string_equal(parse(option_text, &option, "abc", text), "");
	assert_string_equal(text, "abc");
	assert_string_equal(
		parse(option_text, &option, "abcd", text), "too long: 4 characters (at most 3)");
	assert_string_equal(text, "abc");
}

static void test_lists_of_names_keep_their_order(void **unused)
{
	const struct option option = { .key = "interfaces" };
	struct option_names names;

	(void)unused;
	assert_string_equal(parse(option_names, &option, " eth1 ,eth0", &names), "");
	assert_int_equal(names.count, 2);
	assert_string_equal(names.name[0], "eth1");
	assert_string_equal(names.name[1], "eth0");
	assert_string_equal(parse(option_names, &option, "", &names), "");
	assert_int_equal(names.count, 0);
	assert_string_equal(
		parse(option_names, &option, "eth0,", &names), "an item of the list is empty");
	assert_string_equal(
		parse(option_names, &option, "eth0,,eth1", &names), "an item of the list is empty");
	assert_string_equal(
		parse(option_names, &option, "eth0, eth0", &names), "'eth0' is in the list twice");
}

static void test_lists_of_numbers_take_ranges(void **unused)
{
	const struct option option = { .key = "queues", .choices = words, .max = 4095 };
	struct option_numbers numbers;

	(void)unused;
	assert_string_equal(parse(option_numbers, &option, "7, 0-2", &numbers), "");
	assert_int_equal(numbers.count, 4);
	assert_int_equal(numbers.number[0], 7);
	assert_int_equal(numbers.number[1], 0);
	assert_int_equal(numbers.number[3], 2);
	assert_string_equal(parse(option_numbers, &option, "auto", &numbers), "");
	assert_int_equal(numbers.count, 0);
	assert_string_equal(
		parse(option_numbers, &option, "0-3,2", &numbers), "2 is in the list twice");
	assert_string_equal(parse(option_numbers, &option, "3-1", &numbers),
		"a range that goes backwards: '3-1'");
	assert_string_equal(
		parse(option_numbers, &option, "1-", &numbers), "not a number or range: '1-'");
	assert_string_equal(
		parse(option_numbers, &option, "5000", &numbers), "out of range: 5000 (0 to 4095)");
	assert_string_equal(parse(option_numbers, &option, "0-4095", &numbers),
		"too many numbers (at most 256)");
	assert_string_equal(
		parse(option_numbers, &option, "", &numbers), "an item of the list is empty");
}

static void test_mac_addresses_are_those_of_one_interface(void **unused)
{
	const struct option option = { .key = "mac", .choices = words };
	const uint8_t expected[6] = { 0x02, 0, 0, 0xab, 0xCD, 1 };
	struct option_mac mac;

	(void)unused;
	assert_string_equal(parse(option_mac, &option, "02:00:00:ab:CD:01", &mac), "");
	assert_true(mac.given);
	assert_memory_equal(mac.address, expected, 6);
	assert_string_equal(parse(option_mac, &option, "auto", &mac), "");
	assert_false(mac.given);
	assert_string_equal(parse(option_mac, &option, "2:0:0:0:0:1", &mac),
		"not a MAC address: '2:0:0:0:0:1' (02:00:00:00:00:01)");
	assert_string_equal(parse(option_mac, &option, "02:00:00:00:00:0:", &mac),
		"not a MAC address: '02:00:00:00:00:0:' (02:00:00:00:00:01)");
	assert_string_equal(parse(option_mac, &option, "01:00:5e:00:00:01", &mac),
		"not the address of one interface: 01:00:5e:00:00:01");
	assert_string_equal(parse(option_mac, &option, "00:00:00:00:00:00", &mac),
		"not the address of one interface: 00:00:00:00:00:00");
}

static void test_the_nearest_word_is_near(void **unused)
{
	static const char *const keys[] = { "interfaces", "ports", "path", "io", NULL };

	(void)unused;
	assert_string_equal(option_nearest_word(keys, "pots"), "ports");
	assert_string_equal(option_nearest_word(keys, "prots"), "ports");
	assert_string_equal(option_nearest_word(keys, "interface"), "interfaces");
	assert_string_equal(option_nearest_word(keys, "intrfcaes"), "interfaces");
	assert_string_equal(option_nearest_word(keys, "oi"), "io");
	assert_null(option_nearest_word(keys, "xy"));
	assert_null(option_nearest_word(keys, "signatures"));
	assert_null(option_nearest_word(keys, ""));
	assert_null(option_nearest_word(keys,
		"a-word-that-is-much-longer-than-any-key-of-any-section-has-ever-been-until-now"));
}

static void test_a_key_is_found_by_its_alias(void **unused)
{
	const struct option options[] = { { .key = "one" },
		{ .key = "stats_level", .alias = "stats-level" } };

	(void)unused;
	assert_ptr_equal(option_find(options, 2, "stats-level"), &options[1]);
	assert_ptr_equal(option_find(options, 2, "stats_level"), &options[1]);
	assert_null(option_find(options, 2, "stats"));
	assert_string_equal(option_nearest(options, 2, "stat_level"), "stats_level");
}

static void test_trim_cuts_blanks_at_both_ends(void **unused)
{
	char text[] = " \t a b \r\n", blanks[] = "  \t";

	(void)unused;
	assert_string_equal(option_trim(text), "a b");
	assert_string_equal(option_trim(blanks), "");
}

/* Parses a key of reflect. */
static const char *reflect(const char *key, const char *text, struct reflect_settings *settings)
{
	const struct option *option =
		option_find(service_reflect.options, service_reflect.options_count, key);

	return parse(option->parse, option, text, (char *)settings + option->offset);
}

static void expect_signature(const struct reflect_settings *settings, unsigned index,
	unsigned offset, const char *bytes, unsigned length)
{
	const struct reflect_signature *signature = &settings->signatures.list[index];

	assert_int_equal(signature->offset, offset);
	assert_int_equal(signature->length, length);
	assert_memory_equal(signature->bytes, bytes, length);
}

static void test_signatures_are_text_or_hexadecimal_at_an_offset(void **unused)
{
	static struct reflect_settings settings;

	(void)unused;
	assert_string_equal(
		reflect("signatures", "PROBEOT@5, DATA:OT@0, 0xC017ff@1400, Y.1564 @0, A@B @ 7",
			&settings),
		"");
	assert_int_equal(settings.signatures.count, 5);
	expect_signature(&settings, 0, 5, "PROBEOT", 7);
	expect_signature(&settings, 1, 0, "DATA:OT", 7);
	expect_signature(&settings, 2, 1400, "\xc0\x17\xff", 3);
	expect_signature(&settings, 3, 0, "Y.1564 ", 7);
	expect_signature(&settings, 4, 7, "A@B", 3);
	assert_string_equal(reflect("signatures", "any", &settings), "");
	assert_int_equal(settings.signatures.count, 0);
}

static void test_wrong_signatures_are_refused(void **unused)
{
	static const struct {
		const char *text, *wrong;
	} rows[] = {
		{ "", "an item of the list is empty" },
		{ "PROBEOT", "no '@' and offset in 'PROBEOT'" },
		{ "PROBEOT@", "not an offset: '' in 'PROBEOT@' (0 to 1400)" },
		{ "PROBEOT@x", "not an offset: 'x' in 'PROBEOT@x' (0 to 1400)" },
		{ "PROBEOT@1-2", "not an offset: '1-2' in 'PROBEOT@1-2' (0 to 1400)" },
		{ "PROBEOT@1401", "not an offset: '1401' in 'PROBEOT@1401' (0 to 1400)" },
		{ "@5", "not 1 to 8 characters: ''" },
		{ "ABCDEFGHI@5", "not 1 to 8 characters: 'ABCDEFGHI'" },
		{ "0x@5", "not 1 to 8 bytes in hexadecimal: '0x'" },
		{ "0x123@5", "not 1 to 8 bytes in hexadecimal: '0x123'" },
		{ "0x1g@5", "not 1 to 8 bytes in hexadecimal: '0x1g'" },
		{ "0x112233445566778899@5",
			"not 1 to 8 bytes in hexadecimal: '0x112233445566778899'" },
	};
	static struct reflect_settings settings;

	(void)unused;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(reflect("signatures", rows[i].text, &settings), rows[i].wrong);
}

static void test_ports_are_lists_and_ranges(void **unused)
{
	static struct reflect_settings settings;
	unsigned count = 0;

	(void)unused;
	assert_string_equal(reflect("ports", "3842, 1-3, 65535", &settings), "");
	for (unsigned port = 0; port < 65536; port++)
		count += settings.ports.set[port / 8] >> port % 8 & 1;
	assert_int_equal(count, 5);
	assert_true(settings.ports.set[3842 / 8] & 1 << 3842 % 8);
	assert_true(settings.ports.set[65535 / 8] & 1 << 65535 % 8);
	assert_false(settings.ports.any);
	assert_string_equal(reflect("ports", "any", &settings), "");
	assert_true(settings.ports.any);
	assert_string_equal(
		reflect("ports", "65536", &settings), "out of range: 65536 (1 to 65535)");
	assert_string_equal(reflect("ports", "0", &settings), "out of range: 0 (1 to 65535)");
	assert_string_equal(reflect("ports", "", &settings), "an item of the list is empty");
}

static void test_ouis_are_three_bytes(void **unused)
{
	static struct reflect_settings settings;

	(void)unused;
	assert_string_equal(reflect("source_oui", "00:c0:17, 02-AB-cd", &settings), "");
	assert_int_equal(settings.ouis.count, 2);
	assert_memory_equal(settings.ouis.list[0], "\x00\xc0\x17", 3);
	assert_memory_equal(settings.ouis.list[1], "\x02\xab\xcd", 3);
	assert_string_equal(reflect("source_oui", "any", &settings), "");
	assert_int_equal(settings.ouis.count, 0);
	assert_string_equal(
		reflect("source_oui", "00:c0", &settings), "not an OUI: '00:c0' (00:c0:17)");
	assert_string_equal(
		reflect("source_oui", "00:c0-17", &settings), "not an OUI: '00:c0-17' (00:c0:17)");
	assert_string_equal(reflect("source_oui", "01:00:5e", &settings),
		"an OUI of multicast addresses: '01:00:5e'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_choice_is_the_index_of_its_word),
		cmocka_unit_test(test_yes_no_on_and_off_are_booleans),
		cmocka_unit_test(test_numbers_are_decimal_and_in_range),
		cmocka_unit_test(test_auto_stands_for_zero),
		cmocka_unit_test(test_sizes_take_k_m_and_g),
		cmocka_unit_test(test_rates_are_packets_a_second),
		cmocka_unit_test(test_texts_are_refused_not_cut),
		cmocka_unit_test(test_lists_of_names_keep_their_order),
		cmocka_unit_test(test_lists_of_numbers_take_ranges),
		cmocka_unit_test(test_mac_addresses_are_those_of_one_interface),
		cmocka_unit_test(test_the_nearest_word_is_near),
		cmocka_unit_test(test_a_key_is_found_by_its_alias),
		cmocka_unit_test(test_trim_cuts_blanks_at_both_ends),
		cmocka_unit_test(test_signatures_are_text_or_hexadecimal_at_an_offset),
		cmocka_unit_test(test_wrong_signatures_are_refused),
		cmocka_unit_test(test_ports_are_lists_and_ranges),
		cmocka_unit_test(test_ouis_are_three_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
