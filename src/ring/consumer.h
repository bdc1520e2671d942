/* SPDX-License-Identifier: BSD-2-Clause */
/* Inside libringside: what stands between opening and the first packet. */
#ifndef RINGSIDE_CONSUMER_H
#define RINGSIDE_CONSUMER_H

#include "ring/ring.h"

/* Connects to the control socket of an instance and asks for a ring, to read it or to look on. Returns the connection, on which
 * the greeting comes next, or a negative errno as ringside_open() has it. */
int ringside_connect(const char *instance, const char *name, uint32_t look_on);

/* Receives exactly `bytes` with at most `max` descriptors, -1 where fewer came. 0, or -EPROTO,
 * -ETIMEDOUT, …; then it leaves no descriptor open. */
int ringside_take(int socket, void *message, size_t bytes, int *fds, unsigned max);

/* Takes the greeting and the offers from a connection, which the ring keeps also on failure. */
int ringside_open_connection(
	struct ringside **ring, int socket, const struct ringside_options *options);

#endif
