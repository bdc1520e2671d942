/* SPDX-License-Identifier: BSD-2-Clause */
/* Which interfaces an instance has, and how many queues each of its services has on them. */
#ifndef RINGSIDE_ROSTER_H
#define RINGSIDE_ROSTER_H

#include "worker/pool.h"

/* True when a service of the configuration is on the interface; one without is none of ours. */
bool roster_uses(const struct config *config, const char *interface);

/* The queues of each service, on all its interfaces together, by slot: they share its rate limit, those
 * of interfaces not yet opened too. */
void roster_count_queues(const struct config *config, uint32_t queues[SERVICE_SLOTS]);

/* The pool's interface of that name, or NULL. */
struct pool_interface *roster_find(struct pool *pool, const char *name);

/* Adds an interface, whose configuration is copied, and begins to listen for what becomes of it. The
 * others stay where they are. */
int roster_add(struct pool *pool, const struct config_interface *config,
	const struct interface_settings *settings, struct pool_interface **interface,
	struct err *err);

/* Removes the newest one again, which is closed. */
void roster_drop_newest(struct pool *pool);

#endif
