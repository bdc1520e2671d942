/* SPDX-License-Identifier: BSD-2-Clause */
/* Printing snapshots to standard output, one an interval. */
#ifndef RINGSIDE_HEADLESS_H
#define RINGSIDE_HEADLESS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/log.h"
#include "stats/snapshot.h"

enum output_format { FORMAT_TEXT, FORMAT_JSON, FORMAT_CSV };
extern const char *const output_format_names[]; /* "text", "json", "csv", NULL */

struct headless {
	enum output_format format;
	double interval_s;
	struct log *log;
	char *buffer; /* EXPORT_BYTES; of it, */
	size_t size, written; /* what is to be written, and has been */
	bool terminal; /* standard output is one, */
	bool mute; /* and it has hung up: nothing is written any more */
	int patience_ms; /* of headless_print() with a reader that takes nothing; -1: it waits, as for a pager */
	bool printed; /* something has been */
	struct snapshot *before; /* the start, or the last one printed; sequence 0: none */
	struct snapshot *now;
	void (*hangup)(void *context); /* for SIGHUP; NULL: nothing is done */
	void *hangup_context;
};

int headless_init(struct headless *headless, enum output_format format, double interval_s,
	struct log *log, struct err *err);
void headless_fini(struct headless *headless);

/* Prints a snapshot every interval until SIGINT or SIGTERM comes or wake_fd is readable. It never waits for a reader, but for a second in the end:
 * one that stands still misses snapshots, and signals are obeyed all the same. Signals are
 * taken from a descriptor: the caller has blocked them (headless_block_signals()). 0, or -EPIPE when
 * nobody reads any more. */
int headless_run(struct headless *headless, const struct snapshot_source *source, int wake_fd,
	struct err *err);

/* Blocks the signals that headless_run() takes. */
void headless_block_signals(void);

/* Prints one snapshot with its rates since the last one printed, behind what is still to be written. After
 * headless_run(): -ETIMEDOUT when its reader stands still. */
int headless_print(struct headless *headless, struct snapshot *snapshot, struct err *err);

#endif
