/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Other services for an interface that runs: its kernel half exchanged from one frame to the next, its
 * workers led from the old rules to the new ones, with sockets, books and buckets going on.
 *
 * Preparing changes nothing: whatever cannot be compiled, loaded or opened is found out there.
 */
#ifndef RINGSIDE_SWAP_H
#define RINGSIDE_SWAP_H

#include "worker/interface.h"

struct swap;

/* Prepares other settings, which are kept until swap_commit() or swap_abort(). Where they ask for sockets
 * that the interface was opened without, these and their workers are made. -ESTALE: they ask for what is
 * not to be had while it runs: it must be opened again. */
int swap_prepare(struct swap **swap, struct interface *interface,
	const struct interface_settings *settings, struct err *err);

/* Takes them over; the caller has made the interface's own settings equal to them then. On failure the
 * interface has stopped, its books can be read, and it must be closed. The swap is gone in either case. */
int swap_commit(struct swap *swap, struct err *err);

/* Forgets it. NULL is allowed. */
void swap_abort(struct swap *swap);

#endif
