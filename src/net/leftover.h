/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What was changed of an interface and has to be put back (offloads, the affinities of interrupts), noted in a
 * file of the runtime folder in case the process is killed before it can. Who made the file holds a lock on it
 * for as long as it lives, which tells what was left behind from what is in use.
 *
 * All calls speak of the network namespace of the calling thread.
 */
#ifndef RINGSIDE_LEFTOVER_H
#define RINGSIDE_LEFTOVER_H

#include <stddef.h>

#include "base/err.h"
#include "net/interrupt.h"
#include "net/link.h"

struct leftover;

/* Takes a note, if there is something to note; else *leftover is NULL. */
int leftover_note(struct leftover **leftover, const struct link *link,
	const struct link_vlan_offload *vlan, const struct interrupt_affinity *pinned,
	unsigned pinned_count, struct err *err);
/* All is as it was: the note goes. NULL is allowed. */
void leftover_forget(struct leftover *leftover);

/* Puts back what a process that was killed has left of this interface, and says so in words. Returns how many
 * settings that were, 0 without a note, -EBUSY when the note's owner lives. */
int leftover_restore(const struct link *link, char *words, size_t size, struct err *err);

#endif
