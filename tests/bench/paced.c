/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sends numbered test packets at an even pace and judges every answer: lost, duplicated, unswapped,
 * damaged, and how long it took. Begins when its standard input ends, with all sockets open, so that it
 * can follow on a flood at once. With RATE 0 it only waits for a first answer.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/ether.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/probe.h"

#define NS_PER_S 1000000000ull
#define BURST 64
/* Room for 50 ms of answers at 300 kpps: the receiver is never what loses them, and says so if it is. */
#define RING_FRAMES 16384u
#define RING_FRAME_BYTES 2048u
#define RING_BLOCK_BYTES (1u << 20)
#define RING_BYTES ((size_t)RING_FRAMES * RING_FRAME_BYTES)
#define PATIENCE_NS (2 * NS_PER_S) /* for the first answer, and for all stragglers */
#define QUIET_NS (NS_PER_S / 5) /* none for so long: there are none */
#define KNOCK_NS (NS_PER_S / 100)

struct paced {
	unsigned length, index;
	double rate, seconds;
	uint8_t from[ETH_ALEN], to[ETH_ALEN];
	uint32_t run;
	int send_fd, receive_fd;
	uint8_t *ring;
	unsigned ring_next;
	uint8_t frames[BURST][PROBE_MAX];
	struct mmsghdr messages[BURST];
	struct iovec parts[BURST];
	uint32_t numbers; /* so many there are at most */
	uint32_t next; /* number of the next packet */
	uint64_t *sent_ns; /* by number */
	uint32_t *trips_ns; /* by number; 0: no answer yet */
	uint64_t answered, duplicated, unswapped, damaged, reordered;
	uint32_t newest;
};

static uint64_t now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * NS_PER_S + (uint64_t)time.tv_nsec;
}

static int fail(const char *what)
{
	fprintf(stderr, "paced: %s: %s\n", what, strerror(errno));
	return -1;
}

static int paced_parse(struct paced *p, int argc, char **argv)
{
	struct ether_addr *to;
	struct ifreq request = { 0 };
	int length, fd;

	if (argc != 6)
		return -1;
	p->index = if_nametoindex(argv[1]);
	to = ether_aton(argv[2]);
	length = probe_length(argv[3]);
	p->rate = strtod(argv[4], NULL);
	p->seconds = strtod(argv[5], NULL);
	if (!p->index || !to || length < 0 || p->rate < 0 || p->rate > 1e7 || p->seconds < 0 ||
		p->seconds > 60)
		return -1;
	p->length = (unsigned)length;
	memcpy(p->to, to, ETH_ALEN);
	memcpy(request.ifr_name, argv[1], strnlen(argv[1], IFNAMSIZ - 1));
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || ioctl(fd, SIOCGIFHWADDR, &request))
		return fail(argv[1]);
	close(fd);
	memcpy(p->from, request.ifr_hwaddr.sa_data, ETH_ALEN);
	return 0;
}

static int paced_bind(int fd, unsigned index, uint16_t protocol)
{
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET, .sll_protocol = htons(protocol), .sll_ifindex = (int)index
	};

	return bind(fd, (struct sockaddr *)&address, sizeof(address));
}

static int paced_open_receive(struct paced *p)
{
	const struct tpacket_req request = {
		.tp_block_size = RING_BLOCK_BYTES,
		.tp_block_nr = RING_FRAMES / (RING_BLOCK_BYTES / RING_FRAME_BYTES),
		.tp_frame_size = RING_FRAME_BYTES,
		.tp_frame_nr = RING_FRAMES,
	};
	void *ring;
	int version = TPACKET_V2; /* V3 holds answers back until a block is full */

	p->receive_fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (p->receive_fd < 0 ||
		setsockopt(p->receive_fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) ||
		setsockopt(p->receive_fd, SOL_PACKET, PACKET_RX_RING, &request, sizeof(request)))
		return fail("open the receive ring");
	ring = mmap(NULL, RING_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
		p->receive_fd, 0);
	if (ring == MAP_FAILED)
		return fail("map the receive ring");
	p->ring = ring;
	if (paced_bind(p->receive_fd, p->index, ETHERTYPE_IP))
		return fail("bind the receive ring");
	return 0;
}

static int paced_open_send(struct paced *p)
{
	int on = 1;

	p->send_fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (p->send_fd < 0 ||
		setsockopt(p->send_fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on)) ||
		paced_bind(p->send_fd, p->index, 0))
		return fail("open the sending socket");
	for (unsigned i = 0; i < BURST; i++) {
		probe_write(p->frames[i], p->length, p->from, p->to, p->run);
		p->parts[i] = (struct iovec){ p->frames[i], p->length };
		p->messages[i].msg_hdr.msg_iov = &p->parts[i];
		p->messages[i].msg_hdr.msg_iovlen = 1;
	}
	return 0;
}

static int paced_open(struct paced *p)
{
	p->run = (uint32_t)now_ns() | 1; /* not 0 */
	p->numbers = (uint32_t)(p->rate * p->seconds) + PATIENCE_NS / KNOCK_NS + BURST;
	p->sent_ns = malloc(p->numbers * sizeof(*p->sent_ns));
	p->trips_ns = malloc(p->numbers * sizeof(*p->trips_ns));
	if (!p->sent_ns || !p->trips_ns)
		return fail("test packets");
	/* touched now: page faults are no part of the pace */
	memset(p->sent_ns, 0, p->numbers * sizeof(*p->sent_ns));
	memset(p->trips_ns, 0, p->numbers * sizeof(*p->trips_ns));
	return paced_open_receive(p) || paced_open_send(p) ? -1 : 0;
}

static void paced_close(struct paced *p)
{
	if (p->ring)
		munmap(p->ring, RING_BYTES);
	close(p->send_fd);
	close(p->receive_fd);
	free(p->sent_ns);
	free(p->trips_ns);
}

static int paced_send(struct paced *p, unsigned count)
{
	uint64_t now = now_ns();
	int sent;

	if (count > p->numbers - p->next)
		count = p->numbers - p->next;
	for (unsigned i = 0; i < count; i++) {
		uint32_t number = p->next + i;

		memcpy(p->frames[i] + offsetof(struct probe, sequence), &number, sizeof(number));
		p->sent_ns[number] = now;
	}
	sent = sendmmsg(p->send_fd, p->messages, count, MSG_DONTWAIT);
	if (sent < 0)
		return errno == ENOBUFS || errno == EAGAIN || errno == EINTR ? 0 : fail("send");
	p->next += (unsigned)sent;
	return sent;
}

static void paced_judge(struct paced *p, const uint8_t *frame, unsigned length)
{
	uint8_t *sent = p->frames[0];
	uint32_t number;
	uint64_t trip;

	if (!probe_is_answer(frame, length, p->run))
		return;
	memcpy(&number, frame + offsetof(struct probe, sequence), sizeof(number));
	if (number >= p->next) {
		p->damaged++;
		return;
	}
	if (p->trips_ns[number]) {
		p->duplicated++;
		return;
	}
	trip = now_ns() - p->sent_ns[number];
	p->trips_ns[number] = trip < UINT32_MAX ? (uint32_t)trip + 1 : UINT32_MAX;
	p->answered++;
	if (number < p->newest)
		p->reordered++;
	else
		p->newest = number;
	memcpy(sent + offsetof(struct probe, sequence), &number, sizeof(number));
	switch (probe_judge(sent, p->length, frame, length)) {
	case PROBE_UNSWAPPED:
		p->unswapped++;
		break;
	case PROBE_DAMAGED:
		p->damaged++;
		break;
	case PROBE_RIGHT:
		break;
	}
}

/* Takes up to a burst of what has arrived; returns how many frames. */
static unsigned paced_receive(struct paced *p)
{
	unsigned count;

	for (count = 0; count < BURST; count++) {
		struct tpacket2_hdr *header =
			(void *)(p->ring + (size_t)p->ring_next * RING_FRAME_BYTES);

		/* pairs with the kernel's store of the status behind the frame's bytes */
		if (!(__atomic_load_n(&header->tp_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER))
			break;
		paced_judge(p, (const uint8_t *)header + header->tp_mac, header->tp_snaplen);
		__atomic_store_n(&header->tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
		p->ring_next = (p->ring_next + 1) % RING_FRAMES;
	}
	return count;
}

static int paced_knock(struct paced *p)
{
	uint64_t start = now_ns(), next = start;

	while (!p->answered) {
		uint64_t now = now_ns();

		if (now - start > PATIENCE_NS)
			return 1;
		if (now >= next) {
			if (paced_send(p, 1) < 0)
				return -1;
			next = now + KNOCK_NS;
		}
		paced_receive(p);
	}
	return 0;
}

struct pace {
	uint64_t since_ns;
	int64_t sent; /* since then, and one */
};

/* How many are due. What a stop of this program has missed is not made up for, beyond one burst. */
static unsigned paced_due(const struct paced *p, struct pace *pace)
{
	uint64_t now = now_ns();
	double due = (double)(now - pace->since_ns) * p->rate / 1e9 + 1 - (double)pace->sent;

	if (due < BURST)
		return due < 1 ? 0 : (unsigned)due;
	*pace = (struct pace){ now, 1 - BURST };
	return BURST;
}

static int paced_run(struct paced *p)
{
	uint64_t start = now_ns(), length_ns = (uint64_t)(p->seconds * 1e9);
	struct pace pace = { .since_ns = start };

	while (now_ns() - start < length_ns) {
		unsigned due = paced_due(p, &pace);
		int sent = due ? paced_send(p, due) : 0;

		if (sent < 0)
			return -1;
		pace.sent += sent;
		paced_receive(p);
	}
	return 0;
}

static void paced_collect(struct paced *p)
{
	uint64_t start = now_ns(), last = start, now;

	while (now = now_ns(),
		p->answered < p->next && now - start < PATIENCE_NS && now - last < QUIET_NS)
		if (paced_receive(p))
			last = now;
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static double paced_trip_us(const struct paced *p, double part)
{
	uint64_t rank = (uint64_t)(part * (double)p->answered);

	if (!p->answered)
		return 0;
	/* those without an answer, being 0, are in front */
	rank = rank < p->answered ? rank : p->answered - 1;
	return p->trips_ns[p->next - p->answered + rank] / 1e3;
}

static void paced_print(struct paced *p)
{
	struct tpacket_stats statistics = { 0 };
	socklen_t size = sizeof(statistics);

	getsockopt(p->receive_fd, SOL_PACKET, PACKET_STATISTICS, &statistics, &size);
	qsort(p->trips_ns, p->next, sizeof(*p->trips_ns), compare);
	printf("sent=%" PRIu32 " lost=%" PRIu64 " duplicated=%" PRIu64 " unswapped=%" PRIu64
	       " damaged=%" PRIu64 " reordered=%" PRIu64 " missed=%u pps=%.0f",
		p->next, p->next - p->answered, p->duplicated, p->unswapped, p->damaged,
		p->reordered, statistics.tp_drops, p->next / p->seconds);
	if (p->answered)
		printf(" p50_us=%.1f p99_us=%.1f max_us=%.1f", paced_trip_us(p, 0.5),
			paced_trip_us(p, 0.99), paced_trip_us(p, 1));
	printf("\n");
}

static void wait_for_end_of_input(void)
{
	char bytes[256];

	while (read(STDIN_FILENO, bytes, sizeof(bytes)) > 0)
		;
}

int main(int argc, char **argv)
{
	struct paced p = { .send_fd = -1, .receive_fd = -1 };
	int status = 1;

	if (paced_parse(&p, argc, argv)) {
		fprintf(stderr,
			"usage: paced LINK TO_MAC FRAME_BYTES PACKETS_PER_SECOND SECONDS\n");
		return 2;
	}
	if (paced_open(&p))
		goto out_close;
	wait_for_end_of_input();
	if (!p.rate) {
		status = paced_knock(&p) ? 1 : 0;
	} else if (!paced_run(&p)) {
		paced_collect(&p);
		paced_print(&p);
		status = 0;
	}
out_close:
	paced_close(&p);
	return status;
}
