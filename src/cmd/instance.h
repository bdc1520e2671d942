/* SPDX-License-Identifier: BSD-2-Clause */
/* The running instance as others see it: its name, what it publishes, what it can be asked, and the
 * sockets to ask it by. */
#ifndef RINGSIDE_INSTANCE_H
#define RINGSIDE_INSTANCE_H

#include "base/runtime.h"
#include "config.h"
#include "control/control.h"
#include "stats/published.h"
#include "worker/pool.h"

/* Who asks for a ring's descriptors comes by one of them: to read it, to look on, to tap. */
#define INSTANCE_DOORS 3

struct instance_door {
	struct pool *pool;
	bool looks_on;
	int (*judge)(struct pool *pool, const char *name, const struct service_client *client,
		struct err *err);
	void (*take)(struct pool *pool, const char *name, const struct service_client *client,
		int socket);
};

struct instance {
	struct control_ops ops; /* of the pool; for the dashboard and the control side */
	struct instance_door doors[INSTANCE_DOORS];
	struct control_handover handovers[INSTANCE_DOORS]; /* by the doors */
	struct control *control; /* NULL: there is neither a control socket nor TCP */
	char socket[RUNTIME_PATH_BYTES];
	struct pool *pool;
	struct log *log;
	struct published *published; /* NULL: nothing could be published; unpublished says why */
	/* what the control thread reads, without a lock; not open: it takes the pool's */
	struct published_reader reader;
	struct err unpublished;
};

/* Takes the instance's name, before anything else is opened: a second instance of that name would get in
 * the way of the first. -EADDRINUSE: a living one has it. Where nothing can be published, the instance
 * runs all the same. */
int instance_take_name(struct instance *instance, const struct config *config, struct err *err);

/* Publishes the pool's snapshots and opens the control socket, and TCP when the configuration says so.
 * Where files can't be left, the log says so and the instance goes on without the socket; without TCP
 * that was asked for it does not. ini is the effective configuration as it is printed; the pool and the
 * log are kept. */
int instance_open(struct instance *instance, struct pool *pool, const struct config *config,
	const char *ini, struct log *log, struct err *err);
/* Another effective configuration is in force. */
void instance_set_config(struct instance *instance, const char *ini);
/* Before the pool is stopped. */
void instance_close(struct instance *instance);
/* After it was stopped: it publishes its last snapshot. Gives the name back. */
void instance_fini(struct instance *instance);

#endif
