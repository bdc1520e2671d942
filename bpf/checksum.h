/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The Internet checksum (RFC 1071), whole and incremental (RFC 1624), for both halves. Sums are kept
 * in 64 bits, unfolded, in the machine's byte order; checksums are in network byte order. */
#ifndef RINGSIDE_CHECKSUM_H
#define RINGSIDE_CHECKSUM_H

#ifdef __bpf__
#include <linux/bpf.h>
#endif

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

/* The sum of the bytes from an offset in the frame on; those behind its end are not read. The offset is
 * bounded by a mask, so that the verifier sees that no round of the loop can leave the frame's range. */
static __always_inline __u64 checksum_walk(
	const __u8 *data, const __u8 *end, __u32 offset, __u32 bytes)
{
	__u64 sum = 0;

	for (int i = 0; i < FRAME_BYTES_MAX / 32; i++) {
		const __u8 *at = data + (offset & 0xfff);

		if (bytes < 32 || at + 32 > end)
			break;
		for (int k = 0; k < 32; k += 4)
			sum += FRAME_WORD(__u32, at + k);
		offset += 32;
		bytes -= 32;
	}
	for (int i = 0; i < 16; i++) {
		const __u8 *at = data + (offset & 0xfff);

		if (bytes < 2 || at + 2 > end)
			break;
		sum += FRAME_WORD(__u16, at);
		offset += 2;
		bytes -= 2;
	}
	data += offset & 0xfff;
	if (bytes == 1 && data + 1 <= end)
		sum += BE16((__u16)(*data << 8));
	return sum;
}

#ifdef __bpf__
/* A global function: the verifier walks it once, not once for every way that leads to a call. */
__attribute__((noinline)) __u64 checksum_of(struct xdp_md *ctx, __u32 offset, __u32 bytes)
{
	return checksum_walk((void *)(long)ctx->data, (void *)(long)ctx->data_end, offset, bytes);
}
#endif

/* Adds `bytes` bytes of the frame from `from` on to the sum. */
static __always_inline __u64 checksum_add(
	const struct frame *f, __u64 sum, const __u8 *from, __u32 bytes)
{
	__u64 offset = (__u64)(from - f->data);

#ifdef __bpf__
	/* or the difference would be one of 32 bits, which pointers must not have */
	FRAME_OPAQUE(offset);
	return sum + checksum_of(f->ctx, (__u32)offset, bytes);
#else
	return sum + checksum_walk(f->data, f->end, (__u32)offset, bytes);
#endif
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
