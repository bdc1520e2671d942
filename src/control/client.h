/* SPDX-License-Identifier: BSD-2-Clause */
/* The other end of the control socket: what `set` and `top` ask a running instance for. */
#ifndef RINGSIDE_CONTROL_CLIENT_H
#define RINGSIDE_CONTROL_CLIENT_H

#include "base/err.h"

/* The header in which a client says who tells it (base/person.h): what the kernel does not know of a peer. */
#define CLIENT_PERSON "Ringside-User"

/* Sets a resource ("/api/v1/stats-level") to a word. command: how the user would say it again, with
 * sudo in front. A negative errno with err set: -EACCES, with who may; -ENOENT, -ECONNREFUSED: nobody
 * listens there; -EINVAL, -EPERM, -EPROTO: the instance refused, in its words. Waits a few seconds at
 * most. */
int client_put(const char *socket, const char *resource, const char *value, const char *command,
	struct err *err);

#endif
