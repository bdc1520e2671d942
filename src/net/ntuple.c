// SPDX-License-Identifier: BSD-2-Clause
#include "net/ntuple.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "net/ethtool.h"

#define ETHER_TYPE_EXPERIMENT 0x88b5
#define PORT_DISCARD 9

static int count_rules(int fd, const char *link, struct ethtool_rxnfc *rules)
{
	int code;

	*rules = (struct ethtool_rxnfc){ .cmd = ETHTOOL_GRXCLSRLCNT };
	code = ethtool_call(fd, link, rules);
	if (code < 0)
		return code;
	return rules->rule_cnt > INT_MAX ? INT_MAX : (int)rules->rule_cnt;
}

int ntuple_count(const char *link)
{
	struct ethtool_rxnfc rules;
	int fd = ethtool_open(), count;

	if (fd < 0)
		return fd;
	count = count_rules(fd, link, &rules);
	close(fd);
	return count;
}

static void describe(struct ethtool_rx_flow_spec *flow, enum ntuple_kind kind)
{
	struct ethtool_tcpip4_spec *udp = &flow->h_u.udp_ip4_spec, *mask = &flow->m_u.udp_ip4_spec;

	if (kind == NTUPLE_ETHER_TYPE) {
		flow->flow_type = ETHER_FLOW;
		flow->h_u.ether_spec.h_proto = htons(ETHER_TYPE_EXPERIMENT);
		flow->m_u.ether_spec.h_proto = 0xffff;
		return;
	}
	flow->flow_type = UDP_V4_FLOW;
	udp->ip4src = inet_addr("192.0.2.1");
	udp->ip4dst = inet_addr("192.0.2.2");
	udp->psrc = udp->pdst = htons(PORT_DISCARD);
	memset(&mask->ip4src, 0xff, sizeof(mask->ip4src));
	memset(&mask->ip4dst, 0xff, sizeof(mask->ip4dst));
	mask->psrc = mask->pdst = 0xffff;
}

/* A driver that does not choose the place itself is given its last one, as ethtool does. */
static uint32_t find_place(int fd, const char *link, const struct ethtool_rxnfc *rules)
{
	struct ethtool_rxnfc all = { .cmd = ETHTOOL_GRXCLSRLALL };

	if (rules->data & RX_CLS_LOC_SPECIAL)
		return RX_CLS_LOC_ANY;
	return ethtool_call(fd, link, &all) >= 0 && all.data ? (uint32_t)all.data - 1 : 0;
}

static int set_and_take(int fd, const char *link, struct ethtool_rxnfc *rule, uint32_t *left)
{
	struct ethtool_rxnfc gone = { .cmd = ETHTOOL_SRXCLSRLDEL };
	int code = ethtool_call(fd, link, rule);

	if (code < 0)
		return code;
	gone.fs.location = *left = rule->fs.location;
	return ethtool_call(fd, link, &gone) < 0 ? -EBUSY : 0;
}

int ntuple_try(const char *link, enum ntuple_kind kind, uint32_t queue, uint32_t *left)
{
	struct ethtool_rxnfc rules, rule = { .cmd = ETHTOOL_SRXCLSRLINS };
	int fd = ethtool_open(), code;

	if (fd < 0)
		return fd;
	code = count_rules(fd, link, &rules);
	if (code > 0)
		code = -EEXIST;
	if (!code) {
		describe(&rule.fs, kind);
		rule.fs.ring_cookie = queue;
		rule.fs.location = find_place(fd, link, &rules);
		code = set_and_take(fd, link, &rule, left);
	}
	close(fd);
	return code;
}
