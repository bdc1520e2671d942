// SPDX-License-Identifier: BSD-2-Clause
/*
 * Both ends of a steered protocol, on plain sockets.
 *
 * usage: steer_peer send ADDRESS PORT PACKETS KEYS PPS JUNK-PERCENT
 *        steer_peer numbers ADDRESS PORT KEY NUMBER...
 *        steer_peer order PORT PACKETS        one socket: the order that a key's packets arrive in
 *        steer_peer cpus PORT PACKETS         a socket for each CPU: which CPUs a key's packets meet
 *
 * A packet: magic, key and length of 4 bytes each, then the packet's number within its key, 8 bytes. Keys
 * have a Zipf distribution (exponent 1). A receiver ends when it has so many packets, or, after SIGUSR1, when
 * none has come for a second, and prints what it has seen as JSON.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/sock_diag.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAGIC 0x4c414d49u
#define KEYS_MAX 65536
#define BATCH 16
#define CPUS_MAX 64
#define QUIET_MS 1000

struct packet {
	uint32_t magic, key, length;
	uint64_t number;
} __attribute__((packed));

static uint64_t numbers[KEYS_MAX]; /* of each key's newest packet */
static uint64_t cpus_of[KEYS_MAX];

static volatile sig_atomic_t is_over;

static void end(int signal)
{
	(void)signal;
	is_over = 1;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static uint32_t random32(void)
{
	static uint64_t state = 0x9e3779b97f4a7c15;

	state = state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(state >> 33) * 2;
}

static uint32_t zipf(const double *sums, uint32_t keys)
{
	double at = random32() / 4294967296.0 * sums[keys - 1];
	uint32_t low = 0, high = keys - 1;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (sums[middle] > at)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static void fill(
	struct packet *packet, const double *sums, uint32_t keys, unsigned junk, uint64_t sent[2])
{
	uint32_t key = zipf(sums, keys);
	bool is_junk = random32() / 42949673 < junk;

	*packet = (struct packet){ htonl(is_junk ? ~MAGIC : MAGIC), htonl(key), htonl(8), 0 };
	if (!is_junk)
		packet->number = htobe64(++numbers[key]);
	sent[is_junk]++;
}

static int send_all(char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)atoi(argv[1])) };
	const uint64_t packets = strtoull(argv[2], NULL, 10), pps = strtoull(argv[4], NULL, 10);
	const uint32_t keys = (uint32_t)atoi(argv[3]);
	const unsigned junk = (unsigned)atoi(argv[5]);
	double *sums = calloc(keys, sizeof(*sums));
	uint64_t sent[2] = { 0 }, start_ns;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (!sums || inet_pton(AF_INET, argv[0], &to.sin_addr) != 1 ||
		connect(fd, (struct sockaddr *)&to, sizeof(to)))
		die("connect");
	for (uint32_t k = 0; k < keys; k++)
		sums[k] = (k ? sums[k - 1] : 0) + 1.0 / (k + 1);
	start_ns = now_ns();
	for (uint64_t done = 0; done < packets;) {
		struct packet batch[BATCH];
		struct iovec parts[BATCH];
		struct mmsghdr messages[BATCH] = { 0 };
		unsigned n = packets - done < BATCH ? (unsigned)(packets - done) : BATCH, out = 0;

		while (now_ns() - start_ns < done * 1000000000 / pps)
			;
		for (unsigned i = 0; i < n; i++) {
			fill(&batch[i], sums, keys, junk, sent);
			parts[i] = (struct iovec){ &batch[i], sizeof(batch[i]) };
			messages[i].msg_hdr.msg_iov = &parts[i];
			messages[i].msg_hdr.msg_iovlen = 1;
		}
		while (out < n) {
			int ret = sendmmsg(fd, messages + out, n - out, 0);

			if (ret < 0 && errno != ENOBUFS)
				die("sendmmsg");
			out += ret > 0 ? (unsigned)ret : 0;
		}
		done += n;
	}
	printf("{\"good\": %lu, \"junk\": %lu}\n", sent[0], sent[1]);
	return 0;
}

/* One packet for each number, all of one key. */
static int send_numbers(char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)atoi(argv[1])) };
	struct packet packet = { htonl(MAGIC), htonl((uint32_t)atoi(argv[2])), htonl(8), 0 };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (inet_pton(AF_INET, argv[0], &to.sin_addr) != 1)
		die("address");
	for (argv += 3; *argv; argv++) {
		packet.number = htobe64(strtoull(*argv, NULL, 10));
		if (sendto(fd, &packet, sizeof(packet), 0, (struct sockaddr *)&to, sizeof(to)) < 0)
			die("sendto");
	}
	return 0;
}

static int listen_on(const char *port)
{
	const struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)atoi(port)) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), on = 1, bytes = 64 << 20;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) ||
		setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) ||
		bind(fd, (const struct sockaddr *)&at, sizeof(at)))
		die("bind");
	return fd;
}

/* The CPU that handles a packet chooses the socket (socket(7), SO_ATTACH_REUSEPORT_CBPF). */
static void choose_by_cpu(int fd)
{
	struct sock_filter code[] = {
		{ BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)(SKF_AD_OFF + SKF_AD_CPU) },
		{ BPF_RET | BPF_A, 0, 0, 0 },
	};
	const struct sock_fprog program = { 2, code };

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof(program)))
		die("SO_ATTACH_REUSEPORT_CBPF");
}

struct seen {
	uint64_t received, junk, reordered, doubled, missing;
};

static void look(const struct packet *packet, unsigned cpu, struct seen *seen)
{
	uint32_t key = ntohl(packet->key);
	uint64_t number = be64toh(packet->number);

	seen->received++;
	if (packet->magic != htonl(MAGIC) || key >= KEYS_MAX) {
		seen->junk++;
		return;
	}
	cpus_of[key] |= 1ull << cpu;
	seen->reordered += number < numbers[key];
	seen->doubled += number == numbers[key];
	if (number > numbers[key]) {
		seen->missing += number - numbers[key] - 1;
		numbers[key] = number;
	}
}

static unsigned take(int fd, unsigned cpu, struct seen *seen)
{
	struct packet packets[64];
	struct iovec parts[64];
	struct mmsghdr messages[64] = { 0 };
	int n;

	for (unsigned i = 0; i < 64; i++) {
		parts[i] = (struct iovec){ &packets[i], sizeof(packets[i]) };
		messages[i].msg_hdr.msg_iov = &parts[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	n = recvmmsg(fd, messages, 64, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++)
		look(&packets[i], cpu, seen);
	return n > 0 ? (unsigned)n : 0;
}

/* Packets for which a socket's buffer had no room (sock_diag(7)). */
static uint32_t overflow(int fd)
{
	uint32_t info[SK_MEMINFO_VARS];
	socklen_t size = sizeof(info);

	if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &size))
		die("SO_MEMINFO");
	return info[SK_MEMINFO_DROPS];
}

static int receive(const char *port, uint64_t packets, unsigned sockets)
{
	struct pollfd fds[CPUS_MAX];
	struct seen seen = { 0 };
	uint64_t split = 0, used = 0, overflowed = 0;

	for (unsigned i = 0; i < sockets; i++)
		fds[i] = (struct pollfd){ listen_on(port), POLLIN, 0 };
	if (sockets > 1)
		choose_by_cpu(fds[0].fd);
	signal(SIGUSR1, end);
	fprintf(stderr, "ready\n");
	while (seen.received < packets && (poll(fds, sockets, QUIET_MS) > 0 || !is_over))
		for (unsigned i = 0; i < sockets; i++)
			while (take(fds[i].fd, i, &seen))
				;
	for (unsigned k = 0; k < KEYS_MAX; k++) {
		split += (cpus_of[k] & (cpus_of[k] - 1)) != 0;
		used |= cpus_of[k];
	}
	for (unsigned i = 0; i < sockets; i++)
		overflowed += overflow(fds[i].fd);
	printf("{\"received\": %lu, \"junk\": %lu, \"reordered\": %lu, \"doubled\": %lu, "
	       "\"missing\": %lu, \"split_keys\": %lu, \"cpus\": %d, \"overflowed\": %lu}\n",
		seen.received, seen.junk, seen.reordered, seen.doubled, seen.missing, split,
		__builtin_popcountll(used), overflowed);
	return 0;
}

int main(int argc, char **argv)
{
	long cpus = sysconf(_SC_NPROCESSORS_CONF);

	if (argc == 8 && !strcmp(argv[1], "send"))
		return send_all(argv + 2);
	if (argc > 5 && !strcmp(argv[1], "numbers"))
		return send_numbers(argv + 2);
	if (argc == 4 && !strcmp(argv[1], "order"))
		return receive(argv[2], strtoull(argv[3], NULL, 10), 1);
	if (argc == 4 && !strcmp(argv[1], "cpus"))
		return receive(argv[2], strtoull(argv[3], NULL, 10),
			cpus > CPUS_MAX ? CPUS_MAX : (unsigned)cpus);
	fprintf(stderr, "usage: see the source\n");
	return 2;
}
