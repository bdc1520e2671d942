// SPDX-License-Identifier: BSD-2-Clause
#include "service/steer_balance.h"

#include <string.h>

struct loads {
	double total;
	double has[STEER_TARGETS], wanted[STEER_TARGETS];
};

static void add_up(
	const struct steer_assignment *a, const double pps[STEER_SLOTS], struct loads *loads)
{
	double weights = 0;

	memset(loads, 0, sizeof(*loads));
	for (unsigned n = 0; n < STEER_SLOTS; n++) {
		if (a->target[n] >= a->targets)
			continue;
		loads->has[a->target[n]] += pps[n];
		loads->total += pps[n];
	}
	for (unsigned t = 0; t < a->targets; t++)
		weights += a->is_away[t] ? 0 : a->weight[t];
	for (unsigned t = 0; t < a->targets && weights > 0; t++)
		loads->wanted[t] = a->is_away[t] ? 0 : loads->total * a->weight[t] / weights;
}

/* The target with the most load beyond what it should have, and the one that lacks most. */
static void find_ends(
	const struct steer_assignment *a, const struct loads *loads, unsigned *from, unsigned *to)
{
	*from = *to = 0;
	for (unsigned t = 1; t < a->targets; t++) {
		const double beyond = loads->has[t] - loads->wanted[t];

		if (beyond > loads->has[*from] - loads->wanted[*from])
			*from = t;
		if (beyond < loads->has[*to] - loads->wanted[*to])
			*to = t;
	}
}

/* The range of a target's slots, one behind the other, with the most load that is not above a limit. */
static double find_range(const struct steer_assignment *a, const double pps[STEER_SLOTS],
	unsigned target, double limit, unsigned *first, unsigned *last)
{
	double best = 0, sum = 0;
	unsigned start = 0;

	for (unsigned n = 0; n < STEER_SLOTS; n++) {
		if (a->target[n] != target) {
			start = n + 1;
			sum = 0;
			continue;
		}
		sum += pps[n];
		while (start <= n && (sum > limit || pps[start] == 0))
			sum -= pps[start++];
		if (sum > best) {
			best = sum;
			*first = start;
			*last = n;
		}
		if (start > n)
			sum = 0;
	}
	return best;
}

unsigned steer_balance(const struct steer_assignment *assignment, const double pps[STEER_SLOTS],
	struct steer_proposal proposals[STEER_PROPOSALS])
{
	struct steer_assignment a = *assignment;
	unsigned count = 0;

	while (count < STEER_PROPOSALS) {
		struct steer_proposal *p = &proposals[count];
		struct loads loads;
		double beyond, lack;

		add_up(&a, pps, &loads);
		if (loads.total < STEER_LOAD_MIN)
			break;
		find_ends(&a, &loads, &p->from, &p->to);
		beyond = loads.has[p->from] - loads.wanted[p->from];
		lack = loads.wanted[p->to] - loads.has[p->to];
		if (beyond <= STEER_LEVEL * loads.wanted[p->from] || lack <= 0)
			break;
		p->pps = find_range(
			&a, pps, p->from, beyond < lack ? beyond : lack, &p->first, &p->last);
		if (p->pps < STEER_LEVEL * beyond)
			break; /* one key is too much, and moving it would not help */
		p->from_before = loads.has[p->from] / loads.total;
		p->to_before = loads.has[p->to] / loads.total;
		p->from_after = p->from_before - p->pps / loads.total;
		p->to_after = p->to_before + p->pps / loads.total;
		for (unsigned n = p->first; n <= p->last; n++)
			a.target[n] = (uint8_t)p->to;
		count++;
	}
	return count;
}
