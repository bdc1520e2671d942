/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a run has shown so far. Every packet sent is exactly one of received, late, lost and in flight; in the
 * end none is in flight. Answers beyond that are duplicated or stray; those of the former that are not as they
 * should be are corrupted, and are received or late all the same.
 */
#ifndef RINGSIDE_FIGURES_H
#define RINGSIDE_FIGURES_H

#include <stdbool.h>
#include <stdint.h>

#include "bpf/generate.h"
#include "stats/histogram.h"

#define FIGURES_WHY 512

struct figures {
	uint32_t size; /* bytes of a frame, FCS included */
	uint64_t rate_pps; /* asked for; 0: as fast as it goes */
	uint64_t elapsed_ns; /* of sending */
	uint64_t sent;
	uint64_t unsent; /* due, but not sent */
	uint64_t in_flight, lost;
	uint64_t
		receiver_drops; /* lost at our own end, for want of room: answers, so part of lost */
	uint64_t last_answered; /* the highest sequence answered; UINT64_MAX: none */
	uint32_t sampled; /* the round trip of one packet in so many is measured */
	struct generate_counts counts; /* of all CPUs */
	const char *engine; /* "paced", "flood" */
	char mode[64]; /* "AF_XDP, native, zero copy" */
	char why[FIGURES_WHY]; /* why nothing better; empty: nothing to say */
};

uint64_t figures_corrupted(const struct figures *figures);
uint64_t figures_answered(const struct figures *figures); /* received and late */
/* Lost of sent, 0 to 1. */
double figures_loss(const struct figures *figures);

/* Rates over the sending, or between two samples when before is given; layer 2 without FCS. */
struct figures_rates {
	double tx_pps, tx_bps, rx_pps, rx_bps;
};
struct figures_rates figures_rates(const struct figures *now, const struct figures *before);

/* Adds what another CPU has counted. */
void counts_merge(struct generate_counts *into, const struct generate_counts *from);

/* The round trip in ns; 0 for all of it when none was measured. */
struct round_trip {
	uint64_t count, min, mean, p50, p90, p99, p999, max, jitter;
};
struct round_trip counts_round_trip(const struct generate_counts *counts);

#endif
