/* SPDX-License-Identifier: BSD-2-Clause */
/* What the statistics of each level cost a packet on this machine, in nanoseconds. What is not known is
 * NAN. */
#ifndef RINGSIDE_PRICE_H
#define RINGSIDE_PRICE_H

#include <pthread.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/log.h"
#include "bpf/verdict.h"
#include "io/xdp_price.h"
#include "stats/snapshot.h"

/* Measures, in about 10 ms of this thread's time, what each level writes down of a packet in a worker,
 * at batches of 64. */
void price_measure(double ns[LEVEL_DEBUG + 1]);

/* One copy's notes of what each level adds to a packet that the kernel half answers: see io/xdp_price.h, which also
 * says what stop is. */
int price_run_kernel(struct price_log *log, const bool *stop, struct err *err);
/* What as many copies as needed say, one after the other. On failure every price is unknown. */
int price_measure_kernel(struct price price[LEVEL_DEBUG + 1], const bool *stop, struct err *err);

/* The same by a thread of its own, which ends when it is done. */
struct price_kernel {
	pthread_t thread;
	struct log *log;
	bool started;
	uint32_t workers_cpus[SNAPSHOT_QUEUES];
	unsigned workers_cpus_count;
	bool stop, known; /* atomic */
	struct price price[LEVEL_DEBUG + 1]; /* when known */
};

/* Starts it, with the privileges of the caller, off the CPUs of the snapshot's workers; where that fails, prices
 * stay unknown. Does nothing when it was started before. log is kept. */
void price_kernel_start(
	struct price_kernel *kernel, const struct snapshot *snapshot, struct log *log);
void price_kernel_get(const struct price_kernel *kernel, struct price price[LEVEL_DEBUG + 1]);
/* Ends it soon, and waits for that. */
void price_kernel_stop(struct price_kernel *kernel);

#endif
