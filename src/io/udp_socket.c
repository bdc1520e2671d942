// SPDX-License-Identifier: BSD-2-Clause
/*
 * Plain UDP sockets, one a port, where even packet sockets are refused: needs no privilege. What recvmmsg()
 * gives, a datagram and its addresses, is put into a frame again, so that the same rules judge it; of what
 * the stack has taken off (MAC addresses, tags, TTL, checksums) nothing is known any more. Receives only.
 */
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/counter.h"
#include "bpf/checksum.h"
#include "io/io.h"

/* Each port is a socket; a service for whole ranges wants XDP. */
#define PORTS_MAX 64
#define SOCKET_BUFFER (8 << 20)
/* A datagram lies here in its buffer, with room for the headers in front. */
#define PAYLOAD_AT 64
#define BUFFER_BYTES 4096
#define CONTROL_BYTES 128
#define READY_MAX 16
/* What a frame has that came by a socket; the real ones are not known. */
#define HOPS 64

struct port_socket {
	uint16_t port;
	int fd; /* -1: none */
	uint32_t overflows; /* as the kernel has counted them, wraps */
};

/* A socket that the worker is to close: it may be reading from it. */
struct retired {
	struct retired *next;
	int fd;
};

struct io_queue {
	int epoll_fd;
	char interface[IFNAMSIZ];
	uint8_t mac[6];
	struct port_socket sockets[PORTS_MAX]; /* fd: written by who opens and closes */
	struct retired *retired; /* atomic: a list that grows at its head */
	__u64 received, overflows, wakeups, empty_polls; /* single writer: the worker */
	struct mmsghdr messages[IO_BATCH_MAX];
	struct iovec parts[IO_BATCH_MAX];
	struct sockaddr_in6 from[IO_BATCH_MAX];
	uint8_t control[IO_BATCH_MAX][CONTROL_BYTES] __attribute__((aligned(8)));
	uint8_t buffers[IO_BATCH_MAX][BUFFER_BYTES] __attribute__((aligned(64)));
};

static int open_socket(const struct io_queue *q, uint16_t port, struct err *err)
{
	const struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int on = 1, off = 0, size = SOCKET_BUFFER, ret;

	if (fd >= 0 && !setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) &&
		!setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on)) &&
		!setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof(on)) &&
		!setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, q->interface,
			(socklen_t)strlen(q->interface)) &&
		!bind(fd, (const struct sockaddr *)&address, sizeof(address))) {
		/* without CAP_NET_ADMIN as much as net.core.rmem_max allows */
		if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
			setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
		return fd;
	}
	ret = err_set(err, -errno, "open a socket for UDP port %u", port);
	if (fd >= 0)
		close(fd);
	return ret;
}

static int add_port(struct io_queue *q, uint16_t port, struct err *err)
{
	for (uint32_t i = 0; i < PORTS_MAX; i++) {
		struct port_socket *s = &q->sockets[i];
		struct epoll_event event = { .events = EPOLLIN, .data.u32 = i };
		int fd;

		if (__atomic_load_n(&s->fd, __ATOMIC_ACQUIRE) >= 0)
			continue;
		fd = open_socket(q, port, err);
		if (fd < 0)
			return fd;
		s->port = port;
		s->overflows = 0;
		__atomic_store_n(&s->fd, fd, __ATOMIC_RELEASE);
		if (epoll_ctl(q->epoll_fd, EPOLL_CTL_ADD, fd, &event))
			return err_set(err, -errno, "wait for UDP port %u", port);
		return 0;
	}
	return err_say(err, -E2BIG,
		"plain sockets are for %d ports at most: more of them need XDP or AF_PACKET",
		PORTS_MAX);
}

/* The worker closes it between two batches, when it reads from none. */
static int remove_port(struct io_queue *q, struct port_socket *s)
{
	struct retired *r = malloc(sizeof(*r));

	if (!r)
		return -ENOMEM;
	epoll_ctl(q->epoll_fd, EPOLL_CTL_DEL, s->fd, NULL);
	r->fd = __atomic_exchange_n(&s->fd, -1, __ATOMIC_ACQ_REL);
	r->next = __atomic_load_n(&q->retired, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(
		&q->retired, &r->next, r, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		;
	return 0;
}

static void close_retired(struct io_queue *q)
{
	struct retired *r;

	if (!__atomic_load_n(&q->retired, __ATOMIC_RELAXED))
		return;
	r = __atomic_exchange_n(&q->retired, NULL, __ATOMIC_ACQUIRE);
	for (struct retired *next; r; r = next) {
		next = r->next;
		close(r->fd);
		free(r);
	}
}

static bool is_open(const struct io_queue *q, unsigned port)
{
	for (unsigned i = 0; i < PORTS_MAX; i++)
		if (q->sockets[i].fd >= 0 && q->sockets[i].port == port)
			return true;
	return false;
}

static int udp_set_ports(struct io_queue *q, const uint8_t *udp_ports, struct err *err)
{
	int ret = 0;

	for (unsigned i = 0; i < PORTS_MAX && !ret; i++)
		if (q->sockets[i].fd >= 0 && !udp_ports[q->sockets[i].port])
			ret = remove_port(q, &q->sockets[i]);
	if (ret)
		return err_set(err, ret, "close a socket");
	for (unsigned port = 1; port < 65536 && !ret; port++)
		if (udp_ports[port] && !is_open(q, port))
			ret = add_port(q, (uint16_t)port, err);
	return ret;
}

static void read_mac(struct io_queue *q)
{
	struct ifreq request = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	memcpy(request.ifr_name, q->interface, sizeof(request.ifr_name));
	if (fd >= 0 && !ioctl(fd, SIOCGIFHWADDR, &request))
		memcpy(q->mac, request.ifr_hwaddr.sa_data, sizeof(q->mac));
	if (fd >= 0)
		close(fd);
}

static void udp_close(struct io_queue *q)
{
	if (!q)
		return;
	close_retired(q);
	for (unsigned i = 0; i < PORTS_MAX; i++)
		if (q->sockets[i].fd >= 0)
			close(q->sockets[i].fd);
	if (q->epoll_fd >= 0)
		close(q->epoll_fd);
	free(q);
}

static int udp_open(
	struct io_queue **queue, const struct io_queue_settings *settings, struct err *err)
{
	struct io_queue *q = aligned_alloc(64, (sizeof(*q) + 63) & ~(size_t)63);
	int ret;

	if (!q)
		return err_set(err, -ENOMEM, "make room for datagrams");
	memset(q, 0, sizeof(*q));
	for (unsigned i = 0; i < PORTS_MAX; i++)
		q->sockets[i].fd = -1;
	strncpy(q->interface, settings->interface, sizeof(q->interface) - 1);
	read_mac(q);
	q->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	ret = q->epoll_fd < 0 ? err_set(err, -errno, "wait for sockets")
			      : udp_set_ports(q, settings->udp_ports, err);
	if (ret) {
		udp_close(q);
		return ret;
	}
	*queue = q;
	return 0;
}

/* The destination address, and how many datagrams the socket has lost so far. */
static void read_control(
	struct io_queue *q, struct msghdr *message, struct port_socket *s, struct in6_addr *to)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			const struct in6_pktinfo *place = (const void *)CMSG_DATA(c);

			*to = place->ipi6_addr;
		} else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_RXQ_OVFL) {
			uint32_t overflows;

			memcpy(&overflows, CMSG_DATA(c), sizeof(overflows));
			counter_add(&q->overflows, overflows - s->overflows);
			s->overflows = overflows;
		}
	}
}

/* A group's MAC address is made of its IP address (RFC 1112, RFC 2464); else it is our own. */
static void write_ethernet(
	const struct io_queue *q, struct ethhdr *eth, const struct in6_addr *to, bool is_ipv6)
{
	const uint8_t *end = (const uint8_t *)to + 12;

	memset(eth->h_source, 0, sizeof(eth->h_source));
	memcpy(eth->h_dest, q->mac, sizeof(eth->h_dest));
	if (is_ipv6 && IN6_IS_ADDR_MULTICAST(to)) {
		const uint8_t group[6] = { 0x33, 0x33, end[0], end[1], end[2], end[3] };

		memcpy(eth->h_dest, group, sizeof(group));
	} else if (!is_ipv6 && (end[0] & 0xf0) == 0xe0) {
		const uint8_t group[6] = { 0x01, 0, 0x5e, end[1] & 0x7f, end[2], end[3] };

		memcpy(eth->h_dest, group, sizeof(group));
	}
	eth->h_proto = htons(is_ipv6 ? ETH_P_IPV6 : ETH_P_IP);
}

static void write_ipv4(
	uint8_t *at, const struct in6_addr *from, const struct in6_addr *to, uint32_t udp_bytes)
{
	struct iphdr ip = { .version = 4, .ihl = 5, .ttl = HOPS, .protocol = IPPROTO_UDP };
	uint32_t sum = 0;

	ip.tot_len = htons((uint16_t)(sizeof(ip) + udp_bytes));
	memcpy(&ip.saddr, (const uint8_t *)from + 12, sizeof(ip.saddr));
	memcpy(&ip.daddr, (const uint8_t *)to + 12, sizeof(ip.daddr));
	memcpy(at, &ip, sizeof(ip));
	for (unsigned i = 0; i < sizeof(ip); i += 2)
		sum += (uint32_t)at[i] << 8 | at[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	ip.check = htons((uint16_t) ~(sum + (sum >> 16)));
	memcpy(at, &ip, sizeof(ip));
}

static void write_ipv6(
	uint8_t *at, const struct in6_addr *from, const struct in6_addr *to, uint32_t udp_bytes)
{
	struct ipv6hdr ip = { .version = 6, .nexthdr = IPPROTO_UDP, .hop_limit = HOPS };

	ip.payload_len = htons((uint16_t)udp_bytes);
	memcpy(&ip.saddr, from, sizeof(ip.saddr));
	memcpy(&ip.daddr, to, sizeof(ip.daddr));
	memcpy(at, &ip, sizeof(ip));
}

/* Puts the headers in front of the datagram of message i. */
static void make_frame(
	struct io_queue *q, unsigned i, struct port_socket *s, struct io_frame *frame)
{
	struct msghdr *message = &q->messages[i].msg_hdr;
	const uint32_t payload = q->messages[i].msg_len;
	const uint32_t udp_bytes = payload + (uint32_t)sizeof(struct udphdr);
	const bool is_ipv6 = !IN6_IS_ADDR_V4MAPPED(&q->from[i].sin6_addr);
	const uint32_t ip_bytes = is_ipv6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);
	const struct udphdr udp = { .source = q->from[i].sin6_port,
		.dest = htons(s->port),
		.len = htons((uint16_t)udp_bytes) };
	uint8_t *at = q->buffers[i] + PAYLOAD_AT - sizeof(udp);
	struct in6_addr to = IN6ADDR_ANY_INIT;
	struct ethhdr eth;

	read_control(q, message, s, &to);
	memcpy(at, &udp, sizeof(udp));
	at -= ip_bytes;
	(is_ipv6 ? write_ipv6 : write_ipv4)(at, &q->from[i].sin6_addr, &to, udp_bytes);
	at -= sizeof(eth);
	write_ethernet(q, &eth, &to, is_ipv6);
	memcpy(at, &eth, sizeof(eth));
	*frame = (struct io_frame){
		.data = at,
		.length = (uint32_t)sizeof(eth) + ip_bytes + udp_bytes,
		.handle = i,
		.broken = message->msg_flags & MSG_TRUNC,
	};
}

static void prepare(struct io_queue *q, unsigned first, unsigned count)
{
	for (unsigned i = first; i < first + count; i++) {
		q->parts[i] =
			(struct iovec){ q->buffers[i] + PAYLOAD_AT, BUFFER_BYTES - PAYLOAD_AT };
		q->messages[i].msg_hdr = (struct msghdr){ .msg_name = &q->from[i],
			.msg_namelen = sizeof(q->from[i]),
			.msg_iov = &q->parts[i],
			.msg_iovlen = 1,
			.msg_control = q->control[i],
			.msg_controllen = CONTROL_BYTES };
	}
}

static unsigned receive_port(struct io_queue *q, struct port_socket *s, struct io_frame *frames,
	unsigned first, unsigned max)
{
	int fd = __atomic_load_n(&s->fd, __ATOMIC_ACQUIRE), n;

	if (fd < 0)
		return 0; /* just closed */
	prepare(q, first, max);
	n = recvmmsg(fd, &q->messages[first], max, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++)
		make_frame(q, first + (unsigned)i, s, &frames[first + (unsigned)i]);
	return n > 0 ? (unsigned)n : 0;
}

static int udp_receive(struct io_queue *q, struct io_frame *frames, unsigned max, bool times)
{
	struct epoll_event ready[READY_MAX];
	unsigned n = 0;
	int count;

	(void)times; /* of arrival, are in another clock */
	close_retired(q);
	count = epoll_wait(q->epoll_fd, ready, READY_MAX, 0);
	counter_add(&q->wakeups, 1);
	for (int i = 0; i < count && n < max; i++)
		n += receive_port(q, &q->sockets[ready[i].data.u32], frames, n, max - n);
	if (n)
		counter_add(&q->received, n);
	else
		counter_add(&q->empty_polls, 1);
	return (int)n;
}

static void udp_finish(struct io_queue *q, struct io_frame *frames, unsigned count)
{
	(void)q;
	for (unsigned i = 0; i < count; i++)
		frames[i].sent = false;
}

static void udp_wait(struct io_queue *q, int wake_fd, int timeout_ms)
{
	struct pollfd fds[] = { { .fd = q->epoll_fd, .events = POLLIN },
		{ .fd = wake_fd, .events = POLLIN } };

	poll(fds, 2, timeout_ms);
}

static bool udp_is_drained(struct io_queue *q)
{
	(void)q;
	return true;
}

static void udp_read_gauges(struct io_queue *q, struct io_gauges *gauges)
{
	const uint64_t overflows = counter_get(&q->overflows);

	*gauges = (struct io_gauges){
		.received = counter_get(&q->received) + overflows,
		.rx_ring_full = overflows,
		.wakeups = counter_get(&q->wakeups),
		.empty_polls = counter_get(&q->empty_polls),
	};
}

static const struct confine_rule udp_calls[] = {
	{ .call = __NR_recvmmsg },
	{ .call = __NR_epoll_wait },
	{ .call = __NR_epoll_pwait },
	{ .call = __NR_close },
	{ .call = CONFINE_END },
};

const struct io_ops io_udp_socket = {
	.name = "udp",
	.calls = udp_calls,
	.timed_from = "",
	.timed_to = "",
	.open = udp_open,
	.receive = udp_receive,
	.finish = udp_finish,
	.wait = udp_wait,
	.set_ports = udp_set_ports,
	.is_drained = udp_is_drained,
	.read_gauges = udp_read_gauges,
	.close = udp_close,
};
