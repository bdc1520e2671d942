/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For tests of the AF_PACKET backend: a veth pair between two network namespaces of this process,
 * ours, where the queue is, and far, where a raw socket or the far stack sends. Both vanish with
 * the process.
 */
#ifndef RINGSIDE_PACKET_NET_H
#define RINGSIDE_PACKET_NET_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/clock.h"
#include "bpf/checksum.h"
#include "io/io.h"

#define PORT 3842
#define DEADLINE_MS 10000
#define OUR_MAC "02:00:00:00:00:01"
#define FAR_MAC "02:00:00:00:00:02"

struct net {
	int ours, far; /* namespaces */
	int raw; /* at the far end: sends and receives frames */
	struct io_queue *queue;
	struct io_queue_settings settings;
	uint8_t ports[65536];
};

__attribute__((format(printf, 1, 2))) static inline void run(const char *format, ...)
{
	char command[512];
	va_list list;

	va_start(list, format);
	vsnprintf(command, sizeof(command), format, list);
	va_end(list);
	if (system(command))
		fail_msg("failed: %s", command);
}

static inline void enter(int netns)
{
	assert_int_equal(setns(netns, CLONE_NEWNET), 0);
}

static inline int namespace_new(void)
{
	int fd;

	assert_int_equal(unshare(CLONE_NEWNET), 0);
	fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static inline void end_set_up(const char *name, const char *mac, const char *v4, const char *v6)
{
	run("ip link set lo up && ip link set %s address %s up", name, mac);
	run("ip address add %s/24 dev %s && ip -6 address add %s/64 dev %s nodad", v4, name, v6,
		name);
}

static inline void pair_make(const struct net *net)
{
	enter(net->far);
	enter(net->ours);
	run("ip link add rs_ours type veth peer name rs_far netns /proc/%d/fd/%d", getpid(),
		net->far);
	end_set_up("rs_ours", OUR_MAC, "192.0.2.1", "2001:db8::1");
	run("ip neigh add 192.0.2.2 lladdr " FAR_MAC " dev rs_ours");
	run("ip neigh add 2001:db8::2 lladdr " FAR_MAC " dev rs_ours");
	enter(net->far);
	end_set_up("rs_far", FAR_MAC, "192.0.2.2", "2001:db8::2");
	run("ip neigh add 192.0.2.1 lladdr " OUR_MAC " dev rs_far");
	run("ip neigh add 2001:db8::1 lladdr " OUR_MAC " dev rs_far");
}

static inline int raw_open(const char *name)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), one = 1, bytes = 8 << 20;
	struct sockaddr_ll address = { .sll_family = AF_PACKET, .sll_protocol = BE16(ETH_P_ALL) };

	assert_true(fd >= 0);
	address.sll_ifindex = (int)if_nametoindex(name);
	setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &one, sizeof(one));
	setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	assert_int_equal(bind(fd, (void *)&address, sizeof(address)), 0);
	return fd;
}

static inline int net_make(void **state)
{
	struct net *net = calloc(1, sizeof(*net));

	if (!net)
		return -1;
	net->ours = namespace_new();
	net->far = namespace_new();
	pair_make(net);
	net->raw = raw_open("rs_far");
	enter(net->ours);
	net->ports[PORT] = 1;
	net->settings = (struct io_queue_settings){
		.interface = "rs_ours",
		.netns = "",
		.ifindex = if_nametoindex("rs_ours"),
		.mtu = 1500,
		.frames = 256,
		.frame_size = 2048,
		.batch = 64,
		.numa_node = -1,
		.udp_ports = net->ports,
	};
	*state = net;
	return 0;
}

static inline int net_remove(void **state)
{
	struct net *net = *state;

	io_af_packet.close(net->queue);
	close(net->raw);
	close(net->ours);
	close(net->far);
	free(net);
	return 0;
}

static inline void queue_open(struct net *net)
{
	struct err err = { "" };

	enter(net->ours);
	if (io_af_packet.open(&net->queue, &net->settings, &err))
		fail_msg("%s", err.text);
}

struct frame_bytes {
	uint32_t length;
	_Alignas(4) uint8_t room[2 + 9100];
};

static inline uint8_t *bytes_of(struct frame_bytes *frame)
{
	return frame->room + 2; /* aligns the IP header */
}

static inline uint8_t *put16(uint8_t *at, unsigned value)
{
	*at++ = (uint8_t)(value >> 8);
	*at++ = (uint8_t)value;
	return at;
}

/* A UDP frame for our interface with tags (TPID and TCI in one word, 0: none) and a number and a
 * pattern as payload. */
static inline void frame_make(struct frame_bytes *frame, const uint32_t tags[2], bool ipv6,
	uint16_t port, uint32_t number, uint32_t payload)
{
	static const uint8_t macs[12] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2 };
	uint8_t *at = bytes_of(frame) + 12, *ip;
	struct frame f = { 0 };

	memset(frame->room, 0, sizeof(frame->room));
	memcpy(bytes_of(frame), macs, sizeof(macs));
	for (int i = 0; i < 2 && tags && tags[i]; i++)
		at = put16(put16(at, tags[i] >> 16), tags[i] & 0xffff);
	at = ip = put16(at, ipv6 ? ETH_P_IPV6 : ETH_P_IP);
	if (ipv6) {
		ip[0] = 0x60;
		put16(ip + 4, 8 + payload);
		ip[6] = IPPROTO_UDP;
		ip[7] = 64;
		inet_pton(AF_INET6, "2001:db8::2", ip + 8);
		inet_pton(AF_INET6, "2001:db8::1", ip + 24);
		at += 40;
	} else {
		ip[0] = 0x45;
		ip[1] = 0xb8;
		put16(ip + 2, 28 + payload);
		ip[8] = 64;
		ip[9] = IPPROTO_UDP;
		inet_pton(AF_INET, "192.0.2.2", ip + 12);
		inet_pton(AF_INET, "192.0.2.1", ip + 16);
		at += 20;
	}
	put16(put16(put16(at, 40000), port), 8 + payload);
	at += 8;
	for (uint32_t i = 0; i < payload; i++)
		at[i] = (uint8_t)(i < 4 ? number >> 8 * i : number + i);
	frame->length = (uint32_t)(at + payload - bytes_of(frame));
	assert_int_equal(frame_parse(&f, bytes_of(frame), bytes_of(frame) + frame->length), 0);
	if (!ipv6)
		frame_ipv4(&f)->check = (__u16)~checksum_ipv4(&f);
	f.udp->check = (__u16)~checksum_udp(&f);
}

static inline void plain_make(struct frame_bytes *frame, uint32_t number)
{
	frame_make(frame, NULL, false, PORT, number, 64);
}

static inline void far_send(const struct net *net, struct frame_bytes *frame)
{
	assert_int_equal(send(net->raw, bytes_of(frame), frame->length, 0), frame->length);
}

static inline void far_send_plain(const struct net *net, uint32_t first, unsigned count)
{
	struct frame_bytes frame;

	for (unsigned i = 0; i < count; i++) {
		plain_make(&frame, first + i);
		far_send(net, &frame);
	}
}

/* The next IP frame at the far end with its tag put back in place; false: none within the time. */
static inline bool far_receive(const struct net *net, struct frame_bytes *frame, int timeout_ms)
{
	char control[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
	uint8_t *bytes = bytes_of(frame);
	struct iovec part = { bytes + 4, sizeof(frame->room) - 6 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	struct pollfd readable = { .fd = net->raw, .events = POLLIN };
	struct tpacket_auxdata aux;
	struct cmsghdr *item;
	ssize_t length;

	if (poll(&readable, 1, timeout_ms) != 1)
		return false;
	message.msg_control = control;
	message.msg_controllen = sizeof(control);
	length = recvmsg(net->raw, &message, 0);
	assert_true(length > 0);
	item = CMSG_FIRSTHDR(&message);
	assert_non_null(item);
	memcpy(&aux, CMSG_DATA(item), sizeof(aux));
	if (aux.tp_status & TP_STATUS_VLAN_VALID) {
		memmove(bytes, bytes + 4, 12);
		put16(put16(bytes + 12, aux.tp_vlan_tpid), aux.tp_vlan_tci);
		frame->length = (uint32_t)length + 4;
	} else {
		memmove(bytes, bytes + 4, (size_t)length);
		frame->length = (uint32_t)length;
	}
	return true;
}

/* The next frame at the far end that is to PORT: the stack's own (neighbour discovery, MLD) are
 * stepped over. */
static inline bool far_receive_answer(
	const struct net *net, struct frame_bytes *frame, int timeout_ms)
{
	while (far_receive(net, frame, timeout_ms)) {
		struct frame f;

		if (!frame_parse(&f, bytes_of(frame), bytes_of(frame) + frame->length) &&
			f.udp->dest == BE16(PORT))
			return true;
	}
	return false;
}

/* Receives until there are that many frames or the deadline is over; returns how many there are. */
static inline unsigned receive(struct net *net, struct io_frame *frames, unsigned wanted)
{
	uint64_t until = clock_now_ns() + DEADLINE_MS * NSEC_PER_MSEC;
	unsigned count = 0;

	while (count < wanted && clock_now_ns() < until) {
		int got = io_af_packet.receive(net->queue, frames + count, wanted - count, true);

		assert_true(got >= 0);
		count += (unsigned)got;
		if (!got)
			io_af_packet.wait(net->queue, -1, 100);
	}
	return count;
}

static inline void expect_frame(const struct io_frame *frame, struct frame_bytes *expected)
{
	assert_false(frame->broken);
	assert_int_equal(frame->length, expected->length);
	assert_memory_equal(frame->data, bytes_of(expected), expected->length);
}

static inline struct io_gauges gauges_of(struct net *net)
{
	struct io_gauges gauges;

	io_af_packet.read_gauges(net->queue, &gauges);
	return gauges;
}

static inline void swap_macs(uint8_t *bytes)
{
	uint8_t mac[6];

	memcpy(mac, bytes, 6);
	memcpy(bytes, bytes + 6, 6);
	memcpy(bytes + 6, mac, 6);
}

/* True where the namespaces can be made. */
static inline bool net_is_possible(void)
{
	return !geteuid() && !unshare(CLONE_NEWNET);
}

#define ON_NET(test) cmocka_unit_test_setup_teardown(test, net_make, net_remove)

#endif
