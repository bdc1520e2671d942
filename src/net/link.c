/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/link.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <unistd.h>

#include "net/ethtool.h"
#include "net/netlink.h"

/* What a RTM_NEWLINK message says, beside struct link itself. */
struct link_answer {
	struct link *link;
	bool loopback;
	char kind[32]; /* of a virtual device: "veth", "bridge" */
};

static int link_take_kind(const struct nlattr *attribute, void *context)
{
	struct link_answer *answer = context;

	if (mnl_attr_get_type(attribute) == IFLA_INFO_KIND &&
		!mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING))
		snprintf(answer->kind, sizeof(answer->kind), "%s", mnl_attr_get_str(attribute));
	return MNL_CB_OK;
}

/* IFLA_XDP_PROG_ID is left out when programs are attached in two modes: then the native one
 * counts. */
static int link_take_xdp(const struct nlattr *attribute, void *context)
{
	struct link *link = context;
	uint16_t type = mnl_attr_get_type(attribute);

	if (mnl_attr_validate(attribute, MNL_TYPE_U32))
		return MNL_CB_OK;
	if (type == IFLA_XDP_PROG_ID || type == IFLA_XDP_DRV_PROG_ID ||
		(type == IFLA_XDP_SKB_PROG_ID && !link->xdp_program))
		link->xdp_program = mnl_attr_get_u32(attribute);
	return MNL_CB_OK;
}

static int link_take_attribute(const struct nlattr *attribute, void *context)
{
	struct link_answer *answer = context;
	struct link *link = answer->link;

	switch (mnl_attr_get_type(attribute)) {
	case IFLA_IFNAME:
		snprintf(link->name, sizeof(link->name), "%s", mnl_attr_get_str(attribute));
		break;
	case IFLA_ADDRESS:
		if (mnl_attr_get_payload_len(attribute) == sizeof(link->mac))
			memcpy(link->mac, mnl_attr_get_payload(attribute), sizeof(link->mac));
		break;
	case IFLA_MTU:
		link->mtu = mnl_attr_get_u32(attribute);
		break;
	case IFLA_NUM_RX_QUEUES:
		link->rx_queues_max = mnl_attr_get_u32(attribute);
		break;
	case IFLA_NUM_TX_QUEUES:
		link->tx_queues = mnl_attr_get_u32(attribute);
		break;
	case IFLA_STATS64:
		if (mnl_attr_get_payload_len(attribute) >= sizeof(link->rx_packets))
			memcpy(&link->rx_packets, mnl_attr_get_payload(attribute),
				sizeof(link->rx_packets)); /* the first of them */
		break;
	case IFLA_XDP:
		return mnl_attr_parse_nested(attribute, link_take_xdp, link);
	case IFLA_LINKINFO:
		return mnl_attr_parse_nested(attribute, link_take_kind, answer);
	}
	return MNL_CB_OK;
}

static int link_take(const struct nlmsghdr *message, void *context)
{
	const struct ifinfomsg *head = mnl_nlmsg_get_payload(message);
	struct link_answer *answer = context;

	answer->link->index = (uint32_t)head->ifi_index;
	answer->link->up = head->ifi_flags & IFF_UP;
	answer->link->carrier = head->ifi_flags & IFF_LOWER_UP;
	answer->link->promiscuous = head->ifi_flags & IFF_PROMISC;
	answer->loopback = head->ifi_flags & IFF_LOOPBACK;
	return mnl_attr_parse(message, sizeof(*head), link_take_attribute, answer);
}

static int link_request(struct link_answer *answer, const char *name, struct netlink_reason *reason)
{
	char buffer[512];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct ifinfomsg *head;

	request->nlmsg_type = RTM_GETLINK;
	head = mnl_nlmsg_put_extra_header(request, sizeof(*head));
	head->ifi_family = AF_UNSPEC;
	mnl_attr_put_strz(request, IFLA_IFNAME, name);
	return netlink_request(request, link_take, answer, reason);
}

static int link_unknown(struct err *err)
{
	struct if_nameindex *links = if_nameindex();
	int code = err_say(err, -ENODEV, "no such interface");

	for (unsigned i = 0; links && links[i].if_index; i++)
		err_add(err, code, "%s%s", i ? ", " : " (there are: ", links[i].if_name);
	if (links && links[0].if_index)
		err_add(err, code, ")");
	if (links)
		if_freenameindex(links);
	return code;
}

static bool link_file_read(const char *path, char *text, int bytes)
{
	FILE *file = fopen(path, "re");
	bool read = file && fgets(text, bytes, file);

	if (file)
		fclose(file);
	return read;
}

/* Whether /sys/class/net/NAME speaks of this link. sysfs shows the namespace that it was mounted
 * in, where a link of that name may be another one. */
static bool link_is_in_sysfs(const struct link *link)
{
	const uint8_t *mac = link->mac;
	char path[80], text[32], expected[32];

	snprintf(path, sizeof(path), "/sys/class/net/%s/ifindex", link->name);
	if (!link_file_read(path, text, sizeof(text)) || strtoul(text, NULL, 10) != link->index)
		return false;
	snprintf(path, sizeof(path), "/sys/class/net/%s/address", link->name);
	snprintf(expected, sizeof(expected), "%02x:%02x:%02x:%02x:%02x:%02x\n", mac[0], mac[1],
		mac[2], mac[3], mac[4], mac[5]);
	return link_file_read(path, text, sizeof(text)) && !strcmp(text, expected);
}

static uint32_t link_count_in_sysfs(const char *name, const char *queues)
{
	char pattern[80];
	uint32_t count;
	glob_t found;

	snprintf(pattern, sizeof(pattern), "/sys/class/net/%s/queues/%s-*", name, queues);
	if (glob(pattern, GLOB_NOSORT, NULL, &found))
		return 0;
	count = (uint32_t)found.gl_pathc;
	globfree(&found);
	return count;
}

/* Queues in use, from whoever knows best. rx_queues_max and tx_queues hold what the device was made
 * with, which bounds all (a driver's maxima of separate and combined channels may exclude each
 * other). */
static void link_read_queues(struct link *link, int fd)
{
	struct ethtool_channels channels = { .cmd = ETHTOOL_GCHANNELS };
	uint32_t rx = 0, tx = 0, made = link->rx_queues_max;

	if (fd >= 0 && ethtool_call(fd, link->name, &channels) >= 0) {
		rx = channels.rx_count + channels.combined_count;
		tx = channels.tx_count + channels.combined_count;
		if (channels.max_rx + channels.max_combined < made)
			link->rx_queues_max = channels.max_rx + channels.max_combined;
	}
	if (!rx && link_is_in_sysfs(link)) {
		rx = link_count_in_sysfs(link->name, "rx");
		tx = link_count_in_sysfs(link->name, "tx");
	}
	link->rx_queues = rx ? rx : made ? made : 1;
	link->tx_queues = tx ? tx : link->tx_queues ? link->tx_queues : 1;
	if (link->rx_queues_max < link->rx_queues)
		link->rx_queues_max = link->rx_queues;
}

/* By the bus address, which is the same in every namespace. */
static int link_numa_node(const char *bus_address)
{
	char path[128], text[16];

	if (!*bus_address || strchr(bus_address, '/'))
		return -1;
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%.32s/numa_node", bus_address);
	return link_file_read(path, text, sizeof(text)) ? atoi(text) : -1;
}

static void link_read_driver(struct link_answer *answer, int fd)
{
	struct ethtool_drvinfo driver = { .cmd = ETHTOOL_GDRVINFO };
	struct link *link = answer->link;
	const char *name = answer->kind;

	link->numa_node = -1;
	if (fd >= 0 && ethtool_call(fd, link->name, &driver) >= 0) {
		link->numa_node = link_numa_node(driver.bus_info);
		if (driver.driver[0])
			name = driver.driver;
	} else if (answer->loopback) {
		name = "loopback";
	}
	snprintf(link->driver, sizeof(link->driver), "%s", *name ? name : "unknown");
}

int link_read(struct link *link, const char *name, struct err *err)
{
	struct link_answer answer = { .link = link };
	struct netlink_reason reason;
	int code, fd;

	memset(link, 0, sizeof(*link));
	link->rx_packets = UINT64_MAX;
	if (!*name || strlen(name) >= sizeof(link->name))
		return link_unknown(err);
	code = link_request(&answer, name, &reason);
	if (code == -ENODEV)
		return link_unknown(err);
	if (code)
		return err_set(err, code, "%s: read the link", name);
	fd = ethtool_open();
	link_read_driver(&answer, fd);
	link_read_queues(link, fd);
	if (fd >= 0)
		close(fd);
	return 0;
}

int link_features_set(
	const char *name, const char *const *features, unsigned count, bool on, struct err *err)
{
	return ethtool_features_write(name, features, count, on, err);
}

bool link_filters_vlans(const struct link *link)
{
	static const char *const filter[] = { "rx-vlan-filter" };
	struct ethtool_feature state;

	return !link->promiscuous && !ethtool_features_read(link->name, filter, 1, &state, NULL) &&
	       state.on;
}

static const char *const link_vlan_features[2] = { "rx-vlan-hw-parse", "rx-vlan-stag-hw-parse" };

int link_vlan_offload_off(const char *name, struct link_vlan_offload *was, struct err *err)
{
	struct ethtool_feature state[2];
	int code = ethtool_features_read(name, link_vlan_features, 2, state, err);

	was->ctag = was->stag = false;
	if (code)
		return code;
	if (!state[0].on && !state[1].on)
		return 0;
	code = ethtool_features_write(name, link_vlan_features, 2, false, err);
	if (code) {
		struct ethtool_feature now[2];
		struct link_vlan_offload half;

		/* one of the two may have gone off: as it was, or not at all */
		if (!ethtool_features_read(name, link_vlan_features, 2, now, NULL)) {
			half.ctag = state[0].on && !now[0].on;
			half.stag = state[1].on && !now[1].on;
			link_vlan_offload_restore(name, &half, NULL);
		}
		return code;
	}
	was->ctag = state[0].on;
	was->stag = state[1].on;
	return was->ctag + was->stag;
}

int link_vlan_offload_restore(
	const char *name, const struct link_vlan_offload *was, struct err *err)
{
	const char *features[2];
	unsigned count = 0;

	if (was->ctag)
		features[count++] = link_vlan_features[0];
	if (was->stag)
		features[count++] = link_vlan_features[1];
	return count ? ethtool_features_write(name, features, count, true, err) : 0;
}
