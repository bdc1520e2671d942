// SPDX-License-Identifier: BSD-2-Clause
/* steer: the proposals, as they are shown. */
#include <stdio.h>

#include "base/clock.h"
#include "service/steer.h"

/* Rates are of so long, and fade: a proposal that changed with each look could not be followed. */
#define PACE_NS (2 * NSEC_PER_SEC)
#define PACE_KEPT 0.5

const struct figure_type steer_balance_columns[] = {
	{ "slots", "slots", "Slots that would move.", FIGURE_GAUGE, LEVEL_BASIC, NULL },
	{ "load", "packets/s", "Their packets a second.", FIGURE_GAUGE, LEVEL_BASIC, NULL },
	{ "from", "", "The CPU or worker that has them.", FIGURE_GAUGE, LEVEL_BASIC, NULL },
	{ "from_share", "percent", "Its share of the load.", FIGURE_GAUGE, LEVEL_BASIC, NULL },
	{ "from_after", "percent", "Its share after the move.", FIGURE_GAUGE, LEVEL_BASIC, NULL },
	{ "to", "", "The CPU or worker that would have them.", FIGURE_GAUGE, LEVEL_BASIC, NULL },
	{ "to_share", "percent", "Its share of the load.", FIGURE_GAUGE, LEVEL_BASIC, NULL },
	{ "to_after", "percent", "Its share after the move.", FIGURE_GAUGE, LEVEL_BASIC, NULL },
};

enum column { SLOTS, LOAD, FROM, FROM_SHARE, FROM_AFTER, TO, TO_SHARE, TO_AFTER, COLUMNS };

_Static_assert(sizeof(steer_balance_columns) / sizeof(*steer_balance_columns) == COLUMNS &&
		       COLUMNS == STEER_BALANCE_COLUMNS,
	"in step");

static void pace(struct steer *s)
{
	uint64_t now_ns = clock_now_ns(), elapsed_ns = now_ns - s->paced_ns;
	const bool is_first = !s->paced_ns;

	if (elapsed_ns < PACE_NS)
		return;
	s->paced_ns = now_ns;
	for (unsigned n = 0; n < STEER_SLOTS; n++) {
		double pps = (double)(s->loads[n].packets - s->paced[n]) * (double)NSEC_PER_SEC /
			     (double)elapsed_ns;

		s->paced[n] = s->loads[n].packets;
		s->pps[n] = is_first ? 0 : s->pps[n] * PACE_KEPT + pps * (1 - PACE_KEPT);
	}
	s->proposals_count = steer_balance(&s->now, s->pps, s->proposals);
}

static uint64_t percent(double part)
{
	return (uint64_t)(part * 100 + 0.5);
}

void steer_sample_balance(struct steer *s, struct figure_sample *sample)
{
	pace(s);
	for (unsigned i = 0; i < s->proposals_count; i++) {
		const struct steer_proposal *p = &s->proposals[i];
		union figure_value *row;
		char label[60];

		snprintf(label, sizeof(label), "%s.slots.%u-%u %u", s->name, p->first, p->last,
			s->now.cpu[p->to]);
		row = figure_row(sample, STEER_TABLE_BALANCE, label);
		if (!row)
			return;
		row[SLOTS].count = p->last - p->first + 1;
		row[LOAD].count = (uint64_t)p->pps;
		row[FROM].count = s->now.cpu[p->from];
		row[FROM_SHARE].count = percent(p->from_before);
		row[FROM_AFTER].count = percent(p->from_after);
		row[TO].count = s->now.cpu[p->to];
		row[TO_SHARE].count = percent(p->to_before);
		row[TO_AFTER].count = percent(p->to_after);
	}
}
