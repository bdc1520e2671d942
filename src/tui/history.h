/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What happened in each of the last seconds. The loop adds every snapshot it takes, drawn or not,
 * so a graph has no gaps where nobody looked; a second that is not known is NAN. Plain memory: a
 * frozen screen keeps a copy.
 */
#ifndef RINGSIDE_HISTORY_H
#define RINGSIDE_HISTORY_H

#include <stdint.h>

#include "stats/snapshot.h"

#define HISTORY_SECONDS 900
#define HISTORY_ROW_SECONDS 480 /* of a single queue or service */
/* The heat strip: how many packets took how long, by half octaves of the nanoseconds from 32 ns on, the
 * last open to the top. */
#define HEAT_SECONDS 240
#define HEAT_GROUPS 44

enum history_series {
	HISTORY_RX_PPS,
	HISTORY_TX_PPS,
	HISTORY_RX_BPS,
	HISTORY_TX_BPS,
	HISTORY_DROP_PPS,
	HISTORY_SERIES,
};

/* What came to one of them, and what a second of it is counted from. */
struct rate_history {
	unsigned count;
	float rx_pps[HISTORY_ROW_SECONDS]; /* by second, as in the ring of all; NAN: not known */
	uint64_t base;
};

struct queue_history {
	char interface[16];
	uint32_t queue;
	struct rate_history rates;
};

/* A service's packets and latencies, a second each. */
struct service_history {
	char service[32];
	struct rate_history rates;
	unsigned count; /* of the latencies */
	uint32_t packets[HEAT_SECONDS][HEAT_GROUPS];
	uint64_t base[HEAT_GROUPS];
};

struct history {
	double ring[HISTORY_SECONDS][HISTORY_SERIES];
	unsigned count, newest; /* samples kept, index of the newest */
	unsigned since_zero; /* samples since the last history_zero() */
	double peak[HISTORY_SERIES]; /* since then; NAN: none yet */
	uint64_t base[HISTORY_SERIES]; /* counters when the newest second began */
	uint64_t base_ns; /* and when that was, CLOCK_MONOTONIC; 0: never */
	uint64_t drops; /* in the newest snapshot */
	uint64_t second; /* counts those in the rings */
	struct queue_history queues[SNAPSHOT_QUEUES]; /* as in the newest snapshot */
	struct service_history services[SERVICE_SLOTS]; /* likewise */
	int64_t first_drop_ns, last_drop_ns; /* CLOCK_REALTIME of the ones seen; 0: none */
};

void history_init(struct history *history);
/* Adds a snapshot: where it begins a new second, the one behind it gets its rates from the measured
 * time. Counters that went backwards give an unknown second. */
void history_add(struct history *history, const struct snapshot *snapshot);
/* Peaks and means count from here on; the graph stays. */
void history_zero(struct history *history);
/* The rate `age` seconds before the newest; NAN when it is not known. */
double history_at(const struct history *history, enum history_series series, unsigned age);
/* The mean of at most the last `seconds`, since zero; NAN when none is known. */
double history_mean(const struct history *history, enum history_series series, unsigned seconds);

/* The rate of a queue, or of a service; NAN when it is not known. */
double history_rate_at(
	const struct history *history, const struct rate_history *rates, unsigned age);
/* The packets of a service, by its index, that took so long; NULL: not known. */
const uint32_t *history_heat_at(const struct history *history, unsigned service, unsigned age);
/* The least nanoseconds of a heat group. */
uint64_t heat_lowest(unsigned group);

#endif
