/* SPDX-License-Identifier: BSD-2-Clause */
/* The capabilities of the calling thread: looking at them and giving them up. */
#ifndef RINGSIDE_PRIVILEGE_H
#define RINGSIDE_PRIVILEGE_H

#include <linux/capability.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* A capability (CAP_*) as a bit of a set. */
#define PRIVILEGE(capability) (1ull << (capability))

/* One of CAP_*, in effect. */
bool privilege_has(unsigned capability);

/* Its name as users write it: "CAP_NET_ADMIN". Returns name. */
#define PRIVILEGE_NAME_BYTES 32
const char *privilege_name(unsigned capability, char name[PRIVILEGE_NAME_BYTES]);

/* Gives up, for ever, every capability that is not in the set, in the calling thread and those that it
 * starts from now on; programs that these execute get no more than they have. What is in the set and
 * not there stays away. */
int privilege_keep(uint64_t set, struct err *err);

#endif
