/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an instance tells whoever supervises it (systemd): that it is ready, what it is doing, and, as
 * often as the watchdog wants it, that every part of it moves. A thread of its own looks at snapshots:
 * a new one says that the watcher lives, the state of a queue that its worker does.
 */
#ifndef RINGSIDE_SUPERVISION_H
#define RINGSIDE_SUPERVISION_H

#include <pthread.h>

#include "base/notify.h"
#include "control/control.h"

struct supervision {
	struct notify notify;
	const struct control_ops *ops;
	struct log *log;
	struct snapshot *now, *before; /* the thread's */
	bool starved; /* the thread's: the watchdog is not being fed */
	pthread_t thread;
	bool started;
	int stop_fd;
};

/* Says READY=1 and starts the thread. Without a supervisor it does nothing. ops and log are kept. */
void supervision_open(
	struct supervision *supervision, const struct control_ops *ops, struct log *log);

/* Around a reload of the configuration. */
void supervision_reloading(const struct supervision *supervision);
void supervision_ready(const struct supervision *supervision);

/* Says STOPPING=1 and ends the thread. Begins as { 0 } or opened. */
void supervision_close(struct supervision *supervision);

/* The STATUS= line of a snapshot: each interface with its mode, and the rates. */
void supervision_print_status(const struct snapshot *snapshot, char *text, size_t size);

#endif
