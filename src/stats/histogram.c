/* SPDX-License-Identifier: BSD-2-Clause */
#include "stats/histogram.h"

#include "base/counter.h"

#define SUB_BUCKETS (1u << HISTOGRAM_SUB_BITS)

_Static_assert(HISTOGRAM_BUCKETS == SUB_BUCKETS * (HISTOGRAM_OCTAVES + 1), "shape");

unsigned histogram_index(uint64_t value)
{
	unsigned octave;

	if (value < SUB_BUCKETS)
		return (unsigned)value;
	octave = 63 - HISTOGRAM_SUB_BITS - (unsigned)__builtin_clzll(value);
	if (octave >= HISTOGRAM_OCTAVES)
		return HISTOGRAM_BUCKETS - 1;
	return SUB_BUCKETS * (octave + 1) + (unsigned)((value >> octave) & (SUB_BUCKETS - 1));
}

uint64_t histogram_lowest(unsigned index)
{
	unsigned octave;

	if (index < SUB_BUCKETS)
		return index;
	octave = index / SUB_BUCKETS - 1;
	return (uint64_t)(SUB_BUCKETS + index % SUB_BUCKETS) << octave;
}

static uint64_t highest(unsigned index)
{
	return histogram_lowest(index + 1) - 1;
}

void histogram_add(struct histogram *histogram, uint64_t value)
{
	counter_add(&histogram->bucket[histogram_index(value)], 1);
	counter_add(&histogram->sum, value);
	if (value > counter_get(&histogram->max))
		counter_set(&histogram->max, value);
}

void histogram_merge(struct histogram *into, const struct histogram *from)
{
	uint64_t max = counter_get(&from->max);

	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
		counter_add(&into->bucket[i], counter_get(&from->bucket[i]));
	counter_add(&into->sum, counter_get(&from->sum));
	if (max > into->max)
		counter_set(&into->max, max);
}

/* A reset between the two would otherwise give nearly 2^64. */
static uint64_t difference(uint64_t now, uint64_t before)
{
	return now > before ? now - before : 0;
}

void histogram_subtract(
	struct histogram *into, const struct histogram *now, const struct histogram *before)
{
	uint64_t max = now->max;
	unsigned top = HISTOGRAM_BUCKETS;

	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
		into->bucket[i] = difference(now->bucket[i], before->bucket[i]);
		if (into->bucket[i])
			top = i;
	}
	into->sum = difference(now->sum, before->sum);
	if (top == HISTOGRAM_BUCKETS)
		into->max = 0;
	else
		into->max = histogram_index(max) == top ? max : highest(top);
}

uint64_t histogram_below(const struct histogram *histogram, uint64_t value)
{
	uint64_t count = 0;

	for (unsigned i = 0; i < HISTOGRAM_BUCKETS && histogram_lowest(i) < value; i++)
		count += counter_get(&histogram->bucket[i]);
	return count;
}

uint64_t histogram_count(const struct histogram *histogram)
{
	uint64_t count = 0;

	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
		count += histogram->bucket[i];
	return count;
}

uint64_t histogram_percentile(const struct histogram *histogram, uint64_t count, uint32_t ppm)
{
	/* the nearest rank, rounded up; in two steps, since count * ppm could pass 2^64 */
	uint64_t rank = count / 1000000 * ppm + (count % 1000000 * ppm + 999999) / 1000000;
	uint64_t seen = 0;

	if (!count)
		return 0;
	if (!rank)
		rank = 1;
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
		uint64_t middle = histogram_lowest(i) + (highest(i) - histogram_lowest(i)) / 2;

		seen += histogram->bucket[i];
		if (seen >= rank)
			return middle < histogram->max ? middle : histogram->max;
	}
	return histogram->max;
}

uint64_t histogram_min(const struct histogram *histogram)
{
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
		if (histogram->bucket[i])
			return histogram_lowest(i);
	return 0;
}
