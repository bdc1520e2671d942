/* SPDX-License-Identifier: BSD-2-Clause */
/* What consumers say of themselves, in memory that they write: as far as it can be true. */
#include <string.h>

#include "ring/audience.h"

/* Adds what a consumer says of one ring; what cannot be true makes the sum unknown. */
static void add_report(
	struct audience_row *row, const struct seat *seat, unsigned index, uint64_t next)
{
	const struct ringside_report_ring *report = &seat->report->ring[index];
	uint64_t position = __atomic_load_n(&report->position, __ATOMIC_RELAXED);
	uint64_t received = __atomic_load_n(&report->received, __ATOMIC_RELAXED);
	uint64_t polling = __atomic_load_n(&report->lost_polling, __ATOMIC_RELAXED);
	uint64_t reading = __atomic_load_n(&report->lost_reading, __ATOMIC_RELAXED);
	uint64_t seen = position - seat->first[index], all = next - seat->first[index];

	/* it has not said anything yet */
	if (!position && !received && !polling && !reading)
		seen = 0;
	if (seen > all || received > seen || polling > seen || reading > seen) {
		row->received = row->lost_polling = row->lost_reading = row->lag = UINT64_MAX;
		return;
	}
	if (row->lag == UINT64_MAX)
		return;
	row->received += received;
	row->lost_polling += polling;
	row->lost_reading += reading;
	row->lag += all - seen;
}

/* What a consumer says of all rings. */
static struct audience_row look_at(const struct audience *audience, const struct seat *seat)
{
	struct audience_row row = { .pid = seat->pid, .looks_on = seat->looks_on };

	memcpy(row.command, seat->command, sizeof(row.command));
	for (unsigned k = 0; k < audience->count; k++)
		if (audience->rings[k].ring)
			add_report(&row, seat, k,
				__atomic_load_n(&audience->rings[k].ring->head->published,
					__ATOMIC_RELAXED));
	return row;
}

static bool note_had(const struct audience *audience, struct seat *seat)
{
	const struct audience_row row = look_at(audience, seat);
	uint64_t lost = row.lost_polling + row.lost_reading;

	if (row.lag == UINT64_MAX)
		return false;
	if (row.received > seat->had.received)
		seat->had.received = row.received;
	if (lost > seat->had.lost)
		seat->had.lost = lost;
	seat->had.waiting = row.lag;
	return true;
}

void audience_keep_had(struct audience *audience, struct seat *seat)
{
	if (seat->looks_on)
		return;
	note_had(audience, seat);
	audience->past.received += seat->had.received;
	audience->past.lost += seat->had.lost;
}

unsigned audience_rows(struct audience *audience, struct audience_row *rows)
{
	unsigned n = 0;

	pthread_mutex_lock(&audience->lock);
	for (unsigned i = 0; i < AUDIENCE_SEATS; i++) {
		const struct seat *seat = audience->seat[i];

		if (!seat)
			continue;
		rows[n] = look_at(audience, seat);
		n++;
	}
	pthread_mutex_unlock(&audience->lock);
	return n;
}

bool audience_had(struct audience *audience, struct audience_sum *sum)
{
	bool is_known = true;

	pthread_mutex_lock(&audience->lock);
	*sum = audience->past;
	for (unsigned i = 0; i < AUDIENCE_SEATS; i++) {
		struct seat *seat = audience->seat[i];

		if (!seat || seat->looks_on)
			continue;
		is_known &= note_had(audience, seat);
		sum->received += seat->had.received;
		sum->lost += seat->had.lost;
		sum->waiting += seat->had.waiting;
	}
	pthread_mutex_unlock(&audience->lock);
	return is_known;
}

uint64_t audience_done_by(const struct seat *seat, unsigned index)
{
	uint64_t done = __atomic_load_n(&seat->report->ring[index].done, __ATOMIC_ACQUIRE);

	return (int64_t)(done - seat->first[index]) > 0 ? done : seat->first[index];
}

uint64_t audience_done(struct audience *audience, unsigned index)
{
	uint64_t least = UINT64_MAX;

	pthread_mutex_lock(&audience->lock);
	for (unsigned i = 0; i < AUDIENCE_SEATS; i++) {
		const struct seat *seat = audience->seat[i];

		if (seat && !seat->looks_on && audience_done_by(seat, index) < least)
			least = audience_done_by(seat, index);
	}
	pthread_mutex_unlock(&audience->lock);
	return least;
}
