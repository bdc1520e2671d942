/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers in words, for the screen, text and exporters. All of them write a decimal point, whatever
 * the locale says (printf's %f would not), never more than size bytes, and return the buffer, so
 * that they can stand among the arguments of a printf. UNITS_BYTES are enough for each, and
 * UNITS_FIXED_BYTES for units_fixed() of any double.
 */
#ifndef RINGSIDE_UNITS_H
#define RINGSIDE_UNITS_H

#include <stddef.h>
#include <stdint.h>

#define UNITS_BYTES 48
#define UNITS_FIXED_BYTES 320

/* Up to four digits with an SI prefix: "42", "8.02k", "22.31M", "310.4k"; with a unit (pps, b/s, B)
 * a blank before the two: "10.70 Gb/s". "?" when the value is not known (NaN or infinite). */
const char *units_si(char *buffer, size_t size, double value, const char *unit);

/* A count in the same way; "?" for SNAPSHOT_UNKNOWN. */
const char *units_si_count(char *buffer, size_t size, uint64_t count, const char *unit);

/* A count in full, "12,345,678"; "?" for SNAPSHOT_UNKNOWN. */
const char *units_count(char *buffer, size_t size, uint64_t count);

/* A time in three digits: "127ns", "1.91us", "48.0ms", "12.5s"; "?" for SNAPSHOT_UNKNOWN. */
const char *units_ns(char *buffer, size_t size, uint64_t ns);

/* With this many decimals (at most 3), rounded half away from zero, or none where a double has no
 * more to give; "?" when it is not known. */
const char *units_fixed(char *buffer, size_t size, double value, unsigned decimals);

/* A CLOCK_REALTIME as ISO 8601 in UTC with milliseconds: "2026-11-20T12:00:00.000Z". */
const char *units_time(char *buffer, size_t size, int64_t time_ns);

#endif
