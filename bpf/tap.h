/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a tap is shown of a frame, for both halves.
 *
 * A frame is shown by the half that counts it, once, as it was received, with the cell it is counted in.
 * Targets are the services by their slots, and the drops of all.
 */
#ifndef RINGSIDE_TAP_RULE_H
#define RINGSIDE_TAP_RULE_H

#include "verdict.h"

#define TAP_DROPS SERVICE_SLOTS /* the target of all drops */
#define TAP_TARGETS (SERVICE_SLOTS + 1)

/* In front of a frame that the kernel half shows. */
struct tap_note {
	__u64 time_ns; /* CLOCK_MONOTONIC */
	__u32 bytes; /* of the frame, which follows */
	__u16 queue;
	__u8 slot; /* or SLOT_NONE */
	__u8 outcome; /* enum outcome */
	__u16 place; /* the number of its interface, of a hook that a service has on several */
	__u16 packets; /* that GRO has put together in it */
	__be16 tag_proto,
		tag; /* of a VLAN, which has been taken out of the frame; tag_proto 0: none */
};

_Static_assert(sizeof(struct tap_note) == 24, "layout");

/* Frames of one interface that found no room on one CPU, by target. */
struct tap_lost {
	__u64 packets[TAP_TARGETS];
};

/* Those of the wanted targets, a bit for each, that a frame is for. */
static inline __attribute__((always_inline)) __u32 tap_targets(
	__u32 wanted, __u32 slot, __u32 outcome)
{
	__u32 is_drop = outcome >= OUTCOME_DROP && outcome < OUTCOME_SPARE;

	return wanted & (((1u << slot) & ((1u << SERVICE_SLOTS) - 1)) | is_drop << TAP_DROPS);
}

/* What a frame in a tap's ring has in the place of its ports; in that of its hash is how many there have been
 * for the target, those that were lost among them; in that of its header's length, of how many packets it was put
 * together. */
static inline __u32 tap_word(__u32 queue, __u32 slot, __u32 outcome)
{
	return queue << 16 | slot << 8 | outcome;
}

static inline __u32 tap_word_queue(__u32 word)
{
	return word >> 16;
}

static inline __u32 tap_word_outcome(__u32 word)
{
	return word & 0xff;
}

/* The ring of all queues that the kernel half shows says that it is of this one. */
#define TAP_ALL_QUEUES 0xffffffffu

#endif
