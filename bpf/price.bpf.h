/* SPDX-License-Identifier: GPL-2.0-only */
/* The turns of bpf/price.h; in entry_price.bpf.c alone. */
#ifndef RINGSIDE_PRICE_BPF_H
#define RINGSIDE_PRICE_BPF_H

#ifndef PRICED
#define PRICED 0
#endif

#if PRICED
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "frame.h"
#include "price.h"
#include "tables.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct price_log);
} price_logs SEC(".maps");

static __always_inline void price_take_turn(struct rule_state *state, __u32 turn)
{
	state->level = turn == PRICE_DEBUG	? LEVEL_DEBUG
		       : turn == PRICE_DETAILED ? LEVEL_DETAILED
						: LEVEL_BASIC;
	state->sample_every = turn == PRICE_DEBUG      ? 1
			      : turn == PRICE_DETAILED ? SAMPLE_DETAILED
						       : 0;
}

/* Before each packet. Returns whether it is counted. */
static __always_inline int price_next(struct rule_state *state)
{
	__u32 key = 0, turn;
	struct price_log *log = bpf_map_lookup_elem(&price_logs, &key);

	if (!log)
		return 1;
	turn = log->turn;
	if (log->packets == PRICE_TURN_PACKETS) {
		__u32 ns = (__u32)(bpf_ktime_get_ns() - log->start_ns);

		FRAME_OPAQUE(turn); /* or the compiler would compare one register and use another */
		if (turn < PRICE_ROUNDS * PRICE_TURNS)
			log->ns[turn] = ns;
		log->packets = 0;
		log->turn = ++turn;
	}
	turn = price_turn_of(turn);
	if (!log->packets)
		price_take_turn(state, turn);
	if (log->packets++ == PRICE_WARM_PACKETS)
		log->start_ns = bpf_ktime_get_ns();
	return turn != PRICE_NONE && turn != PRICE_NONE_AGAIN;
}
#else
struct rule_state;

static __always_inline int price_next(struct rule_state *state)
{
	return 1;
}
#endif

#endif
