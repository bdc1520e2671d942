/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the numbers of one key's packets say: which are missing, late, or came twice. The last 64 numbers are
 * remembered, as a replay window does (RFC 4303 §3.4.3). For both halves.
 */
#ifndef RINGSIDE_STEER_ORDER_H
#define RINGSIDE_STEER_ORDER_H

#include "frame.h"

#define STEER_WINDOW 64
/* No gap is so wide: the sender counts from somewhere else. */
#define STEER_LEAP (1ull << 31)

struct steer_order {
	__u64 newest;
	__u64 window; /* bit i: the number newest - i has come */
	__u64 anew; /* what comes next if the sender has begun anew */
	__u64 strays; /* 1: it may have */
};

enum steer_place {
	STEER_NEXT,
	STEER_GAP, /* numbers are missing before it */
	STEER_LATE, /* a newer one had come */
	STEER_TWICE,
	STEER_ANEW, /* the second one in order of a sender that counts from somewhere else */
};

static __always_inline void steer_order_begin(struct steer_order *order, __u64 number)
{
	order->newest = number;
	order->window = 1;
	order->anew = 0;
	order->strays = 0;
}

/* A number far off: late, until the one behind it follows (as RFC 3550 A.1 tells restarts from strays). */
static __always_inline enum steer_place steer_order_far(struct steer_order *order, __u64 number)
{
	if (!order->strays || number != order->anew) {
		order->anew = number + 1;
		order->strays = 1;
		return STEER_LATE;
	}
	steer_order_begin(order, number);
	order->window = 3;
	return STEER_ANEW;
}

/* Takes down the number of a key's next packet. *missing: how many are, before it. */
static __always_inline enum steer_place steer_order_judge(
	struct steer_order *order, __u64 number, __u64 *missing)
{
	__u64 ahead = number - order->newest, behind = order->newest - number, bit;

	*missing = 0;
	if (ahead && ahead < STEER_LEAP) {
		order->window = ahead < STEER_WINDOW ? order->window << ahead | 1 : 1;
		order->newest = number;
		*missing = ahead - 1;
		return *missing ? STEER_GAP : STEER_NEXT;
	}
	if (behind >= STEER_WINDOW)
		return steer_order_far(order, number);
	bit = 1ull << behind;
	if (order->window & bit)
		return STEER_TWICE;
	order->window |= bit;
	return STEER_LATE;
}

#endif
