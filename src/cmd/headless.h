/* SPDX-License-Identifier: BSD-2-Clause */
/* Printing snapshots to standard output, one an interval. */
#ifndef RINGSIDE_HEADLESS_H
#define RINGSIDE_HEADLESS_H

#include "base/err.h"
#include "base/log.h"
#include "stats/snapshot.h"

enum output_format { FORMAT_TEXT, FORMAT_JSON, FORMAT_CSV };
extern const char *const output_format_names[]; /* "text", "json", "csv", NULL */

struct headless {
	enum output_format format;
	double interval_s;
	struct log *log;
	char *buffer; /* EXPORT_BYTES */
	bool printed; /* something has been */
	struct snapshot *before; /* the start, or the last one printed; sequence 0: none */
	struct snapshot *now;
	void (*hangup)(void *context); /* for SIGHUP; NULL: nothing is done */
	void *hangup_context;
};

int headless_init(struct headless *headless, enum output_format format, double interval_s,
	struct log *log, struct err *err);
void headless_fini(struct headless *headless);

/* Prints a snapshot every interval until SIGINT or SIGTERM comes or wake_fd is readable. Signals are
 * taken from a descriptor: the caller has blocked them (headless_block_signals()). 0, or -EPIPE when
 * nobody reads any more. */
int headless_run(struct headless *headless, const struct snapshot_source *source, int wake_fd,
	struct err *err);

/* Blocks the signals that headless_run() takes. */
void headless_block_signals(void);

/* Prints one snapshot with its rates since the last one printed. */
int headless_print(struct headless *headless, struct snapshot *snapshot, struct err *err);

#endif
