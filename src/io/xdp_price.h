/* SPDX-License-Identifier: BSD-2-Clause */
/* What the statistics cost a packet in the kernel half, on this machine. */
#ifndef RINGSIDE_XDP_PRICE_H
#define RINGSIDE_XDP_PRICE_H

#include <stdbool.h>

#include "base/err.h"
#include "bpf/services.h"

/* A frame that the program answers by itself, again and again: its answer is the frame as it was. */
struct xdp_price_trial {
	const struct service_rule *services; /* [SERVICE_SLOTS] */
	const struct rule_tables *tables;
	struct rule_state state;
	const void *frame;
	__u32 length;
	const bool *stop; /* set by another thread: -ECANCELED soon; may be NULL */
};

/* Loads the kernel half twice more, with maps of its own, once so that it counts nothing; has both answer
 * the trial's frame by test runs, and fills what each level adds: nanoseconds a packet. Takes some 50 ms of
 * this thread's time, but up to a second, since the kernel waits before and after each run until no CPU runs an
 * XDP program. Attaches nothing; what an instance counts is not touched. On failure every price is unknown (NAN),
 * and err says why. */
int xdp_price_measure(
	const struct xdp_price_trial *trial, double ns[LEVEL_DEBUG + 1], struct err *err);

#endif
