/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Signatures in a UDP payload, for both halves: one load and one look-up per distinct offset, so that
 * a hundred signatures cost what three cost.
 *
 * The signatures at one offset share a probe: the 8 payload bytes at the offset, masked to the
 * shortest signature's length, are hashed into a range of the signature table that the probe's
 * multiplier makes free of collisions (chosen when the configuration is compiled). The entry found
 * there says in full which bytes it wants. Signatures that extend another one at the same offset are
 * left out, for the shorter one matches already; those that differ only behind the shortest one's
 * length share a hash, so the compiler gives them a probe of their own.
 */
#ifndef RINGSIDE_SIGNATURE_H
#define RINGSIDE_SIGNATURE_H

#include "frame.h"

/* Entries in the table of one interface, over all its services; a power of two. */
#define SIGNATURE_TABLE 8192
/* Probes of one service: distinct offsets, plus the rare extra one described above. */
#define SIGNATURE_PROBES 8
/* The highest offset of a signature in the payload. */
#define SIGNATURE_OFFSET_MAX 1400

struct signature {
	__u64 word; /* the signature's bytes as an 8-byte load has them, 0 behind its length */
	__u64 mask; /* ones over its length; 0: an empty entry, whose word is 1 and matches nothing */
};

struct signature_probe {
	__u64 mask; /* ones over the shortest signature's bytes; part of what is hashed */
	__u64 multiplier; /* odd */
	__u32 base; /* first entry of the probe's range */
	__u16 shift; /* 64 - log2 of the range's entries; 63 at most, so a range has two or more */
	__u16 offset; /* in the UDP payload */
};

_Static_assert(sizeof(struct signature_probe) == 24, "layout");

/* The entry that a payload word belongs to. */
static __always_inline __u32 signature_index(const struct signature_probe *probe, __u64 word)
{
	return (probe->base + (__u32)(((word & probe->mask) * probe->multiplier) >> probe->shift)) &
	       (SIGNATURE_TABLE - 1);
}

/* True when the payload has a signature of the probe at its offset, inside the UDP length. */
static __always_inline int signature_match(
	const struct frame *f, const struct signature_probe *probe, const struct signature *table)
{
	__u32 wanted = probe->offset + 8u, payload = f->udp_bytes - (__u32)sizeof(struct udphdr);
	__u32 missing = 0, from;
	const struct signature *entry;
	__u64 word, valid = ~0ull;
	const __u8 *at;

	/* a number of its own to the verifier, or what this probe learns of it would make every way
	 * through the probes a state of its own */
	FRAME_OPAQUE(payload);
	payload &= 0xffff;
	if (payload <= probe->offset)
		return 0;
	/* near the payload's end the load is moved forward, into the headers, and its bytes back */
	if (payload < wanted)
		missing = (wanted - payload) & 7;
	from = wanted - missing; /* in the datagram, whose header is as long as the load */
	FRAME_OPAQUE(from);
	at = (const __u8 *)f->udp + from;
	if (at + 8 > f->end)
		return 0;
	word = FRAME_WORD(__u64, at);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	word >>= 8 * missing;
	valid >>= 8 * missing;
#else
	word <<= 8 * missing;
	valid <<= 8 * missing;
#endif
	entry = &table[signature_index(probe, word)];
	return (word & entry->mask) == entry->word && !(entry->mask & ~valid);
}

#endif
