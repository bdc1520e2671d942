/* SPDX-License-Identifier: BSD-2-Clause */
/* The running instance as others see it: what it can be asked, and the sockets to ask it by. */
#ifndef RINGSIDE_INSTANCE_H
#define RINGSIDE_INSTANCE_H

#include "base/runtime.h"
#include "config.h"
#include "control/control.h"
#include "worker/pool.h"

struct instance {
	struct control_ops ops; /* of the pool; for the dashboard and the control side */
	struct control *control; /* NULL: there is neither a control socket nor TCP */
	char socket[RUNTIME_PATH_BYTES];
};

/* Opens the control socket, and TCP when the configuration says so. Where files can't be left, the log
 * says so and the instance goes on without the socket; without TCP that was asked for it does not.
 * source is where the configuration comes from; the pool and the log are kept. */
int instance_open(struct instance *instance, struct pool *pool, const struct config *config,
	const struct config_source *source, struct log *log, struct err *err);
/* Before the pool is stopped. */
void instance_close(struct instance *instance);

#endif
