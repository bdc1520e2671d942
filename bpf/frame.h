/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A received frame with its headers found and bounds-checked, for both halves. Every access to
 * packet bytes goes through pointers made here.
 *
 * frame_parse() accepts Ethernet II with up to two VLAN tags, IPv4 with options or IPv6 with up to
 * FRAME_EXTENSIONS hop-by-hop and destination option headers, and UDP, whose lengths fit into each
 * other and into the frame. All else (routing headers, runts, lengths that lie) is for the Linux stack: it
 * knows what to say about it. So are fragments, but a datagram's first one shows its port (FRAME_FRAGMENT).
 */
#ifndef RINGSIDE_FRAME_H
#define RINGSIDE_FRAME_H

#include <linux/types.h>
#include <stddef.h>
#ifdef __bpf__
#include <linux/in.h>
#else
#include <netinet/in.h> /* before the kernel's own, which then leaves out what both define */
#endif
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

/* The verifier of Linux 5.10 to 6.16 takes a swapped word for one that can have any value: before it becomes
 * an offset, mask a copy that the compiler knows nothing of (FRAME_OPAQUE), or it drops the mask. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define BE16(x) ((__be16)__builtin_bswap16(x))
#define BE32(x) ((__be32)__builtin_bswap32(x))
#define BE64(x) ((__be64)__builtin_bswap64(x))
#else
#define BE16(x) ((__be16)(x))
#define BE32(x) ((__be32)(x))
#define BE64(x) ((__be64)(x))
#endif

/* Extension headers that are stepped over before a frame is left to the stack. Linux itself sends at
 * most two (hop-by-hop, destination options); four also covers the odd middlebox. */
#define FRAME_EXTENSIONS 4
/* The longest frame that is parsed: what an AF_XDP frame of 4096 bytes holds behind XDP's headroom of
 * 256 bytes. A longer one (lo has an MTU of 64 K) is for the stack. */
#define FRAME_BYTES_MAX 3840

/* From frame_parse(): the first fragment of a datagram. Of UDP it has the header, whose length is not checked
 * and whose datagram ends elsewhere: udp_bytes is 0. */
#define FRAME_FRAGMENT 1

struct frame {
#ifdef __bpf__
	struct xdp_md *ctx; /* set by the caller of frame_parse() */
#endif
	__u8 *data; /* first byte of the Ethernet header */
	__u8 *end; /* one past the last byte */
	struct ethhdr *eth;
	__u8 *ip; /* a struct iphdr, or a struct ipv6hdr when is_ipv6 */
	struct udphdr *udp;
	__u32 is_ipv6;
	__u32 udp_bytes; /* the UDP header's length field: header and payload, all inside the frame; or 0 */
};

struct frame_vlan {
	__be16 tci;
	__be16 proto; /* of what follows */
};

/* Loads and stores of packet bytes in the machine's byte order, whatever their alignment. The kernel
 * half loads whole words, as the verifier lets it: clang would take a packed one apart into bytes. */
#ifdef __bpf__
#define FRAME_WORD(type, at) (*(type *)(at))
#else
#define FRAME_WORD(type, at)                                                                       \
	(((struct { type value; } __attribute__((packed, may_alias)) *)(at))->value)
#endif

/* IP's headers as frames have them: the 14 bytes of Ethernet leave them at an even address and no more.
 * The kernel half loads whole words here, too. */
#ifdef __bpf__
typedef struct iphdr frame_iphdr;
typedef struct ipv6hdr frame_ipv6hdr;
#else
typedef struct iphdr frame_iphdr __attribute__((aligned(2)));
typedef struct ipv6hdr frame_ipv6hdr __attribute__((aligned(2)));
#endif

/* Keeps the compiler from reasoning about a value, so that the verifier sees it as it was assigned. */
#define FRAME_OPAQUE(value) asm volatile("" : "+r"(value))

static __always_inline int frame_is_vlan(__be16 proto)
{
	return proto == BE16(ETH_P_8021Q) || proto == BE16(ETH_P_8021AD);
}

/*
 * The same place in the frame, with all forgotten that the verifier knew of its offset, so that the ways
 * that lead here (tags, extension headers) go on as one. The number added is 0, since no parsed frame has
 * 4096 bytes, but the verifier must take it for anything. What lies at the place must be checked anew.
 */
static __always_inline __u8 *frame_forget(const struct frame *f, const __u8 *place)
{
#ifdef __bpf__
	__u64 zero = (__u64)(f->end - f->data) >> 12, offset = (__u64)(place - f->data);

	FRAME_OPAQUE(offset);
	return f->data + ((offset + zero) & 0xfff);
#else
	(void)f;
	return (__u8 *)place;
#endif
}

/* Finds IPv4's UDP header. The frame's ip is set and nothing behind it checked. Returns what frame_parse()
 * does. */
static __always_inline int frame_parse_ipv4(struct frame *f)
{
	frame_iphdr *ip = (void *)f->ip;
	__u32 header;
	__be32 fragment;
	__u64 total;

	f->is_ipv6 = 0;
	f->udp_bytes = 0;
	FRAME_OPAQUE(f->is_ipv6);
	if (f->ip + sizeof(*ip) > f->end)
		return -1;
	header = (*f->ip & 0x0f) * 4u;
	total = BE16(ip->tot_len);
	if (*f->ip < 0x45 || *f->ip > 0x4f) /* version 4, and a header of five words or more */
		return -1;
	/* flags and offset, TTL, protocol; an offset: a later fragment has no UDP header */
	fragment = FRAME_WORD(__be32, f->ip + offsetof(struct iphdr, frag_off));
	if ((fragment & BE32(0x1fff00ff)) != BE32(IPPROTO_UDP))
		return -1;
	f->udp = (void *)(f->ip + header);
	if ((__u8 *)(f->udp + 1) > f->end)
		return -1;
	if (fragment & BE32(0x20000000)) /* more of them */
		return FRAME_FRAGMENT;
	f->udp_bytes = BE16(f->udp->len);
	if (f->udp_bytes < sizeof(*f->udp) || header + f->udp_bytes > total)
		return -1;
	return total > (__u64)(f->end - f->ip) ? -1 : 0;
}

/* RFC 8200 §4.5: 8 bytes with the next header, an offset of 0 and "more" for the first of several. */
static __always_inline int frame_parse_fragment(struct frame *f, __u8 *header)
{
	header = frame_forget(f, header);
	if (header + 8 + sizeof(struct udphdr) > f->end || *header != IPPROTO_UDP)
		return -1;
	f->udp = (void *)(header + 8);
	return FRAME_WORD(__be16, header + 2) == BE16(1) ? FRAME_FRAGMENT : -1;
}

/* The same for IPv6. */
static __always_inline int frame_parse_ipv6(struct frame *f)
{
	frame_ipv6hdr *ip = (void *)f->ip;
	__u8 *header = f->ip + sizeof(*ip);
	__u32 left;
	__u8 next;

	f->is_ipv6 = 1;
	f->udp_bytes = 0;
	FRAME_OPAQUE(f->is_ipv6);
	if (header > f->end || (*f->ip >> 4) != 6)
		return -1;
	next = ip->nexthdr;
	left = BE16(ip->payload_len);
	if ((__u64)left + sizeof(*ip) > (__u64)(f->end - f->ip))
		return -1;
#pragma GCC unroll 4
	for (int i = 0; i < FRAME_EXTENSIONS; i++) {
		__u32 bytes;

		if (next != IPPROTO_HOPOPTS && next != IPPROTO_DSTOPTS)
			break;
		if (header + 8 > f->end)
			return -1;
		bytes = ((__u32)header[1] + 1) * 8;
		next = *header;
		if (bytes > left)
			return -1;
		left -= bytes;
		header += bytes;
	}
	if (next == IPPROTO_FRAGMENT)
		return frame_parse_fragment(f, header);
	if (next != IPPROTO_UDP)
		return -1;
	header = frame_forget(f, header);
	if (header + sizeof(struct udphdr) > f->end)
		return -1;
	f->udp = (void *)header;
	f->udp_bytes = BE16(f->udp->len);
	/* 0 would be a jumbogram (RFC 2675), whose payload length is 0, too: refused by both */
	return f->udp_bytes < sizeof(*f->udp) || f->udp_bytes > left ? -1 : 0;
}

/* Finds the headers of a frame from data to end. Returns 0; FRAME_FRAGMENT; or -1 when it is for the stack,
 * and f is not to be used. Writes nothing to the frame. */
static __always_inline int frame_parse(struct frame *f, void *data, void *end)
{
	struct frame_vlan *tag = (void *)((__u8 *)data + sizeof(struct ethhdr));
	__be16 proto;

	f->data = data;
	f->end = end;
	f->eth = data;
	if ((__u8 *)tag > f->end || f->end - f->data > FRAME_BYTES_MAX)
		return -1;
	proto = FRAME_WORD(__be16, f->data + offsetof(struct ethhdr, h_proto));
#pragma GCC unroll 2
	for (int i = 0; i < 2; i++) {
		if (!frame_is_vlan(proto))
			break;
		if ((__u8 *)(tag + 1) > f->end)
			return -1;
		proto = tag->proto;
		tag++;
	}
	f->ip = (__u8 *)tag;
	if (f->ip != f->data + sizeof(struct ethhdr))
		f->ip = frame_forget(f, f->ip);
	if (proto == BE16(ETH_P_IP))
		return frame_parse_ipv4(f);
	return proto == BE16(ETH_P_IPV6) ? frame_parse_ipv6(f) : -1;
}

/* The IP header, as a pointer of the caller's own: places in the header that several services may look at the compiler
 * would otherwise work out once for all, before the first, and keep on the stack. */
static __always_inline const __u8 *frame_ip_here(const struct frame *f)
{
	const __u8 *ip = f->ip;

	FRAME_OPAQUE(ip);
	return ip;
}

static __always_inline frame_iphdr *frame_ipv4(const struct frame *f)
{
	return (frame_iphdr *)f->ip;
}

static __always_inline frame_ipv6hdr *frame_ipv6(const struct frame *f)
{
	return (frame_ipv6hdr *)f->ip;
}

/* True when the frame is addressed to this MAC address, 6 bytes and two of 0, alone, and comes from one host. */
static __always_inline int frame_is_unicast_to(const struct frame *f, const __u8 mac[8])
{
	/* the destination, and the source's first byte, of which one bit is looked at */
	return (FRAME_WORD(__u64, f->data) & BE64(0xffffffffffff0100)) == FRAME_WORD(__u64, mac);
}

/* True when an IPv4 address can be that of one host: not 0.0.0.0, not multicast, reserved or the
 * broadcast address (224.0.0.0 and above). */
static __always_inline int frame_ipv4_is_unicast(__be32 address)
{
	return address && (address & BE32(0xe0000000)) != BE32(0xe0000000);
}

/* True when an IPv6 address can be that of one host: not :: and not ff00::/8. */
static __always_inline int frame_ipv6_is_unicast(const struct in6_addr *address)
{
	const __u8 *byte = (const void *)address;

	return *byte != 0xff && (FRAME_WORD(__u64, byte) | FRAME_WORD(__u64, byte + 8));
}

static __always_inline int frame_has_unicast_addresses(const struct frame *f)
{
	const void *ip = frame_ip_here(f);

	if (f->is_ipv6) {
		const frame_ipv6hdr *header = ip;

		return frame_ipv6_is_unicast(&header->saddr) &&
		       frame_ipv6_is_unicast(&header->daddr);
	} else {
		const frame_iphdr *header = ip;

		return frame_ipv4_is_unicast(header->saddr) && frame_ipv4_is_unicast(header->daddr);
	}
}

#endif
