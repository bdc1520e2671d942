/* SPDX-License-Identifier: BSD-2-Clause */
/* Inside libringside: what stands between opening and the first packet. */
#ifndef RINGSIDE_CONSUMER_H
#define RINGSIDE_CONSUMER_H

#include "ring/ring.h"

/* What for: to read a ring, to look on at it, or to look at the packets of a service, or "drops", of that name. */
enum ringside_way { RINGSIDE_READ, RINGSIDE_LOOK_ON, RINGSIDE_TAP };

/* Connects to the control socket of an instance and asks for rings. Returns the connection, on which the greeting
 * comes next, or a negative errno as ringside_open() has it; -EOPNOTSUPP: no tap sees the service's packets. */
int ringside_connect(const char *instance, const char *name, enum ringside_way way);

/* Receives exactly `bytes` with at most `max` descriptors, -1 where fewer came. 0, or -EPROTO,
 * -ETIMEDOUT, …; then it leaves no descriptor open. */
int ringside_take(int socket, void *message, size_t bytes, int *fds, unsigned max);

/* Takes the greeting and the offers from a connection, which the ring keeps also on failure. */
int ringside_open_connection(
	struct ringside **ring, int socket, const struct ringside_options *options);

#endif
