/* SPDX-License-Identifier: BSD-2-Clause */
/* deliver: ten times a second consumers are seated and shown. */
#include <stdio.h>

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

_Static_assert(sizeof(deliver_figures) / sizeof(deliver_figures[0]) == FIGURES, "in step");
_Static_assert(sizeof(ring_columns) / sizeof(ring_columns[0]) == RING_COLUMNS, "in step");

const struct figure_table deliver_tables[] = {
	{ "rings", "ring", "The ring of each queue.", ring_columns, RING_COLUMNS,
		.rows = RINGSIDE_RINGS },
	{ "consumers", "consumer", "Who reads the rings: process and command.", readers_columns,
		READERS_COLUMNS, .rows = AUDIENCE_SEATS },
};

enum table { TABLE_RINGS, TABLE_CONSUMERS, TABLES };

const unsigned deliver_figures_count = FIGURES, deliver_tables_count = TABLES;

/* Tells both halves of every interface whether somebody is there. */
static void open_ports(void *context, bool attended)
{
	const struct deliver *d = context;

	for (struct deliver_interface *i = d->interfaces; i; i = i->next)
		__atomic_store_n(
			&i->place->tables->deliver_attended[d->slot], attended, __ATOMIC_RELAXED);
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

void deliver_sample(void *instance, struct figure_sample *sample)
{
	struct deliver *d = instance;

	readers_seat(&d->readers, open_ports, d);
	sample->figures[CONSUMERS].count = audience_readers(&d->readers.audience);
	sample->figures[DEPTH].count = d->settings->depth;
	sample_rings(d, sample);
	readers_show(&d->readers, "", TABLE_CONSUMERS, sample);
}
