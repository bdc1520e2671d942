/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The services' user halves on one interface: their parts for it, and for each of its queues.
 */
#ifndef RINGSIDE_USER_HALF_H
#define RINGSIDE_USER_HALF_H

#include "worker/interface.h"

/* Says why the backend cannot carry one of the interface's services; 0 when it carries all. */
int user_half_refuse(const struct interface *interface, const struct io_ops *ops, struct err *err);

/* Opens the parts for the interface of those services that have none: its rules are compiled, and its
 * kernel half, when it has one, is loaded and not yet attached. On failure user_half_close() closes those
 * already open. */
int user_half_open(struct interface *interface, struct err *err);

/* Opens their parts for each queue that has a worker; the rules that it runs by do not know them yet. */
int user_half_open_queues(struct interface *interface, struct err *err);

/* How a queue's worker reaches the services. */
void user_half_get_handlers(const struct interface *interface, uint32_t index,
	struct worker_handler handlers[SERVICE_SLOTS]);

/* Tells the open parts of the interface's tables and kernel half, after a change. */
void user_half_update(struct interface *interface);

/* Closes those parts for queues that the other, of the same services, has not. */
void user_half_close_new_queues(struct interface *interface, const struct interface *other);

/* Lets services with hooks of their own take packets, or no longer: see run_interface(). */
void user_half_run(struct interface *interface, bool run);

/* Closes the parts of one service, whose handler is not called any more, or of all of them. The frames
 * are still there. */
void user_half_close_slot(struct interface *interface, unsigned slot);
void user_half_close(struct interface *interface);

#endif
