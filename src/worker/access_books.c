// SPDX-License-Identifier: BSD-2-Clause
#include "worker/access_books.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/counter.h"
#include "service/heavy.h"
#include "worker/instances.h"

/* Rows that a service shows of each table. */
#define RULES_SHOWN 16
#define HEAVY_SHOWN 10
/* Samples that an interface shall give at a look, ten times a second: at low rates each packet is one. */
#define SAMPLES_MOST 512
#define SAMPLES_FEWEST 128
#define EVERY_MAX 65536

struct access_books {
	uint32_t count, denies;
	struct prefix *prefixes; /* as access_list() has them, as all interfaces have them */
	uint64_t *past; /* [SERVICE_SLOTS][count]: of tries that have gone */
	uint64_t *sums; /* [count], room for one service's */
	struct heavy sources[SERVICE_SLOTS], keys[SERVICE_SLOTS];
	uint64_t *gates_read
		[SERVICE_SLOTS]; /* samples taken at services' own gates, by writer; NULL: none yet */
	uint64_t read_ns; /* the last time; 0: never */
};

static const struct figure_type rule_columns[] = {
	{ "packets", "packets", "Packets for which this prefix was the longest one.",
		FIGURE_COUNTER, LEVEL_BASIC, NULL },
	{ "packets_per_second", "packets/s", "Such packets a second.", FIGURE_RATE, LEVEL_BASIC,
		"packets" },
};

enum rule_column { RULE_PACKETS, RULE_RATE, RULE_COLUMNS };

static const struct figure_type source_columns[] = {
	{ "packets_per_second", "packets/s",
		"What it sends, over the last seconds, as far as samples tell for sure.",
		FIGURE_GAUGE, LEVEL_BASIC, NULL },
	{ "dropped_per_second", "packets/s", "What is dropped of it.", FIGURE_GAUGE, LEVEL_BASIC,
		NULL },
};

enum source_column { SOURCE_RATE, SOURCE_DROPPED, SOURCE_COLUMNS };

/* Keys are known of packets that were not dropped. */
#define KEY_COLUMNS 1

static const struct figure_table tables[] = {
	{ "access", "prefix", "Prefixes of [access] that most packets match.", rule_columns,
		RULE_COLUMNS, .rows = RULES_SHOWN },
	{ "sources", "source", "Who sends most.", source_columns, SOURCE_COLUMNS,
		.rows = HEAVY_SHOWN },
	{ "keys", "key", "Keys that have most packets.", source_columns, KEY_COLUMNS,
		.rows = HEAVY_SHOWN },
};

enum table { TABLE_ACCESS, TABLE_SOURCES, TABLE_KEYS, TABLES };

_Static_assert(sizeof(rule_columns) / sizeof(*rule_columns) == RULE_COLUMNS &&
		       sizeof(source_columns) / sizeof(*source_columns) == SOURCE_COLUMNS &&
		       sizeof(tables) / sizeof(*tables) == TABLES,
	"in step");

int access_books_open(
	struct access_books **books, const struct access_settings *settings, struct err *err)
{
	*books = calloc(1, sizeof(**books));
	if (!*books || access_books_follow(*books, settings))
		return err_set(err, -ENOMEM, "make room for the books of [access]");
	return 0;
}

void access_books_close(struct access_books *b)
{
	if (!b)
		return;
	for (unsigned slot = 0; slot < SERVICE_SLOTS; slot++)
		free(b->gates_read[slot]);
	free(b->prefixes);
	free(b->past);
	free(b->sums);
	free(b);
}

/* The number of a prefix of the books that denies, or allows, as the other one does; -1: none. */
static int find_prefix(const struct access_books *b, const struct prefix *prefix, bool denies)
{
	const struct prefix *first = denies ? b->prefixes : b->prefixes + b->denies, *found = NULL;
	size_t count = denies ? b->denies : b->count - b->denies;

	if (count)
		found = bsearch(prefix, first, count, sizeof(*first), prefix_compare);
	return found ? (int)(found - b->prefixes) : -1;
}

int access_books_follow(struct access_books *b, const struct access_settings *settings)
{
	struct access_books old = *b;
	int ret = access_list(settings, &b->prefixes, &b->count, &b->denies);

	b->past = b->sums = NULL;
	if (!ret && b->count) {
		b->past = calloc((size_t)b->count * SERVICE_SLOTS, sizeof(*b->past));
		b->sums = calloc(b->count, sizeof(*b->sums));
		ret = b->past && b->sums ? 0 : -ENOMEM;
	}
	for (uint32_t i = 0; !ret && i < old.count; i++) {
		int number = find_prefix(b, &old.prefixes[i], i < old.denies);

		for (unsigned slot = 0; number >= 0 && slot < SERVICE_SLOTS; slot++)
			b->past[slot * b->count + (unsigned)number] =
				old.past[slot * old.count + i];
	}
	if (ret)
		b->count = b->denies = 0;
	free(old.prefixes);
	free(old.past);
	free(old.sums);
	return ret;
}

/* Of the half that sees an interface's frames first. */
static struct access_place place_of(const struct interface *in)
{
	struct access_place place = { .access = in->access,
		.counts = { .writers = 1 },
		.source_every = &in->state->source_every };

	if (in->program)
		place.counts = *xdp_program_access(in->program);
	else if (in->access) {
		place.counts.hits = in->access->memory.hits;
		if (in->access->rule.samples)
			place.counts.samples = in->access->memory.samples;
	}
	return place;
}

/* Of a service that judges sources at a hook of its own; nowhere, if it does not. */
static struct access_place gate_of(const struct pool *pool, unsigned slot)
{
	const struct service_type *type = pool->types[slot];

	return type && type->gate ? *type->gate->place(pool->instances[slot])
				  : (struct access_place){ 0 };
}

static uint64_t sum_hits(const struct access_counts *counts, const struct access_rule *rule,
	unsigned slot, uint32_t number)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < counts->writers; i++)
		sum += counter_get(&counts->hits[(i * rule->slots + slot) * rule->rules + number]);
	return sum;
}

void access_books_keep(struct access_books *b, const struct interface *in)
{
	const struct access_place place = place_of(in);

	access_books_keep_place(b, &place);
}

void access_books_keep_place(void *context, const struct access_place *place)
{
	const struct access *access = place->access;
	struct access_books *b = context;

	if (!b || !access || !place->counts.hits)
		return;
	for (uint32_t i = 0; i < access->rule.rules; i++) {
		int number = find_prefix(b, &access->prefixes[i], i < access->rule.denies);

		for (unsigned slot = 0; number >= 0 && slot < access->rule.slots; slot++)
			b->past[slot * b->count + (unsigned)number] +=
				sum_hits(&place->counts, &access->rule, slot, i);
	}
}

static void take_sample(struct access_books *b, const struct access_sample *sample, double scale)
{
	const struct heavy_name source = { { sample->word[0], sample->word[1] }, sample->is_ipv6 };
	const struct heavy_name key = { { sample->key, 0 }, 0 };
	double weight = scale * sample->weight;

	if (sample->slot >= SERVICE_SLOTS)
		return;
	heavy_add(&b->sources[sample->slot], &source, weight, sample->dropped);
	if (sample->has_key)
		heavy_add(&b->keys[sample->slot], &key, weight, 0);
}

/* Takes what a writer has written since; what it has overwritten meanwhile is made up for by the rest.
 * Returns how many it wrote. */
static uint64_t take_samples(
	struct access_books *b, const struct access_samples *samples, uint64_t *read)
{
	uint64_t count = counter_get(&samples->count), from = *read > count ? 0 : *read;
	uint64_t written = count - from, first = from;

	if (written > ACCESS_SAMPLES)
		first = count - ACCESS_SAMPLES;
	for (uint64_t i = first; i < count; i++) {
		struct access_sample sample = samples->sample[i % ACCESS_SAMPLES];

		if (counter_get(&samples->count) - i < ACCESS_SAMPLES)
			take_sample(b, &sample, (double)written / (double)(count - first));
	}
	*read = count;
	return written;
}

static void set_every(uint32_t *now, uint64_t written)
{
	uint32_t every = *now;

	for (; written > SAMPLES_MOST && every < EVERY_MAX; written /= 2)
		every *= 2;
	if (written < SAMPLES_FEWEST && every > 1)
		every /= 2;
	if (every != *now)
		__atomic_store_n(now, every, __ATOMIC_RELAXED);
}

/* read: how many are known of each writer; made for the first look. */
static void read_place(struct access_books *b, const struct access_place *place, uint64_t **read)
{
	const struct access_counts *counts = &place->counts;
	uint64_t written = 0;

	if (!counts->samples)
		return;
	if (!*read)
		*read = calloc(counts->writers, sizeof(**read));
	for (unsigned i = 0; *read && i < counts->writers; i++)
		written += take_samples(b, &counts->samples[i], *read + i);
	set_every(place->source_every, written);
}

static void read_places(struct pool *pool)
{
	struct access_books *b = pool->access_books;
	struct access_place place;

	for (unsigned i = 0; i < pool->interfaces_count; i++) {
		struct interface *in = pool->interfaces[i].interface;

		if (!in)
			continue;
		place = place_of(in);
		read_place(b, &place, &in->samples_read);
	}
	for (unsigned slot = 0; slot < SERVICE_SLOTS; slot++) {
		place = gate_of(pool, slot);
		read_place(b, &place, &b->gates_read[slot]);
	}
}

void access_books_read(struct pool *pool)
{
	struct access_books *b = pool->access_books;
	uint64_t now_ns = clock_now_ns();

	for (unsigned slot = 0; b->read_ns && slot < SERVICE_SLOTS; slot++) {
		heavy_fade(&b->sources[slot], now_ns - b->read_ns);
		heavy_fade(&b->keys[slot], now_ns - b->read_ns);
	}
	b->read_ns = now_ns;
	read_places(pool);
	for (unsigned slot = 0; slot < SERVICE_SLOTS; slot++) {
		heavy_sort(&b->sources[slot]);
		heavy_sort(&b->keys[slot]);
	}
}

static void add_place(struct access_books *b, const struct access_place *place, unsigned slot)
{
	const struct access_rule *rule = place->access ? &place->access->rule : NULL;

	if (!rule || !place->counts.hits || slot >= rule->slots)
		return;
	for (uint32_t i = 0; i < b->count; i++)
		b->sums[i] += sum_hits(&place->counts, rule, slot, i);
}

/* Sums a service's hits up over all places, past ones too. */
static void sum_service(struct pool *pool, unsigned slot)
{
	const struct access_place gate = gate_of(pool, slot);
	struct access_books *b = pool->access_books;

	memcpy(b->sums, &b->past[slot * b->count], b->count * sizeof(*b->sums));
	add_place(b, &gate, slot);
	for (unsigned i = 0; i < pool->interfaces_count; i++) {
		const struct interface *in = pool->interfaces[i].interface;
		struct access_place place;

		if (!in)
			continue;
		place = place_of(in);
		add_place(b, &place, slot);
	}
}

/* The numbers of those with most packets, first in the list among equals. Returns how many there are. */
static unsigned choose_rules(const struct access_books *b, uint32_t chosen[RULES_SHOWN])
{
	unsigned count = 0;

	for (uint32_t i = 0; i < b->count; i++) {
		unsigned at = count;

		while (at && b->sums[chosen[at - 1]] < b->sums[i])
			at--;
		if (at == RULES_SHOWN)
			continue;
		if (count < RULES_SHOWN)
			count++;
		memmove(&chosen[at + 1], &chosen[at], (count - 1 - at) * sizeof(*chosen));
		chosen[at] = i;
	}
	return count;
}

static void sample_rules(struct pool *pool, unsigned slot, struct figure_sample *sample)
{
	struct access_books *b = pool->access_books;
	uint32_t chosen[RULES_SHOWN];
	unsigned count;

	sum_service(pool, slot);
	count = choose_rules(b, chosen);
	for (unsigned i = 0; i < count; i++) {
		char prefix[PREFIX_TEXT], label[PREFIX_TEXT + 8];
		union figure_value *row;

		prefix_print(prefix, &b->prefixes[chosen[i]]);
		snprintf(label, sizeof(label), "%s %s", chosen[i] < b->denies ? "deny" : "allow",
			prefix);
		row = figure_row(sample, 0, label);
		if (!row)
			return;
		row[RULE_PACKETS].count = b->sums[chosen[i]];
	}
}

static void sample_heavy(const struct heavy *heavy, bool are_keys, struct figure_sample *sample)
{
	for (unsigned i = 0; i < heavy->count && i < HEAVY_SHOWN; i++) {
		const struct heavy_entry *entry = &heavy->entries[i];
		char label[PREFIX_TEXT];
		union figure_value *row;
		uint64_t pps = heavy_pps(heavy, entry);

		if (!pps)
			return;
		if (are_keys)
			snprintf(label, sizeof(label), "%llu",
				(unsigned long long)entry->name.word[0]);
		else
			prefix_print_address(label, entry->name.word, entry->name.is_ipv6);
		row = figure_row(sample, 0, label);
		if (!row)
			return;
		row[SOURCE_RATE].count = pps;
		if (!are_keys)
			row[SOURCE_DROPPED].count = heavy_dropped_pps(heavy, entry);
	}
}

/* True when an interface, or the gate, of the service takes samples. */
static bool is_sampled(const struct pool *pool, unsigned slot)
{
	if (pool->types[slot] && pool->types[slot]->gate)
		return gate_of(pool, slot).counts.samples;
	for (unsigned i = 0; i < pool->interfaces_count; i++) {
		const struct pool_interface *pi = &pool->interfaces[i];

		if (pi->paths[slot].used && pi->interface && pi->interface->access &&
			pi->interface->access->rule.samples)
			return true;
	}
	return false;
}

void access_books_sample(
	struct pool *pool, const struct config_service *service, unsigned index, struct snapshot *s)
{
	struct access_books *b = pool->access_books;
	struct figure_sample sample;

	if (service->type->gate && !gate_of(pool, service->slot).access)
		return;
	if (b->count) {
		instances_add_tables(s, index, &tables[TABLE_ACCESS], 1, &sample);
		sample_rules(pool, service->slot, &sample);
	}
	if (!is_sampled(pool, service->slot))
		return;
	instances_add_tables(s, index, &tables[TABLE_SOURCES], 1, &sample);
	sample_heavy(&b->sources[service->slot], false, &sample);
	if (!service_has_keys(service->type))
		return;
	instances_add_tables(s, index, &tables[TABLE_KEYS], 1, &sample);
	sample_heavy(&b->keys[service->slot], true, &sample);
}
