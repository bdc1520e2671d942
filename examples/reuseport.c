/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Workers with a socket each, for interfaces without XDP: a key's packets go to the worker with the number that
 * its CPU has among steer's, since slots and table come from the same header. Receives so many packets, then says
 * what each worker got.
 *
 * steer_slot.h lies beside this file where it is installed, and in bpf/ among the sources:
 * clang -target bpf -O2 -g -I../bpf -c reuseport.bpf.c && bpftool gen skeleton reuseport.bpf.o name reuseport >reuseport.skel.h
 * cc -I../bpf -o reuseport reuseport.c -lbpf
 */
/*
 * Workers with a socket each, without Ringside: a key's packets go to the worker that has them with
 * `target = worker`'s table, since key, slot and table come from the same header. For kernels and
 * interfaces without XDP. Receives so many packets, then says what each worker got.
 *
 * clang -target bpf -O2 -g -I../bpf -c reuseport.bpf.c && bpftool gen skeleton reuseport.bpf.o >reuseport.skel.h
 * cc -I../bpf -o reuseport reuseport.c -lbpf
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "reuseport.skel.h"
#include "steer_slot.h"

#define WORKERS_MAX 64

static int open_worker(struct reuseport *program, uint16_t port, uint32_t number)
{
	const struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0), on = 1;
	uint64_t value = (uint64_t)fd;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) ||
		bind(fd, (const struct sockaddr *)&at, sizeof(at)))
		return -1;
	return bpf_map__update_elem(program->maps.sockets, &number, sizeof(number), &value,
		       sizeof(value), BPF_ANY)
		       ? -1
		       : fd;
}

/* All sockets of the port have the program that any of them gets. */
static int set_up(struct reuseport *program, uint16_t port, const __u8 *targets,
	struct pollfd *workers, uint32_t count)
{
	int choose = bpf_program__fd(program->progs.choose);

	for (uint32_t slot = 0; slot < STEER_SLOTS; slot++) {
		uint32_t target = targets[slot];

		if (bpf_map__update_elem(program->maps.targets, &slot, sizeof(slot), &target,
			    sizeof(target), BPF_ANY))
			return -1;
	}
	for (uint32_t i = 0; i < count; i++) {
		workers[i] = (struct pollfd){ open_worker(program, port, i), POLLIN, 0 };
		if (workers[i].fd < 0)
			return -1;
	}
	return setsockopt(
		workers[0].fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_EBPF, &choose, sizeof(choose));
}

/* The worker whose packet it should be. */
static uint32_t owner(const __u8 *targets, const uint8_t *packet)
{
	uint32_t key;

	memcpy(&key, packet + 4, sizeof(key));
	return targets[steer_slot(ntohl(key))];
}

int main(int argc, char **argv)
{
	const uint32_t count = argc == 4 ? (uint32_t)atoi(argv[2]) : 0;
	uint64_t packets = argc == 4 ? strtoull(argv[3], NULL, 10) : 0;
	uint64_t got[WORKERS_MAX] = { 0 }, misplaced = 0;
	struct pollfd workers[WORKERS_MAX];
	struct reuseport *program;
	__u8 targets[STEER_SLOTS];

	if (!count || count > WORKERS_MAX) {
		fprintf(stderr, "usage: reuseport PORT WORKERS PACKETS\n");
		return 2;
	}
	steer_share_out(targets, count);
	program = reuseport__open_and_load();
	if (!program || set_up(program, (uint16_t)atoi(argv[1]), targets, workers, count)) {
		perror("reuseport");
		return 1;
	}
	fprintf(stderr, "ready\n");
	while (packets && poll(workers, count, -1) > 0)
		for (uint32_t i = 0; i < count && packets; i++) {
			uint8_t packet[2048];

			if (!workers[i].revents ||
				recv(workers[i].fd, packet, sizeof(packet), MSG_DONTWAIT) < 8)
				continue;
			got[i]++;
			packets--;
			misplaced += owner(targets, packet) != i;
		}
	for (uint32_t i = 0; i < count; i++)
		printf("worker %u: %llu packets\n", i, (unsigned long long)got[i]);
	printf("misplaced: %llu\n", (unsigned long long)misplaced);
	reuseport__destroy(program);
	return 0;
}
