/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `generate` as a lab's tester: packets that come back.
 */
#ifndef RINGSIDE_LAB_TESTER_H
#define RINGSIDE_LAB_TESTER_H

#include "cmd/lab_service.h"
#include "generate/figures.h"

/* Without an answer for this long the service is taken to be broken. */
#define LAB_PATIENCE_S 10

struct lab_trip {
	struct lab_result result;
	uint64_t after; /* sent behind the last one answered, when broken off; not in the figures */
	struct figures figures;
};

/* For struct lab_service: sends, and fills a struct lab_trip; prints it: "sent N, received N, lost N, …; round
 * trip p50 …". */
void lab_tester_run(const struct generate_settings *settings, const struct generate_trial *trial,
	struct lab_result *result);
void lab_trip_print(const struct lab_result *result, char *line, size_t size);

#endif
