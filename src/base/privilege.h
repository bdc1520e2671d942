/* SPDX-License-Identifier: BSD-2-Clause */
/* The capabilities of the process. */
#ifndef RINGSIDE_PRIVILEGE_H
#define RINGSIDE_PRIVILEGE_H

#include <linux/capability.h>
#include <stdbool.h>

/* One of CAP_*, as the calling thread has it in effect. */
bool privilege_has(unsigned capability);

/* Its name as users write it: "CAP_NET_ADMIN". Returns name. */
#define PRIVILEGE_NAME_BYTES 32
const char *privilege_name(unsigned capability, char name[PRIVILEGE_NAME_BYTES]);

#endif
