// SPDX-License-Identifier: BSD-2-Clause
/* steer: what slots have had, and what the numbers of their packets say. */
#include <stdio.h>

#include "base/counter.h"
#include "service/steer_ring.h"

const struct figure_type steer_load_columns[] = {
	{ "packets", "packets", "Packets with such a key.", FIGURE_COUNTER, LEVEL_BASIC, NULL },
	{ "packets_per_second", "packets/s", "Such packets a second.", FIGURE_RATE, LEVEL_BASIC,
		"packets" },
	{ "missing", "packets", "Numbers that were skipped; those of late packets are among them.",
		FIGURE_COUNTER, LEVEL_BASIC, NULL },
	{ "reordered", "packets", "Packets behind a newer one of their key.", FIGURE_COUNTER,
		LEVEL_BASIC, NULL },
	{ "duplicates", "packets", "Packets with a number that their key had already.",
		FIGURE_COUNTER, LEVEL_BASIC, NULL },
	{ "restarts", "", "Times that a key's numbers began anew.", FIGURE_COUNTER, LEVEL_BASIC,
		NULL },
};

enum column { PACKETS, PACKETS_RATE, MISSING, REORDERED, DUPLICATES, RESTARTS, COLUMNS };

_Static_assert(sizeof(steer_load_columns) / sizeof(*steer_load_columns) == COLUMNS &&
		       COLUMNS == STEER_LOAD_COLUMNS,
	"in step");

void steer_add_load(const struct steer_interface *i, unsigned n, struct steer_load *load)
{
	const struct steer_entry *entry = &i->tables[i->steer->slot].entry[n];

	load->packets += counter_get(&entry->packets);
	load->missing += counter_get(&entry->missing);
	load->reordered += counter_get(&entry->reordered);
	load->duplicates += counter_get(&entry->duplicates);
	load->restarts += counter_get(&entry->restarts);
}

static void add_queue_load(const struct steer_queue *q, unsigned n, struct steer_load *load)
{
	const struct steer_load *of = &q->loads[n];

	load->packets += counter_get(&of->packets);
	load->missing += counter_get(&of->missing);
	load->reordered += counter_get(&of->reordered);
	load->duplicates += counter_get(&of->duplicates);
	load->restarts += counter_get(&of->restarts);
}

static struct steer_load load_of(const struct steer *s, unsigned n)
{
	struct steer_load load = s->past_load[n];

	for (const struct steer_interface *i = s->interfaces; i && !s->readers; i = i->next)
		steer_add_load(i, n, &load);
	for (const struct steer_queue *q = s->queues; q; q = q->next)
		add_queue_load(q, n, &load);
	return load;
}

static void add(struct steer_load *sum, const struct steer_load *load)
{
	sum->packets += load->packets;
	sum->missing += load->missing;
	sum->reordered += load->reordered;
	sum->duplicates += load->duplicates;
	sum->restarts += load->restarts;
}

static void show(const struct steer *s, struct figure_sample *sample, unsigned table,
	const char *label, const struct steer_load *load)
{
	union figure_value *row = figure_row(sample, table, label);

	if (!row)
		return;
	row[PACKETS].count = load->packets;
	if (!s->settings->sequence.bytes)
		return; /* nobody knows */
	row[MISSING].count = load->missing;
	row[REORDERED].count = load->reordered;
	row[DUPLICATES].count = load->duplicates;
	row[RESTARTS].count = load->restarts;
}

static uint64_t faults(const struct steer_load *load)
{
	return load->missing + load->reordered + load->duplicates;
}

/* Keeps the worst ones, the very worst first. */
static void rank(const struct steer_load *loads, unsigned n, unsigned worst[], unsigned *count)
{
	unsigned at = *count;

	if (!faults(&loads[n]))
		return;
	while (at && faults(&loads[worst[at - 1]]) < faults(&loads[n])) {
		if (at < STEER_WORST)
			worst[at] = worst[at - 1];
		at--;
	}
	if (at == STEER_WORST)
		return;
	worst[at] = n;
	*count += *count < STEER_WORST;
}

static void show_worst(const struct steer *s, struct figure_sample *sample,
	const struct steer_load loads[STEER_ENTRIES])
{
	unsigned worst[STEER_WORST], count = 0;

	for (unsigned n = 0; n < STEER_SLOTS; n++)
		rank(loads, n, worst, &count);
	for (unsigned i = 0; i < count; i++) {
		char label[16];

		snprintf(label, sizeof(label), "%u", worst[i]);
		show(s, sample, STEER_TABLE_WORST, label, &loads[worst[i]]);
	}
}

void steer_sample_load(struct steer *s, struct steer_load *sum, struct figure_sample *sample)
{
	struct steer_load *loads = s->loads, range = { 0 };
	char label[32];

	*sum = (struct steer_load){ 0 };
	for (unsigned n = 0; n < steer_entries(s); n++) {
		loads[n] = load_of(s, n);
		add(sum, &loads[n]);
	}
	for (unsigned n = 0; n < STEER_SLOTS; n++) {
		add(&range, &loads[n]);
		if (n % STEER_RANGE != STEER_RANGE - 1)
			continue;
		snprintf(label, sizeof(label), "%u-%u", n + 1 - STEER_RANGE, n);
		show(s, sample, STEER_TABLE_SLOTS, label, &range);
		range = (struct steer_load){ 0 };
	}
	for (unsigned i = 0; i < s->settings->keys.count; i++) {
		snprintf(label, sizeof(label), "%llu",
			(unsigned long long)s->settings->keys.list[i].key);
		show(s, sample, STEER_TABLE_KEYS, label, &loads[STEER_SLOTS + i]);
	}
	if (s->settings->sequence.bytes)
		show_worst(s, sample, loads);
}
