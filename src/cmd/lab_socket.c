/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/lab_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cmd/lab_frame.h"

/* Some 10,000 answers, 0.2 s at the default rate: the tester may be kept waiting for a CPU. */
#define RECEIVE_BYTES (8 << 20)

int lab_socket_absorb(uint16_t port, struct err *err)
{
	struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog program = { .len = 1, .filter = &nothing };
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), code;

	if (fd >= 0 && !setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) &&
		!bind(fd, (struct sockaddr *)&address, sizeof(address)))
		return fd;
	code = err_set(err, -errno, "take UDP port %u", port);
	if (fd >= 0)
		close(fd);
	return code;
}

/* One that takes no packets yet. */
static int socket_open(const char *link, struct err *err)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), code = -errno;

	if (fd >= 0)
		return fd;
	err_set(err, code, "%s: create AF_PACKET socket", link);
	return code == -EPERM ? err_add(err, code, " (needs CAP_NET_RAW)") : code;
}

/* Returns fd, or closes it and returns a negative errno. */
static int socket_bind(int fd, const char *link, uint16_t protocol, struct err *err)
{
	struct sockaddr_ll address = { .sll_family = AF_PACKET, .sll_protocol = htons(protocol) };
	int code;

	address.sll_ifindex = (int)if_nametoindex(link);
	if (address.sll_ifindex && !bind(fd, (struct sockaddr *)&address, sizeof(address)))
		return fd;
	code = err_set(err, -errno, "%s: bind AF_PACKET socket", link);
	close(fd);
	return code;
}

int lab_socket_send(const char *link, struct err *err)
{
	int fd = socket_open(link, err);

	/* not with PACKET_QDISC_BYPASS, which chooses the queue by the CPU and not by the flow */
	return fd < 0 ? fd : socket_bind(fd, link, 0, err);
}

/* Unfragmented IPv4 and UDP with our signature, whatever the addresses. */
static int socket_filter(int fd)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IP, 0, 9),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 23),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, 7),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 20),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x3fff, 5, 0),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, LAB_SIGNATURE_OFFSET),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x50524f42, 0, 3), /* "PROB" */
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, LAB_SIGNATURE_OFFSET + 4),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x454f, 0, 1), /* "EO" */
		BPF_STMT(BPF_RET | BPF_K, 0xffff),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog program = { .len = sizeof(code) / sizeof(*code), .filter = code };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) ? -errno : 0;
}

int lab_socket_receive(const char *link, struct err *err)
{
	int yes = 1, bytes = RECEIVE_BYTES, fd = socket_open(link, err), code;

	if (fd < 0)
		return fd;
	if (socket_filter(fd) ||
		setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof(yes)) ||
		setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &yes, sizeof(yes))) {
		code = err_set(err, -errno, "%s: set up AF_PACKET socket", link);
		close(fd);
		return code;
	}
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	return socket_bind(fd, link, ETH_P_IP, err);
}

int lab_socket_wake(const char *link, struct err *err)
{
	const struct bpf_insn pass[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int program = bpf_prog_load(BPF_PROG_TYPE_XDP, "lab_pass", "Dual BSD/GPL", pass,
		sizeof(pass) / sizeof(*pass), NULL);
	int fd, code;

	if (program < 0) {
		code = err_set(err, program, "%s: load a program that passes all", link);
		return code == -EPERM ? err_add(err, code, " (needs CAP_BPF and CAP_NET_ADMIN)")
				      : code;
	}
	fd = bpf_link_create(program, (int)if_nametoindex(link), BPF_XDP, NULL);
	close(program);
	return fd < 0 ? err_set(err, fd, "%s: attach a program that passes all", link) : fd;
}
