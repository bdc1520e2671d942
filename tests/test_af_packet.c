/* SPDX-License-Identifier: BSD-2-Clause */
/* The AF_PACKET backend: frames in and out, the filter, who owns a slot, what is counted. */
#include "packet_net.h"

static const uint32_t tag_lists[][2] = {
	{ 0, 0 }, { 0x81000064, 0 }, /* VLAN 100 */
	{ 0x8100b064, 0 }, /* priority 5, drop eligible */
	{ 0x8100e000, 0 }, /* a priority tag */
	{ 0x88a8a001, 0 }, /* a service tag alone */
	{ 0x88a8e0c8, 0x8100b064 }, /* 802.1ad */
	{ 0x810060c8, 0x8100b064 }, /* two 802.1Q tags */
};
#define TAG_LISTS (sizeof(tag_lists) / sizeof(tag_lists[0]))

static void test_frames_arrive_and_go_back_bit_exact_with_0_1_and_2_vlan_tags(void **state)
{
	struct net *net = *state;

	queue_open(net);
	for (unsigned i = 0; i < TAG_LISTS * 2; i++) {
		struct frame_bytes sent, back;
		struct io_frame frame;

		frame_make(&sent, tag_lists[i / 2], i & 1, PORT, i, 18 + i * 100);
		far_send(net, &sent);
		assert_int_equal(receive(net, &frame, 1), 1);
		expect_frame(&frame, &sent);
		swap_macs(frame.data);
		frame.send = true;
		io_af_packet.finish(net->queue, &frame, 1);
		assert_true(frame.sent);
		swap_macs(bytes_of(&sent));
		assert_true(far_receive_answer(net, &back, DEADLINE_MS));
		assert_int_equal(back.length, sent.length);
		assert_memory_equal(bytes_of(&back), bytes_of(&sent), sent.length);
	}
	assert_true(io_af_packet.is_drained(net->queue));
}

static void far_udp_send(const char *to)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	inet_pton(AF_INET, to, &address.sin_addr);
	assert_int_equal(sendto(fd, "LATENCY", 7, 0, (void *)&address, sizeof(address)), 7);
	close(fd);
}

/* Attaches a program to what leaves the far end that gives each packet one more tag, as a VLAN
 * device does: in the packet's metadata, for the NIC to insert. Returns its link; -1: the
 * kernel cannot. */
static int far_tag(uint32_t tag)
{
	struct bpf_insn code[] = {
		{ BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_2, 0, 0, BE16((uint16_t)(tag >> 16)) },
		{ BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_3, 0, 0, (int)(tag & 0xffff) },
		{ BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_skb_vlan_push },
		{ BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, -1 }, /* TCX_NEXT */
		{ BPF_JMP | BPF_EXIT, 0, 0, 0, 0 },
	};
	union bpf_attr load = { .prog_type = BPF_PROG_TYPE_SCHED_CLS }, link = { 0 };
	int program, fd;

	load.insns = (uintptr_t)code;
	load.insn_cnt = sizeof(code) / sizeof(code[0]);
	load.license = (uintptr_t) "GPL";
	program = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof(load));
	assert_true(program >= 0);
	link.link_create.prog_fd = (uint32_t)program;
	link.link_create.target_ifindex = if_nametoindex("rs_far");
	link.link_create.attach_type = 47; /* BPF_TCX_EGRESS, which older headers lack */
	fd = (int)syscall(SYS_bpf, BPF_LINK_CREATE, &link, sizeof(link));
	close(program);
	return fd;
}

static void expect_far_kernels_frame(struct net *net, const uint8_t *tags, unsigned tags_bytes)
{
	struct io_frame frame;
	struct frame f = { 0 };

	far_udp_send("192.0.2.1");
	assert_int_equal(receive(net, &frame, 1), 1);
	assert_false(frame.broken);
	assert_int_equal(frame.length, 14 + tags_bytes + 28 + 7);
	assert_memory_equal(frame.data + 12, tags, tags_bytes + 2);
	assert_int_equal(frame_parse(&f, frame.data, frame.data + frame.length), 0);
	assert_int_equal(checksum_ipv4(&f), 0xffff);
	assert_int_not_equal(f.udp->check, 0);
	assert_int_equal(checksum_udp(&f), 0xffff);
	assert_memory_equal(f.udp + 1, "LATENCY", 7);
	io_af_packet.finish(net->queue, &frame, 1);
}

/* The far kernel leaves tag and checksum to the device, and a veth pair does neither. */
static void test_frames_of_the_far_kernel_have_their_tags_and_a_whole_checksum(void **state)
{
	static const uint8_t none[] = { 0x08, 0 }, one[] = { 0x81, 0, 0xb0, 100, 0x08, 0 },
			     two[] = { 0x88, 0xa8, 0xe0, 200, 0x81, 0, 0xb0, 100, 0x08, 0 };
	struct net *net = *state;
	int links[2];

	queue_open(net);
	enter(net->far);
	expect_far_kernels_frame(net, none, 0);
	links[0] = far_tag(0x8100b064);
	if (links[0] < 0) {
		print_message("no tcx: offloaded VLAN tags are not tested\n");
		skip();
	}
	expect_far_kernels_frame(net, one, 4);
	links[1] = far_tag(0x88a8e0c8);
	assert_true(links[1] >= 0);
	expect_far_kernels_frame(net, two, 8);
	close(links[0]);
	close(links[1]);
}

static void test_the_filter_lets_wanted_ports_in_and_nothing_else(void **state)
{
	static const uint8_t tags[] = { 0x81, 0, 0, 5 };
	struct net *net = *state;
	struct frame_bytes frame;
	struct io_frame lent;

	queue_open(net);
	for (unsigned tagged = 0; tagged < 2; tagged++) {
		uint32_t tag[2] = { tagged ? 0x81000005 : 0, 0 };
		uint8_t *ip = bytes_of(&frame) + 14 + tagged * sizeof(tags);

		frame_make(&frame, tag, false, PORT + 1, 0, 64);
		far_send(net, &frame);
		frame_make(&frame, tag, false, PORT, 0, 64);
		ip[9] = IPPROTO_TCP;
		far_send(net, &frame);
		put16(ip - 2, ETH_P_ARP);
		far_send(net, &frame);
		frame_make(&frame, tag, true, PORT, 0, 64);
		ip[6] = IPPROTO_ICMPV6;
		far_send(net, &frame);
		/* comes behind all of them */
		frame_make(&frame, tag, false, PORT, 7, 64);
		far_send(net, &frame);
		assert_int_equal(receive(net, &lent, 1), 1);
		expect_frame(&lent, &frame);
		io_af_packet.finish(net->queue, &lent, 1);
	}
	assert_int_equal(gauges_of(net).in_flight, 0);
}

static void test_what_the_queue_sends_itself_does_not_come_back(void **state)
{
	struct net *net = *state;
	struct frame_bytes back;
	struct io_frame frame;

	queue_open(net);
	far_send_plain(net, 0, 1);
	assert_int_equal(receive(net, &frame, 1), 1);
	frame.send = true; /* as it came, so that it would pass the filter again */
	io_af_packet.finish(net->queue, &frame, 1);
	assert_true(far_receive_answer(net, &back, DEADLINE_MS));
	assert_int_equal(gauges_of(net).in_flight, 0);
	assert_int_equal(io_af_packet.receive(net->queue, &frame, 1, false), 0);
}

static void test_a_full_ring_drops_and_every_frame_is_in_the_books(void **state)
{
	enum { SENT = 1000, SLOTS = 64 };
	struct net *net = *state;
	struct io_frame frames[SLOTS];
	struct io_gauges gauges;
	unsigned received = 0;

	net->settings.frames = SLOTS;
	queue_open(net);
	far_send_plain(net, 0, SENT / 2);
	gauges = gauges_of(net);
	assert_int_equal(gauges.in_flight, SLOTS);
	assert_int_equal(gauges.rx_ring, SLOTS);
	assert_int_equal(gauges.ring_size, SLOTS);
	assert_int_equal(gauges.rx_ring_full, SENT / 2 - SLOTS);
	assert_int_equal(gauges.rx_dropped, 0);
	for (unsigned i = 0; i < SENT / 2; i++) {
		far_send_plain(net, i, 1);
		if (i % 100)
			continue;
		assert_int_equal(io_af_packet.receive(net->queue, frames, 16, false), 16);
		gauges = gauges_of(net);
		assert_int_equal(gauges.in_flight, SLOTS - 16);
		assert_int_equal(gauges.rx_ring, SLOTS);
		io_af_packet.finish(net->queue, frames, 16);
		received += 16;
	}
	gauges = gauges_of(net);
	assert_int_equal(received + gauges.in_flight + gauges.rx_ring_full, SENT);
	received += receive(net, frames, (unsigned)gauges.in_flight);
	assert_int_equal(gauges_of(net).in_flight, 0);
	assert_int_equal(received + gauges_of(net).rx_ring_full, SENT);
}

static void test_each_slot_is_lent_and_given_back_once_and_in_order(void **state)
{
	enum { SLOTS = 32, ROUNDS = 100 };
	static const unsigned batches[] = { 1, 7, 32, 3, 16 };
	struct net *net = *state;
	struct io_frame frames[SLOTS];
	struct frame_bytes expected;
	uint32_t number = 0;

	net->settings.frames = SLOTS;
	queue_open(net);
	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned batch = batches[round % 5];

		far_send_plain(net, number, batch);
		assert_int_equal(receive(net, frames, batch), batch);
		/* the rest of the ring fills up and more: what is lent stays untouched */
		far_send_plain(net, 1000000, SLOTS);
		for (unsigned i = 0; i < batch; i++) {
			plain_make(&expected, number + i);
			expect_frame(&frames[i], &expected);
		}
		assert_int_equal(gauges_of(net).in_flight, SLOTS - batch);
		io_af_packet.finish(net->queue, frames, batch);
		assert_int_equal(gauges_of(net).rx_ring, SLOTS - batch);
		for (unsigned i = 1; i < batch; i++)
			assert_int_equal(frames[i].handle, (frames[0].handle + i) % SLOTS);
		if (batch < SLOTS) {
			uint32_t next = (frames[batch - 1].handle + 1) % SLOTS;

			assert_int_equal(receive(net, frames, SLOTS - batch), SLOTS - batch);
			assert_int_equal(frames[0].handle, next);
			io_af_packet.finish(net->queue, frames, SLOTS - batch);
		}
		number += batch;
	}
	assert_int_equal(gauges_of(net).rx_ring, 0);
}

/* While the worker has the whole ring, its full slots are no new frames. */
static void test_a_whole_ring_can_be_on_loan(void **state)
{
	enum { SLOTS = 16 };
	struct net *net = *state;
	struct io_frame frames[SLOTS], more[SLOTS];

	net->settings.frames = SLOTS;
	queue_open(net);
	far_send_plain(net, 0, SLOTS);
	assert_int_equal(receive(net, frames, SLOTS), SLOTS);
	assert_int_equal(io_af_packet.receive(net->queue, more, SLOTS, false), 0);
	assert_int_equal(gauges_of(net).in_flight, 0);
	io_af_packet.finish(net->queue, frames, SLOTS);
	assert_int_equal(io_af_packet.receive(net->queue, more, SLOTS, false), 0);
}

static bool is_unreachable(struct frame_bytes *frame, bool ipv6)
{
	const uint8_t *bytes = bytes_of(frame), *icmp = bytes + 14 + (ipv6 ? 40 : 20);

	return ipv6 ? bytes[20] == IPPROTO_ICMPV6 && icmp[0] == 1
		    : bytes[23] == IPPROTO_ICMP && icmp[0] == 3;
}

/* The port that the first ICMP error is about, of a packet each for three ports; the unwanted one comes last, so
 * that its error shows that those before would have been seen. The kernel sends few errors a second (icmp_ratelimit):
 * the packets are sent again until there is one. */
static unsigned first_refused_port(const struct net *net, bool ipv6)
{
	enum { TRIES = 50, TRY_MS = 200 };
	struct frame_bytes frame;

	for (unsigned tries = 0; tries < TRIES; tries++) {
		for (unsigned i = 0; i < 3; i++) {
			frame_make(&frame, NULL, ipv6, (uint16_t)(PORT + i), i, 64);
			far_send(net, &frame);
		}
		while (far_receive(net, &frame, TRY_MS)) {
			/* the destination port of the quoted packet */
			const uint8_t *quoted = bytes_of(&frame) + 14 + 2 * (ipv6 ? 40 : 20) + 8;

			if (is_unreachable(&frame, ipv6))
				return (unsigned)(quoted[2] << 8 | quoted[3]);
		}
	}
	fail_msg("no ICMP error");
	return 0;
}

static void test_the_stack_does_not_answer_wanted_ports_with_icmp(void **state)
{
	struct net *net = *state;

	net->ports[PORT + 1] = 1;
	queue_open(net);
	for (unsigned ipv6 = 0; ipv6 < 2; ipv6++)
		assert_int_equal(first_refused_port(net, ipv6), PORT + 2);
}

static void test_a_port_that_somebody_listens_to_keeps_its_packets(void **state)
{
	struct net *net = *state;
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	struct pollfd listener = { .events = POLLIN };
	int one = 1;

	enter(net->ours);
	listener.fd = socket(AF_INET, SOCK_DGRAM, 0);
	setsockopt(listener.fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	assert_int_equal(bind(listener.fd, (void *)&address, sizeof(address)), 0);
	queue_open(net);
	far_send_plain(net, 0, 1);
	assert_int_equal(poll(&listener, 1, DEADLINE_MS), 1);
	close(listener.fd);
}

static void test_frames_longer_than_a_slot_are_broken(void **state)
{
	struct net *net = *state;
	struct frame_bytes frame;
	struct io_frame lent;

	queue_open(net);
	run("ip link set rs_ours mtu 9000");
	enter(net->far);
	run("ip link set rs_far mtu 9000");
	frame_make(&frame, NULL, false, PORT, 0, 3000);
	far_send(net, &frame);
	assert_int_equal(receive(net, &lent, 1), 1);
	assert_true(lent.broken);
	assert_true(lent.length < frame.length);
	assert_memory_equal(lent.data, bytes_of(&frame), lent.length);
	io_af_packet.finish(net->queue, &lent, 1);
	assert_int_equal(gauges_of(net).rx_ring, 0);
}

static void test_full_size_frames_with_two_tags_fit_into_a_slot(void **state)
{
	struct net *net = *state;
	struct frame_bytes frame;
	struct io_frame lent;

	/* the largest MTU whose frames fit into a slot of frame_size */
	net->settings.mtu = 1948;
	queue_open(net);
	run("ip link set rs_ours mtu 2000");
	enter(net->far);
	run("ip link set rs_far mtu 2000");
	frame_make(&frame, tag_lists[5], false, PORT, 0, net->settings.mtu - 28);
	far_send(net, &frame);
	assert_int_equal(receive(net, &lent, 1), 1);
	expect_frame(&lent, &frame);
	lent.send = true;
	io_af_packet.finish(net->queue, &lent, 1);
	assert_true(lent.sent);
}

/* With frame_size 2048: the ring's slots are as large as the MTU asks for. */
static void test_frames_of_a_large_mtu_are_whole_or_too_long_for_the_rules(void **state)
{
	static const unsigned lengths[] = { 1991, 3000, FRAME_BYTES_MAX, FRAME_BYTES_MAX + 1, 5000,
		9014 };
	struct net *net = *state;

	net->settings.mtu = 9000;
	queue_open(net);
	run("ip link set rs_ours mtu 9000");
	enter(net->far);
	run("ip link set rs_far mtu 9000");
	for (unsigned i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct frame_bytes frame = { 0 };
		struct io_frame lent;

		frame_make(&frame, NULL, false, PORT, 0, 1900);
		frame.length = lengths[i]; /* padding */
		far_send(net, &frame);
		assert_int_equal(receive(net, &lent, 1), 1);
		assert_false(lent.broken);
		if (frame.length <= FRAME_BYTES_MAX)
			expect_frame(&lent, &frame);
		else
			assert_in_range(lent.length, FRAME_BYTES_MAX + 1, frame.length);
		lent.send = lent.length == frame.length;
		io_af_packet.finish(net->queue, &lent, 1);
		assert_int_equal(lent.sent, lent.send);
	}
}

static void test_hook_times_are_monotonic_and_only_when_asked_for(void **state)
{
	struct net *net = *state;
	struct io_frame frame;

	queue_open(net);
	for (unsigned i = 0; i < 20; i++) {
		uint64_t before = clock_now_ns();

		far_send_plain(net, i, 1);
		assert_int_equal(receive(net, &frame, 1), 1);
		/* two clocks are read one after the other: a preemption between them shows */
		assert_in_range(frame.hook_ns, before - NSEC_PER_MSEC, clock_now_ns());
		io_af_packet.finish(net->queue, &frame, 1);
	}
	far_send_plain(net, 0, 1);
	io_af_packet.wait(net->queue, -1, DEADLINE_MS);
	assert_int_equal(io_af_packet.receive(net->queue, &frame, 1, false), 1);
	assert_int_equal(frame.hook_ns, 0);
	io_af_packet.finish(net->queue, &frame, 1);
}

static void test_waiting_ends_with_a_frame_and_with_the_wake_up(void **state)
{
	struct net *net = *state;
	int wake = eventfd(0, EFD_CLOEXEC);
	struct io_frame frame;

	queue_open(net);
	far_send_plain(net, 0, 1);
	io_af_packet.wait(net->queue, wake, -1);
	assert_int_equal(receive(net, &frame, 1), 1);
	io_af_packet.finish(net->queue, &frame, 1);
	assert_int_equal(eventfd_write(wake, 1), 0);
	io_af_packet.wait(net->queue, wake, -1);
	close(wake);
}

static void expect_refusal(struct net *net, int error, const char *words)
{
	struct io_queue *queue = NULL;
	struct err err = { "" };

	assert_int_equal(io_af_packet.open(&queue, &net->settings, &err), error);
	assert_null(queue);
	if (!strstr(err.text, words))
		fail_msg("\"%s\" does not say \"%s\"", err.text, words);
}

static void test_open_says_what_is_wrong(void **state)
{
	struct net *net = *state;

	net->settings.queue = 1;
	expect_refusal(net, -EINVAL, "queue 0 only");
	net->settings.queue = 0;
	net->settings.ifindex = 12345;
	expect_refusal(net, -ENODEV, "No such device");
	net->settings.ifindex = if_nametoindex("rs_ours");
	assert_int_equal(seteuid(65534), 0);
	expect_refusal(net, -EPERM,
		"create AF_PACKET socket: Operation not permitted (needs CAP_NET_RAW)");
	assert_int_equal(seteuid(0), 0);
	io_af_packet.close(NULL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		ON_NET(test_frames_arrive_and_go_back_bit_exact_with_0_1_and_2_vlan_tags),
		ON_NET(test_frames_of_the_far_kernel_have_their_tags_and_a_whole_checksum),
		ON_NET(test_the_filter_lets_wanted_ports_in_and_nothing_else),
		ON_NET(test_what_the_queue_sends_itself_does_not_come_back),
		ON_NET(test_a_full_ring_drops_and_every_frame_is_in_the_books),
		ON_NET(test_each_slot_is_lent_and_given_back_once_and_in_order),
		ON_NET(test_a_whole_ring_can_be_on_loan),
		ON_NET(test_the_stack_does_not_answer_wanted_ports_with_icmp),
		ON_NET(test_a_port_that_somebody_listens_to_keeps_its_packets),
		ON_NET(test_frames_longer_than_a_slot_are_broken),
		ON_NET(test_full_size_frames_with_two_tags_fit_into_a_slot),
		ON_NET(test_frames_of_a_large_mtu_are_whole_or_too_long_for_the_rules),
		ON_NET(test_hook_times_are_monotonic_and_only_when_asked_for),
		ON_NET(test_waiting_ends_with_a_frame_and_with_the_wake_up),
		ON_NET(test_open_says_what_is_wrong),
	};

	if (!net_is_possible()) {
		printf("skipped: network namespaces need root\n");
		return 77;
	}
	return cmocka_run_group_tests_name("af_packet", tests, NULL, NULL);
}
