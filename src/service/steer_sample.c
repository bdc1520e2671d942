// SPDX-License-Identifier: BSD-2-Clause
/* steer: what it shows. */
#include <stdio.h>
#include <string.h>

#include "service/steer_ring.h"

const struct figure_type steer_figures[] = {
	{ "targets", "", "CPUs or workers that have slots.", FIGURE_GAUGE, LEVEL_BASIC, NULL },
	{ "moving_slots", "slots",
		"Slots that may have packets on the way to the target that they are leaving.",
		FIGURE_GAUGE, LEVEL_BASIC, NULL },
	{ "missing", "packets", "Numbers that were skipped; those of late packets are among them.",
		FIGURE_COUNTER, LEVEL_BASIC, NULL },
	{ "reordered", "packets", "Packets behind a newer one of their key.", FIGURE_COUNTER,
		LEVEL_BASIC, NULL },
	{ "duplicates", "packets", "Packets with a number that their key had already.",
		FIGURE_COUNTER, LEVEL_BASIC, NULL },
	{ "restarts", "", "Times that a key's numbers began anew.", FIGURE_COUNTER, LEVEL_BASIC,
		NULL },
};

enum figure { TARGETS, MOVING, MISSING, REORDERED, DUPLICATES, RESTARTS, FIGURES };

static const struct figure_type cpu_columns[] = {
	{ "weight", "", "The CPU's share of the slots; 0: none.", FIGURE_GAUGE, LEVEL_BASIC, NULL },
	{ "online", "", "1: the CPU is online; 0: others have its slots until it is back.",
		FIGURE_GAUGE, LEVEL_BASIC, NULL },
	{ "slots", "slots", "Slots that belong to the CPU.", FIGURE_GAUGE, LEVEL_BASIC, NULL },
	{ "taken_over", "slots", "Moving slots that a queue has brought to the CPU.",
		FIGURE_COUNTER, LEVEL_BASIC, NULL },
	{ "redirected", "packets", "Packets steered to the CPU.", FIGURE_COUNTER, LEVEL_BASIC,
		NULL },
	{ "delivered", "packets", "Packets that arrived there.", FIGURE_COUNTER, LEVEL_BASIC,
		NULL },
	{ "lost", "packets", "Packets dropped on the way: the CPU's queue was full.",
		FIGURE_COUNTER, LEVEL_BASIC, NULL },
	{ "in_flight", "packets", "Packets in the CPU's queue.", FIGURE_GAUGE, LEVEL_BASIC, NULL },
	{ "redirected_per_second", "packets/s", "Packets steered to the CPU a second.", FIGURE_RATE,
		LEVEL_BASIC, "redirected" },
};

enum cpu_column {
	WEIGHT,
	ONLINE,
	SLOTS,
	TAKEN_OVER,
	REDIRECTED,
	DELIVERED,
	LOST,
	IN_FLIGHT,
	REDIRECTED_RATE,
	CPU_COLUMNS
};

static const struct figure_type worker_columns[] = {
	{ "weight", "", "The worker's share of the slots; 0: none.", FIGURE_GAUGE, LEVEL_BASIC,
		NULL },
	{ "slots", "slots", "Slots that belong to the worker.", FIGURE_GAUGE, LEVEL_BASIC, NULL },
	{ "taken_over", "slots", "Moving slots that a queue has brought to the worker.",
		FIGURE_COUNTER, LEVEL_BASIC, NULL },
	{ "forced", "slots", "Of those: the old worker had not come for its packets for a second.",
		FIGURE_COUNTER, LEVEL_BASIC, NULL },
	{ "consumers", "", "Processes that read the worker's rings.", FIGURE_GAUGE, LEVEL_BASIC,
		NULL },
	{ "redirected", "packets", "Packets published for the worker.", FIGURE_COUNTER, LEVEL_BASIC,
		NULL },
	{ "delivered", "packets", "Packets received, as its consumers say, each for itself.",
		FIGURE_COUNTER, LEVEL_BASIC, NULL },
	{ "lost", "packets", "Packets overwritten before a consumer had read them.", FIGURE_COUNTER,
		LEVEL_BASIC, NULL },
	{ "in_flight", "packets", "Packets that wait for its consumers.", FIGURE_GAUGE, LEVEL_BASIC,
		NULL },
	{ "redirected_per_second", "packets/s", "Packets published for the worker a second.",
		FIGURE_RATE, LEVEL_BASIC, "redirected" },
};

enum worker_column {
	WORKER_WEIGHT,
	WORKER_SLOTS,
	WORKER_TAKEN_OVER,
	WORKER_FORCED,
	WORKER_CONSUMERS,
	WORKER_REDIRECTED,
	WORKER_DELIVERED,
	WORKER_LOST,
	WORKER_IN_FLIGHT,
	WORKER_REDIRECTED_RATE,
	WORKER_COLUMNS
};

const struct figure_table steer_tables[] = {
	{ "cpus", "cpu", "The CPUs that packets are steered to.", cpu_columns, CPU_COLUMNS,
		.rows = STEER_TARGETS, .set = "cpus", .set_to = "weight" },
	{ "slots", "slots", "Load of the slots that keys are hashed to.", steer_load_columns,
		STEER_LOAD_COLUMNS, .rows = STEER_SLOTS / STEER_RANGE, .set = "slots",
		.set_to = "target" },
	{ "own_keys", "key", "Keys that have a slot of their own.", steer_load_columns,
		STEER_LOAD_COLUMNS, .rows = STEER_PINS, .set = "keys", .set_to = "target" },
	{ "worst", "slot", "Slots with the most faults in the numbers of their packets.",
		steer_load_columns, STEER_LOAD_COLUMNS, .rows = STEER_WORST, .set = "slots",
		.set_to = "target" },
	{ "rebalance", "set",
		"Slots to move so that loads are by weight: KEY and VALUE of `ringside set`.",
		steer_balance_columns, STEER_BALANCE_COLUMNS, .rows = STEER_PROPOSALS },
	{ "workers", "worker", "The workers that packets are steered to.", worker_columns,
		WORKER_COLUMNS, .rows = STEER_TARGETS, .set = "workers", .set_to = "weight" },
	{ "consumers", "consumer", "Who reads the rings: process, command and worker.",
		readers_columns, READERS_COLUMNS, .rows = STEER_TARGETS },
};

enum table { TABLE_CPUS, TABLE_WORKERS = STEER_TABLE_BALANCE + 1, TABLE_CONSUMERS, TABLES };

_Static_assert(sizeof(steer_figures) / sizeof(*steer_figures) == FIGURES &&
		       FIGURES == STEER_FIGURES &&
		       sizeof(cpu_columns) / sizeof(*cpu_columns) == CPU_COLUMNS &&
		       sizeof(worker_columns) / sizeof(*worker_columns) == WORKER_COLUMNS &&
		       TABLES == STEER_FIGURE_TABLES,
	"in step");

static void count_slots(const struct steer *s, unsigned slots[STEER_TARGETS + 1])
{
	memset(slots, 0, (STEER_TARGETS + 1) * sizeof(*slots));
	for (unsigned n = 0; n < STEER_SLOTS; n++)
		slots[s->now.target[n] < STEER_TARGETS ? s->now.target[n] : STEER_TARGETS]++;
}

static void sample_workers(struct steer *s, struct figure_sample *sample)
{
	unsigned slots[STEER_TARGETS + 1];

	count_slots(s, slots);
	for (unsigned w = 0; w < s->now.targets; w++) {
		struct steer_worker_count count;
		union figure_value *row;
		char label[16];
		bool is_known = steer_count_worker(s, w, &count);

		snprintf(label, sizeof(label), "%u", w);
		row = figure_row(sample, TABLE_WORKERS, label);
		if (!row)
			return;
		row[WORKER_WEIGHT].count = s->now.weight[w];
		row[WORKER_SLOTS].count = slots[w];
		row[WORKER_TAKEN_OVER].count = count.taken;
		row[WORKER_FORCED].count = count.forced;
		row[WORKER_CONSUMERS].count = count.readers;
		row[WORKER_REDIRECTED].count = count.redirected;
		if (!is_known)
			continue;
		row[WORKER_DELIVERED].count = count.received;
		row[WORKER_LOST].count = count.lost;
		row[WORKER_IN_FLIGHT].count = count.waiting;
	}
	for (unsigned w = 0; w < s->now.targets; w++)
		readers_show(&s->readers[w], s->readers[w].ring, TABLE_CONSUMERS, sample);
}

static void sample_cpus(struct steer *s, struct figure_sample *sample)
{
	unsigned slots[STEER_TARGETS + 1];

	count_slots(s, slots);
	for (unsigned t = 0; t < s->now.targets; t++) {
		struct steer_count count = steer_count_target(s, t);
		union figure_value *row;
		char label[16];

		snprintf(label, sizeof(label), "%u", s->now.cpu[t]);
		row = figure_row(sample, TABLE_CPUS, label);
		if (!row)
			return;
		row[WEIGHT].count = s->now.weight[t];
		row[ONLINE].count = !s->now.is_away[t];
		row[SLOTS].count = slots[t];
		row[TAKEN_OVER].count = count.taken;
		row[REDIRECTED].count = count.redirected;
		if (count.untold)
			continue; /* the rest is unknown */
		row[DELIVERED].count = count.delivered;
		row[LOST].count = count.lost;
		row[IN_FLIGHT].count = count.in_flight;
	}
}

void steer_sample(void *instance, struct figure_sample *sample)
{
	struct steer *s = instance;
	struct steer_load sum;

	if (s->readers) {
		steer_tend_rings(s);
	} else {
		steer_tend_ways(s);
		steer_watch_cpus(s);
		steer_settle(s);
	}
	sample->figures[TARGETS].count = 0;
	for (unsigned t = 0; t < s->now.targets; t++)
		sample->figures[TARGETS].count += s->now.weight[t] > 0 && !s->now.is_away[t];
	sample->figures[MOVING].count = steer_moving(s);
	if (s->readers)
		sample_workers(s, sample);
	else
		sample_cpus(s, sample);
	steer_sample_load(s, &sum, sample);
	steer_sample_balance(s, sample);
	if (!s->settings->sequence.bytes)
		return;
	sample->figures[MISSING].count = sum.missing;
	sample->figures[REORDERED].count = sum.reordered;
	sample->figures[DUPLICATES].count = sum.duplicates;
	sample->figures[RESTARTS].count = sum.restarts;
}
