/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The memory that [access] works on, as both halves and the user side see it. */
#ifndef RINGSIDE_ACCESS_MAPS_H
#define RINGSIDE_ACCESS_MAPS_H

#ifdef __bpf__
#include <linux/bpf.h>
#endif
#include <linux/types.h>

/* Bits of an address that one node of the trie decides. */
#define ACCESS_STRIDE 4
#define ACCESS_CHILDREN (1 << ACCESS_STRIDE)
/* The first 16 bits are decided at once, by nodes that lie one behind the other. */
#define ACCESS_ROOT_BITS 16
#define ACCESS_ROOT_NODES (1 << (ACCESS_ROOT_BITS - ACCESS_STRIDE))
/* The longest way below the roots: 112 bits of an IPv6 address. */
#define ACCESS_LEVELS ((128 - ACCESS_ROOT_BITS) / ACCESS_STRIDE)

/* In a child: the number of another node; else it is a rule's number, from 1; 0: no rule. */
#define ACCESS_INNER 0x80000000u

/* A cache line. Each child has the longest prefix above it, so the way down has no way back. */
struct access_node {
	__u32 child[ACCESS_CHILDREN];
};

_Static_assert(sizeof(struct access_node) == 64, "layout");

/* A source address as numbers, so that shifts walk along its bits; IPv4: the first 32 of them. */
struct access_source {
	__u64 word[2];
	__u32 is_ipv6;
};

/* The count-min sketch: each source is charged in one cell of each row, and is as heavy as the lighter of
 * them. A cell is a token bucket's schedule (bucket.h). One of these for each CPU or worker. */
#define ACCESS_ROWS 2
#define ACCESS_CELLS 8192
struct access_sketch {
	__u64 due[ACCESS_ROWS][ACCESS_CELLS];
};

/* A heavy source's own bucket. */
struct access_bucket {
	__u64 word[2];
	__u64 due; /* as in bucket.h */
	__u32 is_ipv6;
	__u32 pad;
};

/* Where a source's bucket can be. A full set gives up the bucket that has taken the fewest tokens. */
#define ACCESS_SETS 8192
#define ACCESS_WAYS 8
struct access_set {
#ifdef __bpf__
	struct bpf_spin_lock lock; /* of queues on several CPUs */
#else
	__u32 lock;
#endif
	__u32 pad;
	struct access_bucket way[ACCESS_WAYS];
};

_Static_assert(sizeof(struct access_set) == 8 + 32 * ACCESS_WAYS, "layout");

/* One packet of those that a service wanted, for the lists of those that send most. */
struct access_sample {
	__u64 word[2];
	__u64 key; /* steer's partition key */
	__u32 weight; /* it stands for so many packets */
	__u8 is_ipv6;
	__u8 slot; /* of the service */
	__u8 has_key;
	__u8 dropped;
};

/* The newest samples of a CPU or a worker, its only writer. */
#define ACCESS_SAMPLES 1024
struct access_samples {
	__u64 count; /* of samples; the newest is number count - 1 */
	__u64 pad[7];
	struct access_sample sample[ACCESS_SAMPLES];
};

_Static_assert(sizeof(struct access_sample) == 32, "layout");
_Static_assert(sizeof(struct access_samples) == 64 + 32 * ACCESS_SAMPLES, "layout");

#ifndef __bpf__
/* What a program is to judge by; on loan. */
struct access_program {
	const struct access_rule *rule; /* NULL: none of it */
	const struct access_node *nodes;
	__u32 nodes_count;
};

/* What a half has counted, its own memory. */
struct access_counts {
	const __u64 *hits; /* [writers][slots][rules]; NULL: no rules */
	const struct access_samples *samples; /* [writers]; NULL: none are taken */
	unsigned writers; /* CPUs, or workers */
};
#endif

#endif
