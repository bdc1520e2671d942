// SPDX-License-Identifier: BSD-2-Clause
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "service/http_instance.h"

#define TOP_PATHS 20
/* More files than this are read twice a second at most: that is 0.2 ms a thousand. */
#define FILES_MANY 4096
#define READ_NS (500 * NSEC_PER_MSEC)

static const char *const reason_names[] = {
#define REASON_NAME(name, text) [HTTP_MISS_##name] = #name,
	HTTP_REASONS(REASON_NAME)
#undef REASON_NAME
};

#define COUNTER(name_, unit_, help_) { #name_, unit_, help_, FIGURE_COUNTER, LEVEL_BASIC, NULL },
#define RATE(name_, unit_, help_, of_)                                                             \
	{                                                                                          \
		name_, unit_, help_, FIGURE_RATE, LEVEL_BASIC, of_                                 \
	}
#define GAUGE(name_, unit_, level_, help_)                                                         \
	{                                                                                          \
		name_, unit_, help_, FIGURE_GAUGE, LEVEL_##level_, NULL                            \
	}

/* In the order of enum figure. */
enum figure {
	FIGURE_MISSES = HTTP_COUNTER_COUNT,
	FIGURE_HITS_RATE,
	FIGURE_HANDSHAKES_RATE,
	FIGURE_MISSES_RATE,
	FIGURE_FILES,
	FIGURE_FLOWS,
	FIGURE_TIMES, /* p50 and p99 of each latency */
};

_Static_assert(FIGURE_TIMES + 2 * HTTP_LATENCIES == HTTP_FIGURES, "every figure has a row");

const struct figure_type http_figures[HTTP_FIGURES] = {
	HTTP_COUNTERS(COUNTER){ "misses", "requests", "Requests left to the ordinary server.",
		FIGURE_COUNTER, LEVEL_BASIC, NULL },
	RATE("hits_per_second", "answers/s", "Requests answered a second.", "hits"),
	RATE("handshakes_per_second", "packets/s", "Connections asked for a second.", "handshakes"),
	RATE("misses_per_second", "requests/s", "Requests left to the server a second.", "misses"),
	GAUGE("files", "files", BASIC, "Files that are answered in the kernel half."),
	GAUGE("flows", "connections", BASIC,
		"Connections that have got an answer there and are still known."),
	GAUGE("get_p50_ns", "ns", DETAILED,
		"From a request at the hook to its answer: half are faster."),
	GAUGE("get_p99_ns", "ns", DETAILED,
		"From a request at the hook to its answer: 99 % are faster."),
	GAUGE("syn_p50_ns", "ns", DETAILED, "From SYN to the first answer: half are faster."),
	GAUGE("syn_p99_ns", "ns", DETAILED, "From SYN to the first answer: 99 % are faster."),
};

static const struct figure_type miss_columns[] = {
	{ "requests", "requests", "Requests left to the ordinary server.", FIGURE_COUNTER,
		LEVEL_BASIC, NULL },
	RATE("requests_per_second", "requests/s", "The same a second.", "requests"),
};

static const struct figure_type path_columns[] = {
	{ "hits", "answers", "Requests answered in the kernel half.", FIGURE_COUNTER, LEVEL_BASIC,
		NULL },
	RATE("hits_per_second", "answers/s", "The same a second.", "hits"),
};

const struct figure_table http_tables[HTTP_TABLES] = {
	{ "misses_by_reason", "reason", "Why requests went to the ordinary server.", miss_columns,
		2, .rows = HTTP_REASON_COUNT },
	{ "paths", "path", "The files that were asked for most.", path_columns, 2,
		.rows = TOP_PATHS },
};

static void add_misses(
	const struct http_counts *counts, struct figure_sample *sample, uint64_t *misses)
{
	for (unsigned i = 1; i < HTTP_REASON_COUNT; i++) {
		union figure_value *row = figure_row(sample, 0, reason_names[i]);

		*misses += counts->miss[i];
		if (row)
			row[0].count = counts->miss[i];
	}
}

/* The busiest files, found by taking the highest again and again: there are few rows. */
static void add_paths(const struct http_instance *in, struct figure_sample *sample)
{
	uint32_t entries = http_store_entries(in->store), taken[TOP_PATHS];

	for (unsigned k = 0; k < TOP_PATHS; k++) {
		union figure_value *row;
		uint32_t best = 0;

		for (uint32_t i = 1; i < entries; i++) {
			bool is_taken = !in->hits[i];

			for (unsigned m = 0; m < k; m++)
				is_taken |= taken[m] == i;
			if (!is_taken && (!best || in->hits[i] > in->hits[best]))
				best = i;
		}
		if (!best)
			return;
		taken[k] = best;
		row = figure_row(sample, 1, http_store_path(in->store, best));
		if (row)
			row[0].count = in->hits[best];
	}
}

static void read_again(struct http_instance *in)
{
	uint64_t now_ns = clock_now_ns();

	if (in->files_max > FILES_MANY && now_ns - in->read_ns < READ_NS)
		return;
	in->read_ns = now_ns;
	http_program_read_hits(in->program, in->hits, in->files_max);
	for (unsigned i = 0; i < HTTP_LATENCIES; i++)
		http_program_read_times(in->program, i, &in->times[i]);
}

void http_sample(void *instance, struct figure_sample *sample)
{
	struct http_instance *in = instance;
	struct http_counts counts;
	uint64_t misses = 0;

	if (!in->program)
		return;
	http_follow_addresses(in);
	http_program_read_counts(in->program, &counts);
	for (unsigned i = 0; i < HTTP_COUNTER_COUNT; i++)
		sample->figures[i].count = counts.counter[i];
	add_misses(&counts, sample, &misses);
	sample->figures[FIGURE_MISSES].count = misses;
	read_again(in);
	pthread_mutex_lock(&in->lock);
	sample->figures[FIGURE_FILES].count = in->seen.files;
	sample->figures[FIGURE_FLOWS].count = in->seen.flows;
	add_paths(in, sample);
	pthread_mutex_unlock(&in->lock);
	for (unsigned i = 0; i < HTTP_LATENCIES; i++) {
		sample->figures[FIGURE_TIMES + 2 * i].count = in->times[i].p50;
		sample->figures[FIGURE_TIMES + 2 * i + 1].count = in->times[i].p99;
	}
}
