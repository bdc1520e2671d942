// SPDX-License-Identifier: BSD-2-Clause
#include "service/steer_table.h"

#include <errno.h>
#include <string.h>

static uint32_t weight_of(const struct steer_assignment *a, unsigned t)
{
	return a->is_away[t] ? 0 : a->weight[t];
}

bool steer_has_shares(const struct steer_assignment *a)
{
	for (unsigned t = 0; t < a->targets; t++)
		if (weight_of(a, t))
			return true;
	return false;
}

void steer_shares(const struct steer_assignment *a, unsigned shares[STEER_TARGETS])
{
	uint64_t total = 0, rest[STEER_TARGETS];
	unsigned left = STEER_SLOTS;

	memset(shares, 0, STEER_TARGETS * sizeof(*shares));
	for (unsigned t = 0; t < a->targets; t++)
		total += weight_of(a, t);
	if (!total)
		return;
	for (unsigned t = 0; t < a->targets; t++) {
		uint64_t part = (uint64_t)STEER_SLOTS * weight_of(a, t);

		shares[t] = (unsigned)(part / total);
		rest[t] = part % total;
		left -= shares[t];
	}
	while (left--) {
		unsigned most = 0;

		for (unsigned t = 1; t < a->targets; t++)
			if (rest[t] > rest[most])
				most = t;
		shares[most]++;
		rest[most] = 0;
	}
}

/* Takes away what a target has beyond its share, the highest slots first. */
static void take_surplus(struct steer_assignment *a, unsigned left[STEER_TARGETS])
{
	for (unsigned n = 0; n < STEER_SLOTS; n++) {
		uint8_t *target = &a->target[n];

		if (*target < a->targets && left[*target])
			left[*target]--;
		else
			*target = STEER_NOBODY;
	}
}

unsigned steer_assign(struct steer_assignment *a)
{
	unsigned left[STEER_TARGETS], moved = 0, next = 0;

	steer_shares(a, left);
	take_surplus(a, left);
	for (unsigned n = 0; n < STEER_SLOTS; n++) {
		if (a->target[n] != STEER_NOBODY)
			continue;
		while (next < a->targets && !left[next])
			next++;
		if (next == a->targets)
			break; /* nobody has a weight */
		a->target[n] = (uint8_t)next;
		left[next]--;
		moved++;
	}
	return moved;
}

int steer_want(struct steer_assignment *a, uint32_t cpu, uint32_t weight)
{
	unsigned t = 0;

	while (t < a->targets && a->cpu[t] != cpu)
		t++;
	if (t == STEER_TARGETS)
		return -E2BIG;
	if (t == a->targets)
		a->targets++;
	a->cpu[t] = cpu;
	a->weight[t] = weight;
	return 0;
}
