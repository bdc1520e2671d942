/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * reflect: test packets go back where they came from with addresses swapped. For both halves.
 *
 * Answered are unicast frames for the interface's own MAC address, from a unicast MAC and between
 * unicast IP addresses, to a listed port (the port table has chosen the service already), from a
 * listed OUI, with a signature inside the UDP payload. Length, payload, VLAN tags with priority, DSCP
 * and flow label stay as they are, bit by bit.
 */
#ifndef RINGSIDE_REFLECT_H
#define RINGSIDE_REFLECT_H

#include "checksum.h"
#include "tables.h"
#include "verdict.h"

enum reflect_swap {
	REFLECT_SWAP_MAC,
	REFLECT_SWAP_IP,
	REFLECT_SWAP_PORT
}; /* each with those before */
enum reflect_checksum { REFLECT_KEEP, REFLECT_VERIFY, REFLECT_RECOMPUTE };

#define REFLECT_OUIS 16

struct reflect_rule {
	struct signature_probe probe[SIGNATURE_PROBES];
	__u32 oui
		[REFLECT_OUIS]; /* a load of the source MAC's first four bytes, the fourth being 0 */
	__u8 probes; /* 0: no signature needed */
	__u8 ouis; /* 0: any */
	__u8 swap; /* enum reflect_swap */
	__u8 checksum; /* enum reflect_checksum */
	__u8 loop_guard; /* 1: the answer's TTL is one less, and 0 is not sent */
	__u8 pad[3];
};

_Static_assert(
	sizeof(struct reflect_rule) == 24 * SIGNATURE_PROBES + 4 * REFLECT_OUIS + 8, "layout");

static __always_inline int reflect_has_oui(const struct frame *f, const struct reflect_rule *rule)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	__u32 oui = FRAME_WORD(__u32, f->data + ETH_ALEN) & 0x00ffffff;
#else
	__u32 oui = FRAME_WORD(__u32, f->data + ETH_ALEN) & 0xffffff00;
#endif

#pragma GCC unroll 16
	for (int i = 0; i < REFLECT_OUIS; i++) {
		if (i >= rule->ouis)
			break;
		if (rule->oui[i] == oui)
			return 1;
	}
	return 0;
}

static __always_inline int reflect_has_signature(
	const struct frame *f, const struct reflect_rule *rule, const struct signature *table)
{
#pragma GCC unroll 8
	for (int i = 0; i < SIGNATURE_PROBES; i++) {
		if (i >= rule->probes)
			break;
		if (signature_match(f, &rule->probe[i], table))
			return 1;
	}
	return 0;
}

static __always_inline int reflect_checksums_are_good(const struct frame *f)
{
	if (!f->is_ipv6 && checksum_ipv4(f) != 0xffff)
		return 0;
	if (!f->udp->check) /* none given: allowed in IPv4 (RFC 768), not in IPv6 (RFC 8200 §8.1) */
		return !f->is_ipv6;
	return checksum_udp(f) == 0xffff;
}

/* The verdict on a frame whose port belongs to the service. Never writes. */
static __always_inline int reflect_match(const struct frame *f, const struct reflect_rule *rule,
	const struct rule_tables *tables, const struct rule_state *state)
{
	if (!frame_is_unicast_to(f, state->mac) || !frame_has_unicast_addresses(f))
		return VERDICT_NEXT;
	if (rule->ouis && !reflect_has_oui(f, rule))
		return VERDICT_NEXT;
	if (rule->probes && !reflect_has_signature(f, rule, tables->signatures))
		return VERDICT_NEXT;
	if (rule->checksum == REFLECT_VERIFY && !reflect_checksums_are_good(f))
		return VERDICT_DROP + DROP_bad_checksum;
	if (rule->loop_guard) {
		__u8 ttl = f->is_ipv6 ? frame_ipv6(f)->hop_limit : frame_ipv4(f)->ttl;

		if (ttl <= 1)
			return VERDICT_DROP + DROP_ttl_exceeded;
	}
	return VERDICT_BOUNCE;
}

static __always_inline void reflect_swap_mac(const struct frame *f)
{
	__u8 *to = f->data, *from = f->data + ETH_ALEN;
	__u32 to_head = FRAME_WORD(__u32, to), from_head = FRAME_WORD(__u32, from);
	__u16 to_tail = FRAME_WORD(__u16, to + 4), from_tail = FRAME_WORD(__u16, from + 4);

	FRAME_WORD(__u32, to) = from_head;
	FRAME_WORD(__u16, to + 4) = from_tail;
	FRAME_WORD(__u32, from) = to_head;
	FRAME_WORD(__u16, from + 4) = to_tail;
}

static __always_inline void reflect_swap_ip(const struct frame *f)
{
	if (f->is_ipv6) {
		frame_ipv6hdr *ip = frame_ipv6(f);
		struct in6_addr address = ip->saddr;

		ip->saddr = ip->daddr;
		ip->daddr = address;
	} else {
		frame_iphdr *ip = frame_ipv4(f);
		__be32 address = ip->saddr;

		ip->saddr = ip->daddr;
		ip->daddr = address;
	}
}

static __always_inline void reflect_count_hop(const struct frame *f)
{
	if (f->is_ipv6) {
		frame_ipv6(f)->hop_limit--;
	} else {
		frame_iphdr *ip = frame_ipv4(f);
		__u16 old = FRAME_WORD(__u16, &ip->ttl); /* and the protocol */

		ip->ttl--;
		ip->check = checksum_replace(ip->check, old, FRAME_WORD(__u16, &ip->ttl));
	}
}

static __always_inline void reflect_recompute(const struct frame *f)
{
	if (!f->is_ipv6) {
		frame_ipv4(f)->check = 0;
		frame_ipv4(f)->check = (__u16)~checksum_ipv4(f);
	}
	f->udp->check = 0;
	f->udp->check = (__u16)~checksum_udp(f);
	if (!f->udp->check) /* 0 would say "none" (RFC 768) */
		f->udp->check = 0xffff;
}

/* Turns a frame with the verdict VERDICT_BOUNCE into its answer, in place. Swapping leaves both
 * checksums as they are, for their sums have no order. */
static __always_inline void reflect_answer(const struct frame *f, const struct reflect_rule *rule)
{
	reflect_swap_mac(f);
	if (rule->swap >= REFLECT_SWAP_IP)
		reflect_swap_ip(f);
	if (rule->swap >= REFLECT_SWAP_PORT) {
		__be16 port = f->udp->source;

		f->udp->source = f->udp->dest;
		f->udp->dest = port;
	}
	if (rule->loop_guard)
		reflect_count_hop(f);
	if (rule->checksum == REFLECT_RECOMPUTE)
		reflect_recompute(f);
}

#endif
