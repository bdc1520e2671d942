/* SPDX-License-Identifier: BSD-2-Clause */
/* What two effective configurations differ in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "config.h"

/* The differences as text, one a line. */
static char text[1024];

static void note(void *context, const struct config_difference *d)
{
	size_t length = strlen(text);

	assert_ptr_equal(context, text);
	snprintf(text + length, sizeof(text) - length, "%s|%s|%s|%s|%d\n", d->section,
		d->key ? d->key : "-", d->before ? d->before : "-", d->now ? d->now : "-",
		d->needs_restart);
}

static void check(const char *before, const char *now, const char *want)
{
	text[0] = '\0';
	assert_int_equal(config_compare(before, now, note, text), 0);
	assert_string_equal(text, want);
}

static void test_what_is_the_same_is_no_difference(void **state)
{
	(void)state;
	check("", "", "");
	check("[a]\nk = 1\n\n[b]\nk =\n", "[b]\nk =\n\n[a]\nk = 1\n", "");
}

static void test_keys_are_compared_within_their_section(void **state)
{
	(void)state;
	check("[service a]\nports = 1\nswap = mac\n[service b]\nports = 2\n",
		"[service a]\nports = 1\nswap = mac+ip\n[service b]\nports = 1\n",
		"service a|swap|mac|mac+ip|0\nservice b|ports|2|1|0\n");
	check("[service a]\nring =\n", "[service a]\nring = x\n", "service a|ring||x|0\n");
}

static void test_sections_come_and_go_as_one(void **state)
{
	(void)state;
	check("[service a]\nports = 1\n", "[service b]\nports = 1\n",
		"service b|-|-|service b|0\nservice a|-|service a|-|0\n");
}

static void test_values_that_go_on_in_the_next_line_are_whole(void **state)
{
	(void)state;
	check("[service a]\nports = 1,\n\t2,\n\t3\nswap = mac\n",
		"[service a]\nports = 1,\n\t2,\n\t4\nswap = mac\n",
		"service a|ports|1,2,3|1,2,4|0\n");
}

static void test_what_is_looked_at_only_at_the_start_needs_a_restart(void **state)
{
	(void)state;
	check("[ringside]\nname = a\nstats_level = basic\nlog_level = info\n[interface e]\nbatch = "
	      "1\n"
	      "[api]\nlisten =\n",
		"[ringside]\nname = b\nstats_level = debug\nlog_level = error\n[interface "
		"e]\nbatch = "
		"2\n"
		"[api]\nlisten = 127.0.0.1:1\n[interface new]\nbatch = 3\n",
		"ringside|name|a|b|1\nringside|stats_level|basic|debug|0\n"
		"ringside|log_level|info|error|0\ninterface e|batch|1|2|1\n"
		"api|listen||127.0.0.1:1|1\ninterface new|-|-|interface new|0\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_the_same_is_no_difference),
		cmocka_unit_test(test_keys_are_compared_within_their_section),
		cmocka_unit_test(test_sections_come_and_go_as_one),
		cmocka_unit_test(test_values_that_go_on_in_the_next_line_are_whole),
		cmocka_unit_test(test_what_is_looked_at_only_at_the_start_needs_a_restart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
