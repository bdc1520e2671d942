/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/lab_frame.h"

#include <arpa/inet.h>
#include <endian.h>
#include <string.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/udp.h>

#define SEQUENCE_OFFSET (LAB_SIGNATURE_OFFSET + 7)
#define TIME_OFFSET (SEQUENCE_OFFSET + 4)
#define TIME_END (TIME_OFFSET + 8)

struct packet {
	struct ethhdr eth;
	struct iphdr ip;
	struct udphdr udp;
	uint8_t payload[];
} __attribute__((packed));

_Static_assert(sizeof(struct packet) + 5 == LAB_SIGNATURE_OFFSET, "layout");
_Static_assert(SEQUENCE_OFFSET + 4 <= LAB_FRAME_MIN, "the shortest packet has a sequence number");
_Static_assert((SEQUENCE_OFFSET - sizeof(struct packet)) % 2 == 0, "sums go by 16-bit words");

static uint32_t sum_bytes(uint32_t sum, const void *bytes, size_t length)
{
	const uint8_t *at = bytes;

	for (; length > 1; length -= 2, at += 2)
		sum += (uint32_t)at[0] << 8 | at[1];
	if (length)
		sum += (uint32_t)at[0] << 8;
	return sum;
}

static uint16_t sum_fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

uint16_t lab_frame_port(uint32_t flow)
{
	/* testers use one port at both ends; more flows take the dynamic ones (RFC 6335) */
	return (uint16_t)(flow ? 49152 + flow : LAB_PORT);
}

void lab_frame_init(struct lab_frame *frame, const struct lab_end *from, const struct lab_end *to,
	uint32_t length, uint32_t flows)
{
	static const uint8_t opaque[] = { 0x09, 0x10, 0xea, 0x1d, 0x00 };
	struct packet *packet = (void *)frame->bytes;
	uint16_t udp_length = (uint16_t)(length - sizeof(packet->eth) - sizeof(packet->ip));

	memset(frame, 0, sizeof(*frame));
	frame->length = length;
	frame->flows = flows;
	memcpy(packet->eth.h_dest, to->mac, ETH_ALEN);
	memcpy(packet->eth.h_source, from->mac, ETH_ALEN);
	packet->eth.h_proto = htons(ETH_P_IP);
	packet->ip.version = 4;
	packet->ip.ihl = 5;
	packet->ip.tot_len = htons((uint16_t)(udp_length + sizeof(packet->ip)));
	packet->ip.frag_off = htons(0x4000); /* do not fragment */
	packet->ip.ttl = LAB_TTL;
	packet->ip.protocol = IPPROTO_UDP;
	memcpy(&packet->ip.saddr, from->ip, 4);
	memcpy(&packet->ip.daddr, to->ip, 4);
	packet->ip.check =
		htons((uint16_t)~sum_fold(sum_bytes(0, &packet->ip, sizeof(packet->ip))));
	packet->udp.dest = htons(LAB_PORT);
	packet->udp.len = htons(udp_length);
	memcpy(packet->payload, opaque, sizeof(opaque));
	memcpy(packet->payload + sizeof(opaque), "PROBEOT", 7);
	for (uint32_t i = TIME_END; i < length; i++)
		frame->bytes[i] = (uint8_t)i;
	frame->udp_sum = IPPROTO_UDP + udp_length + sum_bytes(0, &packet->ip.saddr, 8);
	frame->udp_sum = sum_bytes(frame->udp_sum, &packet->udp, udp_length);
}

void lab_frame_write(
	const struct lab_frame *frame, uint8_t *bytes, uint32_t sequence, uint64_t sent_ns)
{
	struct packet *packet = (void *)bytes;
	uint32_t sequence_be = htonl(sequence), sum = frame->udp_sum;
	uint64_t time_be = htobe64(sent_ns);
	uint16_t port = lab_frame_port(sequence % frame->flows), check;

	memcpy(bytes, frame->bytes, frame->length);
	packet->udp.source = htons(port);
	memcpy(bytes + SEQUENCE_OFFSET, &sequence_be, sizeof(sequence_be));
	sum = sum_bytes(sum + port, &sequence_be, sizeof(sequence_be));
	if (frame->length >= TIME_END) {
		memcpy(bytes + TIME_OFFSET, &time_be, sizeof(time_be));
		sum = sum_bytes(sum, &time_be, sizeof(time_be));
	}
	check = (uint16_t)~sum_fold(sum);
	packet->udp.check = htons(check ? check : 0xffff); /* 0 would say "none" (RFC 768) */
}

bool lab_frame_sequence(const uint8_t *packet, uint32_t length, uint32_t *sequence)
{
	uint32_t value;

	if (length < SEQUENCE_OFFSET + sizeof(value))
		return false;
	memcpy(&value, packet + SEQUENCE_OFFSET, sizeof(value));
	*sequence = ntohl(value);
	return true;
}

/* Whether the answer has the addresses and ports of the packet the other way round. */
static bool is_swapped(const struct packet *packet, const struct packet *answer)
{
	return !memcmp(answer->eth.h_dest, packet->eth.h_source, ETH_ALEN) &&
	       !memcmp(answer->eth.h_source, packet->eth.h_dest, ETH_ALEN) &&
	       answer->ip.saddr == packet->ip.daddr && answer->ip.daddr == packet->ip.saddr &&
	       answer->udp.source == packet->udp.dest && answer->udp.dest == packet->udp.source;
}

enum lab_verdict lab_frame_judge(const struct lab_frame *frame, const uint8_t *bytes,
	uint32_t length, uint32_t sequence, uint64_t sent_ns)
{
	uint8_t expected[LAB_FRAME_MAX];
	struct packet *wanted = (void *)expected;
	const struct packet *answer = (const void *)bytes;

	if (length < sizeof(*answer))
		return LAB_DAMAGED;
	lab_frame_write(frame, expected, sequence, sent_ns);
	if (!is_swapped(wanted, answer))
		return LAB_NOT_SWAPPED;
	if (length != frame->length)
		return LAB_DAMAGED;
	/* what may differ is taken over; the checksum shows whether it fits together */
	memcpy(&wanted->eth, &answer->eth, 2 * ETH_ALEN);
	wanted->ip.saddr = answer->ip.saddr;
	wanted->ip.daddr = answer->ip.daddr;
	wanted->udp.source = answer->udp.source;
	wanted->udp.dest = answer->udp.dest;
	if (answer->ip.ttl == LAB_TTL - 1)
		wanted->ip.ttl = answer->ip.ttl;
	wanted->ip.check = answer->ip.check;
	if (sum_fold(sum_bytes(0, &answer->ip, sizeof(answer->ip))) != 0xffff)
		return LAB_DAMAGED;
	return memcmp(expected, bytes, length) ? LAB_DAMAGED : LAB_RIGHT;
}
