/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The Internet checksum (RFC 1071), whole and incremental (RFC 1624), for both halves. Sums are kept
 * in 64 bits, unfolded, in the machine's byte order; checksums are in network byte order. */
#ifndef RINGSIDE_CHECKSUM_H
#define RINGSIDE_CHECKSUM_H

#include "frame.h"

/* Folds a sum into 16 bits, not complemented. */
static __always_inline __u16 checksum_fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (__u16)sum;
}

/* The checksum after the 16-bit word old, which it covers, became new (RFC 1624 §3, equation 3:
 * HC' = ~(~HC + ~m + m')). */
static __always_inline __u16 checksum_replace(__u16 check, __u16 old, __u16 new)
{
	return (__u16)~checksum_fold((__u64)(__u16)~check + (__u16)~old + new);
}

/*
 * Adds `bytes` bytes of the frame from `from` on to the sum.
 *
 * The verifier would walk every length on its own, so the offset takes part in a sum with a number that
 * is 0, because no parsed frame has 4096 bytes, but that the verifier must take for anything: all
 * rounds of the loop then look alike to it.
 */
static __always_inline __u64 checksum_add(
	const struct frame *f, __u64 sum, const __u8 *from, __u32 bytes)
{
	__u32 zero = (__u32)(f->end - f->data) >> 12, offset = 0;

	for (int i = 0; i < FRAME_BYTES_MAX / 32; i++) {
		const __u8 *at = from + offset;

		if (offset + 32 > bytes || at + 32 > f->end)
			break;
		for (int k = 0; k < 32; k += 4)
			sum += FRAME_WORD(__u32, at + k);
		offset = (offset + 32 + zero) & 0xfe0;
	}
	for (int i = 0; i < 16; i++) {
		const __u8 *at = from + offset;

		if (offset + 2 > bytes || at + 2 > f->end)
			break;
		sum += FRAME_WORD(__u16, at);
		offset = (offset + 2 + zero) & 0xffe;
	}
	if (offset < bytes && from + offset + 1 <= f->end)
		sum += BE16((__u16)(from[offset] << 8));
	return sum;
}

/* The sum over IPv4's header: 0xffff when its checksum is right. */
static __always_inline __u16 checksum_ipv4(const struct frame *f)
{
	return checksum_fold(checksum_add(f, 0, f->ip, (*f->ip & 0x0f) * 4u));
}

/* The sum over UDP's pseudo header, header and payload: 0xffff when its checksum is right. */
static __always_inline __u16 checksum_udp(const struct frame *f)
{
	__u64 sum = BE16(IPPROTO_UDP) + (__u64)BE16(f->udp_bytes);

	/* source and destination address */
	if (f->is_ipv6)
		sum = checksum_add(f, sum, f->ip + 8, 32);
	else
		sum = checksum_add(f, sum, f->ip + 12, 8);
	return checksum_fold(checksum_add(f, sum, (const __u8 *)f->udp, f->udp_bytes));
}

#endif
