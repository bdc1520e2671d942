/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Destination addresses that services want, for both halves: the lists of their configurations, and the
 * machine's own addresses, which change while frames flow. A hash table of buckets, so that a look-up is
 * one cache line or two however many addresses there are.
 */
#ifndef RINGSIDE_ADDRESS_H
#define RINGSIDE_ADDRESS_H

#include "frame.h"

#define ADDRESS_BUCKETS 256
#define ADDRESS_WAYS 4 /* entries of a bucket */
#define ADDRESS_TABLE (ADDRESS_BUCKETS * ADDRESS_WAYS)

/* In `wanted`: the bit of a service's slot, for its list, or this one: an address of the machine. */
#define ADDRESS_LOCAL 0x80000000u

struct address {
	__u64 word[2]; /* as loads of the header have them; IPv4: 0 and the address */
	__u32 is_ipv6;
	__u32 wanted; /* 0: an empty entry */
};

_Static_assert(sizeof(struct address) == 24, "layout");

static __always_inline __u32 address_bucket(__u64 first, __u64 second)
{
	return (__u32)(((first ^ second * 0x9e3779b97f4a7c15ull) * 0xbf58476d1ce4e5b9ull) >> 56) *
	       ADDRESS_WAYS;
}

/* Who wants an address, in the words of struct address. */
static __always_inline __u32 address_find(
	const struct address *table, __u64 first, __u64 second, __u32 is_ipv6)
{
	__u32 bucket = address_bucket(first, second);

	FRAME_OPAQUE(bucket);
	bucket &= ADDRESS_TABLE - ADDRESS_WAYS;
#pragma GCC unroll 4
	for (__u32 i = 0; i < ADDRESS_WAYS; i++) {
		const struct address *entry = &table[bucket + i];

		if (entry->word[0] == first && entry->word[1] == second &&
			!entry->is_ipv6 == !is_ipv6)
			return entry->wanted;
	}
	return 0;
}

/* Who wants the frame's destination address. Never writes. */
static __always_inline __u32 address_wanted(const struct frame *f, const struct address *table)
{
	const __u8 *ip = frame_ip_here(f);
	__u64 first = 0, second;

	if (f->is_ipv6) {
		const __u8 *to = ip + offsetof(struct ipv6hdr, daddr);

		first = FRAME_WORD(__u64, to);
		second = FRAME_WORD(__u64, to + 8);
	} else {
		second = FRAME_WORD(__u32, ip + offsetof(struct iphdr, daddr));
	}
	return address_find(table, first, second, f->is_ipv6);
}

#endif
