/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The frame that the benchmark sends, and how its answer is judged: Ethernet, IPv4, UDP to the port that
 * reflect listens on by default, a signature of its default ones, then a number and the run's number.
 */
#ifndef RINGSIDE_BENCH_PROBE_H
#define RINGSIDE_BENCH_PROBE_H

#include <arpa/inet.h>
#include <net/ethernet.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PROBE_PORT 3842
#define PROBE_TTL 64
/* The benchmark's own addresses: RFC 2544, Appendix C.2.2 */
#define PROBE_FROM 0xc6120001u
#define PROBE_TO 0xc6120002u
#define PROBE_MAX 1514

struct probe {
	struct ether_header ethernet;
	struct iphdr ip;
	struct udphdr udp;
	uint8_t signature[12];
	uint32_t sequence;
	uint32_t run; /* tells this run's answers from those to a flood, which have 0 */
} __attribute__((packed));

enum probe_answer { PROBE_RIGHT, PROBE_UNSWAPPED, PROBE_DAMAGED };

/* From text; 0 or -1. */
static inline int probe_length(const char *text)
{
	unsigned long length = strtoul(text, NULL, 10);

	return length < sizeof(struct probe) || length > PROBE_MAX ? -1 : (int)length;
}

/* RFC 1071 over an IPv4 header without options; of one whose checksum is right, it is 0. */
static inline uint16_t probe_checksum(struct iphdr ip)
{
	uint16_t words[sizeof(ip) / 2];
	uint32_t sum = 0;

	memcpy(words, &ip, sizeof(words));
	for (unsigned i = 0; i < sizeof(words) / sizeof(*words); i++)
		sum += words[i];
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t) ~(sum + (sum >> 16));
}

/* Writes a whole frame; the payload behind the numbers is 0. */
static inline void probe_write(void *frame, unsigned length, const uint8_t from[ETH_ALEN],
	const uint8_t to[ETH_ALEN], uint32_t run)
{
	struct probe probe = {
		.ethernet.ether_type = htons(ETHERTYPE_IP),
		.ip = { .version = 4, .ihl = 5, .ttl = PROBE_TTL, .protocol = IPPROTO_UDP },
		.signature = "\x09\x10\xea\x1d\x00PROBEO", /* its T follows: no room for the 0 */
		.run = run,
	};

	probe.signature[11] = 'T';
	memcpy(probe.ethernet.ether_dhost, to, ETH_ALEN);
	memcpy(probe.ethernet.ether_shost, from, ETH_ALEN);
	probe.ip.tot_len = htons((uint16_t)(length - sizeof(probe.ethernet)));
	probe.ip.saddr = htonl(PROBE_FROM);
	probe.ip.daddr = htonl(PROBE_TO);
	probe.ip.check = probe_checksum(probe.ip);
	/* unequal ports, so that an answer shows whether they were swapped */
	probe.udp.source = htons(PROBE_PORT + 1);
	probe.udp.dest = htons(PROBE_PORT);
	probe.udp.len = htons((uint16_t)(length - sizeof(probe.ethernet) - sizeof(probe.ip)));
	memset(frame, 0, length);
	memcpy(frame, &probe, sizeof(probe));
}

/* Whether the frame is an answer to one of the run's probes, right or wrong. */
static inline int probe_is_answer(const uint8_t *frame, unsigned length, uint32_t run)
{
	struct probe probe;

	if (length < sizeof(probe))
		return 0;
	memcpy(&probe, frame, sizeof(probe));
	return probe.run == run && probe.ip.protocol == IPPROTO_UDP &&
	       !memcmp(probe.signature + 5, "PROBEOT", 7);
}

/* sent: the frame that the answer belongs to, with the answer's number. A TTL one less is right, too. */
static inline enum probe_answer probe_judge(
	const uint8_t *sent, unsigned sent_length, const uint8_t *frame, unsigned length)
{
	struct probe question, answer;
	struct iphdr ip;

	memcpy(&question, sent, sizeof(question));
	memcpy(&answer, frame, sizeof(answer));
	if (memcmp(answer.ethernet.ether_dhost, question.ethernet.ether_shost, ETH_ALEN) ||
		memcmp(answer.ethernet.ether_shost, question.ethernet.ether_dhost, ETH_ALEN) ||
		answer.ip.saddr != question.ip.daddr || answer.ip.daddr != question.ip.saddr ||
		answer.udp.source != question.udp.dest || answer.udp.dest != question.udp.source)
		return PROBE_UNSWAPPED;
	if (length != sent_length ||
		(answer.ip.ttl != PROBE_TTL && answer.ip.ttl != PROBE_TTL - 1) ||
		probe_checksum(answer.ip))
		return PROBE_DAMAGED;
	ip = answer.ip;
	ip.saddr = question.ip.saddr;
	ip.daddr = question.ip.daddr;
	ip.ttl = question.ip.ttl;
	ip.check = question.ip.check;
	if (memcmp(&ip, &question.ip, sizeof(ip)) || answer.udp.len != question.udp.len ||
		answer.udp.check != question.udp.check ||
		memcmp(frame + offsetof(struct probe, signature),
			sent + offsetof(struct probe, signature),
			length - offsetof(struct probe, signature)))
		return PROBE_DAMAGED;
	return PROBE_RIGHT;
}

#endif
