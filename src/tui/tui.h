/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The dashboard: draws snapshots and obeys keys until the user or a signal ends it.
 *
 * It runs in the thread that calls it, normally the main one; the threads that carry packets never
 * wait for it and it never waits for a stopped terminal. All other threads must block every signal
 * but the synchronous ones (SEGV, BUS, FPE, ILL, ABRT): the kernel kills a process that blocks
 * those, without the handler that restores the terminal.
 */
#ifndef RINGSIDE_TUI_H
#define RINGSIDE_TUI_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/log.h"
#include "stats/snapshot.h"

struct tui_source {
	struct snapshot_source snapshots;
	/* Changes the statistics level; a negative errno with err set: it could not, and why. NULL:
	 * nothing can be changed through this source. The context is the snapshots'. */
	int (*set_level)(void *context, enum level level, struct err *err);
	/* Changes something of a service's own, such as where slots go; otherwise like set_level(). */
	int (*set_service)(void *context, const char *service, const char *key, const char *value,
		struct err *err);
	/* Whether the source has come to its end, in words: "pid 12 has ended"; NULL: it has not. May be
	 * NULL, when the dashboard ends with its source. */
	const char *(*ended)(void *context);
	/* Writes a snapshot to a new file and fills its path. */
	int (*write)(const struct snapshot *snapshot, char *path, size_t size, struct err *err);
	bool recorded; /* a recording, not an instance */
};

#define TUI_INTERVAL_S 0.5

struct tui_settings {
	bool ascii, no_color; /* NO_COLOR in the environment is obeyed as well */
	double interval_s; /* between frames; 0: as kept, or TUI_INTERVAL_S. The user can change it */
	bool confirm_quit; /* q asks first, and Ctrl-Z does not stop the process */
	struct log *log; /* held back from the terminal meanwhile; may be NULL */
	void (*hangup)(void *context); /* for SIGHUP while the terminal is there; NULL: it ends */
	void *hangup_context;
	int wake_fd; /* readable: end; -1: none */
};

/* Whether tui_run() could run: standard input and output are a terminal, TERM is set, known and not
 * "dumb", and we are not in the background; why not is said in *why, unless NULL. */
bool tui_possible(struct err *why);

/* Runs until q is confirmed, SIGINT or SIGTERM comes, or wake_fd is readable: returns 0. SIGUSR1 does
 * what the key w does. The terminal is gone, SIGPIPE, or SIGHUP without a hangup(): returns 1, the
 * caller goes on without one. -ENOTTY and others: it
 * could not start. The terminal, the signals' handlers and the mask are as found, whatever
 * happens. SIGQUIT and crashes restore the terminal and then end the process as ever. */
int tui_run(const struct tui_source *source, const struct tui_settings *settings, struct err *err);

#endif
