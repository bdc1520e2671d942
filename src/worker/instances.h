/* SPDX-License-Identifier: BSD-2-Clause */
/* The services' instances of a pool: opened once, whatever becomes of interfaces. */
#ifndef RINGSIDE_INSTANCES_H
#define RINGSIDE_INSTANCES_H

#include "worker/pool.h"

/* Opens an instance of each service; on failure instances_close() closes those that are open. */
int instances_open(struct pool *pool, struct err *err);
void instances_close(struct pool *pool);

/* The same for one of them, in arrays by slot. */
int instances_open_one(const struct config *config, const struct config_service *service,
	struct log *log, const struct service_type *types[SERVICE_SLOTS],
	void *instances[SERVICE_SLOTS], struct err *err);
void instances_close_one(const struct service_type *types[SERVICE_SLOTS],
	void *instances[SERVICE_SLOTS], unsigned slot);

/* Adds tables to a service of the snapshot, and sets the sample up for their rows. */
void instances_add_tables(struct snapshot *snapshot, unsigned index,
	const struct figure_table *tables, unsigned count, struct figure_sample *sample);

/* Adds the figures and tables that an instance shows of its own. index: of the service in the snapshot. */
void instances_sample(
	const struct service_type *type, void *instance, unsigned index, struct snapshot *snapshot);

#endif
