/* SPDX-License-Identifier: BSD-2-Clause */
/* What the statistics cost a packet in the kernel half, on this machine. */
#ifndef RINGSIDE_XDP_PRICE_H
#define RINGSIDE_XDP_PRICE_H

#include <stdbool.h>

#include "base/err.h"
#include "bpf/price.h"
#include "bpf/services.h"

/* A frame that the program answers by itself, again and again: its answer is the frame as it was. */
struct xdp_price_trial {
	const struct service_rule *services; /* [SERVICE_SLOTS] */
	const struct rule_tables *tables;
	struct rule_state state;
	const void *frame;
	__u32 length;
	const bool *stop; /* set by another thread: -ECANCELED; may be NULL */
};

/* Loads a copy of the kernel half that times itself, with maps of its own, and has it answer the trial's frame some
 * hundred thousand times in one test run. Takes some 10 ms of this thread's time, but up to 0.2 s, since the
 * kernel waits before and after the run until no CPU runs an XDP program. Attaches nothing; what an instance counts
 * is not touched. */
int xdp_price_run(const struct xdp_price_trial *trial, struct price_log *log, struct err *err);

/* In nanoseconds a packet. The true price is not farther away than the error, which is measured with it: how much
 * a program that does the same differs from itself, one round from another, and one copy of the program, in another
 * place of the memory, from another. What is not known is NAN. */
struct price {
	double ns, error_ns;
};

#define XDP_PRICE_COPIES 5

/* What the copies' notes say: what each level adds to none. */
void xdp_price_judge(
	const struct price_log copies[XDP_PRICE_COPIES], struct price price[LEVEL_DEBUG + 1]);

#endif
