/* SPDX-License-Identifier: BSD-2-Clause */
/* A NIC's rules that choose a queue for certain packets (ntuple, ethtool -N), in the calling thread's namespace. */
#ifndef RINGSIDE_NTUPLE_H
#define RINGSIDE_NTUPLE_H

#include <stdint.h>

#include "base/err.h"

enum ntuple_kind {
	NTUPLE_UDP, /* by addresses and ports: those of RFC 5737, which no network has */
	NTUPLE_ETHER_TYPE, /* by the type that IEEE 802 keeps for experiments */
};

/* How many are set, or a negative errno: the driver has no such rules. */
int ntuple_count(const char *link);

/* Sets a rule of that kind onto the queue and takes it away again. A negative errno: it was refused. If it cannot be
 * taken away, -EBUSY, and left has its number. Only for an interface without rules. */
int ntuple_try(const char *link, enum ntuple_kind kind, uint32_t queue, uint32_t *left);

#endif
