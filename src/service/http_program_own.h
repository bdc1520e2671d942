/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of http's program share. */
#ifndef RINGSIDE_SERVICE_HTTP_PROGRAM_OWN_H
#define RINGSIDE_SERVICE_HTTP_PROGRAM_OWN_H

#include "bpf/histogram.h"
#include "service/http_program.h"

#include "http.skel.h"

/* Entries of a table that are read by one system call. */
#define HTTP_READ_BATCH 512

struct mapped {
	void *memory;
	size_t bytes;
};

struct http_program {
	struct http *skeleton; /* the tables are its own */
	struct http *now; /* the program in force; the first one is the skeleton's */
	struct http *next; /* NULL: none is prepared, or none has gone */
	const struct access_loader *loader;
	int links[HTTP_INTERFACES]; /* -1: not attached */
	unsigned cpus;
	unsigned addresses_slot; /* of the list that is in force, 0 or 1 */
	struct mapped entries, objects, segments;
	struct http_counts *counts; /* [cpus], room for one read */
	struct hook_books *books; /* [cpus] */
	uint64_t *hits; /* [HTTP_READ_BATCH * cpus] */
	struct times *times; /* [cpus] */
};

/* The layout of struct latency_histogram in bpf/latency.bpf.h. */
struct times {
	uint64_t bucket[HISTOGRAM_BUCKETS];
	uint64_t sum, max;
};

#endif
