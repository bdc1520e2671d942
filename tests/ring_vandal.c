/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A consumer that means harm, against a running daemon: writes rubbish wherever it can write and tries to where it
 * must not, sends what nobody asked for, stops at any step of the handshake, and takes every seat.
 *
 * usage: ring_vandal RING ROUNDS SEED
 * Writes how often it attached. Status 1, with a line: something could be done that must not.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "ring/consumer.h"

#define CROWD 40 /* more than there are seats */
#define GARBAGE 4096

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

static uint32_t state;
static unsigned attached;

static uint32_t draw(void)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state;
}

static void fill(void *at, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		((volatile uint8_t *)at)[i] = (uint8_t)draw();
}

static void must_fail(int succeeded, const char *what)
{
	if (!succeeded)
		return;
	printf("%s: could be done\n", what);
	exit(1);
}

/* Tries every way to write to memory that is the daemon's alone. */
static void attack_sealed(int fd, const char *what)
{
	const size_t bytes = 4096;
	char words[64];
	void *area = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	snprintf(words, sizeof(words), "write to the %s", what);
	must_fail(area != MAP_FAILED, words);
	area = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
	must_fail(area == MAP_FAILED, "not read what is for reading");
	must_fail(!mprotect(area, bytes, PROT_READ | PROT_WRITE), words);
	munmap(area, bytes);
	must_fail(pwrite(fd, words, 1, 0) > 0, words);
	must_fail(!ftruncate(fd, 0) || !ftruncate(fd, 1 << 30), words);
	must_fail(!fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096), words);
	must_fail(!fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), words);
}

/* What is this consumer's to write, and the daemon reads: anything at all. */
static void attack_report(int fd)
{
	struct ringside_report *report =
		mmap(NULL, sizeof(*report), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	must_fail(report == MAP_FAILED, "not write to the report");
	must_fail(!ftruncate(fd, 0), "cut the report short");
	must_fail(!fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), "seal the report");
	for (unsigned i = 0; i < 8; i++) {
		fill(report, sizeof(*report));
		/* asleep, again and again: the daemon wakes it each time */
		for (unsigned k = 0; k < 1000; k++)
			__atomic_store_n(&report->sleep, 2 * draw() + 1, __ATOMIC_RELAXED);
	}
	fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, sizeof(*report));
	munmap(report, sizeof(*report));
}

/* What nobody asked for, descriptors among it, until nothing more goes. */
static void talk(int socket)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = { 0 };
	uint8_t bytes[GARBAGE];
	struct iovec part = { bytes, sizeof(bytes) };
	struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1 };
	struct cmsghdr *c;
	int fd = STDIN_FILENO;

	fill(bytes, sizeof(bytes));
	for (unsigned i = 0; i < 100; i++) {
		header.msg_control = i < 8 ? control : NULL;
		header.msg_controllen = i < 8 ? sizeof(control) : 0;
		c = CMSG_FIRSTHDR(&header);
		if (c) {
			*c = (struct cmsghdr){ CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS };
			memcpy(CMSG_DATA(c), &fd, sizeof(fd));
		}
		if (sendmsg(socket, &header, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
			break;
	}
}

static int connect_to_daemon(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/ringside.sock",
		getenv("RUNTIME_DIRECTORY"));
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address))) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Asks for the ring as far as it likes, with something behind it, and is gone. */
static void stop_halfway(const char *name)
{
	char request[256];
	uint8_t garbage[GARBAGE];
	int bytes = snprintf(request, sizeof(request),
		"GET /api/v1/rings/%s HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: "
		"ringside-ring/%u\r\n\r\n",
		name, RINGSIDE_VERSION);
	int fd = connect_to_daemon();

	if (fd < 0)
		return;
	if (draw() % 4)
		bytes = (int)(draw() % (uint32_t)bytes);
	send(fd, request, (size_t)bytes, MSG_NOSIGNAL);
	fill(garbage, sizeof(garbage));
	if (draw() % 2)
		send(fd, garbage, draw() % GARBAGE, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (draw() % 2)
		shutdown(fd, draw() % 2 ? SHUT_WR : SHUT_RD);
	close(fd);
}

/* Attaches; leaves at some step, or stays and does its worst. */
static void attach(const char *name)
{
	struct ringside_greeting greeting;
	struct ringside_offer offer;
	int fds[2], socket = ringside_connect(NULL, name, draw() % 2);

	if (socket < 0)
		return;
	if (!(draw() % 4) || ringside_take(socket, &greeting, sizeof(greeting), fds, 2)) {
		close(socket);
		return;
	}
	attached++;
	attack_sealed(fds[0], "wake memory");
	attack_report(fds[1]);
	close(fds[0]);
	close(fds[1]);
	if (draw() % 2 && !ringside_take(socket, &offer, sizeof(offer), fds, 2)) {
		attack_sealed(fds[0], "ring");
		if (fds[1] >= 0)
			attack_sealed(fds[1], "packet memory");
		close(fds[0]);
		close(fds[1]);
	}
	talk(socket);
	close(socket);
}

/* Takes all seats at once; whoever comes then is refused, not the daemon's end. */
static void crowd(const char *name)
{
	int sockets[CROWD];

	for (unsigned i = 0; i < CROWD; i++)
		sockets[i] = ringside_connect(NULL, name, 0);
	for (unsigned i = 0; i < CROWD; i++)
		if (sockets[i] >= 0)
			close(sockets[i]);
}

int main(int argc, char **argv)
{
	unsigned rounds = argc == 4 ? (unsigned)atoi(argv[2]) : 0;

	if (!rounds || !getenv("RUNTIME_DIRECTORY"))
		return 2;
	state = (uint32_t)atoi(argv[3]) | 1;
	for (unsigned i = 0; i < rounds; i++) {
		stop_halfway(argv[1]);
		attach(argv[1]);
		if (i == rounds / 2)
			crowd(argv[1]);
	}
	printf("attached %u\n", attached);
	return 0;
}
