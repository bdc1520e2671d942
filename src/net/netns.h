/* SPDX-License-Identifier: BSD-2-Clause */
/* Network namespaces: entering one for a while, making and removing named ones as ip-netns(8)
 * does. */
#ifndef RINGSIDE_NETNS_H
#define RINGSIDE_NETNS_H

#include "base/err.h"

/* Moves the calling thread into a namespace given by name (/run/netns/NAME) or path; empty or NULL:
 * stays. Returns a descriptor that netns_leave() takes to come back, or a negative errno (a name
 * that does not exist: err lists those that do). When nothing was to do it returns NETNS_HERE. */
#define NETNS_HERE 1000000000
int netns_enter(const char *netns, struct err *err);
void netns_leave(int back);

/* A descriptor of a namespace given by name or path, to hand to the kernel; or a negative errno as
 * above. */
int netns_open(const char *netns, struct err *err);

/* Makes a namespace with a name that ip-netns(8) knows, its loopback up; -EEXIST when there is one.
 * The calling thread stays where it is. */
int netns_add(const char *name, struct err *err);
int netns_delete(const char *name, struct err *err);

#endif
