// SPDX-License-Identifier: BSD-2-Clause
/*
 * A worker of steer's: reads its ring, and compares with what all workers together have seen of each key, which is
 * in a file that they share.
 *
 * usage: steer_worker INSTANCE RING FILE [PAUSE-US [hold]]
 *
 * A packet is one of steer_peer's. After each batch it waits for so long. It writes "ready" once it is attached;
 * ends on SIGTERM, when nothing has come for half a second, or when the daemon does, and prints what it has seen as JSON. With hold it
 * takes one batch and keeps it until SIGTERM.
 */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ring/ring.h"

#define MAGIC 0x4c414d49u
#define KEYS 65536
#define QUIET_MS 500

struct packet {
	uint32_t magic, key, length;
	uint64_t number;
} __attribute__((packed));

/* What all workers have seen. */
struct shared {
	uint64_t number[KEYS]; /* of each key's newest packet */
	uint64_t workers[KEYS]; /* a bit for each that has had it */
};

static struct {
	uint64_t received, junk, reordered, doubled, missing, lost;
} sum;

static volatile sig_atomic_t told_to_end;

static void end(int signal)
{
	(void)signal;
	told_to_end = 1;
}

static struct shared *open_shared(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT, 0600);
	struct shared *shared;

	if (fd < 0 || ftruncate(fd, sizeof(*shared))) {
		perror(path);
		exit(1);
	}
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (shared == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	return shared;
}

static void look(struct shared *shared, const struct ringside_packet *p, unsigned worker)
{
	const struct packet *packet = (const void *)(p->data + p->header);
	uint64_t number, before;
	uint32_t key;

	sum.received++;
	if (p->captured < p->header + sizeof(*packet) || packet->magic != htonl(MAGIC) ||
		ntohl(packet->key) >= KEYS) {
		sum.junk++;
		return;
	}
	key = ntohl(packet->key);
	number = be64toh(packet->number);
	__atomic_fetch_or(&shared->workers[key], 1ull << worker, __ATOMIC_RELAXED);
	before = __atomic_load_n(&shared->number[key], __ATOMIC_SEQ_CST);
	sum.reordered += number < before;
	sum.doubled += number == before;
	if (number <= before)
		return;
	sum.missing += number - before - 1;
	__atomic_store_n(&shared->number[key], number, __ATOMIC_SEQ_CST);
}

static void read_ring(
	struct ringside *ring, struct shared *shared, unsigned worker, useconds_t pause, int hold)
{
	struct ringside_packet packets[64];
	int n = 0;

	while ((n = ringside_wait(ring, told_to_end ? QUIET_MS : 100)) != -ESTALE) {
		if (!n && told_to_end)
			return;
		n = ringside_receive(ring, packets, 64);
		while (n > 0 && hold && !told_to_end)
			usleep(1000);
		for (int i = 0; i < n; i++)
			look(shared, &packets[i], worker);
		if (n > 0 && pause)
			usleep(pause);
	}
}

int main(int argc, char **argv)
{
	struct ringside *ring;
	struct shared *shared;
	const char *dot;
	int ret;

	if (argc < 4) {
		fprintf(stderr, "usage: see the source\n");
		return 2;
	}
	signal(SIGTERM, end);
	shared = open_shared(argv[3]);
	ret = ringside_open(&ring, argv[1], argv[2], NULL);
	if (ret) {
		fprintf(stderr, "%s: %s\n", argv[2], strerror(-ret));
		return 1;
	}
	fprintf(stderr, "ready\n");
	dot = strrchr(argv[2], '.');
	read_ring(ring, shared, dot ? (unsigned)atoi(dot + 1) : 0,
		argc > 4 ? (useconds_t)atoi(argv[4]) : 0, argc > 5);
	for (unsigned i = 0; i < ringside_rings(ring); i++) {
		struct ringside_counts counts;

		ringside_counts(ring, i, &counts);
		sum.lost += counts.lost_polling + counts.lost_reading;
	}
	uint64_t keys = 0, split = 0;

	for (unsigned k = 0; k < KEYS; k++) {
		keys += shared->workers[k] != 0;
		split += (shared->workers[k] & (shared->workers[k] - 1)) != 0;
	}
	printf("{\"received\": %" PRIu64 ", \"junk\": %" PRIu64 ", \"reordered\": %" PRIu64
	       ", \"doubled\": %" PRIu64 ", \"missing\": %" PRIu64 ", \"lost\": %" PRIu64
	       ", \"keys\": %" PRIu64 ", \"split_keys\": %" PRIu64 "}\n",
		sum.received, sum.junk, sum.reordered, sum.doubled, sum.missing, sum.lost, keys,
		split);
	ringside_close(ring);
	return 0;
}
