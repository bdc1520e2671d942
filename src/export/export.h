/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Snapshots as bytes: pure functions from (snapshot, buffer) to text. Each returns the bytes that the
 * whole text has, without the terminating 0, like snprintf: when that is `size` or more, the text was
 * cut and the caller comes again with a larger buffer.
 */
#ifndef RINGSIDE_EXPORT_H
#define RINGSIDE_EXPORT_H

#include <stddef.h>

#include "stats/snapshot.h"

/* Enough for every snapshot at level debug. */
#define EXPORT_BYTES (2048 * 1024)

/* The contract's JSON object on one line, with a line feed at the end; schema 1. */
size_t export_json(const struct snapshot *snapshot, char *buffer, size_t size);

/* A block of lines for people: totals, a line a queue, a line a service, drops that are not 0 with
 * their reason; services' own figures and tables; at level detailed the latencies. */
size_t export_text(const struct snapshot *snapshot, char *buffer, size_t size);

/* CSV (RFC 4180, but lines end in LF): a row for the totals, then one for each queue and each service
 * ("kind" and "name" say which); columns are the same for all and in every level; unknown is empty. Services' own figures and tables, which
 * differ from service to service, have no columns. */
size_t export_csv_header(char *buffer, size_t size);
size_t export_csv(const struct snapshot *snapshot, char *buffer, size_t size);

/* Prometheus text 0.0.4; open: OpenMetrics 1.0. At level debug it may be several times as long as
 * EXPORT_BYTES. */
size_t export_openmetrics(const struct snapshot *snapshot, bool open, char *buffer, size_t size);

#endif
