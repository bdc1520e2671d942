/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames, and the verdict that both halves must give. A frame that is answered must come back as
 * halves_answer() describes it, or as `answer` has it in hexadecimal, and any other one unwritten.
 *
 * A row: what it is, the frame, the outcome, and the slot of the service when it is not the first.
 */
#ifndef RINGSIDE_VECTORS_H
#define RINGSIDE_VECTORS_H

#include "packet.h"

/* most rows have no slot and no answer */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

struct vector {
	const char *name;
	struct packet packet;
	int outcome; /* enum outcome */
	unsigned slot;
	const char *answer;
	bool left; /* PASSED by the service that wanted it, and counted as its own */
};

/* Rows that one configuration judges. */
struct vector_group {
	const char *name;
	const char *first, *second; /* INI lines of the services; second NULL: there is one */
	const struct vector *vectors;
	unsigned count;
};

#define PASSED OUTCOME_PASS
#define ANSWERED OUTCOME_TX
#define DELIVERED OUTCOME_DELIVER
#define DROPPED(reason) (OUTCOME_DROP + DROP_##reason)
#define SPARED(reason) (OUTCOME_SPARE + DROP_##reason)

#define Q 0x8100
#define AD 0x88a8
#define HOP_BY_HOP 0
#define ROUTING 43
#define FRAGMENT 44
#define DESTINATION 60

/* clang-format off */
static const struct vector ordinary[] = {
	{ "IPv4", V4(), ANSWERED },
	{ "IPv4, DATA:OT", V4(.signature = "DATA:OT"), ANSWERED },
	{ "IPv4, LATENCY", V4(.signature = "LATENCY"), ANSWERED },
	{ "IPv6", V6(), ANSWERED },
	{ "IPv6, DATA:OT", V6(.signature = "DATA:OT"), ANSWERED },
	{ "IPv6, LATENCY", V6(.signature = "LATENCY"), ANSWERED },
	{ "the shortest frame there is, 54 bytes", V4(.payload = 12), ANSWERED },
	{ "the shortest frame of IPv6, 74 bytes", V6(.payload = 12), ANSWERED },
	{ "the published sample: its UDP length ends inside the signature",
		{ .hex = "02525300 0001 00c017540598 0800 45000027 00004000 40110000 c0a8000a c0a80001"
			 "0f020f02 00130000 0910ea1d00 50524f42454f54" }, PASSED },
	{ "the published sample for another MAC address",
		{ .hex = "00015517 1e1b 00c017540598 0800 45000028 00004000 40110000 c0a8000a c0a80001"
			 "0f020f02 00140000 0910ea1d00 50524f42454f54" }, PASSED },
	{ "the published sample with its lengths repaired",
		{ .hex = "02525300 0001 00c017540598 0800 45000028 00004000 40110000 c0a8000a c0a80001"
			 "0f020f02 00140000 0910ea1d00 50524f42454f54" }, ANSWERED,
		.answer = "00c017540598 02525300 0001 0800 45000028 00004000 3f110100 c0a80001 c0a8000a"
			 "0f020f02 00140000 0910ea1d00 50524f42454f54" },
	{ "don't fragment is not set", V4(.fragment = 0), ANSWERED },
	{ "the reserved flag is set", V4(.fragment = 0xc000), ANSWERED },
	{ "type of service 0xff", V4(.tos = 0xff), ANSWERED },
	{ "DSCP 46, ECN 1", V4(.tos = 0xb9), ANSWERED },
	{ "IPv6 with traffic class 0xff", V6(.tos = 0xff), ANSWERED },
	{ "IPv6 with DSCP 46, ECN 1 and a flow label", V6(.tos = 0xb9, .flow = 0xabcde), ANSWERED },
	{ "IPv6 with flow label 0xfffff", V6(.flow = 0xfffff), ANSWERED },
	{ "equal ports", V4(.sport = 3842), ANSWERED },
	{ "source port 0", V4(.sport = 0), ANSWERED },
	{ "no UDP checksum", V4(.no_udp_checksum = true), ANSWERED },
	{ "no UDP checksum in IPv6", V6(.no_udp_checksum = true), ANSWERED },
	{ "a UDP checksum that comes to 0", V4(.udp_sum_is_zero = true), ANSWERED },
	{ "a wrong IPv4 checksum stays as wrong as it was", V4(.ip_error = 0x1234), ANSWERED },
	{ "a wrong UDP checksum stays as it was", V4(.udp_error = 0x1234), ANSWERED },
	{ "1514 bytes", V4(.payload = 1472), ANSWERED },
	{ "IPv6, 1514 bytes", V6(.payload = 1452), ANSWERED },
	{ "1522 bytes with two tags",
		V4(.payload = 1472, .tags = 2, .tag = { { AD, 1 }, { Q, 2 } }), ANSWERED },
	{ "3519 bytes", V4(.payload = 3477), ANSWERED },
	{ "3520 bytes", V4(.payload = 3478), ANSWERED },
	{ "3800 bytes", V4(.payload = 3758), ANSWERED },
	{ "3840 bytes", V4(.payload = 3798), ANSWERED },
	{ "3841 bytes", V4(.payload = 3799), PASSED },
	{ "an IPv6 packet of 3840 bytes", V6(.payload = 3778), ANSWERED },
	{ "an IPv6 packet of 3841 bytes", V6(.payload = 3779), PASSED },
	{ "9000 bytes", V4(.payload = 8958), PASSED },
	{ "3841 bytes, of which 106 are the packet", V4(.padding = 3735), PASSED },
};

static const struct vector tagged[] = {
	{ "802.1Q", V4(.tags = 1, .tag = { { Q, 100 } }), ANSWERED },
	{ "802.1Q with priority 7, DEI and VLAN 4095",
		V4(.tags = 1, .tag = { { Q, 0xffff } }), ANSWERED },
	{ "802.1Q with priority 5", V4(.tags = 1, .tag = { { Q, 0xa064 } }), ANSWERED },
	{ "802.1Q with VLAN 0 and priority 3", V4(.tags = 1, .tag = { { Q, 0x6000 } }), ANSWERED },
	{ "802.1ad", V4(.tags = 1, .tag = { { AD, 0x3064 } }), ANSWERED },
	{ "802.1ad and 802.1Q, both with DEI",
		V4(.tags = 2, .tag = { { AD, 0x7064 }, { Q, 0xb0c8 } }), ANSWERED },
	{ "802.1Q twice", V4(.tags = 2, .tag = { { Q, 0x2001 }, { Q, 0x4002 } }), ANSWERED },
	{ "802.1Q and 802.1ad", V4(.tags = 2, .tag = { { Q, 1 }, { AD, 2 } }), ANSWERED },
	{ "three tags", V4(.tags = 3, .tag = { { AD, 1 }, { Q, 2 }, { Q, 3 } }), PASSED },
	{ "the old QinQ type 0x9100", V4(.tags = 1, .tag = { { 0x9100, 1 } }), PASSED },
	{ "IPv6 with 802.1Q", V6(.tags = 1, .tag = { { Q, 0xe123 } }), ANSWERED },
	{ "IPv6 with 802.1ad and 802.1Q",
		V6(.tags = 2, .tag = { { AD, 0x1123 }, { Q, 0xf456 } }), ANSWERED },
	{ "IPv6 with three tags", V6(.tags = 3, .tag = { { Q, 1 }, { Q, 2 }, { Q, 3 } }), PASSED },
	{ "a tag and IPv4 options", V4(.tags = 1, .tag = { { Q, 9 } }, .options = 12), ANSWERED },
	{ "a tag and nothing behind it", V4(.tags = 1, .tag = { { Q, 9 } }, .cut = 92), PASSED },
	{ "a tag cut in two", V4(.tags = 1, .tag = { { Q, 9 } }, .cut = 94), PASSED },
};

static const struct vector of_ipv4[] = {
	{ "4 bytes of options", V4(.options = 4), ANSWERED },
	{ "8 bytes of options", V4(.options = 8), ANSWERED },
	{ "12 bytes of options", V4(.options = 12), ANSWERED },
	{ "16 bytes of options", V4(.options = 16), ANSWERED },
	{ "20 bytes of options", V4(.options = 20), ANSWERED },
	{ "24 bytes of options", V4(.options = 24), ANSWERED },
	{ "28 bytes of options", V4(.options = 28), ANSWERED },
	{ "32 bytes of options", V4(.options = 32), ANSWERED },
	{ "36 bytes of options", V4(.options = 36), ANSWERED },
	{ "40 bytes of options", V4(.options = 40), ANSWERED },
	{ "the first fragment", V4(.fragment = 0x2000), PASSED },
	{ "a middle fragment", V4(.fragment = 0x2010), PASSED },
	{ "the last fragment", V4(.fragment = 0x0010), PASSED },
	{ "the smallest offset", V4(.fragment = 0x0001), PASSED },
	{ "the largest offset", V4(.fragment = 0x1fff), PASSED },
	{ "TCP", V4(.protocol = 6), PASSED },
	{ "ICMP", V4(.protocol = 1), PASSED },
	{ "UDP-Lite", V4(.protocol = 136), PASSED },
	{ "ARP", V4(.ether_type = 0x0806), PASSED },
	{ "an IEEE 802.3 length for a type", V4(.ether_type = 92), PASSED },
	{ "IPv6's type", V4(.ether_type = 0x86dd), PASSED },
	{ "version 6", V4(.version = 6), PASSED },
	{ "version 0", V4(.version = 0), PASSED },
	{ "version 5", V4(.version = 5), PASSED },
	{ "version 15", V4(.version = 15), PASSED },
	{ "a header of 0 words", V4(.header_words = 0), PASSED },
	{ "a header of 4 words", V4(.header_words = 4), PASSED },
	{ "a header of 6 words that is one of 5", V4(.header_words = 6), PASSED },
	{ "a header of 15 words that ends behind the frame",
		V4(.header_words = 15, .payload = 12), PASSED },
	{ "a header of 15 words behind whose end there are 7 bytes",
		V4(.header_words = 15, .payload = 39), PASSED },
	{ "IP length 0", V4(.ip_length = 0), PASSED },
	{ "IP length 7", V4(.ip_length = 7), PASSED },
	{ "IP length 20: the header", V4(.ip_length = 20), PASSED },
	{ "IP length 27: 7 bytes of UDP", V4(.ip_length = 27), PASSED },
	{ "IP length 28: UDP's header", V4(.ip_length = 28), PASSED },
	{ "IP length 91: 1 byte less than UDP needs", V4(.ip_length = 91), PASSED },
	{ "IP length 93: 1 byte more than the frame has", V4(.ip_length = 93), PASSED },
	{ "IP length 93 with a frame that has the byte",
		V4(.ip_length = 93, .padding = 1), ANSWERED },
	{ "IP length 200 with a frame that has the bytes",
		V4(.ip_length = 200, .padding = 150), ANSWERED },
	{ "IP length 65535", V4(.ip_length = 65535), PASSED },
	{ "UDP length 0", V4(.udp_length = 0), PASSED },
	{ "UDP length 7", V4(.udp_length = 7), PASSED },
	{ "UDP length 8: no payload", V4(.udp_length = 8), PASSED },
	{ "UDP length 71: 1 byte of IP behind it", V4(.udp_length = 71), ANSWERED },
	{ "UDP length 73: 1 byte more than IP has", V4(.udp_length = 73), PASSED },
	{ "UDP length 73, which the frame has, but not IP",
		V4(.udp_length = 73, .padding = 10), PASSED },
	{ "UDP length 65535", V4(.udp_length = 65535), PASSED },
	{ "Ethernet padding up to 60 bytes", V4(.payload = 12, .padding = 6), ANSWERED },
	{ "1 byte of padding", V4(.padding = 1), ANSWERED },
	{ "1000 bytes of padding", V4(.padding = 1000), ANSWERED },
	{ "a frame that lacks its last byte", V4(.cut = 1), PASSED },
	{ "a frame that ends behind UDP's header", V4(.cut = 64), PASSED },
	{ "a frame that ends inside UDP's header", V4(.cut = 65), PASSED },
};

static const struct vector of_ipv6[] = {
	{ "hop-by-hop options", V6(.extensions = 1, .extension = { { HOP_BY_HOP, 0 } }), ANSWERED },
	{ "destination options",
		V6(.extensions = 1, .extension = { { DESTINATION, 0 } }), ANSWERED },
	{ "both",
		V6(.extensions = 2, .extension = { { HOP_BY_HOP, 0 }, { DESTINATION, 0 } }), ANSWERED },
	{ "both, of 16 and 32 bytes",
		V6(.extensions = 2, .extension = { { HOP_BY_HOP, 1 }, { DESTINATION, 3 } }), ANSWERED },
	{ "options of 2048 bytes, the most",
		V6(.extensions = 1, .extension = { { HOP_BY_HOP, 255 } }), ANSWERED },
	{ "four headers", V6(.extensions = 4, .extension = { { HOP_BY_HOP, 0 }, { DESTINATION, 2 },
		{ DESTINATION, 0 }, { DESTINATION, 1 } }), ANSWERED },
	{ "five headers", V6(.extensions = 5, .extension = { { HOP_BY_HOP, 0 }, { DESTINATION, 0 },
		{ DESTINATION, 0 }, { DESTINATION, 0 }, { DESTINATION, 0 } }), PASSED },
	{ "a routing header", V6(.extensions = 1, .extension = { { ROUTING, 0 } }), PASSED },
	{ "hop-by-hop options and a routing header", V6(.extensions = 2,
		.extension = { { HOP_BY_HOP, 0 }, { ROUTING, 2 } }), PASSED },
	{ "the first fragment",
		V6(.extensions = 1, .extension = { { FRAGMENT, 0 } }, .fragment = 0x0001), PASSED },
	{ "a middle fragment",
		V6(.extensions = 1, .extension = { { FRAGMENT, 0 } }, .fragment = 0x0041), PASSED },
	{ "the last fragment",
		V6(.extensions = 1, .extension = { { FRAGMENT, 0 } }, .fragment = 0x0040), PASSED },
	{ "an atomic fragment", V6(.extensions = 1, .extension = { { FRAGMENT, 0 } }), PASSED },
	{ "a fragment behind hop-by-hop options", V6(.extensions = 2,
		.extension = { { HOP_BY_HOP, 0 }, { FRAGMENT, 0 } }), PASSED },
	{ "an authentication header", V6(.extensions = 1, .extension = { { 51, 1 } }), PASSED },
	{ "no next header", V6(.protocol = 59), PASSED },
	{ "TCP", V6(.protocol = 6), PASSED },
	{ "ICMPv6", V6(.protocol = 58), PASSED },
	{ "TCP behind options",
		V6(.protocol = 6, .extensions = 1, .extension = { { HOP_BY_HOP, 0 } }), PASSED },
	{ "version 4", V6(.version = 4), PASSED },
	{ "version 0", V6(.version = 0), PASSED },
	{ "IPv4's type", V6(.ether_type = 0x0800), PASSED },
	{ "payload length 0, as a jumbogram has", V6(.ip_length = 0), PASSED },
	{ "payload length 7", V6(.ip_length = 7), PASSED },
	{ "payload length 71: 1 byte less than UDP needs", V6(.ip_length = 71), PASSED },
	{ "payload length 73: 1 byte more than the frame has", V6(.ip_length = 73), PASSED },
	{ "payload length 73 with a frame that has the byte",
		V6(.ip_length = 73, .padding = 1), ANSWERED },
	{ "payload length 65535", V6(.ip_length = 65535), PASSED },
	{ "payload length that ends inside the options", V6(.ip_length = 8, .extensions = 1,
		.extension = { { HOP_BY_HOP, 1 } }), PASSED },
	{ "payload length that ends behind the options", V6(.ip_length = 16, .extensions = 1,
		.extension = { { HOP_BY_HOP, 1 } }), PASSED },
	{ "a frame that ends inside the options", V6(.cut = 80, .extensions = 1,
		.extension = { { HOP_BY_HOP, 1 } }), PASSED },
	{ "UDP length 0", V6(.udp_length = 0), PASSED },
	{ "UDP length 7", V6(.udp_length = 7), PASSED },
	{ "UDP length 71", V6(.udp_length = 71), ANSWERED },
	{ "UDP length 73", V6(.udp_length = 73), PASSED },
	{ "UDP length 73, which the frame has, but not IP",
		V6(.udp_length = 73, .padding = 10), PASSED },
	{ "padding", V6(.padding = 18), ANSWERED },
	{ "a frame that lacks its last byte", V6(.cut = 1), PASSED },
};

static const struct vector addressed[] = {
	{ "to the broadcast address", V4(.to = { 255, 255, 255, 255, 255, 255 }), PASSED },
	{ "to IPv4 multicast", V4(.to = { 0x01, 0x00, 0x5e, 0, 0, 1 }), PASSED },
	{ "to IPv6 multicast", V6(.to = { 0x33, 0x33, 0, 0, 0, 1 }), PASSED },
	{ "to our address with the group bit", V4(.to = { 0x03, 0x52, 0x53, 0, 0, 1 }), PASSED },
	{ "to another host: first byte", V4(.to = { 0x00, 0x52, 0x53, 0, 0, 1 }), PASSED },
	{ "to another host: fourth byte", V4(.to = { 0x02, 0x52, 0x53, 1, 0, 1 }), PASSED },
	{ "to another host: fifth byte", V4(.to = { 0x02, 0x52, 0x53, 0, 1, 1 }), PASSED },
	{ "to another host: last byte", V4(.to = { 0x02, 0x52, 0x53, 0, 0, 2 }), PASSED },
	{ "to 00:00:00:00:00:00", V4(.to = { 0 }), PASSED },
	{ "from the broadcast address", V4(.from = { 255, 255, 255, 255, 255, 255 }), PASSED },
	{ "from a multicast address", V4(.from = { 0x01, 0x00, 0x5e, 0, 0, 1 }), PASSED },
	{ "from an address with the group bit", V6(.from = { 0x01, 0xc0, 0x17, 0, 0, 1 }), PASSED },
	{ "from a locally administered address",
		V4(.from = { 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff }), ANSWERED },
	{ "from 255.255.255.255", V4(.source = "255.255.255.255"), PASSED },
	{ "from 224.0.0.0", V4(.source = "224.0.0.0"), PASSED },
	{ "from 239.255.255.255", V4(.source = "239.255.255.255"), PASSED },
	{ "from 240.0.0.0", V4(.source = "240.0.0.0"), PASSED },
	{ "from 0.0.0.0", V4(.source = "0.0.0.0"), PASSED },
	{ "from 223.255.255.255", V4(.source = "223.255.255.255"), ANSWERED },
	{ "from 10.0.0.1", V4(.source = "10.0.0.1"), ANSWERED },
	{ "to 255.255.255.255", V4(.destination = "255.255.255.255"), PASSED },
	{ "to 224.0.0.1", V4(.destination = "224.0.0.1"), PASSED },
	{ "to 239.1.2.3", V4(.destination = "239.1.2.3"), PASSED },
	{ "to 250.1.2.3", V4(.destination = "250.1.2.3"), PASSED },
	{ "to 0.0.0.0", V4(.destination = "0.0.0.0"), PASSED },
	{ "to 223.255.255.255", V4(.destination = "223.255.255.255"), ANSWERED },
	{ "from ff02::1", V6(.source = "ff02::1"), PASSED },
	{ "from ff00::", V6(.source = "ff00::"), PASSED },
	{ "from ::", V6(.source = "::"), PASSED },
	{ "from fe80::1", V6(.source = "fe80::1"), ANSWERED },
	{ "from ::1:0:0:0:0, whose second half is 0", V6(.source = "0:0:0:1::"), ANSWERED },
	{ "from ::2, whose first half is 0", V6(.source = "::2"), ANSWERED },
	{ "to ff02::1", V6(.destination = "ff02::1"), PASSED },
	{ "to ff0e::1", V6(.destination = "ff0e::1"), PASSED },
	{ "to ffff:…", V6(.destination = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), PASSED },
	{ "to ::", V6(.destination = "::"), PASSED },
	{ "to fe80::ff:1", V6(.destination = "fe80::ff:1"), ANSWERED },
};

static const struct vector to_ports[] = {
	{ "1", V4(.dport = 1), ANSWERED },
	{ "2", V4(.dport = 2), PASSED },
	{ "4999", V4(.dport = 4999), PASSED },
	{ "5000", V4(.dport = 5000), ANSWERED },
	{ "5001", V6(.dport = 5001), ANSWERED },
	{ "5002", V4(.dport = 5002), ANSWERED },
	{ "5003", V4(.dport = 5003), PASSED },
	{ "65535", V4(.dport = 65535), ANSWERED },
	{ "65534", V6(.dport = 65534), PASSED },
	{ "0", V4(.dport = 0), PASSED },
	{ "3842 when it is not listed", V4(), PASSED },
	{ "5000's bytes the other way around", V4(.dport = 0x8813), PASSED },
	{ "from a listed port", V4(.sport = 5000), PASSED },
};

static const struct vector to_any_port[] = {
	{ "1", V4(.dport = 1), ANSWERED },
	{ "3842", V4(), ANSWERED },
	{ "53, IPv6", V6(.dport = 53), ANSWERED },
	{ "65535", V4(.dport = 65535), ANSWERED },
	{ "a wrong signature", V4(.dport = 9, .signature = "PROBEOX"), PASSED },
};

static const struct vector signed_at_5[] = {
	{ "none", V4(.signature = NULL), PASSED },
	{ "another one", V4(.signature = "RFC2544"), PASSED },
	{ "a wrong first byte", V4(.signature = "QROBEOT"), PASSED },
	{ "a wrong last byte", V4(.signature = "PROBEOS"), PASSED },
	{ "small letters", V4(.signature = "probeot"), PASSED },
	{ "one byte too early", V4(.offset = 4), PASSED },
	{ "one byte too late", V4(.offset = 6), PASSED },
	{ "two signatures mixed", V4(.signature = "PROBECY"), PASSED },
	{ "a byte behind it", V4(.signature = "PROBEOT!"), ANSWERED },
	{ "at the very end", V4(.payload = 12), ANSWERED },
	{ "one byte before the end", V4(.payload = 13), ANSWERED },
	{ "at the end of IPv6", V6(.payload = 12, .signature = "LATENCY"), ANSWERED },
	{ "with its last byte missing", V4(.payload = 11), PASSED },
	{ "with one byte there", V4(.payload = 6), PASSED },
	{ "payload that ends where it would begin", V4(.payload = 5), PASSED },
	{ "no payload", V4(.payload = 0), PASSED },
	{ "at the end of the UDP length", V4(.udp_length = 20), ANSWERED },
	{ "its last byte behind the UDP length", V4(.udp_length = 19), PASSED },
	{ "its first byte only inside the UDP length", V6(.udp_length = 14), PASSED },
	{ "all of it behind the UDP length", V4(.udp_length = 13), PASSED },
	{ "all of it behind the IP length, as padding",
		V4(.udp_length = 8, .ip_length = 28), PASSED },
	{ "its last byte cut off with the frame", V4(.payload = 12, .cut = 1), PASSED },
};

static const struct vector unsigned_ones[] = {
	{ "no signature", V4(.signature = NULL), ANSWERED },
	{ "a signature", V4(), ANSWERED },
	{ "no payload", V4(.payload = 0), ANSWERED },
	{ "no payload, padded", V4(.payload = 0, .padding = 18), ANSWERED },
	{ "no payload, IPv6", V6(.payload = 0), ANSWERED },
	{ "1 byte", V4(.payload = 1), ANSWERED },
	{ "UDP length 8 of many", V4(.udp_length = 8), ANSWERED },
	{ "UDP length 7", V4(.udp_length = 7), PASSED },
	{ "another port", V4(.dport = 3843), PASSED },
	{ "broadcast", V4(.to = { 255, 255, 255, 255, 255, 255 }), PASSED },
	{ "TTL 1", V4(.ttl = 1), DROPPED(ttl_exceeded) },
	{ "the longest header there is",
		V4(.options = 40, .tags = 2, .tag = { { AD, 1 }, { Q, 2 } },
		.payload = 0), ANSWERED },
};

/* signatures = 0xfe@0, 0x0102030405060708@8, 0x410000@20 */
static const struct vector signed_in_hex[] = {
	{ "1 byte", V4(.signature = "\xfe", .offset = 0), ANSWERED },
	{ "1 byte that is the payload",
		V4(.signature = "\xfe", .offset = 0, .payload = 1), ANSWERED },
	{ "1 wrong byte", V4(.signature = "\xff", .offset = 0), PASSED },
	{ "1 wrong byte that is the payload",
		V4(.signature = "\xff", .offset = 0, .payload = 1), PASSED },
	{ "8 bytes", V4(.signature = "\1\2\3\4\5\6\7\10", .offset = 8), ANSWERED },
	{ "8 bytes at the end",
		V6(.signature = "\1\2\3\4\5\6\7\10", .offset = 8, .payload = 16), ANSWERED },
	{ "7 bytes of the 8",
		V4(.signature = "\1\2\3\4\5\6\7\10", .offset = 8, .payload = 15), PASSED },
	{ "8 bytes, the last one wrong",
		V4(.signature = "\1\2\3\4\5\6\7\11", .offset = 8), PASSED },
	{ "8 bytes, the first one wrong",
		V4(.signature = "\2\2\3\4\5\6\7\10", .offset = 8), PASSED },
	{ "8 bytes the other way around",
		V4(.signature = "\10\7\6\5\4\3\2\1", .offset = 8), PASSED },
	{ "zeros at its end",
		V4(.signature = "A\0", .signature_bytes = 3, .offset = 20), ANSWERED },
	{ "zeros at its end and the payload's",
		V4(.signature = "A\0", .signature_bytes = 3, .offset = 20, .payload = 23), ANSWERED },
	{ "zeros at its end, of which the payload lacks one",
		V4(.signature = "A\0", .signature_bytes = 3, .offset = 20, .payload = 22), PASSED },
	{ "zeros at its end, of which the payload lacks both",
		V6(.signature = "A\0", .signature_bytes = 3, .offset = 20, .payload = 21), PASSED },
	{ "zeros at its end, which are behind the UDP length",
		V4(.signature = "A\0", .signature_bytes = 3, .offset = 20, .udp_length = 29), PASSED },
};

/* RFC2544@0, "Y.1564 @0", PROBEOT@5 */
static const struct vector signed_at_two[] = {
	{ "the first one", V4(.signature = "RFC2544", .offset = 0), ANSWERED },
	{ "the one with a blank at its end", V6(.signature = "Y.1564 ", .offset = 0), ANSWERED },
	{ "without its blank", V4(.signature = "Y.1564_", .offset = 0), PASSED },
	{ "the one at 5", V4(), ANSWERED },
	{ "the first one at 5", V4(.signature = "RFC2544"), PASSED },
	{ "the one at 5 at 0", V4(.offset = 0), PASSED },
	{ "the payload is the signature",
		V4(.signature = "RFC2544", .offset = 0, .payload = 7), ANSWERED },
};

/* A@0, BC@1, DEF@3, GHIJ@7, KLMNO@100, PQRSTU@101, VWXYZab@1000, cdefghij@1400 */
static const struct vector signed_at_eight[] = {
	{ "1 byte at 0", V4(.signature = "A", .offset = 0), ANSWERED },
	{ "2 bytes at 1", V4(.signature = "BC", .offset = 1), ANSWERED },
	{ "3 bytes at 3", V6(.signature = "DEF", .offset = 3), ANSWERED },
	{ "4 bytes at 7", V4(.signature = "GHIJ", .offset = 7), ANSWERED },
	{ "5 bytes at 100", V4(.signature = "KLMNO", .offset = 100, .payload = 200), ANSWERED },
	{ "6 bytes at 101", V4(.signature = "PQRSTU", .offset = 101, .payload = 200), ANSWERED },
	{ "7 bytes at 1000",
		V4(.signature = "VWXYZab", .offset = 1000, .payload = 1007), ANSWERED },
	{ "8 bytes at 1400",
		V4(.signature = "cdefghij", .offset = 1400, .payload = 1408), ANSWERED },
	{ "8 bytes at 1400 of IPv6",
		V6(.signature = "cdefghij", .offset = 1400, .payload = 1452), ANSWERED },
	{ "8 bytes at 1400, the last one missing",
		V4(.signature = "cdefghij", .offset = 1400, .payload = 1407), PASSED },
	{ "7 bytes at 999", V4(.signature = "VWXYZab", .offset = 999, .payload = 1400), PASSED },
	{ "8 bytes at 1401", V4(.signature = "cdefghij", .offset = 1401, .payload = 1472), PASSED },
	{ "none", V4(.payload = 1472), PASSED },
	{ "no payload", V4(.payload = 0), PASSED },
};

static const struct vector of_one_vendor[] = {
	{ "listed", V4(), ANSWERED },
	{ "listed, IPv6", V6(), ANSWERED },
	{ "the first byte differs", V4(.from = { 0x02, 0xc0, 0x17, 1, 2, 3 }), PASSED },
	{ "the second byte differs", V4(.from = { 0x00, 0xc1, 0x17, 1, 2, 3 }), PASSED },
	{ "the third byte differs", V4(.from = { 0x00, 0xc0, 0x18, 1, 2, 3 }), PASSED },
	{ "another host of the vendor",
		V4(.from = { 0x00, 0xc0, 0x17, 0xff, 0xff, 0xff }), ANSWERED },
	{ "the vendor's bytes at the end", V4(.from = { 2, 0, 0, 0x00, 0xc0, 0x17 }), PASSED },
};

static const struct vector of_16_vendors[] = {
	{ "the first", V4(.from = { 0x00, 0x00, 0x10, 1, 2, 3 }), ANSWERED },
	{ "the eighth", V4(.from = { 0x00, 0x00, 0x17, 1, 2, 3 }), ANSWERED },
	{ "the last", V6(.from = { 0x00, 0x00, 0x1f, 1, 2, 3 }), ANSWERED },
	{ "one below", V4(.from = { 0x00, 0x00, 0x0f, 1, 2, 3 }), PASSED },
	{ "one above", V4(.from = { 0x00, 0x00, 0x20, 1, 2, 3 }), PASSED },
	{ "00:00:00", V4(.from = { 0x00, 0x00, 0x00, 1, 2, 3 }), PASSED },
};

static const struct vector verified[] = {
	{ "right", V4(), ANSWERED },
	{ "right, IPv6", V6(), ANSWERED },
	{ "right with 40 bytes of options", V4(.options = 40), ANSWERED },
	{ "right with two tags", V4(.tags = 2, .tag = { { AD, 1 }, { Q, 2 } }), ANSWERED },
	{ "right with extension headers",
		V6(.extensions = 2, .extension = { { HOP_BY_HOP, 1 }, { DESTINATION, 2 } }), ANSWERED },
	{ "right, odd length", V4(.payload = 63), ANSWERED },
	{ "right, odd length, padded", V4(.payload = 13, .padding = 5), ANSWERED },
	{ "right, UDP shorter than IP", V4(.udp_length = 40), ANSWERED },
	{ "right, UDP of an odd length shorter than IP", V4(.udp_length = 41), ANSWERED },
	{ "right, 1514 bytes", V4(.payload = 1472), ANSWERED },
	{ "right, 3520 bytes", V4(.payload = 3478), ANSWERED },
	{ "right, 3519 bytes of IPv6", V6(.payload = 3457), ANSWERED },
	{ "right, 3840 bytes", V4(.payload = 3798), ANSWERED },
	{ "comes to 0", V4(.udp_sum_is_zero = true), ANSWERED },
	{ "comes to 0, IPv6", V6(.udp_sum_is_zero = true), ANSWERED },
	{ "none of UDP", V4(.no_udp_checksum = true), ANSWERED },
	{ "none of UDP in IPv6", V6(.no_udp_checksum = true), DROPPED(bad_checksum) },
	{ "IPv4's is 1 off", V4(.ip_error = 1), DROPPED(bad_checksum) },
	{ "IPv4's is 256 off", V4(.ip_error = 256), DROPPED(bad_checksum) },
	{ "IPv4's is wrong and there is none of UDP",
		V4(.ip_error = 7, .no_udp_checksum = true), DROPPED(bad_checksum) },
	{ "IPv4's with options is wrong",
		V4(.options = 40, .ip_error = 0x8000), DROPPED(bad_checksum) },
	{ "UDP's is 1 off", V4(.udp_error = 1), DROPPED(bad_checksum) },
	{ "UDP's is 256 off", V4(.udp_error = 256), DROPPED(bad_checksum) },
	{ "UDP's is 1 off, IPv6", V6(.udp_error = 1), DROPPED(bad_checksum) },
	{ "UDP's is wrong, odd length", V4(.payload = 63, .udp_error = 3), DROPPED(bad_checksum) },
	{ "UDP's is wrong, 1514 bytes",
		V4(.payload = 1472, .udp_error = 3), DROPPED(bad_checksum) },
	{ "UDP's is wrong with extension headers",
		V6(.extensions = 1, .extension = { { HOP_BY_HOP, 1 } },
		.udp_error = 3), DROPPED(bad_checksum) },
	{ "both are wrong", V4(.ip_error = 1, .udp_error = 1), DROPPED(bad_checksum) },
	{ "wrong, and TTL 1", V4(.ip_error = 1, .ttl = 1), DROPPED(bad_checksum) },
	{ "right, and TTL 1", V4(.ttl = 1), DROPPED(ttl_exceeded) },
	{ "wrong, but not ours", V4(.ip_error = 1, .signature = NULL), PASSED },
	{ "wrong, but for another port", V4(.udp_error = 1, .dport = 9), PASSED },
};

static const struct vector recomputed[] = {
	{ "right", V4(), ANSWERED },
	{ "right, IPv6", V6(), ANSWERED },
	{ "IPv4's is wrong", V4(.ip_error = 1), ANSWERED },
	{ "IPv4's is wrong with 40 bytes of options", V4(.ip_error = 1, .options = 40), ANSWERED },
	{ "UDP's is wrong", V4(.udp_error = 1), ANSWERED },
	{ "UDP's is wrong, IPv6", V6(.udp_error = 0x1000), ANSWERED },
	{ "UDP's is wrong with extension headers",
		V6(.extensions = 2, .extension = { { HOP_BY_HOP, 1 },
		{ DESTINATION, 2 } }, .udp_error = 3), ANSWERED },
	{ "both are wrong", V4(.ip_error = 1, .udp_error = 1), ANSWERED },
	{ "none of UDP", V4(.no_udp_checksum = true), ANSWERED },
	{ "none of UDP in IPv6", V6(.no_udp_checksum = true), ANSWERED },
	{ "comes to 0", V4(.udp_sum_is_zero = true), ANSWERED },
	{ "comes to 0, IPv6, odd length", V6(.udp_sum_is_zero = true, .payload = 63), ANSWERED },
	{ "comes to 0 and was wrong", V4(.udp_sum_is_zero = true, .udp_error = 5), ANSWERED },
	{ "UDP shorter than IP", V4(.udp_length = 40, .udp_error = 1), ANSWERED },
	{ "UDP of an odd length shorter than IP", V4(.udp_length = 41, .udp_error = 1), ANSWERED },
	{ "odd length, padded", V4(.payload = 13, .padding = 5, .udp_error = 1), ANSWERED },
	{ "two tags", V4(.tags = 2, .tag = { { AD, 1 }, { Q, 2 } }, .udp_error = 1), ANSWERED },
	{ "1514 bytes", V4(.payload = 1472, .udp_error = 1), ANSWERED },
	{ "3519 bytes", V4(.payload = 3477, .udp_error = 1), ANSWERED },
	{ "3520 bytes of IPv6", V6(.payload = 3458, .udp_error = 1), ANSWERED },
	{ "3840 bytes", V4(.payload = 3798, .udp_error = 1), ANSWERED },
	{ "wrong, and TTL 1", V4(.ip_error = 1, .ttl = 1), DROPPED(ttl_exceeded) },
	{ "wrong, but not ours", V4(.udp_error = 1, .signature = NULL), PASSED },
};

static const struct vector guarded[] = {
	{ "TTL 0", V4(.ttl = 0), DROPPED(ttl_exceeded) },
	{ "TTL 1", V4(.ttl = 1), DROPPED(ttl_exceeded) },
	{ "TTL 2", V4(.ttl = 2), ANSWERED },
	{ "TTL 128", V4(.ttl = 128), ANSWERED },
	{ "TTL 255", V4(.ttl = 255), ANSWERED },
	{ "hop limit 0", V6(.ttl = 0), DROPPED(ttl_exceeded) },
	{ "hop limit 1", V6(.ttl = 1), DROPPED(ttl_exceeded) },
	{ "hop limit 2", V6(.ttl = 2), ANSWERED },
	{ "hop limit 255", V6(.ttl = 255), ANSWERED },
	{ "TTL 1 without a signature", V4(.ttl = 1, .signature = NULL), PASSED },
	{ "TTL 1 to another host", V4(.ttl = 1, .to = { 2, 2, 2, 2, 2, 2 }), PASSED },
	{ "TTL 1 to another port", V4(.ttl = 1, .dport = 3843), PASSED },
	{ "TTL 2 and a tag", V4(.ttl = 2, .tags = 1, .tag = { { Q, 0xffff } }), ANSWERED },
};

static const struct vector unguarded[] = {
	{ "TTL 0", V4(.ttl = 0), ANSWERED },
	{ "TTL 1", V4(.ttl = 1), ANSWERED },
	{ "TTL 255", V4(.ttl = 255), ANSWERED },
	{ "hop limit 0", V6(.ttl = 0), ANSWERED },
	{ "hop limit 1", V6(.ttl = 1), ANSWERED },
	{ "hop limit 255", V6(.ttl = 255), ANSWERED },
	{ "a wrong checksum", V4(.ip_error = 1), ANSWERED },
};

static const struct vector swapped[] = {
	{ "IPv4", V4(), ANSWERED },
	{ "IPv4 with a tag and options",
		V4(.tags = 1, .tag = { { Q, 0xe001 } }, .options = 8), ANSWERED },
	{ "IPv6", V6(), ANSWERED },
	{ "IPv6 with tags and options",
		V6(.tags = 2, .tag = { { AD, 1 }, { Q, 2 } }, .extensions = 1,
		.extension = { { DESTINATION, 1 } }), ANSWERED },
	{ "equal ports", V4(.sport = 3842), ANSWERED },
	{ "TTL 2", V4(.ttl = 2), ANSWERED },
	{ "wrong checksums", V4(.ip_error = 0x55aa, .udp_error = 0xaa55), ANSWERED },
};

/* the first has PROBEOT@5 and wants a vendor, the second DATA:OT@5 and PROBEOT@5, on port 5000, too */
static const struct vector of_two_services[] = {
	{ "the first one's", V4(), ANSWERED },
	{ "the second one's signature", V4(.signature = "DATA:OT"), ANSWERED, .slot = 1 },
	{ "what the first one leaves is offered to the second",
		V4(.from = { 2, 2, 2, 2, 2, 2 }), ANSWERED, .slot = 1 },
	{ "the second one's port", V6(.dport = 5000), ANSWERED, .slot = 1 },
	{ "the first one drops what is its own", V4(.ttl = 1), DROPPED(ttl_exceeded) },
	{ "the second one has no loop guard",
		V4(.ttl = 1, .signature = "DATA:OT"), ANSWERED, .slot = 1 },
	{ "nobody's signature", V4(.signature = "LATENCY"), PASSED },
	{ "nobody's port", V4(.dport = 5001), PASSED },
};
/* deliver of the ports 7000-7010 to any address */
static const struct vector delivered[] = {
	{ "IPv4", V4(.dport = 7000), DELIVERED },
	{ "IPv6", V6(.dport = 7010), DELIVERED },
	{ "the port before", V4(.dport = 6999), PASSED },
	{ "the port behind", V6(.dport = 7011), PASSED },
	{ "an empty datagram", V4(.dport = 7000, .payload = 0), DELIVERED },
	{ "1400 bytes", V6(.dport = 7000, .payload = 1400), DELIVERED },
	{ "a tag", V4(.dport = 7000, .tags = 1, .tag = { { Q, 0x2064 } }), DELIVERED },
	{ "two tags", V6(.dport = 7000, .tags = 2, .tag = { { AD, 5 }, { Q, 7 } }), DELIVERED },
	{ "three tags", V4(.dport = 7000, .tags = 3, .tag = { { AD, 5 }, { Q, 7 }, { Q, 8 } }), PASSED },
	{ "options", V4(.dport = 7000, .options = 40), DELIVERED },
	{ "extension headers", V6(.dport = 7000, .extensions = 2,
		.extension = { { HOP_BY_HOP, 0 }, { DESTINATION, 3 } }), DELIVERED },
	{ "the first fragment", V4(.dport = 7000, .fragment = 0x2000), PASSED },
	{ "a later fragment that looks like it", V4(.dport = 7000, .fragment = 0x0010), PASSED },
	{ "a fragment of IPv6", V6(.dport = 7000, .extensions = 1, .extension = { { FRAGMENT, 0 } }), PASSED },
	{ "TCP", V4(.dport = 7000, .protocol = 6), PASSED },
	{ "a UDP length beyond the packet", V4(.dport = 7000, .udp_length = 200), PASSED },
	{ "a header cut off", V4(.dport = 7000, .payload = 0, .cut = 1), PASSED },
	{ "wrong checksums are the application's business", V4(.dport = 7000, .udp_error = 1), DELIVERED },
	{ "a TTL of 0, too", V4(.dport = 7000, .ttl = 0), DELIVERED },
	{ "padding behind it", V4(.dport = 7000, .payload = 4, .padding = 14), DELIVERED },
	{ "a group", V4(.dport = 7000, .to = { 0x01, 0x00, 0x5e, 1, 2, 3 }, .destination = "233.1.2.3"), DELIVERED },
	{ "everybody", V4(.dport = 7000, .to = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
		.destination = "255.255.255.255"), DELIVERED },
	{ "somebody else's MAC address", V4(.dport = 7000, .to = { 2, 0x52, 0x53, 0, 0, 2 }), PASSED },
	{ "from a group", V4(.dport = 7000, .from = { 0x01, 0xc0, 0x17, 0, 0, 1 }), PASSED },
};

/* deliver to 198.51.100.1, 233.1.2.3 and 2001:db8:1::1 */
static const struct vector delivered_to_listed[] = {
	{ "the first address", V4(.dport = 7000), DELIVERED },
	{ "its neighbour", V4(.dport = 7000, .destination = "198.51.100.2"), PASSED },
	{ "the second address", V4(.dport = 7000, .to = { 0x01, 0x00, 0x5e, 1, 2, 3 },
		.destination = "233.1.2.3"), DELIVERED },
	{ "the third address", V6(.dport = 7000), DELIVERED },
	{ "another one of IPv6", V6(.dport = 7000, .destination = "2001:db8:1::2"), PASSED },
	{ "one that differs in its first half", V6(.dport = 7000, .destination = "2001:db8:2::1"), PASSED },
	{ "the same bytes as IPv6", V6(.dport = 7000, .destination = "::198.51.100.1"), PASSED },
	{ "0.0.0.0", V4(.dport = 7000, .destination = "0.0.0.0"), PASSED },
	{ "::", V6(.dport = 7000, .destination = "::"), PASSED },
};

/* reflect, then deliver of the same port */
static const struct vector after_reflect[] = {
	{ "a test packet", V4(), ANSWERED },
	{ "another one's packet", V4(.signature = "NOT ONE"), DELIVERED, 1 },
	{ "another one's packet to a group", V4(.to = { 0x01, 0x00, 0x5e, 1, 2, 3 },
		.destination = "233.1.2.3"), DELIVERED, 1 },
};

/* A steered packet: the bytes of its header. */
#define FRAMED(bytes, ...) .dport = 9999, .signature = bytes, .signature_bytes = sizeof(bytes) - 1, \
	.offset = 0, .payload = 32, __VA_ARGS__
#define LAMI20 "LAMI\0\0\0\7\0\0\0\24"

/* steer of port 9999 to any address: magic, key, length of what follows the 12 bytes */
static const struct vector steered[] = {
	{ "IPv4", V4(FRAMED(LAMI20)), DELIVERED },
	{ "IPv6", V6(FRAMED(LAMI20)), DELIVERED },
	{ "no payload", V4(FRAMED("LAMI\0\0\0\7\0\0\0\0", .payload = 12)), DELIVERED },
	{ "another key", V4(FRAMED("LAMI\xff\xff\xff\xff\0\0\0\24")), DELIVERED },
	{ "1472 bytes", V4(FRAMED("LAMI\0\0\0\7\0\0\5\264", .payload = 1472)), DELIVERED },
	{ "another port", V4(FRAMED(LAMI20, .dport = 9998)), PASSED },
	{ "a reply to that port from it", V4(FRAMED(LAMI20, .sport = 9999, .dport = 40000)), PASSED },
	{ "one byte of the header missing", V4(FRAMED(LAMI20, .payload = 11)), DROPPED(truncated) },
	{ "an empty datagram", V4(FRAMED(LAMI20, .payload = 0)), DROPPED(truncated) },
	{ "a header that only the frame's padding makes whole",
		V4(FRAMED(LAMI20, .payload = 8, .padding = 24)), DROPPED(truncated) },
	{ "a magic number with another first byte", V4(FRAMED("MAMI\0\0\0\7\0\0\0\24")), DROPPED(bad_magic) },
	{ "a magic number with another last byte", V4(FRAMED("LAMJ\0\0\0\7\0\0\0\24")), DROPPED(bad_magic) },
	{ "a magic number in the wrong byte order", V4(FRAMED("IMAL\0\0\0\7\0\0\0\24")), DROPPED(bad_magic) },
	{ "a length that is one less", V4(FRAMED("LAMI\0\0\0\7\0\0\0\23")), DROPPED(bad_length) },
	{ "a length that is one more", V4(FRAMED("LAMI\0\0\0\7\0\0\0\25")), DROPPED(bad_length) },
	{ "a length with its highest bit", V4(FRAMED("LAMI\0\0\0\7\200\0\0\24")), DROPPED(bad_length) },
	{ "a length of the whole datagram", V4(FRAMED("LAMI\0\0\0\7\0\0\0\40")), DROPPED(bad_length) },
	{ "one tag", V4(FRAMED(LAMI20, .tags = 1, .tag = { { Q, 0xe064 } })), DELIVERED },
	{ "two tags", V6(FRAMED(LAMI20, .tags = 2, .tag = { { AD, 1 }, { Q, 2 } })), DELIVERED },
	{ "two tags and a bad magic number", V6(FRAMED("lami", .tags = 2, .tag = { { AD, 1 }, { Q, 2 } })), DROPPED(bad_magic) },
	{ "three tags", V4(FRAMED("lami", .tags = 3, .tag = { { AD, 1 }, { Q, 2 }, { Q, 3 } })), PASSED },
	{ "IPv4 options", V4(FRAMED(LAMI20, .options = 40)), DELIVERED },
	{ "extension headers", V6(FRAMED(LAMI20, .extensions = 2,
		.extension = { { HOP_BY_HOP, 0 }, { DESTINATION, 3 } })), DELIVERED },
	{ "the first fragment", V4(FRAMED("lami", .fragment = 0x2000)), PASSED },
	{ "a later fragment", V4(FRAMED("lami", .fragment = 0x0010)), PASSED },
	{ "a fragment of IPv6", V6(FRAMED("lami", .extensions = 1, .extension = { { FRAGMENT, 0 } })), PASSED },
	{ "TCP", V4(FRAMED("lami", .protocol = 6)), PASSED },
	{ "wrong checksums are the application's business", V4(FRAMED(LAMI20, .udp_error = 1)), DELIVERED },
	{ "padding behind it", V4(FRAMED("LAMI\0\0\0\7\0\0\0\0", .payload = 12, .padding = 6)), DELIVERED },
	{ "a group", V4(FRAMED(LAMI20, .to = { 0x01, 0x00, 0x5e, 1, 2, 3 }, .destination = "233.1.2.3")), DELIVERED },
	{ "somebody else's MAC address", V4(FRAMED("lami", .to = { 2, 0x52, 0x53, 0, 0, 2 })), PASSED },
};

/* the same to listed addresses: 198.51.100.1 and 2001:db8:1::1 */
static const struct vector steered_to_listed[] = {
	{ "the first address", V4(FRAMED(LAMI20)), DELIVERED },
	{ "junk to it", V4(FRAMED("lami")), DROPPED(bad_magic) },
	{ "junk to its neighbour", V4(FRAMED("lami", .destination = "198.51.100.2")), PASSED },
	{ "the second address", V6(FRAMED(LAMI20)), DELIVERED },
	{ "junk to another one of IPv6", V6(FRAMED("lami", .destination = "2001:db8:1::2")), PASSED },
};

/* header of 20 bytes, with a key of 8 behind a magic of 2 */
static const struct vector steered_20[] = {
	{ "a header of 20 bytes", V4(FRAMED("\xca\xfe\0\14" "\1\2\3\4\5\6\7\10")), DELIVERED },
	{ "one byte too few", V4(FRAMED("\xca\xfe\0\0", .payload = 19)), DROPPED(truncated) },
	{ "a length of two bytes that is wrong", V4(FRAMED("\xca\xfe\0\15")), DROPPED(bad_length) },
	{ "a magic number of two bytes that is wrong", V4(FRAMED("\xca\xff\0\14")), DROPPED(bad_magic) },
};

/* magic, key, and a sequence of 8 at 12; whatever the number, the verdict is the same */
static const struct vector steered_numbered[] = {
	{ "the first number", V4(FRAMED("LAMI\0\0\0\7\0\0\0\14" "\0\0\0\0\0\0\0\1")), DELIVERED },
	{ "a gap", V6(FRAMED("LAMI\0\0\0\7\0\0\0\14" "\0\0\0\0\0\0\1\0")), DELIVERED },
	{ "the same again", V4(FRAMED("LAMI\0\0\0\7\0\0\0\14" "\0\0\0\0\0\0\1\0")), DELIVERED },
	{ "a late one", V4(FRAMED("LAMI\0\0\0\7\0\0\0\14" "\0\0\0\0\0\0\0\2")), DELIVERED },
	{ "the highest", V4(FRAMED("LAMI\0\0\0\7\0\0\0\14" "\377\377\377\377\377\377\377\377")), DELIVERED },
	{ "a header that ends before the number does", V4(FRAMED("LAMI\0\0\0\7\0\0\0\0", .payload = 19)), DROPPED(truncated) },
	{ "of 12 bytes only", V4(FRAMED("LAMI\0\0\0\7\0\0\0\0", .payload = 12)), DROPPED(truncated) },
	{ "a length that counts the number", V4(FRAMED("LAMI\0\0\0\7\0\0\0\24")), DROPPED(bad_length) },
	{ "a bad magic number", V6(FRAMED("LAMJ\0\0\0\7\0\0\0\14")), DROPPED(bad_magic) },
};

/* keys 7 and 0xffffffff have a place of their own */
static const struct vector steered_keys[] = {
	{ "the first of the keys", V4(FRAMED(LAMI20)), DELIVERED },
	{ "the second one", V6(FRAMED("LAMI\377\377\377\377\0\0\0\24")), DELIVERED },
	{ "another one", V4(FRAMED("LAMI\0\0\0\10\0\0\0\24")), DELIVERED },
	{ "junk with the first one", V4(FRAMED("LAMI\0\0\0\7\0\0\0\25")), DROPPED(bad_length) },
};

/* nothing but a header: its first byte is the key */
static const struct vector steered_bare[] = {
	{ "one byte", V4(FRAMED("x", .payload = 1)), DELIVERED },
	{ "no byte", V4(FRAMED("", .payload = 0)), DROPPED(truncated) },
	{ "anything", V6(FRAMED("anything")), DELIVERED },
};

/* what is wrong is counted and passes */
static const struct vector spared[] = {
	{ "a good packet", V4(FRAMED(LAMI20)), DELIVERED },
	{ "a short one", V4(FRAMED(LAMI20, .payload = 11)), SPARED(truncated) },
	{ "a bad magic number", V6(FRAMED("lami")), SPARED(bad_magic) },
	{ "a bad length", V4(FRAMED("LAMI\0\0\0\7\0\0\0\23")), SPARED(bad_length) },
};

#define FRAGMENT6(bits) V6(FRAMED(LAMI20, .extensions = 1, .extension = { { FRAGMENT, 0 } }, .fragment = bits))

/* first fragments to the port are dropped; later ones have no port */
static const struct vector unfragmented[] = {
	{ "a whole packet", V4(FRAMED(LAMI20)), DELIVERED },
	{ "the first fragment", V4(FRAMED(LAMI20, .fragment = 0x2000)), DROPPED(fragment) },
	{ "the first fragment of junk", V4(FRAMED("lami", .fragment = 0x6000)), DROPPED(fragment) },
	{ "the first fragment, to another port", V4(FRAMED(LAMI20, .dport = 9998, .fragment = 0x2000)), PASSED },
	{ "a later one", V4(FRAMED(LAMI20, .fragment = 0x2010)), PASSED },
	{ "the last one", V4(FRAMED(LAMI20, .fragment = 0x0010)), PASSED },
	{ "IPv6: the first fragment", FRAGMENT6(0x0001), DROPPED(fragment) },
	{ "IPv6: a later one", FRAGMENT6(0x0041), PASSED },
	{ "IPv6: one that is the whole", FRAGMENT6(0), PASSED },
};

static const struct vector fragments_spared[] = {
	{ "a whole packet", V4(FRAMED(LAMI20)), DELIVERED },
	{ "the first fragment", V4(FRAMED(LAMI20, .fragment = 0x2000)), SPARED(fragment) },
	{ "IPv6: the first fragment", FRAGMENT6(0x0001), SPARED(fragment) },
};

#define LISTED "deny = 192.0.2.0/24, 10.0.0.0/8, 172.16.0.0/12, 203.0.113.7, 2001:db8::/48, 2001:db8:ffff::1"
static const struct vector denied[] = {
	{ "a source of the list", V4(), DROPPED(denied) },
	{ "its first address", V4(.source = "192.0.2.0"), DROPPED(denied) },
	{ "its last address", V4(.source = "192.0.2.255"), DROPPED(denied) },
	{ "the address before", V4(.source = "192.0.1.255"), ANSWERED },
	{ "the address behind", V4(.source = "192.0.3.0"), ANSWERED },
	{ "8 bits: the first", V4(.source = "10.0.0.0"), DROPPED(denied) },
	{ "8 bits: the last", V4(.source = "10.255.255.255"), DROPPED(denied) },
	{ "8 bits: the one behind", V4(.source = "11.0.0.0"), ANSWERED },
	{ "12 bits: the first", V4(.source = "172.16.0.0"), DROPPED(denied) },
	{ "12 bits: the last", V4(.source = "172.31.255.255"), DROPPED(denied) },
	{ "12 bits: the one behind", V4(.source = "172.32.0.0"), ANSWERED },
	{ "a single address", V4(.source = "203.0.113.7"), DROPPED(denied) },
	{ "its neighbours", V4(.source = "203.0.113.6"), ANSWERED },
	{ "its other neighbour", V4(.source = "203.0.113.8"), ANSWERED },
	{ "IPv6", V6(), DROPPED(denied) },
	{ "IPv6: the last address", V6(.source = "2001:db8:0:ffff:ffff:ffff:ffff:ffff"), DROPPED(denied) },
	{ "IPv6: the one behind", V6(.source = "2001:db8:1::"), ANSWERED },
	{ "a single address of IPv6", V6(.source = "2001:db8:ffff::1"), DROPPED(denied) },
	{ "its neighbour", V6(.source = "2001:db8:ffff::"), ANSWERED },
	{ "its other neighbour", V6(.source = "2001:db8:ffff::2"), ANSWERED },
	{ "IPv6 with the bits of a denied IPv4 address", V6(.source = "c000:202::"), ANSWERED },
	{ "another port is not touched", V4(.dport = 3843), PASSED },
	{ "nor is what the service does not want", V4(.signature = "nothing"), PASSED },
	{ "nor another host's frame", V4(.to = { 2, 0x52, 0x53, 0, 0, 2 }), PASSED },
	{ "nor TCP", V4(.protocol = 6), PASSED },
	{ "it is denied before the TTL is looked at", V4(.ttl = 1), DROPPED(denied) },
	{ "others' TTLs are looked at", V4(.ttl = 1, .source = "192.0.3.0"), DROPPED(ttl_exceeded) },
	{ "two tags and options", V4(.tags = 2, .tag = { { AD, 1 }, { Q, 2 } }, .options = 40), DROPPED(denied) },
	{ "extension headers", V6(.extensions = 1, .extension = { { HOP_BY_HOP, 1 } }), DROPPED(denied) },
};

/* allow = 192.0.2.0/24, 2001:db8::/32, of which 192.0.2.128/25 is denied, and of that 192.0.2.130 is not */
static const struct vector allowed[] = {
	{ "a source of the list", V4(), ANSWERED },
	{ "one that is not", V4(.source = "192.0.3.1"), PASSED, .left = true },
	{ "IPv6", V6(), ANSWERED },
	{ "IPv6 that is not", V6(.source = "2001:db9::1"), PASSED, .left = true },
	{ "a longer prefix denies", V4(.source = "192.0.2.129"), DROPPED(denied) },
	{ "a longer one still allows", V4(.source = "192.0.2.130"), ANSWERED },
	{ "another port", V4(.source = "192.0.3.1", .dport = 3843), PASSED },
};

/* allow = 192.0.2.2: IPv6 has no list, and is outside */
static const struct vector allowed_ipv4[] = {
	{ "the only one", V4(), ANSWERED },
	{ "its neighbour", V4(.source = "192.0.2.3"), PASSED, .left = true },
	{ "IPv6", V6(), PASSED, .left = true },
};

/* everybody but 2001:db8::2 and IPv4 */
static const struct vector denied_all[] = {
	{ "IPv4", V4(), DROPPED(denied) },
	{ "another IPv4", V4(.source = "223.255.255.255"), DROPPED(denied) },
	{ "the one that is allowed", V6(), ANSWERED },
	{ "the others", V6(.source = "2001:db8::3"), DROPPED(denied) },
};

/* steer denies before it looks for faults */
static const struct vector steered_denied[] = {
	{ "a good packet", V4(FRAMED(LAMI20)), DROPPED(denied) },
	{ "a short one", V4(FRAMED(LAMI20, .payload = 11)), DROPPED(denied) },
	{ "a bad magic number", V4(FRAMED("lami")), DROPPED(denied) },
	{ "a bad length", V4(FRAMED("LAMI\0\0\0\7\0\0\0\23")), DROPPED(denied) },
	{ "a good one of somebody else", V6(FRAMED(LAMI20)), DELIVERED },
	{ "a bad one of somebody else", V6(FRAMED("lami")), DROPPED(bad_magic) },
	{ "to another port", V4(FRAMED("lami", .dport = 9998)), PASSED },
};
static const struct vector steered_watched[] = {
	{ "a good packet", V4(FRAMED(LAMI20)), SPARED(denied) },
	{ "a bad magic number", V4(FRAMED("lami")), SPARED(denied) },
	{ "a good one of somebody else", V6(FRAMED(LAMI20)), DELIVERED },
	{ "a bad one of somebody else", V6(FRAMED("lami")), SPARED(bad_magic) },
};
static const struct vector delivered_denied[] = {
	{ "a packet", V4(.dport = 7000), DROPPED(denied) },
	{ "somebody else's", V6(.dport = 7000), DELIVERED },
	{ "to another port", V4(.dport = 7011), PASSED },
};

/* clang-format on */

#define GROUP(array, name, ...)                                                                    \
	{                                                                                          \
		name, __VA_ARGS__, array, sizeof(array) / sizeof(*array)                           \
	}

static const struct vector_group vector_groups[] = {
	GROUP(ordinary, "ordinary test packets come back bit by bit", "", NULL),
	GROUP(tagged, "VLAN tags come back with their priorities", "", NULL),
	GROUP(of_ipv4, "IPv4 with options is answered, fragments and lies are passed", "", NULL),
	GROUP(of_ipv6, "IPv6 with options is answered, fragments and lies are passed", "", NULL),
	GROUP(addressed, "only unicast frames for our own address are answered", "", NULL),
	GROUP(to_ports, "only listed ports are answered", "ports = 1, 5000-5002, 65535", NULL),
	GROUP(to_any_port, "with ports = any every port is answered", "ports = any", NULL),
	GROUP(signed_at_5, "the signature must be inside the payload at its offset", "", NULL),
	GROUP(unsigned_ones, "with signatures = any none is needed", "signatures = any", NULL),
	GROUP(signed_in_hex, "signatures may have 1 byte or 8",
		"signatures = 0xfe@0, 0x0102030405060708@8, 0x410000@20", NULL),
	GROUP(signed_at_two, "signatures may be at two offsets",
		"signatures = RFC2544@0, Y.1564 @0, PROBEOT@5", NULL),
	GROUP(signed_at_eight, "signatures may be at eight offsets",
		"signatures = A@0, BC@1, DEF@3, GHIJ@7, KLMNO@100, PQRSTU@101, VWXYZab@1000, "
		"cdefghij@1400",
		NULL),
	GROUP(of_one_vendor, "only the listed vendor's frames are answered",
		"source_oui = 00:c0:17", NULL),
	GROUP(of_16_vendors, "sixteen vendors can be listed",
		"source_oui = 00:00:10, 00:00:11, 00:00:12, 00:00:13, 00:00:14, 00:00:15, "
		"00:00:16, 00:00:17, 00:00:18, 00:00:19, 00:00:1a, 00:00:1b, 00:00:1c, 00:00:1d, "
		"00:00:1e, 00:00:1f",
		NULL),
	GROUP(verified, "wrong checksums are dropped", "checksum = verify", NULL),
	GROUP(recomputed, "checksums are made right", "checksum = recompute", NULL),
	GROUP(recomputed, "checksums are made right with swap = mac, too",
		"checksum = recompute; swap = mac", NULL),
	GROUP(guarded, "an answer's TTL is one less, and 0 is not sent", "", NULL),
	GROUP(unguarded, "without loop guard the TTL stays", "loop_guard = off", NULL),
	GROUP(swapped, "all addresses are swapped", "swap = mac+ip+port; loop_guard = off", NULL),
	GROUP(swapped, "ports are left with swap = mac+ip", "swap = mac+ip", NULL),
	GROUP(swapped, "IP addresses are left with swap = mac", "swap = mac", NULL),
	GROUP(swapped, "with swap = mac and without loop guard only the MAC addresses change",
		"swap = mac; loop_guard = off", NULL),
	GROUP(of_two_services, "each frame is judged by the first service that wants it",
		"signatures = PROBEOT@5; source_oui = 00:c0:17",
		"signatures = DATA:OT@5, PROBEOT@5; ports = 3842, 5000; swap = mac; loop_guard = "
		"off"),
	GROUP(delivered, "deliver takes whole packets for its ports",
		"type = deliver; ports = 7000-7010", NULL),
	GROUP(delivered_to_listed, "deliver takes packets for listed addresses",
		"type = deliver; ports = 7000; addresses = 198.51.100.1, 233.1.2.3, 2001:db8:1::1",
		NULL),
	GROUP(after_reflect, "deliver gets what reflect leaves", "",
		"type = deliver; ports = 3842"),
	GROUP(steered, "steer drops what is not of the protocol",
		"type = steer; port = 9999; addresses = any", NULL),
	GROUP(steered_to_listed, "steer judges packets for listed addresses",
		"type = steer; port = 9999; addresses = 198.51.100.1, 2001:db8:1::1", NULL),
	GROUP(steered_20, "steer's fields are where the configuration says",
		"type = steer; port = 9999; addresses = any; header = 20; magic = 0xcafe@0; "
		"length = 2@2; key = 8@4",
		NULL),
	GROUP(steered_numbered, "steer judges no packet by its number",
		"type = steer; port = 9999; addresses = any; header = 20; sequence = 8@12", NULL),
	GROUP(steered_keys, "keys with a slot of their own are steered as others",
		"type = steer; port = 9999; addresses = any; keys = 7:0, 0xffffffff:0", NULL),
	GROUP(steered, "the rule for workers is the rule for CPUs",
		"type = steer; port = 9999; addresses = any; target = worker", NULL),
	GROUP(steered_keys, "and so it is for keys of their own",
		"type = steer; port = 9999; addresses = any; target = worker; keys = 7:0, "
		"0xffffffff:0",
		NULL),
	GROUP(steered_bare, "steer needs no more than a key",
		"type = steer; port = 9999; addresses = any; header = 1; magic = ; length = ; "
		"key = 1@0",
		NULL),
	GROUP(spared, "with invalid = pass nothing is dropped",
		"type = steer; port = 9999; addresses = any; invalid = pass", NULL),
	GROUP(unfragmented, "with fragments = drop the first of them is dropped",
		"type = steer; port = 9999; addresses = any; fragments = drop", NULL),
	GROUP(fragments_spared, "fragments = drop with monitor = yes drops nothing",
		"type = steer; port = 9999; addresses = any; fragments = drop; monitor = yes",
		NULL),
	GROUP(spared, "with monitor = yes nothing is dropped",
		"type = steer; port = 9999; addresses = any; monitor = yes", NULL),
	GROUP(denied, "denied sources are dropped, and nobody else", LISTED, NULL),
	GROUP(denied, "a limit of sources that is far away changes nothing",
		LISTED "; source_pps = 1000000", NULL),
	GROUP(allowed, "sources that are not allowed are the stack's; the longest prefix decides",
		"allow = 192.0.2.0/24, 2001:db8::/32, 192.0.2.130; deny = 192.0.2.128/25", NULL),
	GROUP(allowed_ipv4, "who is in no list of those allowed is outside", "allow = 192.0.2.2",
		NULL),
	GROUP(denied_all, "a prefix of no bits is everybody",
		"deny = 0.0.0.0/0, ::/0; allow = 2001:db8::2", NULL),
	GROUP(steered_denied, "steer drops what is denied before what is wrong",
		"type = steer; port = 9999; addresses = any; deny = 192.0.2.2", NULL),
	GROUP(steered_watched, "with monitor = yes denied packets pass",
		"type = steer; port = 9999; addresses = any; monitor = yes; deny = 192.0.2.2",
		NULL),
	GROUP(delivered_denied, "deliver does not get what is denied",
		"type = deliver; ports = 7000-7010; deny = 192.0.2.2", NULL),
};

#define VECTOR_GROUPS (sizeof(vector_groups) / sizeof(*vector_groups))

#endif
