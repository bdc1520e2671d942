// SPDX-License-Identifier: BSD-2-Clause
#include "service/heavy.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Who has faded so far is forgotten. */
#define GONE_PACKETS 0.01

static struct heavy_entry *find(struct heavy *h, const struct heavy_name *name)
{
	for (unsigned i = 0; i < h->count; i++)
		if (!memcmp(&h->entries[i].name, name, sizeof(*name)))
			return &h->entries[i];
	return NULL;
}

/* A place for a newcomer: a free one, or that of the lightest, whose weight it takes over. */
static struct heavy_entry *take_place(struct heavy *h, const struct heavy_name *name)
{
	struct heavy_entry *lightest = h->entries;

	if (h->count < HEAVY_ENTRIES) {
		lightest = &h->entries[h->count++];
		*lightest = (struct heavy_entry){ .name = *name };
		return lightest;
	}
	for (unsigned i = 1; i < h->count; i++)
		if (h->entries[i].weight < lightest->weight)
			lightest = &h->entries[i];
	*lightest = (struct heavy_entry){
		.name = *name, .weight = lightest->weight, .error = lightest->weight
	};
	return lightest;
}

void heavy_add(struct heavy *h, const struct heavy_name *name, double weight, int dropped)
{
	struct heavy_entry *entry = find(h, name);

	if (!entry)
		entry = take_place(h, name);
	entry->weight += weight;
	if (dropped)
		entry->dropped += weight;
}

void heavy_fade(struct heavy *h, uint64_t elapsed_ns)
{
	double kept = exp(-(double)elapsed_ns / (double)HEAVY_FADE_NS);
	unsigned count = 0;

	for (unsigned i = 0; i < h->count; i++) {
		struct heavy_entry *entry = &h->entries[i];

		entry->weight *= kept;
		entry->error *= kept;
		entry->dropped *= kept;
		if (entry->weight >= GONE_PACKETS)
			h->entries[count++] = *entry;
	}
	h->count = count;
	h->span_s = h->span_s * kept + (double)elapsed_ns / 1e9;
}

static double sure(const struct heavy_entry *entry)
{
	return entry->weight - entry->error;
}

static int compare(const void *one, const void *other)
{
	double a = sure(one), b = sure(other);

	return (a < b) - (a > b);
}

void heavy_sort(struct heavy *h)
{
	qsort(h->entries, h->count, sizeof(*h->entries), compare);
}

static uint64_t rate(const struct heavy *h, double packets)
{
	return h->span_s > 0 ? (uint64_t)llround(packets / h->span_s) : 0;
}

uint64_t heavy_pps(const struct heavy *h, const struct heavy_entry *entry)
{
	return rate(h, sure(entry));
}

uint64_t heavy_dropped_pps(const struct heavy *h, const struct heavy_entry *entry)
{
	return rate(h, entry->dropped);
}
