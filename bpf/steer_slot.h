/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The slot that a partition key belongs to. For both halves, and for whoever wants to have the same
 * table without Ringside: it needs nothing else.
 */
#ifndef RINGSIDE_STEER_SLOT_H
#define RINGSIDE_STEER_SLOT_H

#include <linux/types.h>

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

#define STEER_SLOTS 4096
/* Keys of one service that have a slot of their own, behind the others, and of all services together. */
#define STEER_PINS 64
#define STEER_ENTRIES (STEER_SLOTS + STEER_PINS)
#define STEER_PIN_TABLE 256
/* Places of that table that a key may be in. */
#define STEER_PIN_PROBES 16

/* A key with a slot of its own. */
struct steer_pin {
	__u64 key;
	__u8 owner; /* the service's slot + 1; 0: an empty place */
	__u8 number; /* among its keys: slot STEER_SLOTS + number */
	__u8 pad[6];
};

_Static_assert(sizeof(struct steer_pin) == 16, "layout");

/* Murmur3's finalizer (Appleby, MurmurHash3.cpp, fmix32): every bit of the key changes every bit of the
 * result with a chance of one half, so aligned and counted keys spread as random ones do. */
static __always_inline __u32 steer_mix(__u32 x)
{
	x = (x ^ x >> 16) * 0x85ebca6bu;
	x = (x ^ x >> 13) * 0xc2b2ae35u;
	return x ^ x >> 16;
}

/* The slot of all keys that have none of their own. */
static __always_inline __u32 steer_slot(__u64 key)
{
	__u32 high = (__u32)(key >> 32);

	return steer_mix((__u32)key ^ (high ? steer_mix(high) : 0)) & (STEER_SLOTS - 1);
}

/* Each slot's target of so many of the same weight, as steer has them when it starts. */
static __always_inline void steer_share_out(__u8 targets[STEER_SLOTS], __u32 count)
{
	__u32 left = 0, target = 0;

	for (__u32 n = 0; n < STEER_SLOTS; n++) {
		if (!left)
			left = STEER_SLOTS / count + (target++ < STEER_SLOTS % count);
		targets[n] = (__u8)(target - 1);
		left--;
	}
}

/* Where a key's places in the table of pins begin. */
static __always_inline __u32 steer_pin_place(__u64 key)
{
	return steer_mix((__u32)key ^ (__u32)(key >> 32)) >> 12;
}

/* The own slot of a service's key, or 0: it has none. */
static __always_inline __u32 steer_pinned(const struct steer_pin *pins, __u8 slot, __u64 key)
{
	const __u32 place = steer_pin_place(key);

#pragma GCC unroll 16
	for (__u32 i = 0; i < STEER_PIN_PROBES; i++) {
		const struct steer_pin *pin = &pins[(place + i) & (STEER_PIN_TABLE - 1)];

		if (!pin->owner)
			return 0;
		if (pin->key == key && pin->owner == slot + 1)
			return STEER_SLOTS + (pin->number & (STEER_PINS - 1));
	}
	return 0;
}

#endif
