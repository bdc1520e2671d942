// SPDX-License-Identifier: BSD-2-Clause
/*
 * Sends UDP packets from many sources, each at a rate of its own, and counts the answers that each gets.
 *
 * usage: source_peer IFNAME SECONDS SOURCE[:PORT]@PPS...
 *        SOURCE: an IPv4 address, or "random": another one with each packet, of 128.0.0.0/2
 *        PORT: the destination's; without it 9999
 *
 * A packet goes to 192.0.2.2 and has a header as steer has it by default: magic, key (the place of the SOURCE
 * in the arguments, from 0) and length. SIGTERM ends the sending early. What a sender has missed, since it had no CPU, is not made up for. In
 * the end it waits until nothing has come for 300 ms, and prints what it has sent, what has come back, what the
 * interface itself lost, and the time.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SOURCES_MAX 8
#define PAYLOAD 24
#define QUIET_MS 300

struct frame {
	struct ether_header ethernet;
	struct iphdr ip;
	struct udphdr udp;
	uint32_t magic, key, length, rest[3];
} __attribute__((packed));

struct source {
	bool is_random;
	uint32_t address; /* network byte order */
	uint16_t port;
	uint64_t gap_ns, due_ns, sent, back;
};

static volatile sig_atomic_t told_to_end;

static void on_signal(int signal)
{
	(void)signal;
	told_to_end = 1;
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
	return (uint32_t)(state >> 32);
}

static uint64_t lost(const char *interface)
{
	char path[96];
	unsigned long count = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/sys/class/net/%s/statistics/tx_dropped", interface);
	file = fopen(path, "r");
	if (!file || fscanf(file, "%lu", &count) != 1)
		die(path);
	fclose(file);
	return count;
}

static void parse(struct source *source, char *words)
{
	char *at = strchr(words, '@'), *colon = strchr(words, ':');
	double pps = at ? atof(at + 1) : 0;

	if (pps <= 0)
		die(words);
	*at = '\0';
	if (colon)
		*colon = '\0';
	*source = (struct source){ .is_random = !strcmp(words, "random"),
		.port = (uint16_t)(colon ? atoi(colon + 1) : 9999),
		.gap_ns = (uint64_t)(1e9 / pps) };
	if (!source->is_random && inet_pton(AF_INET, words, &source->address) != 1)
		die(words);
}

static uint16_t checksum(const struct iphdr ip)
{
	uint16_t words[sizeof(ip) / 2];
	uint32_t sum = 0;

	memcpy(words, &ip, sizeof(ip));
	for (unsigned i = 0; i < sizeof(words) / sizeof(*words); i++)
		sum += words[i];
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t) ~(sum + (sum >> 16));
}

static void build(struct frame *frame, const struct source *source, unsigned key)
{
	static const uint8_t to[6] = { 2, 0, 0, 0, 0x0b, 2 }, from[6] = { 2, 0, 0, 0, 0x0a, 1 };

	memset(frame, 0, sizeof(*frame));
	memcpy(frame->ethernet.ether_dhost, to, 6);
	memcpy(frame->ethernet.ether_shost, from, 6);
	frame->ethernet.ether_type = htons(ETHERTYPE_IP);
	frame->ip = (struct iphdr){ .version = 4,
		.ihl = 5,
		.ttl = 64,
		.protocol = IPPROTO_UDP,
		.tot_len = htons(sizeof(*frame) - sizeof(frame->ethernet)),
		.saddr =
			source->is_random ? htonl((random32() >> 2) | 0x80000000) : source->address,
		.daddr = htonl(0xc0000202) };
	frame->ip.check = checksum(frame->ip);
	frame->udp = (struct udphdr){ .source = htons(4000),
		.dest = htons(source->port),
		.len = htons(sizeof(frame->udp) + PAYLOAD) };
	frame->magic = htonl(0x4c414d49);
	frame->key = htonl(key);
	frame->length = htonl(PAYLOAD - 12);
}

static int open_socket(const char *interface)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, htons(ETH_P_IP)), bytes = 64 << 20,
	    on = 1;
	const struct sockaddr_ll at = { .sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_IP),
		.sll_ifindex = (int)if_nametoindex(interface) };

	if (fd < 0 || bind(fd, (const struct sockaddr *)&at, sizeof(at)) ||
		setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) ||
		setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on)) ||
		setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)))
		die(interface);
	return fd;
}

static bool take_answers(int fd, struct source *sources, unsigned count)
{
	struct frame frame;
	bool any = false;

	while (recv(fd, &frame, sizeof(frame), 0) == (ssize_t)sizeof(frame)) {
		uint32_t key = ntohl(frame.key);

		if (frame.magic != htonl(0x4c414d49) || key >= count)
			continue;
		sources[key].back++;
		any = true;
	}
	return any;
}

/* Sends what is due. */
static void send_due(int fd, struct source *source, unsigned key)
{
	uint64_t now = now_ns();
	struct frame frame;

	if (source->due_ns > now)
		return;
	build(&frame, source, key);
	while (send(fd, &frame, sizeof(frame), 0) < 0)
		if (errno != ENOBUFS && errno != EAGAIN)
			die("send");
	source->sent++;
	source->due_ns += source->gap_ns;
	if (source->due_ns < now)
		source->due_ns = now;
}

int main(int argc, char **argv)
{
	struct source sources[SOURCES_MAX];
	unsigned count = (unsigned)argc - 3;
	uint64_t start_ns, end_ns, before;
	struct pollfd wait;
	int fd;

	if (argc < 4 || count > SOURCES_MAX) {
		fprintf(stderr, "usage: see the source\n");
		return 2;
	}
	for (unsigned i = 0; i < count; i++)
		parse(&sources[i], argv[3 + i]);
	fd = open_socket(argv[1]);
	before = lost(argv[1]);
	start_ns = now_ns();
	end_ns = start_ns + (uint64_t)(atof(argv[2]) * 1e9);
	for (unsigned i = 0; i < count; i++)
		sources[i].due_ns = start_ns;
	signal(SIGTERM, on_signal);
	while (!told_to_end && now_ns() < end_ns) {
		for (unsigned i = 0; i < count; i++)
			send_due(fd, &sources[i], i);
		take_answers(fd, sources, count);
	}
	end_ns = now_ns();
	wait = (struct pollfd){ .fd = fd, .events = POLLIN };
	while (poll(&wait, 1, QUIET_MS) > 0)
		take_answers(fd, sources, count);
	printf("{\"seconds\": %.6f, \"lost\": %lu, \"sent\": [", (double)(end_ns - start_ns) / 1e9,
		lost(argv[1]) - before);
	for (unsigned i = 0; i < count; i++)
		printf("%s%lu", i ? ", " : "", sources[i].sent);
	printf("], \"back\": [");
	for (unsigned i = 0; i < count; i++)
		printf("%s%lu", i ? ", " : "", sources[i].back);
	printf("]}\n");
	return 0;
}
