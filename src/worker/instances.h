/* SPDX-License-Identifier: BSD-2-Clause */
/* The services' instances of a pool: opened once, whatever becomes of interfaces. */
#ifndef RINGSIDE_INSTANCES_H
#define RINGSIDE_INSTANCES_H

#include "worker/pool.h"

/* Opens an instance of each service; on failure instances_close() closes those that are open. */
int instances_open(struct pool *pool, struct err *err);
void instances_close(struct pool *pool);

/* Adds the figures and tables that an instance shows of its own. index: of the service in the snapshot. */
void instances_sample(
	const struct service_type *type, void *instance, unsigned index, struct snapshot *snapshot);

#endif
