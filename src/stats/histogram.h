/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The log-linear histogram: 64 buckets of equal width an octave, so a value is known to 1.6 %. The
 * shape is bpf/verdict.h's, since the kernel half fills the same buckets (bpf/latency.bpf.h).
 */
#ifndef RINGSIDE_HISTOGRAM_H
#define RINGSIDE_HISTOGRAM_H

#include <stdint.h>

#include "bpf/verdict.h"

struct histogram {
	__u64 bucket[HISTOGRAM_BUCKETS];
	__u64 sum; /* ns */
	__u64 max; /* ns; exact. The rest follows from the buckets */
};

/* The bucket of a value in ns. */
unsigned histogram_index(uint64_t value);
/* The lowest value of a bucket, in ns; the highest is that of the next bucket minus one. */
uint64_t histogram_lowest(unsigned index);
/* Adds one value. Single writer; readers see relaxed stores. */
void histogram_add(struct histogram *histogram, uint64_t value);
/* Adds every bucket of another one, which may be written meanwhile. */
void histogram_merge(struct histogram *into, const struct histogram *from);
/* into = now - before, bucket by bucket; max becomes the highest value of the topmost bucket left, or
 * now->max where that lies in it. For what happened between two snapshots. */
void histogram_subtract(struct histogram *into, const struct histogram *now,
	const struct histogram *before);
/* The values in buckets that begin below this one, in ns: those below it, to 1.6 %. */
uint64_t histogram_below(const struct histogram *histogram, uint64_t value);
uint64_t histogram_count(const struct histogram *histogram);
/* The value (the middle of its bucket, never above max) below which a share of the values lies, in
 * parts per million: 500000 is the median. 0 without values. */
uint64_t histogram_percentile(const struct histogram *histogram, uint64_t count, uint32_t ppm);
/* The lowest value of the first bucket that is not empty. */
uint64_t histogram_min(const struct histogram *histogram);

#endif
