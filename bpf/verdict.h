/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Verdicts, and the cells that count them, for both halves.
 *
 * A service's rule gives each frame one verdict. The half that carries the verdict out turns it into
 * one outcome and adds the frame to exactly one cell: cell[service slot][outcome]. What came in is
 * the sum of all cells; there is no second place to count a frame in, so none can be counted twice.
 */
#ifndef RINGSIDE_VERDICT_H
#define RINGSIDE_VERDICT_H

#include <linux/types.h>

/* Services that one instance can run. A port's services are a mask of one byte, hence eight. */
#define SERVICE_SLOTS 8
/* The row of cells for frames that belong to no service. */
#define SLOT_NONE SERVICE_SLOTS

/* What a rule says. VERDICT_DROP + an enum drop names the reason. */
enum verdict {
	VERDICT_NEXT, /* not mine: offer it to the next service */
	VERDICT_PASS, /* leave it to the Linux stack */
	VERDICT_BOUNCE, /* answer it, then send it back where it came from */
	VERDICT_HANDLE, /* mine: give it to the service's handler, which says what became of it */
	VERDICT_DROP,
	/* VERDICT_SPARE + an enum drop: pass it, though the reason stands; behind the drops */
};

/* Why a frame was dropped: the same word in struct, JSON and column. First the reasons that belong to
 * a service, then those that belong to a queue. */
#define DROP_REASONS(X)                                                                            \
	X(rate_limited)                                                                            \
	X(ttl_exceeded)                                                                            \
	X(bad_checksum)                                                                            \
	X(denied)                                                                                  \
	X(not_acknowledged)                                                                        \
	X(bad_sequence)                                                                            \
	X(truncated)                                                                               \
	X(bad_magic)                                                                               \
	X(bad_length)                                                                              \
	X(fragment)                                                                                \
	X(cpu_ring_full)                                                                           \
	X(rx_ring_full)                                                                            \
	X(rx_dropped)                                                                              \
	X(tx_ring_full)                                                                            \
	X(tx_failed)                                                                               \
	X(bad_frame)                                                                               \
	X(not_passable)

enum drop {
#define DROP_ENUM(reason) DROP_##reason,
	DROP_REASONS(DROP_ENUM)
#undef DROP_ENUM
		DROPS,
	DROPS_OF_SERVICE = DROP_rx_ring_full, /* reasons below this one belong to services */
};

#define VERDICT_SPARE (VERDICT_DROP + DROPS)

/* What became of a frame. OUTCOME_DROP + an enum drop names the reason; so does OUTCOME_SPARE, of a frame
 * that passed all the same, since the configuration only watches. */
enum outcome {
	OUTCOME_PASS, /* went on to the Linux stack */
	OUTCOME_TX, /* went back out of the interface */
	OUTCOME_REDIRECT, /* kernel half only: handed to the queue's worker, which counts it again */
	OUTCOME_DELIVER, /* went to an application or a CPU; part of what passed */
	OUTCOME_DROP,
	OUTCOMES = 32, /* a power of two, so that the kernel half bounds an index with a mask */
};

#define OUTCOME_SPARE (OUTCOME_DROP + DROPS)

_Static_assert(OUTCOME_SPARE + DROPS_OF_SERVICE <= OUTCOMES, "every reason has its cells");

struct cell {
	__u64 packets;
	__u64 bytes; /* layer 2 without FCS */
};

/* Frame sizes as level debug counts them, layer 2 without FCS: up to 64, 127, 255, 511, 1023, 1518
 * bytes and above (RFC 2819's etherStats bins, which count with FCS, moved by its 4 bytes are too
 * fine a difference for this purpose). */
#define SIZE_BINS 7

static inline __attribute__((always_inline)) __u32 size_bin(__u32 bytes)
{
	return (bytes > 64) + (bytes > 127) + (bytes > 255) + (bytes > 511) + (bytes > 1023) +
	       (bytes > 1518);
}

/* One queue's books: per CPU in the kernel half, per worker in the other. Written by one writer. */
struct cells {
	struct cell cell[SERVICE_SLOTS + 1][OUTCOMES];
	__u64 sizes[8]; /* level debug only; SIZE_BINS are used */
	__u64 sequence; /* frames seen since the level left basic; chooses the samples */
	__u64 wanted; /* chooses the samples of frames that services wanted: access_is_sample() */
};

_Static_assert(sizeof(struct cells) == 16 * OUTCOMES * (SERVICE_SLOTS + 1) + 80, "layout");

/* What a hook of a service's own has counted of one queue; worker/books.c says how it joins the rest. */
struct hook_books {
	struct cell own[OUTCOMES]; /* frames of the service, by outcome */
	struct cell other; /* all others that it saw */
	/* Frames that it sent besides one for each that it answered; and how many bytes more, perhaps below 0, all of them
	 * had than what was answered: what was sent is OUTCOME_TX and these. */
	struct cell made;
};

/* Statistics levels. Each shows all that the ones below it show. */
enum level { LEVEL_BASIC, LEVEL_DETAILED, LEVEL_DEBUG };

/* Level detailed times one frame in 64: that costs a hundredth of the kernel path's rate, timing every
 * frame (level debug) a quarter (docs/performance.md). */
#define SAMPLE_DETAILED 64

/* The log-linear histogram's shape, the same in both halves: values below 64 ns have a bucket each,
 * each octave above has 64 of equal width, so a bucket is at most 1/64 = 1.6 % wide. The last octave
 * ends at 2^36 ns, 69 s; longer times are counted in the last bucket. */
#define HISTOGRAM_SUB_BITS 6
#define HISTOGRAM_OCTAVES 30
#define HISTOGRAM_BUCKETS (64 * (HISTOGRAM_OCTAVES + 1))

#endif
