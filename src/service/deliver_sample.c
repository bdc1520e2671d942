/* SPDX-License-Identifier: BSD-2-Clause */
/* deliver: ten times a second consumers are seated and shown. */
#include <stdio.h>
#include <string.h>

#include "base/counter.h"
#include "bpf/verdict.h"
#include "service/deliver.h"

const struct figure_type deliver_figures[] = {
	{ "consumers", "", "Processes that read the rings, not counting those that look on.",
		FIGURE_GAUGE, LEVEL_BASIC, NULL },
	{ "depth", "packets", "Packets of a queue that a consumer may lag behind.", FIGURE_GAUGE,
		LEVEL_BASIC, NULL },
};

enum figure { CONSUMERS, DEPTH, FIGURES };

static const struct figure_type ring_columns[] = {
	{ "packets", "packets", "Packets published.", FIGURE_COUNTER, LEVEL_BASIC, NULL },
	{ "bytes", "bytes", "Their bytes, layer 2 without FCS.", FIGURE_COUNTER, LEVEL_BASIC,
		NULL },
	{ "packets_per_second", "packets/s", "Packets published a second.", FIGURE_RATE,
		LEVEL_BASIC, "packets" },
};

enum ring_column { RING_PACKETS, RING_BYTES, RING_RATE, RING_COLUMNS };

static const struct figure_type consumer_columns[] = {
	{ "lag", "packets", "Packets published and not yet looked at.", FIGURE_GAUGE, LEVEL_BASIC,
		NULL },
	{ "received", "packets", "Packets received, as the consumer says.", FIGURE_COUNTER,
		LEVEL_BASIC, NULL },
	{ "lost_polling", "packets", "Packets overwritten before the consumer looked at them.",
		FIGURE_COUNTER, LEVEL_BASIC, NULL },
	{ "lost_reading", "packets", "Packets overwritten while the consumer was copying them.",
		FIGURE_COUNTER, LEVEL_BASIC, NULL },
	{ "received_per_second", "packets/s", "Packets received a second.", FIGURE_RATE,
		LEVEL_BASIC, "received" },
};

enum consumer_column { LAG, RECEIVED, LOST_POLLING, LOST_READING, RECEIVED_RATE, CONSUMER_COLUMNS };

_Static_assert(sizeof(deliver_figures) / sizeof(deliver_figures[0]) == FIGURES, "in step");
_Static_assert(sizeof(ring_columns) / sizeof(ring_columns[0]) == RING_COLUMNS, "in step");
_Static_assert(
	sizeof(consumer_columns) / sizeof(consumer_columns[0]) == CONSUMER_COLUMNS, "in step");

const struct figure_table deliver_tables[] = {
	{ "rings", "ring", "The ring of each queue.", ring_columns, RING_COLUMNS, RINGSIDE_RINGS },
	{ "consumers", "consumer", "Who reads the rings: process and command.", consumer_columns,
		CONSUMER_COLUMNS, AUDIENCE_SEATS },
};

enum table { TABLE_RINGS, TABLE_CONSUMERS, TABLES };

const unsigned deliver_figures_count = FIGURES, deliver_tables_count = TABLES;

/* Tells both halves of every interface whether somebody is there. */
static void open_ports(struct deliver *d, bool attended)
{
	for (struct deliver_interface *i = d->interfaces; i; i = i->next)
		__atomic_store_n(
			&i->place->tables->deliver_attended[d->slot], attended, __ATOMIC_RELAXED);
}

static unsigned take_waiting(struct deliver *d, struct deliver_waiting waiting[AUDIENCE_SEATS])
{
	unsigned count;

	pthread_mutex_lock(&d->lock);
	count = d->waiting_count;
	memcpy(waiting, d->waiting, count * sizeof(*waiting));
	d->waiting_count = 0;
	pthread_mutex_unlock(&d->lock);
	return count;
}

/* The ports are open before the first consumer is greeted: what comes from then on is its own. */
static void seat_waiting(struct deliver *d)
{
	struct deliver_waiting waiting[AUDIENCE_SEATS];
	unsigned count = take_waiting(d, waiting);

	for (unsigned i = 0; i < count; i++) {
		struct err err = { "" };

		if (!waiting[i].looks_on)
			open_ports(d, true);
		if (audience_seat(&d->audience, waiting[i].socket, waiting[i].looks_on, &err))
			log_write(d->log, LOG_WARNING, "service %s: %s", d->name, err.text);
	}
	audience_sweep(&d->audience);
	open_ports(d, audience_readers(&d->audience) > 0);
}

static void sample_rings(const struct deliver *d, struct figure_sample *sample)
{
	for (const struct deliver_queue *q = d->queues; q; q = q->next) {
		union figure_value *row;
		char label[32];

		snprintf(label, sizeof(label), "%s/%u", q->interface, q->queue);
		row = figure_row(sample, TABLE_RINGS, label);
		if (!row)
			return;
		row[RING_PACKETS].count = counter_get(&q->packets);
		row[RING_BYTES].count = counter_get(&q->bytes);
	}
}

static void sample_consumers(struct deliver *d, struct figure_sample *sample)
{
	struct audience_row rows[AUDIENCE_SEATS];
	unsigned count = audience_rows(&d->audience, rows);

	sample->figures[CONSUMERS].count = audience_readers(&d->audience);
	for (unsigned i = 0; i < count; i++) {
		union figure_value *row;
		unsigned same = 1;
		size_t length;
		char label[60];

		for (unsigned k = 0; k < i; k++)
			same += rows[k].pid == rows[i].pid;
		length = (size_t)snprintf(
			label, sizeof(label), "%d %s", (int)rows[i].pid, rows[i].command);
		if (same > 1)
			length += (size_t)snprintf(
				label + length, sizeof(label) - length, " #%u", same);
		if (rows[i].looks_on)
			snprintf(label + length, sizeof(label) - length, " (looks on)");
		row = figure_row(sample, TABLE_CONSUMERS, label);
		if (!row)
			return;
		row[LAG].count = rows[i].lag;
		row[RECEIVED].count = rows[i].received;
		row[LOST_POLLING].count = rows[i].lost_polling;
		row[LOST_READING].count = rows[i].lost_reading;
	}
}

void deliver_sample(void *instance, struct figure_sample *sample)
{
	struct deliver *d = instance;

	seat_waiting(d);
	sample->figures[DEPTH].count = d->settings->depth;
	sample_rings(d, sample);
	sample_consumers(d, sample);
}
