/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the rules of an interface look up, in memory that both halves share. Small tables of services
 * (up to some 64 KB) are members here. What is larger, or is for the kernel half alone, is a map in
 * bpf/NAME.bpf.h, which costs nothing while the service is not used.
 */
#ifndef RINGSIDE_TABLES_H
#define RINGSIDE_TABLES_H

#include "address.h"
#include "signature.h"
#include "steer_slot.h"
#include "verdict.h"

/* Made with the rules; single entries may change while frames flow. */
struct rule_tables {
	struct signature signatures[SIGNATURE_TABLE];
	__u8 udp_port_services
		[65536]; /* destination port in host byte order → mask of places in the order of offer */
	struct address addresses[ADDRESS_TABLE];
	struct steer_pin steer_pins[STEER_PIN_TABLE];
	/* of steers whose targets are workers: each slot's, and a bit for each that somebody reads */
	__u8 steer_targets[SERVICE_SLOTS][STEER_ENTRIES];
	__u64 steer_attended[SERVICE_SLOTS];
	__u8 deliver_attended
		[SERVICE_SLOTS]; /* 1: somebody reads the rings of the slot's deliver */
};

/* What changes by itself while frames flow. */
struct rule_state {
	__u8 mac[8]; /* the interface's own, 6 bytes */
	__u32 level; /* enum level */
	__u32 sample_every; /* level detailed: 64, debug: 1, a power of two; basic: 0 */
	__u32 source_every; /* of the packets that services want, so many are one sample: a power of two */
	__u32 pad;
};

/* What user space writes for another level. */
static inline void rule_state_set_level(struct rule_state *state, __u32 level)
{
	__atomic_store_n(&state->sample_every,
		level == LEVEL_BASIC	  ? 0
		: level == LEVEL_DETAILED ? SAMPLE_DETAILED
					  : 1,
		__ATOMIC_RELAXED);
	__atomic_store_n(&state->level, level, __ATOMIC_RELAXED);
}

#endif
