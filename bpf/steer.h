/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * steer: packets of a framed binary protocol, told from junk by their header, each partition key kept on
 * one target. For both halves.
 *
 * The header is the first bytes of the UDP payload: fields of 1, 2, 4 or 8 bytes, big endian, where the
 * configuration says. A key belongs to one of 4096 slots, and a slot to one target (a CPU, or a worker's
 * ring): when targets come or go, only the slots that must move do.
 */
#ifndef RINGSIDE_STEER_H
#define RINGSIDE_STEER_H

#include "address.h"
#include "steer_slot.h"
#include "tables.h"
#include "verdict.h"

/* CPUs or workers of one service. */
#define STEER_TARGETS 64
/* The longest header: its fields lie within what one bounds check covers. */
#define STEER_HEADER_MAX 256

struct steer_field {
	__u8 bytes; /* 0: there is no such field */
	__u8 offset; /* in the UDP payload; the field lies inside the header */
};

enum steer_target { STEER_CPU, STEER_WORKER };

struct steer_rule {
	__u64 magic;
	__u64 key_mask; /* the bits of the key field that are the key */
	__u32 addresses; /* what must be in an address's `wanted`; 0: any address */
	__u16 header; /* bytes before the payload */
	struct steer_field magic_at, key_at, length_at, sequence_at;
	__u8 target; /* enum steer_target */
	__u8 spares; /* what is invalid passes instead of being dropped */
	__u8 spares_fragments; /* they pass, counted, instead of being dropped */
	__u8 pins; /* it has keys with a slot of their own */
	__u8 slot; /* the service's */
	__u8 pad[5];
};

_Static_assert(sizeof(struct steer_rule) == 40, "layout");

/* A field's value; the bytes have been checked to be there. */
static __always_inline __u64 steer_value(const __u8 *header, struct steer_field field)
{
	const __u8 *at = header + field.offset;

	if (field.bytes == 4)
		return BE32(FRAME_WORD(__u32, at));
	if (field.bytes == 8)
		return BE64(FRAME_WORD(__u64, at));
	return field.bytes == 2 ? BE16(FRAME_WORD(__u16, at)) : *at;
}

/* What is wrong with the packet, an enum drop, or -1. */
static __always_inline int steer_fault(const struct frame *f, const struct steer_rule *rule)
{
	const __u8 *header = (const __u8 *)(f->udp + 1);
	__u32 payload = f->udp_bytes - (__u32)sizeof(*f->udp);

	if (payload < rule->header || header + rule->header > f->end)
		return DROP_truncated;
	if (rule->magic_at.bytes && steer_value(header, rule->magic_at) != rule->magic)
		return DROP_bad_magic;
	if (rule->length_at.bytes && steer_value(header, rule->length_at) != payload - rule->header)
		return DROP_bad_length;
	return -1;
}

/* True for packets that the stack would take: to the interface's own MAC address, a group, or all, and
 * to a wanted address. */
static __always_inline int steer_is_wanted(const struct frame *f, const struct steer_rule *rule,
	const struct rule_tables *tables, const struct rule_state *state)
{
	if (!frame_is_unicast_to(f, (const __u8 *)state->mac) && !(f->data[0] & 1))
		return 0;
	return !rule->addresses || address_wanted(f, tables->addresses) & rule->addresses;
}

/* The key of a frame without a fault. */
static __always_inline __u64 steer_key(const struct frame *f, const struct steer_rule *rule)
{
	const __u8 *header = (const __u8 *)(f->udp + 1);

	if (header + rule->header > f->end) /* for the verifier: it was checked */
		return 0;
	return steer_value(header, rule->key_at) & rule->key_mask;
}

/* What its header says. */
struct steer_said {
	__u64 key, sequence;
	__u32 n; /* the slot */
};

static __always_inline struct steer_said steer_said(const struct frame *f,
	const struct steer_rule *rule, const struct rule_tables *tables, __u8 slot)
{
	const __u8 *header = (const __u8 *)(f->udp + 1);
	struct steer_said said = { 0 };

	if (header + rule->header > f->end) /* for the verifier: it was checked */
		return said;
	said.key = steer_key(f, rule);
	if (rule->sequence_at.bytes)
		said.sequence = steer_value(header, rule->sequence_at);
	if (rule->pins)
		said.n = steer_pinned(tables->steer_pins, slot, said.key);
	if (!said.n)
		said.n = steer_slot(said.key);
	return said;
}

/* Whether somebody reads the rings of the worker that has the slot. */
static __always_inline int steer_is_attended(
	const struct rule_tables *tables, const struct steer_rule *rule, __u32 n)
{
	const __u32 slot = rule->slot & (SERVICE_SLOTS - 1);

	FRAME_OPAQUE(n);
	if (n >= STEER_ENTRIES)
		return 0;
	return tables->steer_attended[slot] >>
		       (tables->steer_targets[slot][n] & (STEER_TARGETS - 1)) &
	       1;
}

/* The verdict on a frame whose port belongs to the service. Never writes. */
static __always_inline int steer_match(const struct frame *f, const struct steer_rule *rule,
	const struct rule_tables *tables, const struct rule_state *state)
{
	int fault;

	if (!steer_is_wanted(f, rule, tables, state))
		return VERDICT_NEXT;
	/* its datagram will never be whole, and the later ones, which have no port, end with it */
	if (!f->udp_bytes)
		return (rule->spares_fragments ? VERDICT_SPARE : VERDICT_DROP) + DROP_fragment;
	fault = steer_fault(f, rule);
	if (fault >= 0)
		return (rule->spares ? VERDICT_SPARE : VERDICT_DROP) + fault;
	/* as with deliver, what nobody reads is the stack's */
	if (rule->target == STEER_WORKER &&
		!steer_is_attended(tables, rule, steer_said(f, rule, tables, rule->slot).n))
		return VERDICT_PASS;
	return VERDICT_HANDLE;
}

/* What is known of keys' numbers takes some megabytes, where they have any. */
static inline int steer_wants_map(const struct steer_rule *rule, const char *map)
{
	return rule->sequence_at.bytes || __builtin_strcmp(map, "steer_orders");
}

/* No verdict of steer's asks for an answer. */
static __always_inline void steer_answer(const struct frame *f, const struct steer_rule *rule)
{
	(void)f;
	(void)rule;
}

#endif
