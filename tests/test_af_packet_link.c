/* SPDX-License-Identifier: BSD-2-Clause */
/* The AF_PACKET backend while its link goes down, comes up or goes away, and cannot send. */
#include "packet_net.h"

static void link_set_up(const struct net *net, bool up)
{
	enter(net->ours);
	run("ip link set rs_ours %s", up ? "up" : "down");
}

static void test_a_link_that_goes_down_resumes_by_itself(void **state)
{
	struct net *net = *state;
	struct io_frame frame;

	queue_open(net);
	for (unsigned round = 0; round < 3; round++) {
		struct frame_bytes expected;

		link_set_up(net, false);
		for (unsigned i = 0; i < 5; i++) {
			io_af_packet.wait(net->queue, -1, 10);
			assert_int_equal(io_af_packet.receive(net->queue, &frame, 1, true), 0);
		}
		link_set_up(net, true);
		plain_make(&expected, round);
		far_send(net, &expected);
		assert_int_equal(receive(net, &frame, 1), 1);
		expect_frame(&frame, &expected);
		swap_macs(frame.data);
		frame.send = true;
		io_af_packet.finish(net->queue, &frame, 1);
		assert_true(frame.sent);
	}
}

static void test_a_queue_can_be_opened_while_the_link_is_down(void **state)
{
	struct net *net = *state;
	struct io_frame frame;

	link_set_up(net, false);
	queue_open(net);
	io_af_packet.wait(net->queue, -1, 10);
	assert_int_equal(io_af_packet.receive(net->queue, &frame, 1, true), 0);
	link_set_up(net, true);
	far_send_plain(net, 0, 1);
	assert_int_equal(receive(net, &frame, 1), 1);
	io_af_packet.finish(net->queue, &frame, 1);
}

static void expect_gone(struct net *net, bool waits)
{
	uint64_t until = clock_now_ns() + DEADLINE_MS * NSEC_PER_MSEC;
	struct io_frame frame;
	int result;

	do {
		if (waits)
			io_af_packet.wait(net->queue, -1, 100);
		result = io_af_packet.receive(net->queue, &frame, 1, true);
		assert_true(result <= 0);
	} while (!result && clock_now_ns() < until);
	assert_int_equal(result, -ENETDOWN);
	assert_int_equal(io_af_packet.receive(net->queue, &frame, 1, true), -ENETDOWN);
}

static void test_a_deleted_interface_is_an_error(void **state)
{
	queue_open(*state);
	run("ip link delete rs_ours");
	expect_gone(*state, true);
}

static void test_a_deleted_interface_is_noticed_without_waiting(void **state)
{
	queue_open(*state);
	run("ip link delete rs_ours");
	expect_gone(*state, false);
}

static void test_an_interface_deleted_while_down_is_an_error(void **state)
{
	struct net *net = *state;
	struct io_frame frame;

	queue_open(net);
	link_set_up(net, false);
	io_af_packet.wait(net->queue, -1, 10);
	assert_int_equal(io_af_packet.receive(net->queue, &frame, 1, true), 0);
	run("ip link delete rs_ours");
	expect_gone(net, true);
}

static void test_an_interface_moved_away_is_an_error(void **state)
{
	struct net *net = *state;

	queue_open(net);
	run("ip link set rs_ours netns /proc/%d/fd/%d", getpid(), net->far);
	expect_gone(net, true);
}

static void test_frames_in_hand_when_the_interface_is_deleted_are_not_sent(void **state)
{
	struct net *net = *state;
	struct io_frame frames[4];

	queue_open(net);
	far_send_plain(net, 0, 4);
	assert_int_equal(receive(net, frames, 4), 4);
	run("ip link delete rs_ours");
	for (unsigned i = 0; i < 4; i++)
		frames[i].send = frames[i].sent = true;
	io_af_packet.finish(net->queue, frames, 4);
	for (unsigned i = 0; i < 4; i++)
		assert_false(frames[i].sent);
	assert_int_equal(gauges_of(net).rx_ring, 0);
	expect_gone(net, true);
}

static void test_a_frame_that_cannot_be_sent_does_not_hold_up_the_others(void **state)
{
	static const uint32_t payloads[] = { 64, 1400, 1400, 64, 1400, 64, 64 };
	enum { COUNT = sizeof(payloads) / sizeof(payloads[0]) };
	struct net *net = *state;
	struct io_frame frames[COUNT];
	struct frame_bytes sent[COUNT], back;

	queue_open(net);
	for (unsigned i = 0; i < COUNT; i++) {
		frame_make(&sent[i], NULL, false, PORT, i, payloads[i]);
		far_send(net, &sent[i]);
	}
	assert_int_equal(receive(net, frames, COUNT), COUNT);
	run("ip link set rs_ours mtu 1000");
	for (unsigned i = 0; i < COUNT; i++)
		frames[i].send = i != 3;
	io_af_packet.finish(net->queue, frames, COUNT);
	for (unsigned i = 0; i < COUNT; i++) {
		assert_int_equal(frames[i].sent, i != 3 && payloads[i] == 64);
		if (!frames[i].sent)
			continue;
		assert_true(far_receive_answer(net, &back, DEADLINE_MS));
		assert_int_equal(back.length, sent[i].length);
		assert_memory_equal(bytes_of(&back), bytes_of(&sent[i]), back.length);
	}
}

/* The far end is down: veth refuses each frame. */
static void test_frames_refused_by_the_device_are_not_sent(void **state)
{
	struct net *net = *state;
	struct io_frame frames[8];

	queue_open(net);
	far_send_plain(net, 0, 8);
	assert_int_equal(receive(net, frames, 8), 8);
	enter(net->far);
	run("ip link set rs_far down");
	for (unsigned i = 0; i < 8; i++)
		frames[i].send = true;
	io_af_packet.finish(net->queue, frames, 8);
	for (unsigned i = 0; i < 8; i++)
		assert_false(frames[i].sent);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		ON_NET(test_a_link_that_goes_down_resumes_by_itself),
		ON_NET(test_a_queue_can_be_opened_while_the_link_is_down),
		ON_NET(test_a_deleted_interface_is_an_error),
		ON_NET(test_a_deleted_interface_is_noticed_without_waiting),
		ON_NET(test_an_interface_deleted_while_down_is_an_error),
		ON_NET(test_an_interface_moved_away_is_an_error),
		ON_NET(test_frames_in_hand_when_the_interface_is_deleted_are_not_sent),
		ON_NET(test_a_frame_that_cannot_be_sent_does_not_hold_up_the_others),
		ON_NET(test_frames_refused_by_the_device_are_not_sent),
	};

	if (!net_is_possible()) {
		printf("skipped: network namespaces need root\n");
		return 77;
	}
	return cmocka_run_group_tests_name("af_packet_link", tests, NULL, NULL);
}
