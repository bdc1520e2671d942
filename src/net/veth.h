/* SPDX-License-Identifier: BSD-2-Clause */
/* Making a veth pair and giving interfaces addresses, by rtnetlink: what the lab needs. */
#ifndef RINGSIDE_VETH_H
#define RINGSIDE_VETH_H

#include <stdint.h>

#include "base/err.h"

struct veth_end {
	const char *name, *netns; /* netns: a name; NULL stays here */
	uint8_t mac[6];
};

/* Makes a pair with that many RX and TX queues at both ends, each in its namespace, both down. */
int veth_add(const struct veth_end *a, const struct veth_end *b, unsigned queues, struct err *err);

/* In the calling thread's namespace: adds an address with its prefix length ("192.0.2.1/24"; IPv6
 * is added without duplicate address detection), a permanent neighbour, sets a link up. */
int veth_address_add(const char *link, const char *address, struct err *err);
int veth_neighbour_add(
	const char *link, const char *address, const uint8_t mac[6], struct err *err);
int veth_set_up(const char *link, struct err *err);

#endif
