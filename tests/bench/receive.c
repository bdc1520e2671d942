/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Receives the benchmark's packets until SIGTERM and prints how many: from a ring of deliver's, or by an
 * ordinary UDP socket and recvmmsg(), which is what the ring replaces.
 *
 * usage: receive ring SOCKET NAME sleep|poll|hang     hang: is attached and reads nothing
 *        receive socket PORT
 * Prints "ready", and at the end "PACKETS LOST P50_NS P99_NS", the latter from the kernel's hook to here, of
 * those packets that have the hook's time; 0: of none.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "ring/ring.h"

#define BATCH 64
#define SOCKET_BUFFER (32 << 20)
#define PAYLOAD_MAX 2048
#define TIMES_MAX (1u << 20)

static volatile sig_atomic_t told_to_end;
static uint32_t times[TIMES_MAX], times_count;

static void on_signal(int signal)
{
	(void)signal;
	told_to_end = 1;
}

static uint64_t now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	const uint32_t *one = a, *other = b;

	return (*one > *other) - (*one < *other);
}

static void print_end(uint64_t packets, uint64_t lost)
{
	qsort(times, times_count, sizeof(*times), compare);
	printf("%llu %llu %u %u\n", (unsigned long long)packets, (unsigned long long)lost,
		times_count ? times[times_count / 2] : 0,
		times_count ? times[(uint64_t)times_count * 99 / 100] : 0);
}

static void note_times(const struct ringside_packet *packets, int count)
{
	uint64_t now = 0;

	for (int i = 0; i < count && times_count < TIMES_MAX; i++) {
		if (!packets[i].at_hook)
			continue;
		if (!now)
			now = now_ns();
		times[times_count++] = (uint32_t)(now - packets[i].time_ns);
	}
}

static int receive_ring(const char *daemon, const char *name, const char *how)
{
	struct ringside_packet packets[BATCH];
	struct ringside *ring;
	uint64_t received = 0, lost = 0;
	int n = ringside_open(&ring, daemon, name, NULL);

	if (n) {
		fprintf(stderr, "receive: ring %s: %s\n", name, strerror(-n));
		return 1;
	}
	puts("ready");
	fflush(stdout);
	while (!told_to_end && n != -ESTALE) {
		if (!strcmp(how, "hang")) {
			pause();
			continue;
		}
		n = ringside_receive(ring, packets, BATCH);
		if (n > 0) {
			received += (uint64_t)n;
			note_times(packets, n);
		} else if (!n && !strcmp(how, "sleep")) {
			ringside_wait(ring, -1);
		}
	}
	for (unsigned i = 0; i < ringside_rings(ring); i++) {
		struct ringside_counts counts;

		ringside_counts(ring, i, &counts);
		lost += counts.lost_polling + counts.lost_reading;
	}
	print_end(received, lost);
	ringside_close(ring);
	return 0;
}

static int receive_socket(const char *port)
{
	static uint8_t bytes[BATCH][PAYLOAD_MAX];
	const struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)atoi(port)) };
	const struct timeval limit = { .tv_usec = 100000 };
	struct mmsghdr messages[BATCH] = { 0 };
	struct iovec parts[BATCH];
	int size = SOCKET_BUFFER, fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint64_t received = 0;

	for (unsigned i = 0; i < BATCH; i++) {
		parts[i] = (struct iovec){ bytes[i], sizeof(bytes[i]) };
		messages[i].msg_hdr.msg_iov = &parts[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) ||
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit))) {
		fprintf(stderr, "receive: port %s: %s\n", port, strerror(errno));
		return 1;
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	puts("ready");
	fflush(stdout);
	while (!told_to_end) {
		int n = recvmmsg(fd, messages, BATCH, MSG_WAITFORONE, NULL);

		if (n > 0)
			received += (uint64_t)n;
	}
	print_end(received, 0);
	return 0;
}

int main(int argc, char **argv)
{
	const struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGTERM, &action, NULL);
	if (argc == 5 && !strcmp(argv[1], "ring"))
		return receive_ring(argv[2], argv[3], argv[4]);
	if (argc == 3 && !strcmp(argv[1], "socket"))
		return receive_socket(argv[2]);
	fprintf(stderr, "usage: receive ring SOCKET NAME sleep|poll|hang | receive socket PORT\n");
	return 2;
}
