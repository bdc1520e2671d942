/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * [access]: which sources may use the services, and how much. For both halves.
 *
 * Judged once for each frame that a service wants, in the first half that sees it, before what the service
 * itself finds wrong with it:
 *
 *    a trie of prefixes     the longest one that has the source decides: denied, allowed, or outside
 *    a count-min sketch     most sources stay far below the limit, and are let through here
 *    a bucket of its own    for a source that may be above half of it; exact
 *
 * Memory is fixed. Sources that are new all the time (forged ones) fill the sketch: then they cost a bucket
 * each, and take the place of one that has taken as little. Nobody is refused for what others send.
 */
#ifndef RINGSIDE_ACCESS_H
#define RINGSIDE_ACCESS_H

#include "access_maps.h"
#include "frame.h"
#include "verdict.h"

/* Read-only data of the program, as service_rule is: what is not configured is not there. */
struct access_rule {
	__u64 cost, burst; /* of a source's bucket, 1/256 ns; cost 0: no limit */
	__u64 cell_cost, cell_burst; /* of the sketch's cells */
	__u64 seed; /* nobody outside knows which sources share a cell */
	__u32 rules; /* prefixes, those that deny first */
	__u32 denies; /* of them */
	__u32 root[2]; /* first node of IPv4, of IPv6 */
	__u8 has[2]; /* there are prefixes of IPv4, of IPv6 */
	__u8 slots; /* of services, that rules are counted for */
	__u8 only_allowed; /* who matches no prefix is outside */
	__u8 on; /* anything of this is configured */
	__u8 samples; /* sources, and keys, are sampled */
	__u8 fine_clock; /* the kernel has no coarse one: before Linux 5.11 */
	__u8 slot; /* of the service, where the program has but one */
};

_Static_assert(sizeof(struct access_rule) == 64, "layout");

/* Where a half has its memory: the kernel half in maps (access.bpf.h), a worker here. */
struct access_memory {
	const struct access_node *nodes;
	__u64 *hits; /* [slots][rules] */
	struct access_sketch *sketch;
	struct access_set *sets;
	struct access_samples *samples;
	__u64 now_ns;
};

static __always_inline const struct access_node *access_node(
	const struct access_memory *memory, __u32 number);
/* Counts packets of a service for a rule (from 0). */
static __always_inline void access_hit(const struct access_memory *memory,
	const struct access_rule *rule, __u32 slot, __u32 number, __u32 packets);
static __always_inline struct access_sketch *access_sketch(const struct access_memory *memory);
static __always_inline struct access_set *access_set(
	const struct access_memory *memory, __u32 number);
static __always_inline void access_lock(struct access_set *set);
static __always_inline void access_unlock(struct access_set *set);
/* The time; coarse: as cheap as it can be had, some milliseconds old. */
static __always_inline __u64 access_now_ns(const struct access_memory *memory, int coarse);

#ifndef __bpf__
static __always_inline const struct access_node *access_node(
	const struct access_memory *memory, __u32 number)
{
	return &memory->nodes[number];
}

static __always_inline void access_hit(const struct access_memory *memory,
	const struct access_rule *rule, __u32 slot, __u32 number, __u32 packets)
{
	__u64 *hits = &memory->hits[slot * rule->rules + number];

	__atomic_store_n(hits, *hits + packets, __ATOMIC_RELAXED);
}

static __always_inline struct access_sketch *access_sketch(const struct access_memory *memory)
{
	return memory->sketch;
}

static __always_inline struct access_set *access_set(
	const struct access_memory *memory, __u32 number)
{
	return &memory->sets[number];
}

/* A worker is alone. */
static __always_inline void access_lock(struct access_set *set)
{
	(void)set;
}

static __always_inline void access_unlock(struct access_set *set)
{
	(void)set;
}

static __always_inline __u64 access_now_ns(const struct access_memory *memory, int coarse)
{
	(void)coarse;
	return memory->now_ns;
}
#endif

static __always_inline struct access_source access_source(const struct frame *f)
{
	struct access_source source = { .is_ipv6 = f->is_ipv6 };
	const __u8 *ip = frame_ip_here(f);

	if (f->is_ipv6) {
		const __u8 *from = ip + offsetof(struct ipv6hdr, saddr);

		source.word[0] = BE64(FRAME_WORD(__u64, from));
		source.word[1] = BE64(FRAME_WORD(__u64, from + 8));
	} else {
		source.word[0] = (__u64)BE32(FRAME_WORD(__u32, ip + offsetof(struct iphdr, saddr)))
				 << 32;
	}
	return source;
}

/* The number of the rule with the longest prefix of the source, from 1; 0: none. */
static __always_inline __u32 access_find(const struct access_memory *memory,
	const struct access_rule *rule, const struct access_source *source)
{
	__u64 high = source->word[0], low = source->word[1];
	__u32 is_ipv6 = source->is_ipv6 ? 1 : 0, child;

	if (!rule->has[is_ipv6])
		return 0;
	child = rule->root[is_ipv6] + (__u32)(high >> (64 - ACCESS_ROOT_BITS + ACCESS_STRIDE));
	high = high << (ACCESS_ROOT_BITS - ACCESS_STRIDE) |
	       low >> (64 - ACCESS_ROOT_BITS + ACCESS_STRIDE);
	low <<= ACCESS_ROOT_BITS - ACCESS_STRIDE;
	for (int level = 0; level <= ACCESS_LEVELS; level++) {
		const struct access_node *node = access_node(memory, child & ~ACCESS_INNER);

		if (!node)
			return 0;
		child = node->child[high >> (64 - ACCESS_STRIDE)];
		if (!(child & ACCESS_INNER))
			return child;
		high = high << ACCESS_STRIDE | low >> (64 - ACCESS_STRIDE);
		low <<= ACCESS_STRIDE;
	}
	return 0;
}

/* Murmur3's finalizer for 64 bits (Appleby, MurmurHash3.cpp, fmix64), of a sum that only we know. */
static __always_inline __u64 access_hash(
	const struct access_rule *rule, const struct access_source *source)
{
	__u64 x = (source->word[0] ^ rule->seed) + source->word[1] * 0x9e3779b97f4a7c15ull +
		  source->is_ipv6;

	x = (x ^ x >> 33) * 0xff51afd7ed558ccdull;
	x = (x ^ x >> 33) * 0xc4ceb9fe1a85ec53ull;
	return x ^ x >> 33;
}

static __always_inline __u64 access_later(__u64 a, __u64 b)
{
	return (__s64)(a - b) > 0 ? a : b;
}

static __always_inline __u64 access_earlier(__u64 a, __u64 b)
{
	return (__s64)(a - b) < 0 ? a : b;
}

/* Charges the source's cells. True when both have got more than their rate: it may be the source's doing. A
 * source that goes on so stays heavy, for its cells are charged on, into a burst of debt. */
static __always_inline int access_is_heavy(struct access_sketch *sketch,
	const struct access_rule *rule, __u64 hash, __u64 now_ns, __u32 packets)
{
	__u64 *one = &sketch->due[0][hash & (ACCESS_CELLS - 1)];
	__u64 *two = &sketch->due[1][hash >> 16 & (ACCESS_CELLS - 1)];
	__u64 now = now_ns << 8, due, charged;

	/* the lighter cell counts, and the heavier one is not charged above it */
	due = access_later(access_earlier(*one, *two), now - rule->cell_burst);
	charged = access_earlier(due + packets * rule->cell_cost, now + rule->cell_burst);
	*one = access_later(*one, charged);
	*two = access_later(*two, charged);
	return (__s64)(due - now) > 0;
}

/* The place of the source's bucket in its set, or of the one with the least debt; *found says which. */
static __always_inline __u32 access_place(
	const struct access_set *set, const struct access_source *source, int *found)
{
	__u64 least = 0;
	__u32 victim = 0;

	*found = 1;
#pragma GCC unroll 8
	for (__u32 i = 0; i < ACCESS_WAYS; i++) {
		const struct access_bucket *bucket = &set->way[i];

		if (bucket->word[0] == source->word[0] && bucket->word[1] == source->word[1] &&
			bucket->is_ipv6 == source->is_ipv6)
			return i;
		if (!i || (__s64)(bucket->due - least) < 0) {
			least = bucket->due;
			victim = i;
		}
	}
	*found = 0;
	return victim;
}

/* Takes tokens from the source's bucket, which may be new: then it is full. Returns 0 when there is none. Most
 * packets of a source that is over its limit find that without the lock and the exact clock: by the coarse one, which
 * is late, a token comes up to a tick late. None is lost by that, since a tick is far from filling the
 * bucket, and none is given too early. Packets that came as one go on as one, if there is a token for the first
 * of them: the others' are owed. */
static __always_inline int access_take(const struct access_memory *memory, struct access_set *set,
	const struct access_rule *rule, const struct access_source *source, __u64 late_ns,
	__u32 packets)
{
	struct access_bucket *bucket;
	int found, has_token;
	__u64 now, from;

	bucket = &set->way[access_place(set, source, &found) & (ACCESS_WAYS - 1)];
	if (found && (__s64)(bucket->due - (late_ns << 8)) > 0)
		return 0;
	now = access_now_ns(memory, 0) << 8;
	from = now - rule->burst;
	access_lock(set);
	bucket = &set->way[access_place(set, source, &found) & (ACCESS_WAYS - 1)];
	if (found)
		from = access_later(bucket->due, from);
	has_token = (__s64)(from - now) <= 0;
	if (has_token) {
		bucket->word[0] = source->word[0];
		bucket->word[1] = source->word[1];
		bucket->is_ipv6 = source->is_ipv6;
		bucket->due = from + packets * rule->cost;
	}
	access_unlock(set);
	return has_token;
}

/* True when the source has sent more than it may. */
static __always_inline int access_is_over(const struct access_memory *memory,
	const struct access_rule *rule, const struct access_source *source, __u32 packets)
{
	struct access_sketch *sketch = access_sketch(memory);
	__u64 hash = access_hash(rule, source), late_ns;
	struct access_set *set;

	if (!sketch)
		return 0;
	late_ns = access_now_ns(memory, !rule->fine_clock);
	if (!access_is_heavy(sketch, rule, hash, late_ns, packets))
		return 0;
	set = access_set(memory, hash >> 32 & (ACCESS_SETS - 1));
	return set && !access_take(memory, set, rule, source, late_ns, packets);
}

/* What becomes of a frame that a service wants: VERDICT_NEXT: what the service says; else this. packets: that it was
 * put together of. */
static __always_inline int access_judge(const struct access_memory *memory,
	const struct access_rule *rule, const struct access_source *source, __u32 slot,
	__u32 packets)
{
	__u32 found = rule->rules ? access_find(memory, rule, source) : 0;

	if (found)
		access_hit(memory, rule, slot, found - 1, packets);
	if (found && found <= rule->denies)
		return VERDICT_DROP + DROP_denied;
	if (!found && rule->only_allowed)
		return VERDICT_PASS;
	if (rule->cost && access_is_over(memory, rule, source, packets))
		return VERDICT_DROP + DROP_rate_limited;
	return VERDICT_NEXT;
}

/* Whether a packet is the one in `every`, a power of two, that is a sample; *count chooses, and is one per writer. The
 * sample is where the count's last bits are 0, and that is `every` packets later on average, but by the multiples of the
 * golden ratio now sooner, now later: every 64th packet may be always the same one. */
static __always_inline int access_is_sample(__u64 *count, __u32 every)
{
	const __u64 last = 2ull * every - 1, now = (*count)++;

	if (now & last)
		return 0;
	/* from there an odd number of steps ahead, 1 to 2 * every - 1, all as often */
	*count += (now * 0x9e3779b97f4a7c15ull >> 40 | 1) & last;
	return 1;
}

/* Writes a packet down as the newest sample. Who reads the count before the sample has an old one, at worst. */
static __always_inline void access_note(
	struct access_samples *samples, const struct access_sample *sample)
{
	__u64 count = samples->count;

	samples->sample[count & (ACCESS_SAMPLES - 1)] = *sample;
	*(volatile __u64 *)&samples->count = count + 1;
}

#endif
