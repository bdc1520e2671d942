/* SPDX-License-Identifier: BSD-2-Clause */
/* A rule that is tried is taken away again, against a driver that is an array: no virtual device takes rules. */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "net/ethtool.h"
#include "net/ntuple.h"

enum { PLACES = 16 };

static struct driver {
	bool has_rules; /* else it answers nothing */
	bool chooses; /* the place itself */
	bool keeps; /* does not take away */
	uint32_t takes; /* the flow type; 0: all */
	bool used[PLACES];
	unsigned set, taken;
	struct ethtool_rx_flow_spec last; /* that was set */
} driver;

int __wrap_ethtool_call(int fd, const char *link, void *request);

static int set_rule(struct ethtool_rxnfc *request)
{
	if (driver.takes && request->fs.flow_type != driver.takes)
		return -EINVAL;
	if (request->fs.location == RX_CLS_LOC_ANY)
		request->fs.location = 7;
	assert_true(request->fs.location < PLACES);
	assert_false(driver.used[request->fs.location]);
	driver.used[request->fs.location] = true;
	driver.last = request->fs;
	driver.set++;
	return 0;
}

static int take_rule(const struct ethtool_rxnfc *request)
{
	if (driver.keeps)
		return -EIO;
	assert_true(request->fs.location < PLACES && driver.used[request->fs.location]);
	driver.used[request->fs.location] = false;
	driver.taken++;
	return 0;
}

int __wrap_ethtool_call(int fd, const char *link, void *request)
{
	struct ethtool_rxnfc *rule = request;

	assert_true(fd >= 0);
	assert_string_equal(link, "eth0");
	if (!driver.has_rules)
		return -EOPNOTSUPP;
	switch (rule->cmd) {
	case ETHTOOL_GRXCLSRLCNT:
		rule->rule_cnt = 0;
		for (unsigned i = 0; i < PLACES; i++)
			rule->rule_cnt += driver.used[i];
		rule->data = driver.chooses ? RX_CLS_LOC_SPECIAL : 0;
		return 0;
	case ETHTOOL_GRXCLSRLALL:
		rule->data = PLACES;
		return 0;
	case ETHTOOL_SRXCLSRLINS:
		return set_rule(rule);
	case ETHTOOL_SRXCLSRLDEL:
		return take_rule(rule);
	default:
		return -EOPNOTSUPP;
	}
}

static int set_up(void **state)
{
	(void)state;
	memset(&driver, 0, sizeof(driver));
	driver.has_rules = true;
	return 0;
}

static void expect_nothing_left(unsigned tried)
{
	assert_int_equal(driver.set, tried);
	assert_int_equal(driver.taken, tried);
	assert_int_equal(ntuple_count("eth0"), 0);
}

static void test_a_rule_is_set_in_the_last_place_and_taken_away(void **state)
{
	uint32_t left = 0;

	(void)state;
	assert_int_equal(ntuple_try("eth0", NTUPLE_UDP, 3, &left), 0);
	expect_nothing_left(1);
	assert_int_equal(driver.last.location, PLACES - 1);
	assert_int_equal(driver.last.ring_cookie, 3);
	assert_int_equal(driver.last.flow_type, UDP_V4_FLOW);
	assert_int_equal(driver.last.h_u.udp_ip4_spec.ip4dst, inet_addr("192.0.2.2"));
	assert_int_equal(driver.last.m_u.udp_ip4_spec.ip4dst, 0xffffffff);
	assert_int_equal(driver.last.m_u.udp_ip4_spec.pdst, 0xffff);
}

static void test_a_driver_that_chooses_the_place_is_asked_which(void **state)
{
	uint32_t left = 0;

	(void)state;
	driver.chooses = true;
	assert_int_equal(ntuple_try("eth0", NTUPLE_UDP, 0, &left), 0);
	expect_nothing_left(1);
	assert_int_equal(driver.last.location, 7);
}

static void test_what_a_driver_refuses_is_said_kind_by_kind(void **state)
{
	uint32_t left = 0;

	(void)state;
	driver.takes = ETHER_FLOW;
	assert_int_equal(ntuple_try("eth0", NTUPLE_UDP, 0, &left), -EINVAL);
	expect_nothing_left(0);
	assert_int_equal(ntuple_try("eth0", NTUPLE_ETHER_TYPE, 0, &left), 0);
	expect_nothing_left(1);
	assert_int_equal(driver.last.h_u.ether_spec.h_proto, htons(0x88b5));
	driver.has_rules = false;
	assert_int_equal(ntuple_count("eth0"), -EOPNOTSUPP);
	assert_int_equal(ntuple_try("eth0", NTUPLE_UDP, 0, &left), -EOPNOTSUPP);
}

static void test_rules_that_are_there_are_left_alone(void **state)
{
	uint32_t left = 0;

	(void)state;
	driver.used[2] = true;
	assert_int_equal(ntuple_count("eth0"), 1);
	assert_int_equal(ntuple_try("eth0", NTUPLE_UDP, 0, &left), -EEXIST);
	assert_int_equal(driver.set, 0);
	assert_true(driver.used[2]);
}

static void test_a_rule_that_stays_is_named(void **state)
{
	uint32_t left = 0;

	(void)state;
	driver.keeps = true;
	assert_int_equal(ntuple_try("eth0", NTUPLE_UDP, 0, &left), -EBUSY);
	assert_int_equal(left, PLACES - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_a_rule_is_set_in_the_last_place_and_taken_away, set_up),
		cmocka_unit_test_setup(test_a_driver_that_chooses_the_place_is_asked_which, set_up),
		cmocka_unit_test_setup(test_what_a_driver_refuses_is_said_kind_by_kind, set_up),
		cmocka_unit_test_setup(test_rules_that_are_there_are_left_alone, set_up),
		cmocka_unit_test_setup(test_a_rule_that_stays_is_named, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
