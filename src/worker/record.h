/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a worker writes down of a batch: the books at every level, and what the higher levels add. Inline,
 * for worker.c's loop, whose variants know the level, and for price.c, which measures what it costs.
 */
#ifndef RINGSIDE_RECORD_H
#define RINGSIDE_RECORD_H

#include <stddef.h>
#include <string.h>

#include "base/clock.h"
#include "base/counter.h"
#include "worker/worker.h"

/* Of a frame that has a time. Who is not the first half gets times only for those that the kernel half has sampled. */
static inline bool record_is_sampled(struct worker *w, unsigned i, enum level level)
{
	if (!w->frames[i].sent && w->outcomes[i] != OUTCOME_DELIVER)
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
	const uint64_t since_ns = w->recording_since_ns;

	for (unsigned i = 0; i < n; i++) {
		const struct io_frame *frame = &w->frames[i];

		if (level >= LEVEL_DEBUG && w->first_half)
			counter_add(&w->books.cells.sizes[size_bin(frame->length)], 1);
		/* first what most frames have not, so that they cost one comparison */
		if (frame->hook_ns >= since_ns && record_is_sampled(w, i, level))
			histogram_add(&w->latency[w->slots[i]], sent_ns - frame->hook_ns);
	}
	counter_add(&w->books.batches[record_batch_bin(n)], 1);
	w->batch_end_ns = clock_now_ns();
	counter_add(&w->books.busy_ns, w->batch_end_ns - start_ns);
}

/* When a batch begins: at the end of the one before, if that was just now, since reading the clock is most
 * of what level detailed costs. */
static inline uint64_t record_start(const struct worker *w)
{
	return w->batch_end_ns ? w->batch_end_ns : clock_now_ns();
}

/* Refused by the transmit side, so that its outcome is another one: sent is false though send is true. The
 * two are neighbours, and read as one word. */
static inline bool record_is_refused(const struct io_frame *frame)
{
	static const bool refused[2] = { true, false };
	uint16_t flags, pattern;

	_Static_assert(offsetof(struct io_frame, sent) == offsetof(struct io_frame, send) + 1,
		"one word of two");
	memcpy(&flags, &frame->send, sizeof(flags));
	memcpy(&pattern, refused, sizeof(pattern));
	return flags == pattern;
}

/* All of a batch that is one run, as most are: without a branch per frame. False: it is not, and nothing
 * was counted. */
static inline bool record_one_run(struct worker *w, unsigned n)
{
	struct cell *cell = &w->books.cells.cell[w->slots[0]][w->outcomes[0]];
	bool refused = false;
	uint64_t bytes = 0;

	if (memcmp(w->slots, w->slots + 1, n - 1) != 0 ||
		memcmp(w->outcomes, w->outcomes + 1, n - 1) != 0)
		return false;
#pragma GCC unroll 4
	for (unsigned i = 0; i < n; i++) {
		bytes += w->frames[i].length;
		refused |= record_is_refused(&w->frames[i]);
	}
	if (refused)
		return false;
	counter_add(&cell->packets, n);
	counter_add(&cell->bytes, bytes);
	return true;
}

/* The books. Neighbours mostly share a cell: their run is summed up before the cell is written to. */
static inline void record_counts(struct worker *w, unsigned n)
{
	if (record_one_run(w, n))
		return;
	for (unsigned i = 0, first = 0; i < n; first = i) {
		unsigned slot = w->slots[i], outcome = w->outcomes[i];
		bool refused = record_is_refused(&w->frames[i]);
		struct cell *cell;
		uint64_t bytes = 0;

		do
			bytes += w->frames[i++].length;
		while (i < n && w->slots[i] == slot && w->outcomes[i] == outcome &&
			record_is_refused(&w->frames[i]) == refused);
		cell = &w->books.cells
				.cell[slot][refused ? OUTCOME_DROP + DROP_tx_ring_full : outcome];
		counter_add(&cell->packets, i - first);
		counter_add(&cell->bytes, bytes);
	}
}

#endif
