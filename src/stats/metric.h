/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * THE table of metrics: name, unit, level, help, and where in the snapshot a value lives. Every
 * exporter walks it, so they cannot disagree; the statistics level is a filter on its rows.
 */
#ifndef RINGSIDE_METRIC_H
#define RINGSIDE_METRIC_H

#include <stddef.h>

#include "stats/snapshot.h"

/* Which struct a row's offset counts from, and which rows of a bounded table it describes. */
enum metric_scope {
	METRIC_TOTALS,    /* struct snapshot_totals */
	METRIC_INTERFACE, /* struct snapshot_interface: the "kernel" object */
	METRIC_QUEUE,     /* struct snapshot_queue */
	METRIC_SERVICE,   /* struct snapshot_service */
	METRIC_FIGURE,    /* struct snapshot_latency: the figures of each METRIC_LATENCY */
};

enum metric_kind {
	METRIC_COUNTER,   /* uint64_t, only grows */
	METRIC_GAUGE,     /* uint64_t */
	METRIC_BALANCE,   /* int64_t, may be negative; unknown is SNAPSHOT_BALANCE_UNKNOWN */
	METRIC_RATE,      /* double */
	METRIC_DROPS,     /* uint64_t[bins], an object by reason */
	METRIC_BINS,      /* uint64_t[], an array of `bins` counts */
	METRIC_LATENCY,   /* struct snapshot_latency */
};

struct metric {
	const char *name; /* the JSON key; an OpenMetrics name is made from it */
	const char *unit; /* "packets", "bytes", "bits/s", "ns", "percent", "" */
	const char *help; /* one sentence */
	enum metric_scope scope;
	enum metric_kind kind;
	enum level level; /* the lowest level that shows it */
	size_t offset;
	unsigned bins;                /* METRIC_DROPS and METRIC_BINS: how many counts */
	const char *const *bin_names; /* their names: reasons, ranges */
};

extern const struct metric metrics[];
extern const unsigned metrics_count;

/* Where a row's value is; record is the struct that its scope names. */
static inline const void *metric_value(const struct metric *metric, const void *record)
{
	return (const char *)record + metric->offset;
}

/* One of a row's counts: bin 0 of a METRIC_COUNTER or METRIC_GAUGE, any bin of the others. */
static inline uint64_t metric_count(const struct metric *metric, const void *record, unsigned bin)
{
	return ((const uint64_t *)metric_value(metric, record))[bin];
}

#endif
