/* SPDX-License-Identifier: BSD-2-Clause */
/* The running instance as others see it: what it can be asked, and the control socket to ask it by. */
#ifndef RINGSIDE_INSTANCE_H
#define RINGSIDE_INSTANCE_H

#include "base/runtime.h"
#include "config.h"
#include "control/control.h"
#include "worker/pool.h"

struct instance {
	struct control_ops ops; /* of the pool; for the dashboard and the control socket */
	struct control *control; /* NULL: there is no control socket */
	char socket[RUNTIME_PATH_BYTES];
};

/* Opens the control socket. Where files can't be left, the log says so and the instance goes on without
 * one. The pool, the configuration and the log are kept. */
void instance_open(
	struct instance *instance, struct pool *pool, const struct config *config, struct log *log);
/* Before the pool is stopped. */
void instance_close(struct instance *instance);

#endif
