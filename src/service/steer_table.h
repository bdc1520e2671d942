/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which target each slot belongs to. Each target has a share of the 4096 slots by its weight; when targets
 * or weights change, only slots move that must.
 */
#ifndef RINGSIDE_SERVICE_STEER_TABLE_H
#define RINGSIDE_SERVICE_STEER_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "bpf/steer.h"

#define STEER_NOBODY UINT8_MAX /* the slot has no target */

struct steer_assignment {
	unsigned targets;
	uint32_t cpu[STEER_TARGETS]; /* or the worker's number */
	uint32_t weight[STEER_TARGETS]; /* 0: it gets no slots */
	bool is_away[STEER_TARGETS]; /* nor then, whatever its weight */
	uint8_t target[STEER_SLOTS];
};

/* How many slots each target is to have: by weight, the remainders to the largest fractions (Hamilton's
 * method), at ties to the lower number. Without any weight all are 0. */
void steer_shares(const struct steer_assignment *assignment, unsigned shares[STEER_TARGETS]);

/* Gives every slot a target by the weights; a slot stays where it is unless its target has too many.
 * Returns how many have moved. */
unsigned steer_assign(struct steer_assignment *assignment);

/* Whether anybody gets slots. */
bool steer_has_shares(const struct steer_assignment *assignment);

/* Gives a CPU (or worker) a weight, as a target of its own if it is none yet. -E2BIG: too many. */
int steer_want(struct steer_assignment *assignment, uint32_t cpu, uint32_t weight);

#endif
