/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/packet_filter.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bpf/frame.h"

#define PORTS 65536u

/* Where a jump goes: the next instruction, the one behind it, or a label that is resolved when all
 * instructions stand. */
enum target {
	NEXT = 0,
	SKIP = 1,
	TO_IP = 128, /* above every true distance */
	TO_IPV6,
	TO_IPV6_UDP,
	TO_PORT,
	TO_REJECT,
	TO_ADMIT,
	TARGETS_END,
};

_Static_assert(PACKET_FILTER_LENGTH < TO_IP, "a distance must not look like a label");

struct program {
	struct sock_filter *code;
	unsigned count;
	unsigned label[TARGETS_END - TO_IP]; /* the instruction that a label stands before */
};

struct port_range {
	uint32_t first, last;
};

static void emit(struct program *p, uint16_t code, uint32_t k)
{
	p->code[p->count++] = (struct sock_filter){ code, 0, 0, k };
}

static void emit_jump(struct program *p, uint16_t test, uint32_t k, enum target yes, enum target no)
{
	p->code[p->count++] =
		(struct sock_filter){ BPF_JMP | BPF_K | test, (uint8_t)yes, (uint8_t)no, k };
}

static void set_label(struct program *p, enum target label)
{
	p->label[label - TO_IP] = p->count;
}

static uint8_t resolve(const struct program *p, unsigned at, uint8_t target)
{
	return target < TO_IP ? target : (uint8_t)(p->label[target - TO_IP] - at - 1);
}

/* Fills at most max ranges, ascending; returns how many there are, also when that is more. */
static unsigned find_ranges(struct port_range *ranges, unsigned max, const uint8_t *udp_ports)
{
	unsigned count = 0;

	if (!udp_ports) {
		ranges[0] = (struct port_range){ 0, PORTS - 1 };
		return 1;
	}
	for (uint32_t port = 0; port < PORTS; port++) {
		if (!udp_ports[port])
			continue;
		if (!port || !udp_ports[port - 1]) {
			if (count < max)
				ranges[count].first = port;
			count++;
		}
		if (count <= max)
			ranges[count - 1].last = port;
	}
	return count;
}

/* Leaves the bytes of VLAN tags in X and the protocol behind them in A. */
static void emit_ethernet(struct program *p)
{
	emit(p, BPF_LDX | BPF_IMM, 0);
	emit(p, BPF_LD | BPF_H | BPF_ABS, 2 * ETH_ALEN);
	for (unsigned tags = 1; tags <= 2; tags++) {
		emit_jump(p, BPF_JEQ, ETH_P_8021Q, SKIP, NEXT);
		emit_jump(p, BPF_JEQ, ETH_P_8021AD, NEXT, TO_IP);
		emit(p, BPF_LDX | BPF_IMM, tags * sizeof(struct frame_vlan));
		emit(p, BPF_LD | BPF_H | BPF_ABS, 2 * ETH_ALEN + tags * sizeof(struct frame_vlan));
	}
}

/* Both leave the destination port's offset less ETH_HLEN + 2 in X. A load beyond the frame's end
 * rejects the frame, as frame_parse() would. */
static void emit_ipv4(struct program *p)
{
	emit(p, BPF_LD | BPF_B | BPF_IND, ETH_HLEN + offsetof(struct iphdr, protocol));
	emit_jump(p, BPF_JEQ, IPPROTO_UDP, NEXT, TO_REJECT);
	emit(p, BPF_LD | BPF_H | BPF_IND, ETH_HLEN + offsetof(struct iphdr, frag_off));
	emit_jump(p, BPF_JSET, 0x3fff, TO_REJECT, NEXT);
	emit(p, BPF_LD | BPF_B | BPF_IND, ETH_HLEN);
	emit(p, BPF_ALU | BPF_AND | BPF_K, 0x0f);
	emit(p, BPF_ALU | BPF_LSH | BPF_K, 2);
	emit(p, BPF_ALU | BPF_ADD | BPF_X, 0);
	emit(p, BPF_MISC | BPF_TAX, 0);
	emit_jump(p, BPF_JA, 0, NEXT, NEXT); /* its k is set when TO_PORT is known */
}

/* Adds A to X and goes on with the next header's protocol, kept in M[0], in A. */
static void emit_step(struct program *p)
{
	emit(p, BPF_ALU | BPF_ADD | BPF_X, 0);
	emit(p, BPF_MISC | BPF_TAX, 0);
	emit(p, BPF_LD | BPF_MEM, 0);
}

static void emit_ipv6(struct program *p)
{
	emit(p, BPF_LD | BPF_B | BPF_IND, ETH_HLEN + offsetof(struct ipv6hdr, nexthdr));
	emit(p, BPF_ST, 0);
	emit(p, BPF_LD | BPF_IMM, sizeof(struct ipv6hdr));
	emit_step(p);
	for (unsigned i = 0; i < FRAME_EXTENSIONS; i++) {
		emit_jump(p, BPF_JEQ, IPPROTO_HOPOPTS, SKIP, NEXT);
		emit_jump(p, BPF_JEQ, IPPROTO_DSTOPTS, NEXT, TO_IPV6_UDP);
		emit(p, BPF_LD | BPF_B | BPF_IND, ETH_HLEN);
		emit(p, BPF_ST, 0);
		emit(p, BPF_LD | BPF_B | BPF_IND, ETH_HLEN + 1); /* 8-byte units behind the first */
		emit(p, BPF_ALU | BPF_ADD | BPF_K, 1);
		emit(p, BPF_ALU | BPF_LSH | BPF_K, 3);
		emit_step(p);
	}
	set_label(p, TO_IPV6_UDP);
	emit_jump(p, BPF_JEQ, IPPROTO_UDP, NEXT, TO_REJECT);
}

static void emit_ports(struct program *p, const struct port_range *ranges, unsigned count)
{
	emit(p, BPF_LD | BPF_H | BPF_IND, ETH_HLEN + offsetof(struct udphdr, dest));
	if (count > PACKET_FILTER_RANGES) {
		emit(p, BPF_RET | BPF_K, UINT32_MAX);
		return;
	}
	for (unsigned i = 0; i < count; i++) {
		emit_jump(p, BPF_JGE, ranges[i].first, NEXT, TO_REJECT);
		emit_jump(p, BPF_JGT, ranges[i].last, NEXT, TO_ADMIT);
	}
}

unsigned packet_filter_make(
	struct sock_filter program[PACKET_FILTER_LENGTH], const uint8_t *udp_ports)
{
	struct port_range ranges[PACKET_FILTER_RANGES];
	unsigned count = find_ranges(ranges, PACKET_FILTER_RANGES, udp_ports), to_port;
	struct program p = { .code = program };

	emit_ethernet(&p);
	set_label(&p, TO_IP);
	emit_jump(&p, BPF_JEQ, ETH_P_IP, NEXT, TO_IPV6);
	emit_ipv4(&p);
	to_port = p.count - 1;
	set_label(&p, TO_IPV6);
	emit_jump(&p, BPF_JEQ, ETH_P_IPV6, NEXT, TO_REJECT);
	emit_ipv6(&p);
	set_label(&p, TO_PORT);
	emit_ports(&p, ranges, count);
	set_label(&p, TO_REJECT);
	emit(&p, BPF_RET | BPF_K, 0);
	set_label(&p, TO_ADMIT);
	emit(&p, BPF_RET | BPF_K, UINT32_MAX); /* bytes to copy: all */

	p.code[to_port].k = p.label[TO_PORT - TO_IP] - to_port - 1;
	for (unsigned i = 0; i < p.count; i++) {
		p.code[i].jt = resolve(&p, i, p.code[i].jt);
		p.code[i].jf = resolve(&p, i, p.code[i].jf);
	}
	return p.count;
}

static int attach(int fd, struct sock_filter *code, unsigned count)
{
	struct sock_fprog program = { (unsigned short)count, code };

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)))
		return -errno;
	return 0;
}

int packet_filter_attach(int fd, const uint8_t *udp_ports, struct err *err)
{
	struct sock_filter code[PACKET_FILTER_LENGTH];
	int error = attach(fd, code, packet_filter_make(code, udp_ports));

	return error ? err_set(err, error, "attach the packet filter") : 0;
}

struct packet_sinks {
	unsigned count;
	int fd[2 * PACKET_SINK_PORTS]; /* IPv4 and IPv6 */
};

/* Returns a socket that takes what is sent to the port and keeps nothing, or a negative errno.
 * It is bound without SO_REUSEADDR: somebody else's socket must not lose its packets to ours. */
static int sink_open(int family, uint16_t port)
{
	struct sock_filter drop_all = { BPF_RET | BPF_K, 0, 0, 0 };
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	const struct sockaddr *address = family == AF_INET ? (void *)&v4 : (void *)&v6;
	socklen_t length = family == AF_INET ? sizeof(v4) : sizeof(v6);
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0), one = 1, none = 0, error;

	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &none, sizeof(none));
	if (family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	error = attach(fd, &drop_all, 1);
	if (!error && bind(fd, address, length))
		error = -errno;
	if (!error)
		return fd;
	close(fd);
	return error;
}

/* Returns false when there is no point in going on. */
static bool sink_add(struct packet_sinks *sinks, int family, uint16_t port, struct log *log)
{
	int fd = sink_open(family, port);

	if (fd >= 0) {
		sinks->fd[sinks->count++] = fd;
		return true;
	}
	if (fd == -EADDRINUSE) {
		log_write(log, LOG_DEBUG, "UDP port %u is somebody's already, it needs no sink",
			port);
		return true;
	}
	/* a machine without IPv6 answers nothing by IPv6 */
	if (fd == -EAFNOSUPPORT || fd == -EADDRNOTAVAIL)
		return true;
	log_write(log, LOG_WARNING,
		"bind UDP port %u: %s; the stack will answer our packets with ICMP, too", port,
		strerror(-fd));
	return fd != -EMFILE && fd != -ENFILE;
}

struct packet_sinks *packet_sinks_open(const uint8_t *udp_ports, struct log *log)
{
	struct packet_sinks *sinks;
	unsigned wanted = 0;

	for (uint32_t port = 1; udp_ports && port < PORTS; port++)
		wanted += udp_ports[port] != 0;
	if (wanted > PACKET_SINK_PORTS || !udp_ports)
		log_write(log, LOG_INFO,
			"more than %u UDP ports: the stack will answer our packets with ICMP, too",
			PACKET_SINK_PORTS);
	if (!wanted || wanted > PACKET_SINK_PORTS)
		return NULL;
	sinks = calloc(1, sizeof(*sinks));
	for (uint32_t port = 1; sinks && port < PORTS; port++) {
		if (!udp_ports[port])
			continue;
		if (!sink_add(sinks, AF_INET, (uint16_t)port, log) ||
			!sink_add(sinks, AF_INET6, (uint16_t)port, log))
			break;
	}
	return sinks;
}

void packet_sinks_close(struct packet_sinks *sinks)
{
	if (!sinks)
		return;
	for (unsigned i = 0; i < sinks->count; i++)
		close(sinks->fd[i]);
	free(sinks);
}
