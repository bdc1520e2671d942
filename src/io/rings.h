/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The four rings of an AF_XDP queue and its frames: who owns which frame when. No system calls, so
 * that a fake kernel made of arrays can stand at the other end in tests.
 *
 *    free ──refill──▶ fill ══ kernel ══▶ rx ──receive──▶ worker ──transmit──▶ tx ══ kernel ══▶
 *      ▲                                                    │                         completion
 *      └────────────────────────────────────────────────────┴────────── reap ◀────────────┘
 *
 * A frame handed to tx belongs to the kernel until it is in the completion ring: giving it to the fill
 * ring any earlier is how reflectors come to send half-swapped packets. Every ring's space is looked
 * at before it is reserved, for libxdp cannot cancel a reservation.
 */
#ifndef RINGSIDE_RINGS_H
#define RINGSIDE_RINGS_H

#include <xdp/xsk.h>

#include "io/frames.h"
#include "io/io.h"

/* Entries. The receive ring holds every frame there is: a worker that was off its CPU for 13 ms has lost
 * nothing at 300 kpps, and in a flood the kernel runs out of frames and drops at once, where with a full
 * ring it would copy each packet first. More would only echo old packets after a flood. */
#define RINGS_RX 4096
#define RINGS_TX 2048
#define RINGS_FILL 4096
#define RINGS_COMPLETION 4096
#define RINGS_FRAMES_MIN 4096

struct rings {
	struct frames frames;
	struct xsk_ring_prod fill, tx;
	struct xsk_ring_cons rx, completion;
	uint32_t outstanding; /* handed to tx and not reaped */
	uint32_t lent; /* by rings_lend(), and not yet back */
	uint32_t kept; /* by services */
};

/* Gives every free frame to the kernel, as far as the fill ring has room. */
void rings_refill(struct rings *rings);
/* Lends at most max received frames; times: reads and clears the time that the kernel half noted in
 * front of each frame (0: none). Returns how many. */
unsigned rings_receive(struct rings *rings, struct io_frame *frames, unsigned max, bool times);
/* Lends at most max free frames: with those lent before, no more than tx has room for. All go back in one
 * call of rings_transmit(). Returns how many. */
unsigned rings_lend(struct rings *rings, struct io_frame *frames, unsigned max);
/* Gives a service frames to keep. False: there are not so many free. */
bool rings_keep(struct rings *rings, uint32_t *kept, unsigned count);
/* Takes back all frames on loan, or those given in their place: those to send go to tx in order while there is room, the rest are
 * free. Sets `sent`. Returns how many went to tx. */
unsigned rings_transmit(struct rings *rings, struct io_frame *frames, unsigned count);
/* Takes back what the kernel has sent. Returns how many. */
unsigned rings_reap(struct rings *rings);

#ifdef RINGSIDE_FRAME_OWNERS
/* The audit at the end, with nothing on loan: aborts unless each frame is in one place, is owned as this place says,
 * and only the kernel has some that are in none. */
void rings_audit(struct rings *rings);
#else
static inline void rings_audit(struct rings *rings)
{
	(void)rings;
}
#endif

/* Entries that wait in a ring; from any thread. */
static inline uint32_t rings_entries(const uint32_t *producer, const uint32_t *consumer)
{
	uint32_t n = __atomic_load_n(producer, __ATOMIC_ACQUIRE) -
		     __atomic_load_n(consumer, __ATOMIC_ACQUIRE);

	/* the two are read one after the other: a difference that no ring can have is a passing one */
	return n > RINGS_FILL ? 0 : n;
}

#endif
