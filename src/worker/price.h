/* SPDX-License-Identifier: BSD-2-Clause */
/* What the statistics cost on this machine. */
#ifndef RINGSIDE_PRICE_H
#define RINGSIDE_PRICE_H

#include "bpf/verdict.h"

/* Measures, in about 10 ms of this thread's time, what each level writes down of a packet in a worker:
 * nanoseconds a packet, at batches of 64. Unknown (NAN) without memory. */
void price_measure(double ns[LEVEL_DEBUG + 1]);

#endif
