/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the tests of links take place: two namespaces of their own and a veth pair, "va" and "vb". */
#ifndef RINGSIDE_LINK_PLACE_H
#define RINGSIDE_LINK_PLACE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <sched.h>
#include <unistd.h>

#include "net/netns.h"
#include "net/veth.h"

#define QUEUES 3

static const uint8_t mac_a[6] = { 0x02, 0, 0, 0, 0x0a, 1 }, mac_b[6] = { 0x02, 0, 0, 0, 0x0b, 2 };

/* Two namespaces joined by a veth pair, the caller in the second. */
struct place {
	char a[32], b[32];
	int back;
};

static inline int place_make(void **state)
{
	struct place *place = calloc(1, sizeof(*place));
	struct err err = { "" };
	struct veth_end a = { .name = "va", .netns = place->a },
			b = { .name = "vb", .netns = place->b };

	snprintf(place->a, sizeof(place->a), "rs-link-%d-a", getpid());
	snprintf(place->b, sizeof(place->b), "rs-link-%d-b", getpid());
	memcpy(a.mac, mac_a, 6);
	memcpy(b.mac, mac_b, 6);
	*state = place;
	place->back = NETNS_HERE;
	if (netns_add(place->a, &err) || netns_add(place->b, &err) ||
		veth_add(&a, &b, QUEUES, &err) || (place->back = netns_enter(place->b, &err)) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return -1;
	}
	return 0;
}

static inline int place_remove(void **state)
{
	struct place *place = *state;

	netns_leave(place->back);
	netns_delete(place->a, NULL);
	netns_delete(place->b, NULL);
	free(place);
	return 0;
}

#define PLACE(test) cmocka_unit_test_setup_teardown(test, place_make, place_remove)

/* Leaves the machine's own namespace for good; 77, with the reason printed, where that cannot be. */
static inline int place_open(const char *test)
{
	if (!unshare(CLONE_NEWNET))
		return 0;
	printf("%s: needs root: no network namespace: %s\n", test, strerror(errno));
	return 77;
}

#endif
