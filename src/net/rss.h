/* SPDX-License-Identifier: BSD-2-Clause */
/* How a NIC spreads what it receives over its queues. */
#ifndef RINGSIDE_RSS_H
#define RINGSIDE_RSS_H

#include <stdbool.h>
#include <stdint.h>

struct rss {
	bool hash_known, hashes_ports; /* of UDP over IPv4: the ports belong to the hash */
	uint32_t hash; /* RXH_* of <linux/ethtool.h> */
	bool table_known;
	uint32_t queues_used; /* distinct queues in the indirection table */
};

/* Asks the driver in the calling thread's namespace; what it does not say stays unknown. */
void rss_read(const char *link, struct rss *rss);

#endif
