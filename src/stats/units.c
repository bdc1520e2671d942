/* SPDX-License-Identifier: BSD-2-Clause */
#include "stats/units.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "stats/snapshot.h"

static const char *unknown(char *buffer, size_t size)
{
	snprintf(buffer, size, "?");
	return buffer;
}

const char *units_fixed(char *buffer, size_t size, double value, unsigned decimals)
{
	static const unsigned scales[] = { 1, 10, 100, 1000 };
	unsigned scale = scales[decimals < 3 ? decimals : 3];
	uint64_t scaled;

	if (!isfinite(value))
		return unknown(buffer, size);
	/* from 2^53 on the last digit would be invented; %.0f has no point to be localised */
	if (fabs(value) * scale >= 9007199254740992.0) {
		snprintf(buffer, size, "%.0f", value);
		return buffer;
	}
	scaled = (uint64_t)llround(fabs(value) * scale);
	if (scale == 1)
		snprintf(buffer, size, "%s%" PRIu64, value < 0 && scaled ? "-" : "", scaled);
	else
		snprintf(buffer, size, "%s%" PRIu64 ".%0*u", value < 0 && scaled ? "-" : "",
			scaled / scale, (int)decimals, (unsigned)(scaled % scale));
	return buffer;
}

/* Four digits of a magnitude below 1000 that has a prefix. */
static unsigned decimals_of(double magnitude)
{
	return magnitude < 99.995 ? 2 : 1;
}

const char *units_si(char *buffer, size_t size, double value, const char *unit)
{
	static const char prefixes[] = " kMGTPE";
	char digits[UNITS_BYTES];
	const char *blank = *unit ? " " : "";
	double magnitude = fabs(value);
	unsigned step = 0;

	if (!isfinite(value))
		return unknown(buffer, size);
	/* a value that would be rounded to 1000 takes the next prefix: 1.00k, not 1000 */
	for (double limit = 999.5; magnitude >= limit && prefixes[step + 1]; limit = 999.95) {
		value /= 1000;
		magnitude /= 1000;
		step++;
	}
	if (!step) {
		bool whole = magnitude >= 9.95 || magnitude == floor(magnitude);

		units_fixed(digits, sizeof(digits), value, whole ? 0 : 1);
		snprintf(buffer, size, "%s%s%s", digits, blank, unit);
		return buffer;
	}
	units_fixed(digits, sizeof(digits), value, decimals_of(magnitude));
	snprintf(buffer, size, "%s%s%c%s", digits, blank, prefixes[step], unit);
	return buffer;
}

const char *units_si_count(char *buffer, size_t size, uint64_t count, const char *unit)
{
	return units_si(buffer, size, count == SNAPSHOT_UNKNOWN ? NAN : (double)count, unit);
}

const char *units_count(char *buffer, size_t size, uint64_t count)
{
	char digits[UNITS_BYTES], grouped[UNITS_BYTES];
	size_t length, used = 0;

	if (count == SNAPSHOT_UNKNOWN)
		return unknown(buffer, size);
	length = (size_t)snprintf(digits, sizeof(digits), "%" PRIu64, count);
	for (size_t i = 0; i < length; i++) {
		if (i && (length - i) % 3 == 0)
			grouped[used++] = ',';
		grouped[used++] = digits[i];
	}
	grouped[used] = 0;
	snprintf(buffer, size, "%s", grouped);
	return buffer;
}

const char *units_ns(char *buffer, size_t size, uint64_t ns)
{
	static const char *const names[] = { "us", "ms", "s" };
	char digits[UNITS_BYTES];
	double value = (double)ns / 1000;
	unsigned step = 0;

	if (ns == SNAPSHOT_UNKNOWN)
		return unknown(buffer, size);
	if (ns < 1000) {
		snprintf(buffer, size, "%uns", (unsigned)ns);
		return buffer;
	}
	for (; value >= 999.5 && step < 2; step++)
		value /= 1000;
	units_fixed(digits, sizeof(digits), value, value < 9.995 ? 2 : value < 99.95 ? 1 : 0);
	snprintf(buffer, size, "%s%s", digits, names[step]);
	return buffer;
}

const char *units_time(char *buffer, size_t size, int64_t time_ns)
{
	int64_t second = (int64_t)NSEC_PER_SEC;
	time_t seconds = time_ns / second;
	int64_t rest = time_ns % second;
	char text[UNITS_BYTES];
	struct tm tm;

	if (rest < 0) {
		seconds--;
		rest += second;
	}
	gmtime_r(&seconds, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(buffer, size, "%s.%03uZ", text, (unsigned)(rest / 1000000));
	return buffer;
}
