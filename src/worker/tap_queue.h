/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A worker's part of the taps: what it finishes itself it shows in rings of its own, as it was received,
 * once it is known what became of it. Part of the worker's rules (worker/change.h), so that a change of
 * taps is one of rules. While there is none a worker pays one comparison a batch; else a copy of each frame.
 */
#ifndef RINGSIDE_TAP_QUEUE_H
#define RINGSIDE_TAP_QUEUE_H

#include "bpf/frame.h"
#include "bpf/tap.h"
#include "io/io.h"
#include "ring/audience.h"

/* A target's ring. */
struct tap_way {
	struct ring_writer *ring; /* NULL: nobody looks at the target */
	struct audience *audience;
	unsigned index;
};

struct tap_queue {
	struct tap_way way[TAP_TARGETS];
	uint32_t wanted; /* a bit for each that has a ring */
	uint32_t queue;
	/* a batch, before anything of it is rewritten or given back */
	struct io_frame before[IO_BATCH_MAX];
	uint8_t bytes[IO_BATCH_MAX][FRAME_BYTES_MAX];
};

struct worker;

/* What a target's ring is to get. */
struct tap_frame {
	const uint8_t *data;
	uint32_t bytes;
	uint32_t word; /* tap_word() */
	uint32_t serial; /* how many there have been with it, those that were lost, too */
	uint16_t packets; /* of which it was put together */
	uint64_t time_ns;
};

/* Publishes a frame in a target's ring, cut to what that has room for. */
void tap_publish(const struct tap_way *way, const struct tap_frame *frame);

/* The worker's: keeps a batch of n frames as it was received; shows it, when the outcomes are known. */
void tap_queue_keep(struct tap_queue *tap, const struct worker *worker, unsigned n);
void tap_queue_show(
	const struct tap_queue *tap, const struct worker *worker, unsigned n, uint64_t now_ns);

#endif
