/* SPDX-License-Identifier: BSD-2-Clause */
/* The lab's network: a namespace for the tester and one for the service, a veth pair between them, an IPv4 and an
 * IPv6 address at either end. */
#ifndef RINGSIDE_LAB_NETWORK_H
#define RINGSIDE_LAB_NETWORK_H

#include <stdbool.h>

#include "base/err.h"
#include "generate/settings.h"

/* The namespaces are called this, the process and -a or -b. */
#define LAB_PREFIX "rs-lab-"

enum lab_end { LAB_TESTER, LAB_SERVICE, LAB_ENDS };

extern const char *const lab_links[LAB_ENDS];
extern const struct generate_end lab_ends[LAB_ENDS]; /* MAC and IPv4 addresses */
extern const char *const lab_ipv6[LAB_ENDS];

struct lab_network {
	char netns[LAB_ENDS][32];
	bool made[LAB_ENDS];
};

/* What a service's lab adds to an end: called in its namespace, before the interface is up. */
typedef int lab_furnish(void *lab, enum lab_end end, struct err *err);

/* Makes it, with so many queues at each end. What it has made before it failed, lab_network_remove() takes
 * away. */
int lab_network_make(struct lab_network *network, unsigned queues, lab_furnish *furnish, void *lab,
	struct err *err);
/* Leaves err alone if it is set. */
void lab_network_remove(const struct lab_network *network, struct err *err);

/* True if the name begins with LAB_PREFIX and a process that is no more. */
bool lab_is_leftover(const char *name);
/* Removes the namespaces of labs that were killed. */
void lab_network_remove_leftovers(void);

#endif
