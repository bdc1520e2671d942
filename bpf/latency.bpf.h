/* SPDX-License-Identifier: GPL-2.0-only */
/* The log-linear histogram as the kernel half fills it; stats/histogram.h reads it. */
#ifndef RINGSIDE_LATENCY_BPF_H
#define RINGSIDE_LATENCY_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "services.h"

struct latency_histogram { /* the layout of struct histogram */
	__u64 bucket[HISTOGRAM_BUCKETS];
	__u64 sum;
	__u64 max;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SERVICE_SLOTS);
	__type(key, __u32);
	__type(value, struct latency_histogram);
} latencies SEC(".maps");

/* The octave above 64 ns (0: 64 to 127), by halving: BPF has no instruction that counts zeros. */
static __always_inline __u32 latency_octave(__u64 ns)
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

static __always_inline void latency_add(__u32 slot, __u64 ns)
{
	struct latency_histogram *histogram = bpf_map_lookup_elem(&latencies, &slot);
	__u32 index = (__u32)ns;

	if (!histogram)
		return;
	if (ns >= 64) {
		__u32 octave = latency_octave(ns);

		index = 64 * (octave + 1) + ((ns >> octave) & 63);
	}
	if (index >= HISTOGRAM_BUCKETS)
		index = HISTOGRAM_BUCKETS - 1;
	histogram->bucket[index]++;
	histogram->sum += ns;
	if (ns > histogram->max)
		histogram->max = ns;
}

#endif
