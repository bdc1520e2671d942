/* SPDX-License-Identifier: BSD-2-Clause */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "stats/snapshot.h"
#include "stats/units.h"

static void assert_si(double value, const char *unit, const char *want)
{
	char buffer[UNITS_BYTES];

	assert_string_equal(units_si(buffer, sizeof(buffer), value, unit), want);
}

static void rates_have_four_digits_and_an_si_prefix(void **state)
{
	(void)state;
	assert_si(0, "", "0");
	assert_si(0.34, "", "0.3");
	assert_si(7, "", "7");
	assert_si(42.4, "", "42");
	assert_si(999.4, "", "999");
	assert_si(8020, "", "8.02k");
	assert_si(200100, "", "200.1k");
	assert_si(22310000, "", "22.31M");
	assert_si(1e18, "", "1.00E");
	assert_si(-1234, "", "-1.23k");
}

static void a_value_rounded_to_a_thousand_takes_the_next_prefix(void **state)
{
	(void)state;
	assert_si(999.5, "", "1.00k");
	assert_si(99994, "", "99.99k");
	assert_si(99996, "", "100.0k");
	assert_si(999949, "", "999.9k");
	assert_si(999951, "", "1.00M");
	assert_si(2e22, "", "20000.0E");
}

static void a_unit_stands_behind_its_prefix(void **state)
{
	(void)state;
	assert_si(10.7e9, "b/s", "10.70 Gb/s");
	assert_si(22.31e6, "pps", "22.31 Mpps");
	assert_si(310, "b/s", "310 b/s");
}

static void what_is_not_known_is_a_question_mark(void **state)
{
	char buffer[UNITS_BYTES];

	(void)state;
	assert_si(NAN, "b/s", "?");
	assert_si(INFINITY, "", "?");
	assert_string_equal(units_fixed(buffer, sizeof(buffer), NAN, 1), "?");
	assert_string_equal(units_count(buffer, sizeof(buffer), SNAPSHOT_UNKNOWN), "?");
	assert_string_equal(units_si_count(buffer, sizeof(buffer), SNAPSHOT_UNKNOWN, "B"), "?");
	assert_string_equal(units_ns(buffer, sizeof(buffer), SNAPSHOT_UNKNOWN), "?");
}

static void counts_are_grouped_by_thousands(void **state)
{
	char buffer[UNITS_BYTES];

	(void)state;
	assert_string_equal(units_count(buffer, sizeof(buffer), 0), "0");
	assert_string_equal(units_count(buffer, sizeof(buffer), 999), "999");
	assert_string_equal(units_count(buffer, sizeof(buffer), 1000), "1,000");
	assert_string_equal(units_count(buffer, sizeof(buffer), 12345678), "12,345,678");
	assert_string_equal(
		units_count(buffer, sizeof(buffer), UINT64_MAX - 1), "18,446,744,073,709,551,614");
	assert_string_equal(units_si_count(buffer, sizeof(buffer), 4096, "B"), "4.10 kB");
}

static void times_have_three_digits(void **state)
{
	static const struct {
		uint64_t ns;
		const char *want;
	} rows[] = { { 0, "0ns" }, { 999, "999ns" }, { 1000, "1.00us" }, { 1914, "1.91us" },
		{ 9994, "9.99us" }, { 9996, "10.0us" }, { 99949, "99.9us" }, { 99960, "100us" },
		{ 999499, "999us" }, { 999500, "1.00ms" }, { 48000000, "48.0ms" },
		{ 12500000000, "12.5s" }, { 5000000000000, "5000s" } };
	char buffer[UNITS_BYTES];

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(units_ns(buffer, sizeof(buffer), rows[i].ns), rows[i].want);
}

static void fixed_decimals_are_rounded_and_never_minus_zero(void **state)
{
	char buffer[UNITS_BYTES];

	(void)state;
	assert_string_equal(units_fixed(buffer, sizeof(buffer), 0.25, 1), "0.3");
	assert_string_equal(units_fixed(buffer, sizeof(buffer), -0.04, 1), "0.0");
	assert_string_equal(units_fixed(buffer, sizeof(buffer), -12.34, 1), "-12.3");
	assert_string_equal(units_fixed(buffer, sizeof(buffer), 1.0045, 3), "1.005");
	assert_string_equal(units_fixed(buffer, sizeof(buffer), 99.5, 0), "100");
	assert_string_equal(
		units_fixed(buffer, sizeof(buffer), 9007199254740991.0, 3), "9007199254740991");
	assert_string_equal(units_fixed(buffer, sizeof(buffer), 1e17, 1), "100000000000000000");
	assert_string_equal(
		units_fixed(buffer, sizeof(buffer), 123456789012.34, 1), "123456789012.3");
}

static void moments_are_iso_8601_in_utc(void **state)
{
	char buffer[UNITS_BYTES];

	(void)state;
	assert_string_equal(units_time(buffer, sizeof(buffer), 0), "1970-01-01T00:00:00.000Z");
	assert_string_equal(units_time(buffer, sizeof(buffer), 1795176000123999999),
		"2026-11-20T12:00:00.123Z");
	assert_string_equal(units_time(buffer, sizeof(buffer), -1), "1969-12-31T23:59:59.999Z");
}

static void a_small_buffer_is_never_overrun(void **state)
{
	char buffer[4] = "xxx";

	(void)state;
	assert_string_equal(units_count(buffer, 3, 123456), "12");
	assert_string_equal(units_si(buffer, 4, 22310000, "pps"), "22.");
	assert_string_equal(units_ns(buffer, 1, 5), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rates_have_four_digits_and_an_si_prefix),
		cmocka_unit_test(a_value_rounded_to_a_thousand_takes_the_next_prefix),
		cmocka_unit_test(a_unit_stands_behind_its_prefix),
		cmocka_unit_test(what_is_not_known_is_a_question_mark),
		cmocka_unit_test(counts_are_grouped_by_thousands),
		cmocka_unit_test(times_have_three_digits),
		cmocka_unit_test(fixed_decimals_are_rounded_and_never_minus_zero),
		cmocka_unit_test(moments_are_iso_8601_in_utc),
		cmocka_unit_test(a_small_buffer_is_never_overrun),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
