/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lab's test packets: what goes out, and whether what comes back is the right answer to it.
 *
 * Ethernet, IPv4, UDP and the payload of a handheld tester: 5 opaque bytes, "PROBEOT", then, big
 * endian, a sequence number (32 bits) and, where there is room, the time of sending (64 bits, ns).
 */
#ifndef RINGSIDE_LAB_FRAME_H
#define RINGSIDE_LAB_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#define LAB_PORT 3842
/* Bytes of a frame without FCS: the shortest Ethernet has, which also holds the sequence number,
 * and a link with an MTU of 1500. */
#define LAB_FRAME_MIN 60
#define LAB_FRAME_MAX 1514
/* Offset of the payload's signature in a frame without VLAN tag and IP options. */
#define LAB_SIGNATURE_OFFSET 47
/* The TTL it is sent with; a reflector that counts itself as a hop returns one less. */
#define LAB_TTL 64

/* One end of the way: its addresses, in network byte order. */
struct lab_end {
	uint8_t mac[6];
	uint8_t ip[4];
};

struct lab_frame {
	uint8_t bytes[LAB_FRAME_MAX];
	uint32_t length;
	uint32_t flows; /* packet N is of flow N modulo this; each has its own source port */
	uint32_t udp_sum; /* of everything but the fields that differ from packet to packet */
};

enum lab_verdict {
	LAB_RIGHT,
	LAB_NOT_SWAPPED, /* MAC, IP addresses or ports are not the other way round */
	LAB_DAMAGED, /* addresses are right, anything else is not what it has to be */
};

/* Makes the frame that all packets are made from. */
void lab_frame_init(struct lab_frame *frame, const struct lab_end *from, const struct lab_end *to,
	uint32_t length, uint32_t flows);

/* The source port of a flow; the destination port is LAB_PORT. */
uint16_t lab_frame_port(uint32_t flow);

/* Writes one packet of frame->length bytes. */
void lab_frame_write(
	const struct lab_frame *frame, uint8_t *packet, uint32_t sequence, uint64_t sent_ns);

/* The sequence number of a packet that has come back; false when it is too short to have one. */
bool lab_frame_sequence(const uint8_t *packet, uint32_t length, uint32_t *sequence);

/* Judges the answer to the packet with this sequence number, sent at this time. */
enum lab_verdict lab_frame_judge(const struct lab_frame *frame, const uint8_t *answer,
	uint32_t length, uint32_t sequence, uint64_t sent_ns);

#endif
