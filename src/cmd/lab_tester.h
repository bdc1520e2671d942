/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lab's tester: `generate` in a process of its own, in the network namespace of its end. It shares its
 * results with the process that started it.
 */
#ifndef RINGSIDE_LAB_TESTER_H
#define RINGSIDE_LAB_TESTER_H

#include <stddef.h>

#include "generate/engine.h"

/* Without an answer for this long the reflector is taken to be broken. */
#define LAB_PATIENCE_S 10

/* In memory that both processes share. */
struct lab_result {
	uint32_t order; /* enum engine_order; written by the starter */

	bool answered; /* the reflector, at least once: the figures are there */
	uint64_t after; /* sent behind the last one answered, when broken off; not in the figures */
	struct figures figures;

	int code; /* a negative errno when it failed, with err */
	struct err err;
};

/* Sends until the duration is over or the order is another than ORDER_GO. Fills the result. */
void lab_tester_run(const struct generate_settings *settings, const struct generate_trial *trial,
	struct lab_result *result);

/* One line: "sent N, received N, lost N, …; round trip p50 …". */
void lab_result_print(const struct lab_result *result, char *line, size_t size);

#endif
