/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * `ringside generate`, for both halves: how a test packet is written, when the next one is due, which
 * answer belongs to which packet, and whether the answer is what the far end has to make of it. The paced
 * engine runs this in user space, the flood engine in XDP programs.
 *
 * A packet's payload is what the author of reflector-native published for his RFC 2544 and Y.1564 testers:
 * from the signature (7 bytes) on, the sequence at 7 (u32), the time of sending at 11 (u64, ns), the stream
 * at 19 (u32), flags at 23, and padding from 24 that counts up, all big endian. ITO signatures stand behind 5
 * opaque bytes, and so does all the rest. A frame too short for all of it has the sequence, then the stream's
 * low 16 bits, and no time.
 */
#ifndef RINGSIDE_GENERATE_H
#define RINGSIDE_GENERATE_H

#include "checksum.h"
#include "frame.h"
#include "histogram.h"

/* The bytes written anew before each send: all headers there can be (two tags, IPv6, UDP) and the longest
 * stamp end at 99; whole words, and room for the last bytes of a sum (generate_padding_is_right()). */
#define GENERATE_HEAD 112
/* Offsets behind the signature's first byte. */
#define GENERATE_SEQUENCE 7
#define GENERATE_TIME 11
#define GENERATE_SHORT_STREAM 11
#define GENERATE_STREAM 19
#define GENERATE_FLAGS 23
#define GENERATE_STAMP 24 /* bytes of the whole */
#define GENERATE_FLAG_TIME 1 /* the packet carries the time of sending */
#define GENERATE_FLAG_ANSWER 2 /* may be set by the far end */
/* A packet without a time in it: the flood reads the clock for one packet in so many. */
#define GENERATE_FLOOD_EVERY 64
#define GENERATE_TTL 64
/* Flow 0 has the same port at both ends, as handheld testers have; the others take the dynamic ports
 * (RFC 6335) from 49152 on. */
#define GENERATE_FLOWS_MAX 16384
#define GENERATE_FLOW_PORT 49151

/* What an answer has that it should not have: the first of these that applies. */
enum corruption {
	CORRUPT_TAGS, /* VLAN tags: taken off, put on, another id or priority */
	CORRUPT_ADDRESSES, /* MAC, IP addresses or ports not swapped */
	CORRUPT_DSCP,
	CORRUPT_HEADERS, /* another header field, a length, a checksum */
	CORRUPT_PAYLOAD,
	CORRUPTIONS,
	CORRUPT_NOT = CORRUPTIONS,
};

/* What becomes of an answer. */
enum fate {
	FATE_RECEIVED,
	FATE_LATE, /* behind the deadline */
	FATE_DUPLICATED, /* the packet has been answered before */
	FATE_STRAY, /* belongs to no packet that is waited for */
	FATE_KNOCK, /* of those sent before the start */
};

/* The packets of a run; read-only while it lasts. */
struct generate_frame {
	__u8 head[GENERATE_HEAD]; /* as sent; fields that differ from packet to packet are 0 */
	__u8 answer[GENERATE_HEAD]; /* what has to come back ... */
	__u8 mask[GENERATE_HEAD]; /* ... in these bits; what else there is has its own rule */
	__u8 kinds[CORRUPTIONS]
		  [GENERATE_HEAD]; /* the same bits, by whose fault it is when they are wrong */
	__u64 signature, signature_mask; /* as an 8-byte load at signature_at has them */
	__u32 length; /* bytes, without FCS */
	__u32 stream;
	__u32 flows; /* packet N is of flow N modulo this */
	__u32 udp_sum; /* of the datagram as in head and of the padding, pseudo header included */
	__u32 padding_sum; /* folded, of what lies behind head */
	__u32 every; /* one packet in so many carries its time; a power of two */
	__u16 port; /* the far end's */
	__u16 ip_at, udp_at, signature_at; /* offsets in the frame */
	__u16 time_at, stream_at, flags_at; /* time_at 0: it has neither time nor flags */
	__u16 is_ipv6;
};

/* Which packets are waited for. Sequences are 64 bits here and are cut to 32 on the wire; those below 0 are
 * knocks. A packet of the window has a byte that says whether it was answered. */
struct generate_window {
	__u64 next; /* the next packet's sequence; written by the sender alone */
	__u64 pad[7];
	__u64 late_before; /* older than the deadline; this and the next two: written by the accountant */
	__u64 dead_before; /* no longer waited for */
	__u64 cleared_before; /* their bytes are free for the sender */
	__u64 slots; /* of the window, a power of two */
	__u64 more[4];
};

/* When packets are due. Times in 2^-16 ns since the start: 78 hours fit. */
struct generate_pace {
	__u64 start_ns; /* CLOCK_MONOTONIC */
	__u64 duration_ns; /* 0: no end */
	__u64 packets; /* 0: as many as fit; else the end */
	__u64 interval; /* 0: as fast as it goes */
	__u64 due; /* when the next one is */
	__u64 now; /* the clock when last read */
	__u64 skipped; /* due and never sent, for the sender could not keep up */
	__u64 end_ns; /* when it came to its end; 0: not yet */
	__u32 stop; /* set from outside, or at the end */
	__u32 pad;
};

/* What the sender was kept from for longer than this is not made up for: the burst would measure the length
 * of queues. Under 1 % of a second. */
#define GENERATE_LAG_NS 8000000ull
#define GENERATE_FRACTION 16

/* A round trip's measure: struct histogram's layout, then what it lacks. */
struct generate_times {
	__u64 bucket[HISTOGRAM_BUCKETS];
	__u64 sum, max;
	__u64 count, min;
	__u64 last; /* the newest */
	__u64 jitter; /* RFC 3550 §6.4.1 and A.8: scaled by 16 */
};

/* Written by one CPU or thread. */
struct generate_counts {
	__u64 received, late, duplicated, reordered, stray, knocks;
	__u64 bytes; /* of those received and late, layer 2 without FCS */
	__u64 corrupted[CORRUPTIONS];
	struct generate_times times;
};

static __always_inline __u16 generate_port(const struct generate_frame *f, __u64 sequence)
{
	__u32 flow = f->flows > 1 ? (__u32)(sequence % f->flows) : 0;

	return (__u16)(flow ? GENERATE_FLOW_PORT + flow : f->port);
}

/* Sums of 16-bit words are the same whatever the byte order (RFC 1071 §2 B): words are added as they lie in
 * memory. A field at an odd offset adds with its bytes swapped. */
static __always_inline __u64 generate_sum_odd(__u64 sum, __u32 at, __u64 words)
{
	__u16 folded = checksum_fold(words);

	return sum + (at & 1 ? (__u16)__builtin_bswap16(folded) : folded);
}

/* The right UDP checksum of a packet, as it lies in memory. */
static __always_inline __u16 generate_udp_check(
	const struct generate_frame *f, __u64 sequence, __u64 time_ns, __u8 flags)
{
	__u16 check, port = generate_port(f, sequence);
	__u64 sum = (__u64)f->udp_sum + BE16(port);

	sum = generate_sum_odd(sum, f->signature_at + GENERATE_SEQUENCE, BE32((__u32)sequence));
	if (f->time_at) {
		sum = generate_sum_odd(sum, f->time_at,
			(__u64)BE32((__u32)(time_ns >> 32)) + BE32((__u32)time_ns));
		sum = generate_sum_odd(sum, f->flags_at, BE16((__u16)(flags << 8)));
	}
	check = (__u16)~checksum_fold(sum);
	return check ? check : 0xffff; /* 0 would say "none" (RFC 768) */
}

/* Writes the head of a packet; what lies behind it is there already. The caller has seen that f->length bytes
 * are there. time_ns 0: this one carries none. */
static __always_inline void generate_write(
	const struct generate_frame *f, __u8 *data, __u64 sequence, __u64 time_ns)
{
	__u8 flags = time_ns && f->time_at ? GENERATE_FLAG_TIME : 0;

#pragma GCC unroll 14
	for (__u32 i = 0; i < GENERATE_HEAD / 8; i++) {
		if (8 * i + 8 > f->length)
			break;
		FRAME_WORD(__u64, data + 8 * i) = FRAME_WORD(__u64, f->head + 8 * i);
	}
	if (f->length < GENERATE_HEAD) /* the last bytes of a frame that ends before */
		FRAME_WORD(__u64, data + f->length - 8) =
			FRAME_WORD(__u64, f->head + f->length - 8);
	FRAME_WORD(__be16, data + f->udp_at) = BE16(generate_port(f, sequence));
	FRAME_WORD(__be32, data + f->signature_at + GENERATE_SEQUENCE) = BE32((__u32)sequence);
	if (flags) {
		FRAME_WORD(__be32, data + f->time_at) = BE32((__u32)(time_ns >> 32));
		FRAME_WORD(__be32, data + f->time_at + 4) = BE32((__u32)time_ns);
		data[f->flags_at] = flags;
	}
	if (f->is_ipv6) /* IPv4's is 0, "none", as the format has it; IPv6 must have one (RFC 8200 §8.1) */
		FRAME_WORD(__u16, data + f->udp_at + 6) =
			generate_udp_check(f, sequence, flags ? time_ns : 0, flags);
}

/* Whether a datagram's payload from the signature on is one of this run's packets. */
static __always_inline int generate_has_stamp(const struct generate_frame *f, const __u8 *signature)
{
	const __u8 *stream = signature + (f->stream_at - f->signature_at);

	if ((FRAME_WORD(__u64, signature) & f->signature_mask) != f->signature)
		return 0;
	if (f->time_at)
		return FRAME_WORD(__be32, stream) == BE32(f->stream);
	return FRAME_WORD(__be16, stream) == BE16((__u16)f->stream);
}

static __always_inline int generate_has_port(const struct generate_frame *f, const __u8 *udp)
{
	return FRAME_WORD(__be16, udp) == BE16(f->port) ||
	       FRAME_WORD(__be16, udp + 2) == BE16(f->port);
}

/* The whole sequence of the one on the wire: the nearest to the next one. */
static __always_inline __u64 generate_extend(__u64 next, __u32 sequence)
{
	return next + (__u64)(__s64)(__s32)(sequence - (__u32)next);
}

/* Where an answer's signature is if it is ours, else NULL; *moved: not where it was sent, since tags were put
 * on or taken off. */
static __always_inline const __u8 *generate_find(
	const struct generate_frame *f, void *data, void *end, int *moved)
{
	const __u8 *at = data;
	__u32 behind = f->signature_at - f->udp_at;
	struct frame frame = { 0 };

	*moved = 0;
	if (at + f->signature_at + GENERATE_STAMP > (const __u8 *)end) {
		if (f->time_at || at + f->stream_at + 2 > (const __u8 *)end)
			goto search;
	}
	if (generate_has_port(f, at + f->udp_at) && generate_has_stamp(f, at + f->signature_at))
		return at + f->signature_at;
search:
	*moved = 1;
	if (frame_parse(&frame, data, end))
		return 0;
	at = (const __u8 *)frame.udp;
	if (at + behind + (f->time_at ? GENERATE_STAMP : GENERATE_SHORT_STREAM + 2) >
		(const __u8 *)end)
		return 0;
	if (!generate_has_port(f, at) || !generate_has_stamp(f, at + behind))
		return 0;
	return at + behind;
}

/* The bits in which the head is not what has to come back, of those in the mask. */
static __always_inline __u64 generate_differs(
	const struct generate_frame *f, const __u8 *data, const __u8 *mask)
{
	__u64 wrong = 0;

#pragma GCC unroll 14
	for (__u32 i = 0; i < GENERATE_HEAD / 8; i++) {
		if (8 * i + 8 > f->length)
			break;
		wrong |= (FRAME_WORD(__u64, data + 8 * i) ^ FRAME_WORD(__u64, f->answer + 8 * i)) &
			 FRAME_WORD(__u64, mask + 8 * i);
	}
	if (f->length < GENERATE_HEAD)
		wrong |= (FRAME_WORD(__u64, data + f->length - 8) ^
				 FRAME_WORD(__u64, f->answer + f->length - 8)) &
			 FRAME_WORD(__u64, mask + f->length - 8);
	return wrong;
}

/* Whose fault it is that a head differs. */
static __always_inline enum corruption generate_blame(
	const struct generate_frame *f, const __u8 *data)
{
	for (__u32 kind = 0; kind < CORRUPT_PAYLOAD; kind++)
		if (generate_differs(f, data, f->kinds[kind]))
			return (enum corruption)kind;
	return CORRUPT_PAYLOAD;
}

/* True when IPv4's header has a right checksum; its fields are right but for the TTL. */
static __always_inline int generate_ipv4_is_right(const __u8 *ip)
{
	__u64 sum = 0;

#pragma GCC unroll 5
	for (int i = 0; i < 20; i += 4)
		sum += FRAME_WORD(__u32, ip + i);
	return checksum_fold(sum) == 0xffff;
}

/* The padding behind the head, against what was sent: by its sum in the kernel, which compares 512 bytes at a
 * time (the most that bpf_csum_diff() takes before Linux 6.13). The bytes summed begin up to 3 before the
 * head's end, so that they are whole words. */
static __always_inline int generate_padding_is_right(
	const struct generate_frame *f, const __u8 *data, const __u8 *padding)
{
#ifdef __bpf__
	__u32 at = GENERATE_HEAD - (-(f->length - GENERATE_HEAD) & 3);
	__s64 sum = 0;

	(void)padding;
	for (int i = 0; i < FRAME_BYTES_MAX / 512 + 1; i++) {
		__u32 bytes = f->length - at;

		if (!bytes)
			break;
		if (bytes > 512)
			bytes = 512;
		sum = bpf_csum_diff(0, 0, (void *)(data + at), bytes, sum);
		at += bytes;
	}
	return checksum_fold((__u32)sum) == f->padding_sum;
#else
	return !__builtin_memcmp(data + GENERATE_HEAD, padding, f->length - GENERATE_HEAD);
#endif
}

/* What is wrong with an answer that generate_find() found in its place. The caller has seen that f->length
 * bytes are there, and that there are no more. time_ns: the time the packet carries, 0: none; padding: what
 * lies behind its head (user half). */
static __always_inline enum corruption generate_judge(const struct generate_frame *f, __u8 *data,
	__u64 sequence, __u64 time_ns, const __u8 *padding)
{
	__u8 flags = time_ns ? GENERATE_FLAG_TIME : 0;
	__u16 sent = 0, check;
	__u8 ttl;

	if (generate_differs(f, data, f->mask))
		return generate_blame(f, data);
	if (f->flows > 1 &&
		FRAME_WORD(__be16, data + f->udp_at + 2) != BE16(generate_port(f, sequence)))
		return CORRUPT_ADDRESSES;
	ttl = data[f->ip_at + (f->is_ipv6 ? 7 : 8)]; /* or the hop limit */
	if (!ttl || ttl > GENERATE_TTL)
		return CORRUPT_HEADERS;
	if (!f->is_ipv6 && !generate_ipv4_is_right(data + f->ip_at))
		return CORRUPT_HEADERS;
	if (f->time_at) {
		if (FRAME_WORD(__be32, data + f->time_at) != BE32((__u32)(time_ns >> 32)) ||
			FRAME_WORD(__be32, data + f->time_at + 4) != BE32((__u32)time_ns) ||
			(data[f->flags_at] & ~GENERATE_FLAG_ANSWER) != flags)
			return CORRUPT_PAYLOAD;
		flags = data[f->flags_at];
	}
	if (f->length > GENERATE_HEAD && !generate_padding_is_right(f, data, padding))
		return CORRUPT_PAYLOAD;
	/* swapping keeps it; a far end may also have made it anew */
	check = FRAME_WORD(__u16, data + f->udp_at + 6);
	if (!f->is_ipv6 && !check)
		return CORRUPT_NOT;
	if (f->is_ipv6 && flags & GENERATE_FLAG_ANSWER)
		sent = generate_udp_check(f, sequence, time_ns, flags & ~GENERATE_FLAG_ANSWER);
	if (check == generate_udp_check(f, sequence, time_ns, flags) || (sent && check == sent))
		return CORRUPT_NOT;
	return CORRUPT_HEADERS;
}

/* What becomes of an answer; answered: its packet's byte in the window. */
static __always_inline enum fate generate_account(
	const struct generate_window *w, __u64 sequence, __u8 *answered)
{
	if ((__s64)sequence < 0)
		return FATE_KNOCK;
	if (sequence >= w->next || sequence < w->dead_before)
		return FATE_STRAY;
	if (*answered)
		return FATE_DUPLICATED;
	*answered = 1;
	return sequence < w->late_before ? FATE_LATE : FATE_RECEIVED;
}

/* One writer, and readers in other threads: a relaxed store, as base/counter.h has it. In the kernel half a
 * plain one is that. */
static __always_inline void generate_set(__u64 *counter, __u64 value)
{
#ifdef __bpf__
	*counter = value;
#else
	__atomic_store_n(counter, value, __ATOMIC_RELAXED);
#endif
}

static __always_inline void generate_add(__u64 *counter, __u64 n)
{
	generate_set(counter, *counter + n);
}

/* Adds a round trip. */
static __always_inline void generate_time(struct generate_times *t, __u64 ns)
{
	__u64 step = ns > t->last ? ns - t->last : t->last - ns;

	generate_add(&t->bucket[histogram_bucket(ns)], 1);
	generate_add(&t->sum, ns);
	if (ns > t->max)
		generate_set(&t->max, ns);
	if (ns < t->min || !t->count)
		generate_set(&t->min, ns);
	if (t->count)
		generate_set(&t->jitter, t->jitter + step - ((t->jitter + 8) >> 4));
	t->last = ns;
	generate_add(&t->count, 1);
}

/* Whether a later packet of its flow has been here before; order: the flow's sequence behind the highest. */
static __always_inline int generate_is_overtaken(__u64 *order, __u64 sequence)
{
	if (sequence < *order)
		return 1;
	generate_set(order, sequence + 1);
	return 0;
}

/* Counts an answer that has its fate. rtt_ns: 0: not measured. */
static __always_inline void generate_count(struct generate_counts *c, enum fate fate,
	enum corruption corruption, int is_overtaken, __u32 bytes, __u64 rtt_ns)
{
	if (fate == FATE_KNOCK || fate == FATE_STRAY || fate == FATE_DUPLICATED) {
		generate_add(&c->knocks, fate == FATE_KNOCK);
		generate_add(&c->stray, fate == FATE_STRAY);
		generate_add(&c->duplicated, fate == FATE_DUPLICATED);
		return;
	}
	generate_add(&c->received, fate == FATE_RECEIVED);
	generate_add(&c->late, fate == FATE_LATE);
	generate_add(&c->reordered, is_overtaken);
	generate_add(&c->bytes, bytes);
	if (corruption < CORRUPTIONS)
		generate_add(&c->corrupted[corruption], 1);
	if (rtt_ns)
		generate_time(&c->times, rtt_ns);
}

/* Whether the next packet is due. Reads the clock only when the time last read does not say so. */
static __always_inline int generate_is_due(
	struct generate_pace *p, __u64 next, __u64 (*clock)(void))
{
	__u64 late;

	if (p->stop)
		return 0;
	if (p->packets && next >= p->packets)
		goto over;
	if (p->interval ? p->due <= p->now : next & (GENERATE_FLOOD_EVERY - 1))
		return 1;
	p->now = (clock() - p->start_ns) << GENERATE_FRACTION;
	if (p->duration_ns && p->now >= p->duration_ns << GENERATE_FRACTION)
		goto over;
	if (!p->interval)
		return 1;
	if (p->due > p->now)
		return 0;
	late = p->now - p->due;
	if (late > GENERATE_LAG_NS << GENERATE_FRACTION) {
		late /= p->interval;
		generate_add(&p->skipped, late);
		p->due += late * p->interval;
	}
	return 1;
over:
	generate_set(&p->end_ns, clock());
	p->stop = 1;
	return 0;
}

#endif
