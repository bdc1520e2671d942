/* SPDX-License-Identifier: BSD-2-Clause */
/* Which slot's counts are whose, from one configuration to the next. */
#ifndef RINGSIDE_SLOTS_H
#define RINGSIDE_SLOTS_H

#include "worker/pool.h"

/* Gives the services of a configuration their slots: those that go on keep theirs, new ones get one that
 * was never used, or one of a service removed earlier. -ENOSPC: all are in use; remove services first. */
int slots_assign(const struct pool *pool, struct config *config, struct err *err);

/* Moves the counts of a removed service whose slot the configuration uses again to the row of frames
 * that belong to no service, so that totals stay; its latencies are forgotten. Notes the slots used. */
void slots_clear_retired(struct pool *pool, const struct config *config);

#endif
