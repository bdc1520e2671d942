/* SPDX-License-Identifier: BSD-2-Clause */
#include "service/signature.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* The largest range of one probe. */
#define RANGE_MAX (SIGNATURE_TABLE / 2)
/* Multipliers tried before a range is made larger. The largest one gets more: 256 random words
 * fall into 4096 entries without a collision with a chance of e^-8, one in 3000. */
#define TRIES 1000
#define TRIES_LAST 100000

#define WORD_FREE 1
#define WORD_TAKEN 2

/* A signature on its way into the table. */
struct pending {
	const struct reflect_signature *signature;
	uint64_t word; /* its bytes as an 8-byte load has them */
	bool placed;
};

/* The signatures that one probe will find. */
struct group {
	unsigned count;
	struct pending *member[REFLECT_SIGNATURES];
};

void signature_table_init(struct signature *table)
{
	for (unsigned i = 0; i < SIGNATURE_TABLE; i++)
		table[i] = (struct signature){ .word = WORD_FREE };
}

/* Ones over the first bytes of an 8-byte load, in either byte order. */
static uint64_t mask_of(unsigned length)
{
	uint64_t mask = 0;

	memset(&mask, 0xff, length);
	return mask;
}

/* By offset, then by length, so that a prefix comes before what it is the prefix of. */
static int compare(const void *left, const void *right)
{
	const struct reflect_signature *a = ((const struct pending *)left)->signature;
	const struct reflect_signature *b = ((const struct pending *)right)->signature;

	if (a->offset != b->offset)
		return a->offset < b->offset ? -1 : 1;
	if (a->length != b->length)
		return a->length < b->length ? -1 : 1;
	return memcmp(a->bytes, b->bytes, a->length);
}

/* True when a signature before it at the same offset matches whatever it would match. */
static bool is_covered(const struct pending *list, const struct pending *one)
{
	for (const struct pending *before = list; before < one; before++) {
		uint64_t mask = mask_of(before->signature->length);

		if (before->signature->offset == one->signature->offset &&
			(one->word & mask) == before->word)
			return true;
	}
	return false;
}

/* Takes, of the signatures from first on that are at its offset and not placed, those whose
 * bytes under the mask are not those of another one. */
static void group_fill(
	struct group *group, struct pending *first, struct pending *end, uint64_t mask)
{
	group->count = 0;
	for (struct pending *one = first;
		one < end && one->signature->offset == first->signature->offset; one++) {
		bool is_new = !one->placed;

		for (unsigned i = 0; is_new && i < group->count; i++)
			is_new = ((group->member[i]->word ^ one->word) & mask) != 0;
		if (!is_new)
			continue;
		one->placed = true;
		group->member[group->count++] = one;
	}
}

/* splitmix64: a fixed sequence of well-mixed words, so that a configuration always compiles
 * alike. */
static uint64_t next_word(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static bool has_collision(const struct group *group, const struct signature_probe *probe)
{
	uint8_t seen[RANGE_MAX / 8] = { 0 };

	for (unsigned i = 0; i < group->count; i++) {
		uint32_t index = signature_index(probe, group->member[i]->word);

		if (seen[index / 8] & 1u << index % 8)
			return true;
		seen[index / 8] |= (uint8_t)(1u << index % 8);
	}
	return false;
}

/* Finds the smallest range, and the multiplier for it, that gives each member an entry of its own.
 * Returns the range's entries, or 0. */
static unsigned find_multiplier(const struct group *group, struct signature_probe *probe)
{
	uint64_t state = 0;

	probe->base = 0;
	probe->shift = 63;
	for (unsigned entries = 2; entries <= RANGE_MAX; entries *= 2, probe->shift--) {
		unsigned tries = entries == RANGE_MAX ? TRIES_LAST : TRIES;

		if (entries < group->count)
			continue;
		while (tries--) {
			probe->multiplier = next_word(&state) | 1;
			if (!has_collision(group, probe))
				return entries;
		}
	}
	return 0;
}

/* The first free range, aligned to its size so that base + index never wraps. -1: there is none. */
static int find_range(const struct signature *table, unsigned entries)
{
	for (unsigned base = 0; base < SIGNATURE_TABLE; base += entries) {
		unsigned n = 0;

		while (n < entries && !table[base + n].mask && table[base + n].word == WORD_FREE)
			n++;
		if (n == entries)
			return (int)base;
	}
	return -1;
}

static int place(const struct group *group, struct signature_probe *probe, struct signature *table,
	struct err *err)
{
	unsigned entries = find_multiplier(group, probe);
	int base = entries ? find_range(table, entries) : -1;

	if (base < 0)
		return err_say(err, -E2BIG, "no room for %u signatures at offset %u: %s",
			group->count, probe->offset,
			entries ? "the table of this interface's services is full"
				: "they fit no hash table");
	probe->base = (uint32_t)base;
	for (unsigned i = 0; i < entries; i++)
		table[probe->base + i] = (struct signature){ .word = WORD_TAKEN };
	for (unsigned i = 0; i < group->count; i++) {
		const struct pending *one = group->member[i];

		table[signature_index(probe, one->word)] = (struct signature){
			.word = one->word,
			.mask = mask_of(one->signature->length),
		};
	}
	return 0;
}

/* Sorts the list and drops what another signature covers; returns how many are left. */
static unsigned prepare(
	struct pending *pending, const struct reflect_signature *list, unsigned count)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < count; i++) {
		pending[i] = (struct pending){ .signature = &list[i] };
		memcpy(&pending[i].word, list[i].bytes, list[i].length);
	}
	qsort(pending, count, sizeof(*pending), compare);
	for (unsigned i = 0; i < count; i++) {
		pending[kept] = pending[i];
		kept += !is_covered(pending, &pending[kept]);
	}
	return kept;
}

int signature_compile(const struct reflect_signature *list, unsigned count,
	struct signature_probe probes[SIGNATURE_PROBES], unsigned *probes_count,
	struct signature *table, struct err *err)
{
	struct pending pending[REFLECT_SIGNATURES], *end;
	struct group group;

	*probes_count = 0;
	end = pending + prepare(pending, list, count);
	/* each pass places all of the shortest ones left at an offset: 8 passes are the most */
	for (struct pending *first = pending; first < end;) {
		struct signature_probe probe = { .offset = first->signature->offset };

		if (first->placed) {
			first++;
			continue;
		}
		if (*probes_count == SIGNATURE_PROBES)
			return err_say(err, -E2BIG,
				"too many different offsets of signatures (at most %d)",
				SIGNATURE_PROBES);
		probe.mask = mask_of(first->signature->length);
		group_fill(&group, first, end, probe.mask);
		if (place(&group, &probe, table, err))
			return -E2BIG;
		probes[(*probes_count)++] = probe;
	}
	return 0;
}
