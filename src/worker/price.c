// SPDX-License-Identifier: BSD-2-Clause
#include "worker/price.h"

#include <math.h>
#include <stdlib.h>

#include "worker/record.h"

#define BATCH 64
/* The best of several rounds, each too short to be interrupted often: what the machine does beside is no
 * part of the price. */
#define ROUNDS 16
#define BATCHES 64

/* Frames as a worker of an AF_XDP socket has them after it has answered them: the kernel half has given
 * those that it sampled a time. */
static void fill_batch(struct worker *w, enum level level)
{
	uint64_t now_ns = clock_now_ns();
	unsigned every = level == LEVEL_DEBUG ? 1 : SAMPLE_DETAILED;

	w->recording_since_ns = 1;
	for (unsigned i = 0; i < BATCH; i++) {
		w->frames[i] = (struct io_frame){ .length = 64 + i % 3,
			.send = true,
			.sent = true,
			.hook_ns = i % every ? 0 : now_ns - 100 * i };
		w->slots[i] = 0;
		w->outcomes[i] = OUTCOME_TX;
	}
}

/* All that a level adds to run_batch(): the clock around the frames, too. */
static inline __attribute__((always_inline)) void write_down(struct worker *w, enum level level)
{
	uint64_t start_ns = 0, sent_ns = 0;

	if (level >= LEVEL_DETAILED) {
		start_ns = record_start(w);
		sent_ns = clock_now_ns();
	}
	record_counts(w, BATCH);
	if (level >= LEVEL_DETAILED)
		record_details(w, BATCH, start_ns, sent_ns, level);
	/* the compiler must not see that nobody reads it */
	__asm__ volatile("" : : "r"(w) : "memory");
}

static double measure(struct worker *w, enum level level)
{
	double best = INFINITY;

	for (unsigned round = 0; round < ROUNDS; round++) {
		uint64_t start_ns = clock_now_ns();
		double ns;

		for (unsigned i = 0; i < BATCHES; i++) {
			if (level == LEVEL_BASIC)
				write_down(w, LEVEL_BASIC);
			else if (level == LEVEL_DETAILED)
				write_down(w, LEVEL_DETAILED);
			else
				write_down(w, LEVEL_DEBUG);
		}
		ns = (double)(clock_now_ns() - start_ns) / (BATCHES * BATCH);
		if (ns < best)
			best = ns;
	}
	return best;
}

void price_measure(double ns[LEVEL_DEBUG + 1])
{
	struct worker *w = aligned_alloc(64, (sizeof(*w) + 63) / 64 * 64);

	for (int level = LEVEL_BASIC; level <= LEVEL_DEBUG; level++)
		ns[level] = NAN;
	if (!w)
		return;
	*w = (struct worker){ 0 };
	for (int level = LEVEL_BASIC; level <= LEVEL_DEBUG; level++) {
		fill_batch(w, (enum level)level);
		ns[level] = measure(w, (enum level)level);
	}
	free(w);
}
