/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the statistics cost in the kernel half is measured by the program itself (entry_price.bpf.c): in one test run
 * it changes what it writes down after each few hundred packets, and notes how long they took. So whatever makes
 * the machine slower for a while does it to all alike, and the text of the program, its place in memory and its
 * maps are the same ones.
 */
#ifndef RINGSIDE_PRICE_LAYOUT_H
#define RINGSIDE_PRICE_LAYOUT_H

#include <linux/types.h>

/* What is compared: no statistics, each level, and none once more, of which nothing but noise can make another figure. */
enum price_turn {
	PRICE_NONE,
	PRICE_BASIC,
	PRICE_DETAILED,
	PRICE_DEBUG,
	PRICE_NONE_AGAIN,
	PRICE_TURNS
};

/* The first packets of a turn have to do with what the last one left in caches and predictors; the others, four
 * samples of level detailed among them, take some 10 us: seldom interrupted, and long against reading the clock. */
#define PRICE_WARM_PACKETS 64
#define PRICE_TIMED_PACKETS 256
#define PRICE_TURN_PACKETS (PRICE_WARM_PACKETS + PRICE_TIMED_PACKETS)

/* In one call: some 6 ms. */
#define PRICE_ROUNDS 64

struct price_log {
	__u64 start_ns;
	__u32 packets; /* of this turn */
	__u32 turn; /* PRICE_TURNS a round */
	__u32 ns[PRICE_ROUNDS *
		 PRICE_TURNS]; /* of the timed packets of each turn, in their order */
};

/* Each other round goes the other way round, so that none always comes after the same one. */
static inline __u32 price_turn_of(__u32 turn)
{
	__u32 of_round = turn % PRICE_TURNS;

	return turn / PRICE_TURNS % 2 ? PRICE_TURNS - 1 - of_round : of_round;
}

#endif
