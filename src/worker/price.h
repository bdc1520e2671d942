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

/* Measures, in about 10 ms of this thread's time, what each level writes down of a packet in a worker,
 * at batches of 64. */
void price_measure(double ns[LEVEL_DEBUG + 1]);

/* Measures what each level adds to a packet that the kernel half answers, in a copy of the program
 * with maps of its own: see io/xdp_price.h, which also says what stop is. */
int price_measure_kernel(double ns[LEVEL_DEBUG + 1], const bool *stop, struct err *err);

/* The same by a thread of its own, which ends when it is done. */
struct price_kernel {
	pthread_t thread;
	struct log *log;
	bool started;
	bool stop, known; /* atomic */
	double ns[LEVEL_DEBUG + 1]; /* when known */
};

/* Starts it, with the privileges of the caller; where that fails, prices stay unknown. log is kept. */
void price_kernel_start(struct price_kernel *price, struct log *log);
void price_kernel_get(const struct price_kernel *price, double ns[LEVEL_DEBUG + 1]);
/* Ends it soon, and waits for that. */
void price_kernel_stop(struct price_kernel *price);

#endif
