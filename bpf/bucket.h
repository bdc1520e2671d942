/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A token bucket for packets, for both halves, as its virtual schedule (GCRA, ITU-T I.371 annex A):
 * one time stamp says when the next packet would be due at the rate; a packet may come as much as the
 * burst earlier. Times are in 1/256 ns, so that a rate of 10 Mpps is kept to 4 parts in 100 000; they
 * wrap after two years and are compared by signed difference.
 */
#ifndef RINGSIDE_BUCKET_H
#define RINGSIDE_BUCKET_H

#include "frame.h"

struct bucket {
	__u64 due; /* 1/256 ns; one writer: the queue's CPU or its worker */
};

/* Takes a token for a packet at now_ns; cost and burst in 1/256 ns. Returns 0 when there is none. */
static __always_inline int bucket_take(struct bucket *bucket, __u64 cost, __u64 burst, __u64 now_ns)
{
	__u64 now = now_ns << 8, due = bucket->due;

	if ((__s64)(due - (now - burst)) < 0)
		due = now - burst;
	if ((__s64)(due - now) > 0)
		return 0;
	bucket->due = due + cost;
	return 1;
}

#endif
