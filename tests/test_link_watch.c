/* SPDX-License-Identifier: BSD-2-Clause */
/* What a watch tells of links that change; needs root. */
#include "link_place.h"

#include <poll.h>
#include <sys/socket.h>

#include "net/link.h"

#define WAIT_MS 5000

/* Takes events until one of the link is as wanted. */
static void expect_event(
	struct link_watch *watch, const char *name, bool gone, bool up, bool carrier)
{
	struct pollfd poll_fd = { .fd = link_watch_fd(watch), .events = POLLIN };
	struct link_event event;

	while (poll(&poll_fd, 1, WAIT_MS) == 1)
		while (link_watch_next(watch, &event) == 1)
			if (!strcmp(event.name, name) && event.gone == gone && event.up == up &&
				event.carrier == carrier)
				return;
	fail_msg("no event %s gone %d up %d carrier %d", name, gone, up, carrier);
}

static void test_a_watch_sees_links_go_up_and_down_vanish_and_come_back(void **state)
{
	struct place *place = *state;
	struct veth_end a = { .name = "va", .netns = place->a },
			b = { .name = "vb", .netns = place->b };
	struct link_watch *watch;
	struct link_event event;
	struct err err = { "" };
	int back;

	memcpy(a.mac, mac_a, 6);
	memcpy(b.mac, mac_b, 6);
	assert_int_equal(link_watch_open(&watch, &err), 0);
	assert_int_equal(link_watch_next(watch, &event), 0);
	assert_int_equal(veth_set_up("vb", &err), 0);
	expect_event(watch, "vb", false, true, false);
	back = netns_enter(place->a, &err);
	assert_int_equal(veth_set_up("va", &err), 0);
	netns_leave(back);
	expect_event(watch, "vb", false, true, true);
	assert_int_equal(system("ip link set vb down"), 0);
	expect_event(watch, "vb", false, false, false);
	assert_int_equal(system("ip link delete vb"), 0);
	expect_event(watch, "vb", true, false, false);
	assert_int_equal(veth_add(&a, &b, 1, &err), 0);
	expect_event(watch, "vb", false, false, false);
	link_watch_close(watch);
	link_watch_close(NULL);
}

static void test_a_link_that_moves_to_another_namespace_is_gone_here(void **state)
{
	struct place *place = *state;
	char command[128];
	struct link_watch *watch;
	struct link link;

	assert_int_equal(link_watch_open(&watch, NULL), 0);
	snprintf(command, sizeof(command), "ip link set vb netns %s", place->a);
	assert_int_equal(system(command), 0);
	expect_event(watch, "vb", true, false, false);
	assert_int_equal(link_read(&link, "vb", NULL), -ENODEV);
	link_watch_close(watch);
}

static void test_a_port_that_leaves_its_bridge_is_not_gone(void **state)
{
	struct link_watch *watch;
	struct link_event event;

	(void)state;
	if (system("ip link add br0 type bridge"))
		skip();
	assert_int_equal(system("ip link set vb master br0"), 0);
	assert_int_equal(link_watch_open(&watch, NULL), 0);
	assert_int_equal(system("ip link set vb nomaster"), 0);
	assert_int_equal(system("ip link set lo down"), 0);
	for (;;) {
		struct pollfd poll_fd = { .fd = link_watch_fd(watch), .events = POLLIN };

		assert_int_equal(poll(&poll_fd, 1, WAIT_MS), 1);
		if (link_watch_next(watch, &event) != 1)
			continue;
		assert_false(event.gone);
		if (!strcmp(event.name, "lo") && !event.up)
			break;
	}
	link_watch_close(watch);
}

static void test_a_watch_that_was_not_read_says_that_events_were_lost(void **state)
{
	struct link_watch *watch;
	struct link_event event;
	int small = 1, code; /* the kernel makes it room for an event or two */

	(void)state;
	assert_int_equal(link_watch_open(&watch, NULL), 0);
	assert_int_equal(
		setsockopt(link_watch_fd(watch), SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(veth_set_up("vb", NULL), 0);
		assert_int_equal(system("ip link set vb down"), 0);
	}
	do {
		code = link_watch_next(watch, &event);
	} while (code == 1);
	assert_int_equal(code, -ENOBUFS);
	/* and goes on afterwards */
	while (link_watch_next(watch, &event) == 1)
		;
	assert_int_equal(veth_set_up("vb", NULL), 0);
	expect_event(watch, "vb", false, true, false);
	link_watch_close(watch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLACE(test_a_watch_sees_links_go_up_and_down_vanish_and_come_back),
		PLACE(test_a_link_that_moves_to_another_namespace_is_gone_here),
		PLACE(test_a_port_that_leaves_its_bridge_is_not_gone),
		PLACE(test_a_watch_that_was_not_read_says_that_events_were_lost),
	};
	int skipped = place_open("test_link_watch");

	return skipped ? skipped : cmocka_run_group_tests(tests, NULL, NULL);
}
