/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames for tests, described field by field and built byte by byte, with nothing of bpf/ in it: what
 * the rules are compared with must not be made by them.
 *
 * V4(...) and V6(...) are initializers of an ordinary test packet; fields named in them differ from it:
 * V4(.ttl = 1). Lengths and checksums are right unless a field says otherwise.
 */
#ifndef RINGSIDE_TEST_PACKET_H
#define RINGSIDE_TEST_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* naming a field after its default is how the initializers work */
#pragma GCC diagnostic ignored "-Woverride-init"

#define PACKET_BYTES_MAX 9000

struct packet {
	const char *hex; /* the whole frame in hexadecimal, blanks allowed; NULL: described below */
	uint8_t to[6], from[6];
	unsigned tags;
	struct {
		uint16_t type, tci;
	} tag[3];
	uint16_t ether_type;
	bool is_ipv6;
	uint8_t version; /* the nibble */

	uint8_t tos, ttl, protocol; /* IPv6: traffic class, hop limit */
	const char *source, *destination;

	/* IPv4 */
	unsigned options; /* bytes of them, a multiple of 4 */
	int header_words; /* -1: as long as the header is */
	uint16_t id, fragment; /* fragment: flags and offset */
	uint16_t ip_error; /* added to the header's sum: makes its checksum wrong by so much */

	/* IPv6 */
	uint32_t flow;
	unsigned extensions;
	struct {
		uint8_t type, units; /* units: of 8 bytes behind the first 8 */
	} extension[6];

	int ip_length; /* IPv4: total, IPv6: payload; -1: right */
	int udp_length; /* -1: right */
	uint16_t sport, dport;
	uint16_t udp_error; /* as ip_error */
	bool no_udp_checksum; /* 0: none given */
	bool udp_sum_is_zero; /* the payload's last words make the checksum come to 0 */
	unsigned payload; /* bytes */
	const char *signature; /* put at this offset; what does not fit is cut */
	unsigned signature_bytes; /* 0: up to its NUL */
	unsigned offset;
	unsigned padding; /* bytes behind the packet */
	unsigned cut; /* bytes taken off the frame's end */
};

#define OUR_MAC                                                                                    \
	{                                                                                          \
		0x02, 0x52, 0x53, 0x00, 0x00, 0x01                                                 \
	}
#define TESTER_MAC                                                                                 \
	{                                                                                          \
		0x00, 0xc0, 0x17, 0x12, 0x34, 0x56                                                 \
	}

#define PACKET_DEFAULTS                                                                            \
	.to = OUR_MAC, .from = TESTER_MAC, .ttl = 64, .protocol = 17, .header_words = -1,          \
	.ip_length = -1, .udp_length = -1, .sport = 40000, .dport = 3842, .payload = 64,           \
	.signature = "PROBEOT", .offset = 5
#define V4(...)                                                                                    \
	{                                                                                          \
		PACKET_DEFAULTS, .ether_type = 0x0800, .version = 4, .id = 0x1234,                 \
				 .fragment = 0x4000, .source = "192.0.2.2",                        \
				 .destination = "198.51.100.1", __VA_ARGS__                        \
	}
#define V6(...)                                                                                    \
	{                                                                                          \
		PACKET_DEFAULTS, .ether_type = 0x86dd, .is_ipv6 = true, .version = 6,              \
				 .source = "2001:db8::2", .destination = "2001:db8:1::1",          \
				 __VA_ARGS__                                                       \
	}

/* Writes the frame, at most PACKET_BYTES_MAX bytes; returns its length. */
size_t packet_build(const struct packet *packet, uint8_t *frame);

/* Reads hexadecimal; returns how many bytes. */
size_t packet_from_hex(const char *hex, uint8_t *bytes);

#endif
