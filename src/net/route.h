/* SPDX-License-Identifier: BSD-2-Clause */
/* How the kernel would send to an IP address, by rtnetlink, in the calling thread's namespace: the source
 * address, the next hop and its MAC address. Addresses are in network byte order, IPv4's being 4 bytes. */
#ifndef RINGSIDE_ROUTE_H
#define RINGSIDE_ROUTE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct route {
	bool has_source, has_gateway;
	uint8_t source[16];
	uint8_t next[16]; /* the gateway, or the address itself */
};

/* The way to an address out of a link. family: AF_INET, AF_INET6. -EADDRNOTAVAIL: the address is this
 * machine's own; -EINVAL: it is no single host's. */
int route_find(
	struct route *route, const char *link, int family, const uint8_t *address, struct err *err);

/* The MAC address of a neighbour on the link: from the kernel's table, or the kernel is made to ask (ARP, ND),
 * and waited for, 4 s at most. -EHOSTUNREACH: it does not answer. */
int route_resolve(
	const char *link, int family, const uint8_t *address, uint8_t mac[6], struct err *err);

#endif
