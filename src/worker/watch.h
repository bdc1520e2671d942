/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What becomes of a pool's interfaces while it runs: opened, gone, back, changed. The starter's thread,
 * then the watcher's.
 */
#ifndef RINGSIDE_WATCH_H
#define RINGSIDE_WATCH_H

#include "worker/pool.h"

/* Opens and starts an interface, and notes what it looks like from outside. */
int watch_open_interface(struct pool *pool, struct pool_interface *interface, struct err *err);

/* Stops and closes it; its counts stay. */
void watch_close_interface(struct pool_interface *interface);

/* Notes which services are on it, after a change. */
void watch_note_paths(struct pool_interface *interface);

/* Takes what has happened to it since the last call. Clears *all_read unless it is a capture file that
 * has been read to its end. */
void watch_interface(struct pool *pool, struct pool_interface *interface, bool *all_read);

#endif
