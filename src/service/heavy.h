/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who sends most just now, from samples: Space-Saving (Metwally, Agrawal, El Abbadi 2005) on weights that
 * fade. A list of so many entries has everybody who has sent more than that part of all; what a newcomer
 * takes over from the one whose place it gets is its error, and is not shown.
 */
#ifndef RINGSIDE_SERVICE_HEAVY_H
#define RINGSIDE_SERVICE_HEAVY_H

#include <stdint.h>

#define HEAVY_ENTRIES 128
/* A packet counts for less and less: after so long, for 1/e. */
#define HEAVY_FADE_NS 3000000000ull

/* An address with is_ipv6, or a key in word[0]. */
struct heavy_name {
	uint64_t word[2];
	uint64_t is_ipv6;
};

struct heavy_entry {
	struct heavy_name name;
	double weight, error; /* packets; error is part of it */
	double dropped; /* of them */
};

/* All zeros: an empty list. */
struct heavy {
	unsigned count;
	double span_s; /* the time that weights are of */
	struct heavy_entry entries[HEAVY_ENTRIES];
};

void heavy_add(struct heavy *heavy, const struct heavy_name *name, double weight, int dropped);

/* Lets weights fade, as after so much time; before the samples of that time are added. */
void heavy_fade(struct heavy *heavy, uint64_t elapsed_ns);

/* Brings the heaviest to the front. */
void heavy_sort(struct heavy *heavy);

/* What an entry surely sends, and what of it is dropped, in packets a second. */
uint64_t heavy_pps(const struct heavy *heavy, const struct heavy_entry *entry);
uint64_t heavy_dropped_pps(const struct heavy *heavy, const struct heavy_entry *entry);

#endif
