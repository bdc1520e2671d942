/* SPDX-License-Identifier: BSD-2-Clause */
/* `generate` at work: an open generator, its user's signals, and what is printed meanwhile. */
#ifndef RINGSIDE_GENERATE_SESSION_H
#define RINGSIDE_GENERATE_SESSION_H

#include "cmd/generate_options.h"
#include "cmd/generate_screen.h"
#include "export/writer.h"
#include "generate/generator.h"
#include "generate/target.h"

struct session {
	const struct generate_options *options;
	struct generator *generator;
	struct log *log;
	struct screen *screen; /* NULL: lines */
	char target[TARGET_TEXT];
	char *kept; /* reports, to be printed when the screen is given back */
	struct writer reports;
	int signals; /* signalfd; without a screen */
	int timer; /* timerfd, an interval each */
	bool printed; /* something has been */
	bool ended; /* by a signal: no further run */
	bool answered; /* the far end, in a run that is over */
};

/* Takes over the signals of the calling thread: call it before any thread is started. Takes the terminal, where
 * the options let it. */
int session_open(struct session *session, const struct generate_options *options, struct err *err);
/* Gives the terminal back, and prints there what was kept. */
void session_close(struct session *session);

/* One run; prints what the options want meanwhile (live) and fills the figures. -EPIPE: nobody reads. */
int session_run(struct session *session, const struct generate_trial *trial, bool live,
	struct figures *figures, struct err *err);

/* Waits, unless a signal ends it all. */
void session_pause(struct session *session, uint64_t ns);

/* Writes text to standard output. */
int session_write(const char *text, size_t bytes, struct err *err);
/* The run's last word, in the format wanted. */
int session_report(struct session *session, const struct figures *figures, struct err *err);

#endif
