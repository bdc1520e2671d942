/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The accountant of a run: which packets are still waited for. The sender and the receiver (bpf/generate.h)
 * mark packets sent and answered; this moves packets on, by their age, from waited for to late to lost, and
 * counts the lost. Each packet is lost at most once, and never answered afterwards: what comes later still is
 * a stray.
 *
 * One thread, which may be another than the sender's and the receiver's.
 */
#ifndef RINGSIDE_WINDOW_H
#define RINGSIDE_WINDOW_H

#include <stdint.h>

#include "base/err.h"
#include "bpf/generate.h"

/* Slots: the fewest are a page of the kernel half's map; the most hold 2 s at 16 Mpps. */
#define WINDOW_SLOTS_MIN (1u << 16)
#define WINDOW_SLOTS_MAX (1u << 25)

struct window {
	struct generate_window *shared;
	uint8_t *answered; /* [shared->slots] */
	uint64_t *times; /* [shared->slots / every]: when the first packet of each block was sent */
	uint32_t every; /* packets in a block, a power of two */
	uint64_t deadline_ns, wait_ns;
	uint64_t dying_before; /* dead since the last call; the receivers know it by now */
	__u64 lost; /* single writer */
};

/* Slots for what is sent within the wait, a fifth more, or the most there are (rate 0: unlimited). */
uint32_t window_slots(uint64_t rate_pps, uint64_t wait_ns);

/* Moves packets on. end_ns: when sending ended, 0: not yet. */
void window_advance(struct window *window, uint64_t now_ns, uint64_t end_ns);
/* Nothing more will come: whatever has no answer is lost. */
void window_close(struct window *window);

#endif
