/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Another configuration for a pool that runs, by its watcher: first all that can fail, without touching
 * anything that is in use, then the change.
 *
 * A service goes on when the new configuration has one of the same name and type: with its slot, its
 * counts and its instance. Slots of removed services are kept for last, so that their counts stay.
 */
#ifndef RINGSIDE_RELOAD_H
#define RINGSIDE_RELOAD_H

#include "worker/pool.h"

/* Serves a request. Returns 0, or a negative errno with the request's err set; then nothing has changed. */
int reload_serve(struct pool *pool, struct pool_request *request);

/* Takes the configuration over once more, since something else has changed that the rules are made from. */
int reload_again(struct pool *pool, struct err *err);

#endif
