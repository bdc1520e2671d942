/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/rss.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/ethtool.h"

/* A bound on what a driver can make us take. */
#define TABLE_ENTRIES 8192
#define QUEUES_MAX 4096

static void count_queues(const struct ethtool_rxfh_indir *table, struct rss *rss)
{
	uint8_t *seen = calloc(QUEUES_MAX, 1);

	if (!seen)
		return;
	rss->table_known = table->size > 0;
	for (uint32_t i = 0; i < table->size; i++) {
		uint32_t queue = table->ring_index[i];

		if (queue >= QUEUES_MAX || seen[queue])
			continue;
		seen[queue] = 1;
		rss->queues_used++;
	}
	free(seen);
}

static void read_table(int fd, const char *link, struct rss *rss)
{
	struct ethtool_rxfh_indir size = { .cmd = ETHTOOL_GRXFHINDIR }, *table;

	/* asked with size 0 the kernel says how large it is */
	if (ethtool_call(fd, link, &size) < 0 || !size.size || size.size > TABLE_ENTRIES)
		return;
	table = calloc(1, sizeof(*table) + size.size * sizeof(table->ring_index[0]));
	if (!table)
		return;
	table->cmd = ETHTOOL_GRXFHINDIR;
	table->size = size.size;
	if (ethtool_call(fd, link, table) >= 0)
		count_queues(table, rss);
	free(table);
}

void rss_read(const char *link, struct rss *rss)
{
	struct ethtool_rxnfc hash = { .cmd = ETHTOOL_GRXFH, .flow_type = UDP_V4_FLOW };
	int fd = ethtool_open();

	*rss = (struct rss){ 0 };
	if (fd < 0)
		return;
	if (ethtool_call(fd, link, &hash) >= 0) {
		rss->hash_known = true;
		rss->hash = (uint32_t)hash.data;
		rss->hashes_ports = (hash.data & (RXH_L4_B_0_1 | RXH_L4_B_2_3)) != 0;
	}
	read_table(fd, link, rss);
	close(fd);
}
