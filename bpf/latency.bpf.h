/* SPDX-License-Identifier: GPL-2.0-only */
/* The log-linear histogram as the kernel half fills it; stats/histogram.h reads it. */
#ifndef RINGSIDE_LATENCY_BPF_H
#define RINGSIDE_LATENCY_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "histogram.h"
#include "verdict.h"

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

static __always_inline void latency_add(__u32 slot, __u64 ns)
{
	struct latency_histogram *histogram = bpf_map_lookup_elem(&latencies, &slot);

	if (!histogram)
		return;
	histogram->bucket[histogram_bucket(ns)]++;
	histogram->sum += ns;
	if (ns > histogram->max)
		histogram->max = ns;
}

#endif
