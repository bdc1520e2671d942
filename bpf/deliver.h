/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * deliver: packets for listed ports go into the rings of other processes. For both halves.
 *
 * Delivered are whole UDP packets (the port table has chosen the service already) to a wanted address,
 * in frames for the interface's own MAC address, a group, or everybody: what the stack would take, too.
 * While no consumer is there, they are left to the stack.
 */
#ifndef RINGSIDE_DELIVER_H
#define RINGSIDE_DELIVER_H

#include "address.h"
#include "tables.h"
#include "verdict.h"

struct deliver_rule {
	__u32 addresses; /* what must be in an address's `wanted`; 0: any address */
	__u8 slot;
	__u8 pad[3];
};

_Static_assert(sizeof(struct deliver_rule) == 8, "layout");

/* The verdict on a frame whose port belongs to the service. Never writes. */
static __always_inline int deliver_match(const struct frame *f, const struct deliver_rule *rule,
	const struct rule_tables *tables, const struct rule_state *state)
{
	if (!frame_is_unicast_to(f, (const __u8 *)state->mac) && !(f->data[0] & 1))
		return VERDICT_NEXT;
	if (rule->addresses && !(address_wanted(f, tables->addresses) & rule->addresses))
		return VERDICT_NEXT;
	if (!tables->deliver_attended[rule->slot & (SERVICE_SLOTS - 1)])
		return VERDICT_PASS;
	return VERDICT_HANDLE;
}

/* No verdict of deliver's asks for an answer. */
static __always_inline void deliver_answer(const struct frame *f, const struct deliver_rule *rule)
{
	(void)f;
	(void)rule;
}

#endif
