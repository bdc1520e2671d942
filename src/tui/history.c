/* SPDX-License-Identifier: BSD-2-Clause */
#include "tui/history.h"

#include <string.h>

#include "base/clock.h"
#include "tui/history_rows.h"

void history_init(struct history *history)
{
	memset(history, 0, sizeof(*history));
	history_zero(history);
}

void history_zero(struct history *history)
{
	history->since_zero = 0;
	for (int i = 0; i < HISTORY_SERIES; i++)
		history->peak[i] = NAN;
}

static void read_counters(const struct snapshot *snapshot, uint64_t counters[HISTORY_SERIES])
{
	const struct snapshot_flow *flow = &snapshot->totals.flow;

	counters[HISTORY_RX_PPS] = flow->rx_packets;
	counters[HISTORY_TX_PPS] = flow->tx_packets;
	counters[HISTORY_RX_BPS] = flow->rx_bytes;
	counters[HISTORY_TX_BPS] = flow->tx_bytes;
	counters[HISTORY_DROP_PPS] = snapshot->totals.drop_packets;
}

static double rate(uint64_t before, uint64_t now, uint64_t elapsed_ns, int series)
{
	double bits = series == HISTORY_RX_BPS || series == HISTORY_TX_BPS ? 8 : 1;

	if (before == SNAPSHOT_UNKNOWN || now == SNAPSHOT_UNKNOWN || now < before || !elapsed_ns)
		return NAN;
	return (double)(now - before) * bits * (double)NSEC_PER_SEC / (double)elapsed_ns;
}

static void push(struct history *history, const double sample[HISTORY_SERIES])
{
	history->newest = (history->newest + 1) % HISTORY_SECONDS;
	memcpy(history->ring[history->newest], sample, sizeof(history->ring[0]));
	if (history->count < HISTORY_SECONDS)
		history->count++;
	if (history->since_zero < HISTORY_SECONDS)
		history->since_zero++;
	for (int i = 0; i < HISTORY_SERIES; i++)
		if (!(sample[i] <= history->peak[i]) && !isnan(sample[i]))
			history->peak[i] = sample[i];
}

static void note_drops(struct history *history, const struct snapshot *snapshot)
{
	uint64_t drops = snapshot->totals.drop_packets;

	if (drops == SNAPSHOT_UNKNOWN)
		return;
	if (history->base_ns && drops > history->drops) {
		history->last_drop_ns = snapshot->time_ns;
		if (!history->first_drop_ns)
			history->first_drop_ns = snapshot->time_ns;
	}
	history->drops = drops;
}

void history_add(struct history *history, const struct snapshot *snapshot)
{
	uint64_t counters[HISTORY_SERIES], elapsed, seconds;
	double sample[HISTORY_SERIES];

	note_drops(history, snapshot);
	read_counters(snapshot, counters);
	if (history->base_ns && snapshot->monotonic_ns >= history->base_ns) {
		elapsed = snapshot->monotonic_ns - history->base_ns;
		/* whole seconds of the clock, so that snapshots a little early or late share no
		 * column */
		seconds = snapshot->monotonic_ns / NSEC_PER_SEC - history->base_ns / NSEC_PER_SEC;
		if (!seconds)
			return;
		for (int i = 0; i < HISTORY_SERIES; i++)
			sample[i] = rate(history->base[i], counters[i], elapsed, i);
		for (uint64_t i = 0; i < seconds && i < HISTORY_SECONDS; i++)
			push(history, sample);
		history_rows_add(history, snapshot, elapsed,
			(unsigned)(seconds < HISTORY_SECONDS ? seconds : HISTORY_SECONDS));
	}
	memcpy(history->base, counters, sizeof(counters));
	history->base_ns = snapshot->monotonic_ns;
}

double history_at(const struct history *history, enum history_series series, unsigned age)
{
	if (age >= history->count)
		return NAN;
	return history->ring[(history->newest + HISTORY_SECONDS - age) % HISTORY_SECONDS][series];
}

double history_mean(const struct history *history, enum history_series series, unsigned seconds)
{
	double sum = 0;
	unsigned known = 0;

	for (unsigned age = 0; age < seconds && age < history->since_zero; age++) {
		double value = history_at(history, series, age);

		if (isnan(value))
			continue;
		sum += value;
		known++;
	}
	return known ? sum / known : NAN;
}
