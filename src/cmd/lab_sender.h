/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lab's tester: sends test packets at an even rate through AF_PACKET and judges what comes
 * back. It runs in a process of its own, in the network namespace of its end, and shares its
 * results with the process that started it.
 */
#ifndef RINGSIDE_LAB_SENDER_H
#define RINGSIDE_LAB_SENDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "cmd/lab_frame.h"
#include "stats/histogram.h"

#define LAB_FLOWS_MAX 512
/* A rate that no machine reaches: as fast as it goes. */
#define LAB_RATE_MAX UINT64_MAX
/* Without an answer for this long the reflector is taken to be broken. */
#define LAB_PATIENCE_S 10

struct lab_sender_settings {
	const char *link;
	struct lab_end from, to;
	uint32_t length, flows; /* at most LAB_FLOWS_MAX */
	uint64_t rate_pps;
	uint64_t duration_ns; /* counted from the first answer; 0: until told */
};

enum lab_order {
	LAB_GO,
	LAB_FINISH, /* stop, and wait for what is on its way back */
	LAB_ABANDON, /* stop: the reflector is gone, nothing more will come */
};

/* In memory that both processes share. Packets are counted from the first one that was answered,
 * for the reflector was not there before. */
struct lab_result {
	uint32_t order; /* enum lab_order; written by the starter */

	bool answered; /* at least one packet came back */
	bool completed; /* the duration is over: all sent counts; else it was broken off */
	uint64_t sent, back, lost, duplicated, reordered, not_swapped, damaged;
	uint64_t overrun; /* came back, but our socket had no room: in none of the above */
	uint64_t after; /* sent behind the last one answered, when broken off; not in sent */
	struct histogram round_trip;

	int code; /* a negative errno when it failed, with err */
	struct err err;
};

/* Sends until the duration is over or the order is another than LAB_GO. Fills the result. */
void lab_sender_run(const struct lab_sender_settings *settings, struct lab_result *result);

/* One line: "sent N, came back N, lost N, …; round trip p50 …". */
void lab_result_print(const struct lab_result *result, char *line, size_t size);

#endif
