/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A far end made of plain packet sockets, independent of Ringside: answers test packets, and loses, duplicates,
 * reorders, delays and corrupts exactly those that it is told to, by their sequence numbers.
 *
 * usage: echo LINK PORT SIGNATURE [RULE=VALUE]...
 *   lose=FIRST-LAST  duplicate=FIRST-LAST  every answer twice
 *   reorder=N        N's answer is sent behind the next one's
 *   delay=N:MS       N's answer is held back
 *   payload= tail= dscp= mac= ip= port= ttl= check= cut= priority= untag= tag= =FIRST-LAST  corrupts one thing
 *   rate=PPS:DEPTH   a token bucket, by the times of arrival: what is above is lost
 * Says "ready", echoes until SIGTERM or SIGINT, then prints "seen N answered N".
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BATCH 64
#define BYTES 4096
#define RULES 32
#define HELD 64
#define RECEIVE_BYTES (64 << 20)
#define SIGNATURE_BYTES 7

enum action {
	LOSE,
	DUPLICATE,
	REORDER,
	DELAY,
	PAYLOAD, /* the first byte behind the sequence number and the stream, or the last one */
	TAIL, /* the frame's last byte */
	DSCP,
	MAC, /* addresses are not swapped */
	IP,
	PORT,
	TTL, /* 0 */
	CHECK, /* IPv4's header checksum */
	CUT, /* a byte less */
	PRIORITY, /* of the VLAN tag */
	UNTAG,
	TAG,
	ACTIONS,
};

static const char *const names[ACTIONS] = { "lose", "duplicate", "reorder", "delay", "payload",
	"tail", "dscp", "mac", "ip", "port", "ttl", "check", "cut", "priority", "untag", "tag" };

struct rule {
	enum action action;
	uint32_t first, last;
	uint64_t delay_ns;
};

struct held {
	uint8_t bytes[BYTES];
	size_t length;
	uint64_t until_ns; /* 0: until another one was sent */
};

struct echo {
	int fd;
	uint16_t port;
	const char *signature;
	struct rule rules[RULES];
	unsigned rules_count;
	struct held held[HELD];
	unsigned held_count;
	double rate, depth, tokens;
	uint64_t refilled_ns, seen, answered;
};

/* Where things are in a frame. */
struct places {
	uint8_t *ip, *udp, *payload;
	uint32_t sequence;
	int ipv6, tagged;
};

static volatile sig_atomic_t ended;

static void end(int number)
{
	(void)number;
	ended = 1;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint16_t word(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

/* Returns 0 when it is a test packet. */
static int find(const struct echo *e, uint8_t *bytes, size_t length, struct places *p)
{
	const uint8_t *end_of = bytes + length, *signature;
	uint8_t *at = bytes + 12;
	uint16_t type;

	if (length < 60)
		return -1;
	p->tagged = word(at) == ETHERTYPE_VLAN || word(at) == 0x88a8;
	while ((type = word(at)) == ETHERTYPE_VLAN || type == 0x88a8)
		at += 4;
	p->ip = at + 2;
	p->ipv6 = type == ETHERTYPE_IPV6;
	if (type != ETHERTYPE_IP && !p->ipv6)
		return -1;
	p->udp = p->ip + (p->ipv6 ? 40 : 20);
	p->payload = p->udp + 8;
	if (p->payload + SIGNATURE_BYTES > end_of ||
		(p->ipv6 ? p->ip[6] : p->ip[9]) != IPPROTO_UDP || word(p->udp + 2) != e->port)
		return -1;
	signature = memmem(p->payload,
		SIGNATURE_BYTES + 8u < (size_t)(end_of - p->payload)
			? SIGNATURE_BYTES + 8u
			: (size_t)(end_of - p->payload),
		e->signature, SIGNATURE_BYTES);
	if (!signature || signature + SIGNATURE_BYTES + 4 > end_of)
		return -1;
	p->payload = (uint8_t *)(uintptr_t)signature + SIGNATURE_BYTES + 4;
	p->sequence = (uint32_t)word(signature + SIGNATURE_BYTES) << 16 |
		      word(signature + SIGNATURE_BYTES + 2);
	return 0;
}

static const struct rule *rule_for(const struct echo *e, enum action action, uint32_t sequence)
{
	for (unsigned i = 0; i < e->rules_count; i++)
		if (e->rules[i].action == action && sequence >= e->rules[i].first &&
			sequence <= e->rules[i].last)
			return &e->rules[i];
	return NULL;
}

static void swap(uint8_t *a, uint8_t *b, size_t bytes)
{
	uint8_t kept[16];

	memcpy(kept, a, bytes);
	memcpy(a, b, bytes);
	memcpy(b, kept, bytes);
}

/* The header checksum of IPv4, made anew. */
static void make_check(uint8_t *ip)
{
	uint32_t sum = 0;

	ip[10] = ip[11] = 0;
	for (int i = 0; i < 20; i += 2)
		sum += word(ip + i);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	ip[10] = (uint8_t)(~sum >> 8);
	ip[11] = (uint8_t)~sum;
}

/* Turns the packet into its answer, with what is wrong about it. */
static size_t answer(const struct echo *e, uint8_t *bytes, size_t length, struct places *p)
{
	uint32_t n = p->sequence;

	if (!rule_for(e, MAC, n))
		swap(bytes, bytes + 6, 6);
	if (!rule_for(e, IP, n))
		swap(p->ip + (p->ipv6 ? 8 : 12), p->ip + (p->ipv6 ? 24 : 16), p->ipv6 ? 16 : 4);
	if (!rule_for(e, PORT, n))
		swap(p->udp, p->udp + 2, 2);
	if (rule_for(e, DSCP, n))
		p->ip[1] ^= p->ipv6 ? 0x40 : 0x04;
	if (rule_for(e, TTL, n))
		p->ip[p->ipv6 ? 7 : 8] = 0;
	if (!p->ipv6)
		make_check(p->ip);
	if (rule_for(e, CHECK, n))
		p->ip[10] ^= 0x10;
	if (rule_for(e, PAYLOAD, n))
		p->payload[p->payload + 24 < bytes + length ? 20 : 0] ^= 0x01;
	if (rule_for(e, TAIL, n))
		bytes[length - 1] ^= 0x80;
	if (rule_for(e, PRIORITY, n))
		bytes[14] ^= 0x20;
	if (rule_for(e, CUT, n))
		length--;
	if (rule_for(e, UNTAG, n) && p->tagged) {
		memmove(bytes + 12, bytes + 16, length - 16);
		length -= 4;
	}
	if (rule_for(e, TAG, n)) {
		memmove(bytes + 16, bytes + 12, length - 12);
		memcpy(bytes + 12, "\x81\0\0\x07", 4);
		length += 4;
	}
	return length;
}

static void transmit(struct echo *e, const uint8_t *bytes, size_t length)
{
	while (send(e->fd, bytes, length, 0) < 0 &&
		(errno == ENOBUFS || errno == EAGAIN || errno == EINTR))
		;
	e->answered++;
}

static void hold(struct echo *e, const uint8_t *bytes, size_t length, uint64_t until_ns)
{
	struct held *held = &e->held[e->held_count];

	if (e->held_count == HELD)
		abort();
	e->held_count++;
	memcpy(held->bytes, bytes, length);
	held->length = length;
	held->until_ns = until_ns;
}

/* Sends what is held back: behind another answer, or when its time has come. */
static void release(struct echo *e, int behind_another)
{
	for (unsigned i = 0; i < e->held_count;) {
		struct held *held = &e->held[i];

		if (held->until_ns ? now_ns() < held->until_ns : !behind_another) {
			i++;
			continue;
		}
		transmit(e, held->bytes, held->length);
		*held = e->held[--e->held_count];
	}
}

static int has_token(struct echo *e, uint64_t arrival_ns)
{
	if (e->rate <= 0)
		return 1;
	if (arrival_ns > e->refilled_ns) {
		e->tokens += (double)(arrival_ns - e->refilled_ns) * e->rate / 1e9;
		e->refilled_ns = arrival_ns;
	}
	if (e->tokens > e->depth)
		e->tokens = e->depth;
	if (e->tokens < 1)
		return 0;
	e->tokens--;
	return 1;
}

static void take(struct echo *e, uint8_t *bytes, size_t length, uint64_t arrival_ns)
{
	const struct rule *delay;
	struct places p;

	if (find(e, bytes, length, &p))
		return;
	e->seen++;
	if (!has_token(e, arrival_ns) || rule_for(e, LOSE, p.sequence))
		return;
	length = answer(e, bytes, length, &p);
	delay = rule_for(e, DELAY, p.sequence);
	if (delay || rule_for(e, REORDER, p.sequence)) {
		hold(e, bytes, length, delay ? now_ns() + delay->delay_ns : 0);
		return;
	}
	transmit(e, bytes, length);
	if (rule_for(e, DUPLICATE, p.sequence))
		transmit(e, bytes, length);
	release(e, 1);
}

struct message {
	uint8_t room[4], bytes[BYTES]; /* room for the tag that the kernel has taken out */
	union {
		char bytes[256];
		struct cmsghdr align;
	} control;
};

static void unpack(struct echo *e, struct message *m, struct msghdr *header, size_t length)
{
	uint8_t *bytes = m->bytes;
	uint64_t arrival_ns = now_ns();

	for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
		struct tpacket_auxdata aux;
		struct timespec time;

		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
			memcpy(&time, CMSG_DATA(c), sizeof(time));
			arrival_ns = (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
		} else if (c->cmsg_level == SOL_PACKET && c->cmsg_type == PACKET_AUXDATA) {
			memcpy(&aux, CMSG_DATA(c), sizeof(aux));
			if (!(aux.tp_status & TP_STATUS_VLAN_VALID))
				continue;
			bytes = m->room;
			memmove(bytes, m->bytes, 12);
			bytes[12] = (uint8_t)(aux.tp_vlan_tpid >> 8);
			bytes[13] = (uint8_t)aux.tp_vlan_tpid;
			bytes[14] = (uint8_t)(aux.tp_vlan_tci >> 8);
			bytes[15] = (uint8_t)aux.tp_vlan_tci;
			length += 4;
		}
	}
	take(e, bytes, length, arrival_ns);
}

/* Comes back at least every millisecond, for what is held back. */
static int receive(struct echo *e, struct message *messages)
{
	struct mmsghdr headers[BATCH] = { 0 };
	struct iovec parts[BATCH];
	int count;

	for (unsigned i = 0; i < BATCH; i++) {
		parts[i] = (struct iovec){ messages[i].bytes, BYTES - 8 };
		headers[i].msg_hdr.msg_iov = &parts[i];
		headers[i].msg_hdr.msg_iovlen = 1;
		headers[i].msg_hdr.msg_control = &messages[i].control;
		headers[i].msg_hdr.msg_controllen = sizeof(messages[i].control);
	}
	count = recvmmsg(e->fd, headers, BATCH, MSG_WAITFORONE, NULL);
	if (count < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	for (int i = 0; i < count; i++)
		unpack(e, &messages[i], &headers[i].msg_hdr, headers[i].msg_len);
	return 0;
}

static int open_socket(struct echo *e, const char *link)
{
	struct sockaddr_ll address = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	struct timeval wait = { .tv_usec = 1000 };
	int yes = 1, bytes = RECEIVE_BYTES;

	e->fd = socket(AF_PACKET, SOCK_RAW, 0);
	address.sll_ifindex = (int)if_nametoindex(link);
	if (e->fd < 0 || !address.sll_ifindex ||
		setsockopt(e->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof(yes)) ||
		setsockopt(e->fd, SOL_PACKET, PACKET_AUXDATA, &yes, sizeof(yes)) ||
		setsockopt(e->fd, SOL_SOCKET, SO_TIMESTAMPNS, &yes, sizeof(yes)) ||
		setsockopt(e->fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)))
		return -1;
	setsockopt(e->fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	return bind(e->fd, (struct sockaddr *)&address, sizeof(address));
}

static int parse(struct echo *e, const char *text)
{
	struct rule *rule = &e->rules[e->rules_count];
	const char *value = strchr(text, '=');
	unsigned first = 0, last = 0;

	if (!value || e->rules_count == RULES)
		return -1;
	if (!strncmp(text, "rate=", 5)) {
		e->tokens = e->depth = 1e9;
		return sscanf(text, "rate=%lf:%lf", &e->rate, &e->depth) == 2 ? 0 : -1;
	}
	for (rule->action = 0; rule->action < ACTIONS; rule->action++)
		if (strlen(names[rule->action]) == (size_t)(value - text) &&
			!strncmp(text, names[rule->action], (size_t)(value - text)))
			break;
	if (rule->action == ACTIONS || sscanf(value + 1, "%u-%u", &first, &last) < 1)
		return -1;
	rule->first = first;
	rule->last = strchr(value, '-') ? last : first;
	if (strchr(value, ':'))
		rule->delay_ns = strtoull(strchr(value, ':') + 1, NULL, 10) * 1000000u;
	e->rules_count++;
	return 0;
}

int main(int argc, char **argv)
{
	static struct message messages[BATCH];
	static struct echo e;
	struct sigaction action = { .sa_handler = end };

	if (argc < 4 || strlen(argv[3]) != SIGNATURE_BYTES)
		return 2;
	e.port = (uint16_t)atoi(argv[2]);
	e.signature = argv[3];
	for (int i = 4; i < argc; i++) {
		if (parse(&e, argv[i])) {
			fprintf(stderr, "echo: what is %s?\n", argv[i]);
			return 2;
		}
	}
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	if (open_socket(&e, argv[1])) {
		perror("echo");
		return 1;
	}
	printf("ready\n");
	fflush(stdout);
	while (!ended && !receive(&e, messages))
		release(&e, 0);
	printf("seen %llu answered %llu\n", (unsigned long long)e.seen,
		(unsigned long long)e.answered);
	return 0;
}
