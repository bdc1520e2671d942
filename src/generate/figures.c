// SPDX-License-Identifier: BSD-2-Clause
#include "generate/figures.h"

#include <stddef.h>

#include "base/counter.h"
#include "generate/settings.h"

_Static_assert(offsetof(struct generate_times, sum) == offsetof(struct histogram, sum) &&
		       offsetof(struct generate_times, max) == offsetof(struct histogram, max),
	"a round trip's measure begins as a histogram");

uint64_t figures_corrupted(const struct figures *f)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < CORRUPTIONS; i++)
		sum += f->counts.corrupted[i];
	return sum;
}

uint64_t figures_answered(const struct figures *f)
{
	return f->counts.received + f->counts.late;
}

double figures_loss(const struct figures *f)
{
	return f->sent ? (double)f->lost / (double)f->sent : 0;
}

struct figures_rates figures_rates(const struct figures *now, const struct figures *before)
{
	double seconds = (double)now->elapsed_ns / 1e9;
	double sent = (double)now->sent, answered = (double)figures_answered(now);
	double bytes = (double)now->counts.bytes;

	if (before) {
		seconds -= (double)before->elapsed_ns / 1e9;
		sent -= (double)before->sent;
		answered -= (double)figures_answered(before);
		bytes -= (double)before->counts.bytes;
	}
	if (seconds <= 0)
		return (struct figures_rates){ 0 };
	return (struct figures_rates){
		.tx_pps = sent / seconds,
		.tx_bps = sent * 8 * (now->size - ETHERNET_FCS) / seconds,
		.rx_pps = answered / seconds,
		.rx_bps = bytes * 8 / seconds,
	};
}

static void times_merge(struct generate_times *into, const struct generate_times *from)
{
	uint64_t count = counter_get(&from->count), all = into->count + count;
	uint64_t min = counter_get(&from->min), max = counter_get(&from->max);

	if (!count)
		return;
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
		into->bucket[i] += counter_get(&from->bucket[i]);
	into->sum += counter_get(&from->sum);
	into->max = max > into->max ? max : into->max;
	into->min = min < into->min || !into->count ? min : into->min;
	/* each CPU has seen its own answers in order: their mean, by their number */
	into->jitter = (uint64_t)(((double)into->jitter * (double)into->count +
					  (double)counter_get(&from->jitter) * (double)count) /
				  (double)all);
	into->count = all;
}

void counts_merge(struct generate_counts *into, const struct generate_counts *from)
{
	into->received += counter_get(&from->received);
	into->late += counter_get(&from->late);
	into->duplicated += counter_get(&from->duplicated);
	into->reordered += counter_get(&from->reordered);
	into->stray += counter_get(&from->stray);
	into->knocks += counter_get(&from->knocks);
	into->bytes += counter_get(&from->bytes);
	for (unsigned i = 0; i < CORRUPTIONS; i++)
		into->corrupted[i] += counter_get(&from->corrupted[i]);
	times_merge(&into->times, &from->times);
}

/* A percentile is the middle of its bucket, which may lie below the lowest value. */
static uint64_t percentile(const struct generate_counts *counts, uint64_t count, uint32_t ppm)
{
	uint64_t value = histogram_percentile((const void *)&counts->times, count, ppm);

	return value > counts->times.min ? value : counts->times.min;
}

struct round_trip counts_round_trip(const struct generate_counts *counts)
{
	uint64_t count = histogram_count((const void *)&counts->times);

	if (!count)
		return (struct round_trip){ 0 };
	return (struct round_trip){
		.count = count,
		.min = counts->times.min,
		.mean = counts->times.sum / count,
		.p50 = percentile(counts, count, 500000),
		.p90 = percentile(counts, count, 900000),
		.p99 = percentile(counts, count, 990000),
		.p999 = percentile(counts, count, 999000),
		.max = counts->times.max,
		.jitter = counts->times.jitter >> 4,
	};
}
