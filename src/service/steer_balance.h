/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which ranges of slots to move, so that targets have load by their weights. Only proposed: who moves them is
 * the operator, by the command that the proposal is.
 */
#ifndef RINGSIDE_SERVICE_STEER_BALANCE_H
#define RINGSIDE_SERVICE_STEER_BALANCE_H

#include "service/steer_table.h"

#define STEER_PROPOSALS 4
/* Loads that differ by less from what they should be, in parts of it, are left alone. */
#define STEER_LEVEL 0.05
/* So few packets a second are no load. */
#define STEER_LOAD_MIN 100

struct steer_proposal {
	unsigned first, last; /* slots, all of one target */
	unsigned from, to; /* targets */
	double pps; /* what moves */
	/* parts of the whole load, before this move (and behind those proposed before it) and after it */
	double from_before, from_after, to_before, to_after;
};

/* Proposes at most STEER_PROPOSALS moves, the one that levels most first; pps: of each slot. Returns how many. */
unsigned steer_balance(const struct steer_assignment *assignment, const double pps[STEER_SLOTS],
	struct steer_proposal proposals[STEER_PROPOSALS]);

#endif
