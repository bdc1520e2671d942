/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ladder: native XDP with zero copy, native XDP with copies, generic XDP, AF_PACKET. Which rung an
 * interface stands on, and why on none above it.
 */
#ifndef RINGSIDE_LADDER_H
#define RINGSIDE_LADDER_H

#include "worker/interface.h"

/* Opens the queues and attaches the program, on the highest rung that the configuration and the machine
 * allow; each step down is logged and goes to `why`. On failure what has been opened is closed again, but
 * for the VLAN offload. */
int ladder_open(struct interface *interface, struct err *err);

/* Opens sockets for a kernel half that has answered alone so far, in copy mode, before it is exchanged for
 * one that hands frames over. -ESTALE: it is better opened again, since zero copy was never tried, or
 * interrupts are to be pinned. */
int ladder_open_late(struct interface *interface, struct err *err);

/* Makes them known to the program. */
int ladder_register_sockets(struct interface *interface, struct err *err);

void ladder_close_queues(struct interface *interface);

#endif
