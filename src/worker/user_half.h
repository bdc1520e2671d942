/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The services' user halves on one interface: their parts for it, and for each of its queues.
 */
#ifndef RINGSIDE_USER_HALF_H
#define RINGSIDE_USER_HALF_H

#include "worker/interface.h"

/* Says why the backend cannot carry one of the interface's services; 0 when it carries all. */
int user_half_refuse(const struct interface *interface, const struct io_ops *ops, struct err *err);

/* Opens the services' parts for the interface: its rules are compiled, and its kernel half, when it has
 * one, is loaded and not yet attached. On failure those already open are closed again. */
int user_half_open(struct interface *interface, struct err *err);

/* Opens their parts for each queue that has a worker, which does not run yet. */
int user_half_open_queues(struct interface *interface, struct err *err);

/* Closes all parts. The workers have stopped, and the frames are still there. */
void user_half_close(struct interface *interface);

#endif
