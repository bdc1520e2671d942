/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The log-linear histogram's buckets (verdict.h has its shape), for both halves. */
#ifndef RINGSIDE_HISTOGRAM_BUCKETS_H
#define RINGSIDE_HISTOGRAM_BUCKETS_H

#include "verdict.h"

/* The octave above 64 ns (0: 64 to 127), by halving: BPF has no instruction that counts zeros. */
static inline __attribute__((always_inline)) __u32 histogram_octave(__u64 ns)
{
	__u32 octave = 0;

	ns >>= HISTOGRAM_SUB_BITS;
#pragma GCC unroll 5
	for (__u32 step = 16; step; step >>= 1) {
		if (ns >> step) {
			ns >>= step;
			octave += step;
		}
	}
	return octave;
}

/* The bucket of a value in ns. */
static inline __attribute__((always_inline)) __u32 histogram_bucket(__u64 ns)
{
	__u32 index = (__u32)ns;

	if (ns >= 64) {
		__u32 octave = histogram_octave(ns);

		index = 64 * (octave + 1) + ((ns >> octave) & 63);
	}
	return index < HISTOGRAM_BUCKETS ? index : HISTOGRAM_BUCKETS - 1;
}

#endif
