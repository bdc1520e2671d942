/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a worker writes down of a batch: the books at every level, and what the higher levels add. Inline,
 * for worker.c's loop, whose variants know the level, and for price.c, which measures what it costs.
 */
#ifndef RINGSIDE_RECORD_H
#define RINGSIDE_RECORD_H

#include "base/clock.h"
#include "base/counter.h"
#include "worker/worker.h"

/* Who is not the first half gets times only for the frames that the kernel half has sampled. */
static inline bool record_is_sampled(
	struct worker *w, const struct io_frame *frame, enum level level)
{
	if (frame->hook_ns < w->recording_since_ns)
		return false;
	return !w->first_half || level == LEVEL_DEBUG ||
	       !(w->books.cells.sequence++ & (SAMPLE_DETAILED - 1));
}

static inline unsigned record_batch_bin(unsigned frames)
{
	unsigned bin = 31 - (unsigned)__builtin_clz(frames);

	return bin < SNAPSHOT_BATCH_BINS ? bin : SNAPSHOT_BATCH_BINS - 1;
}

static inline void record_details(
	struct worker *w, unsigned n, uint64_t start_ns, uint64_t sent_ns, enum level level)
{
	for (unsigned i = 0; i < n; i++) {
		const struct io_frame *frame = &w->frames[i];

		if (level >= LEVEL_DEBUG && w->first_half)
			counter_add(&w->books.cells.sizes[size_bin(frame->length)], 1);
		if ((frame->sent || w->outcomes[i] == OUTCOME_DELIVER) &&
			record_is_sampled(w, frame, level))
			histogram_add(&w->latency[w->slots[i]], sent_ns - frame->hook_ns);
	}
	counter_add(&w->books.batches[record_batch_bin(n)], 1);
	counter_add(&w->books.busy_ns, clock_now_ns() - start_ns);
}

/* Which cell a frame belongs to, once it has been finished. */
static inline struct cell *record_cell(struct worker *w, unsigned i)
{
	const struct io_frame *frame = &w->frames[i];
	unsigned outcome = w->outcomes[i];

	if (frame->send && !frame->sent)
		outcome = OUTCOME_DROP + DROP_tx_ring_full;
	return &w->books.cells.cell[w->slots[i]][outcome];
}

/* The books. Neighbours mostly share a cell: they are summed up before it is written to. */
static inline void record_counts(struct worker *w, unsigned n)
{
	struct cell *cell = record_cell(w, 0);
	uint64_t packets = 0, bytes = 0;

	for (unsigned i = 0; i < n; i++) {
		struct cell *next = record_cell(w, i);

		if (next != cell) {
			counter_add(&cell->packets, packets);
			counter_add(&cell->bytes, bytes);
			packets = bytes = 0;
			cell = next;
		}
		packets++;
		bytes += w->frames[i].length;
	}
	counter_add(&cell->packets, packets);
	counter_add(&cell->bytes, bytes);
}

#endif
