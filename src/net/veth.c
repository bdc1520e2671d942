/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/veth.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <unistd.h>

#include "net/netlink.h"
#include "net/netns.h"

struct ip_address {
	int family;
	uint8_t bytes[16];
	size_t length;
	uint8_t prefix; /* bits */
};

static int veth_request(
	struct nlmsghdr *request, struct err *err, const char *what, const char *link)
{
	struct netlink_reason reason;
	int code = netlink_request(request, NULL, NULL, &reason);

	if (!code)
		return 0;
	err_set(err, code, "%s: %s", link, what);
	if (code == -EPERM)
		err_add(err, code, " (needs CAP_NET_ADMIN)");
	else if (reason.text[0])
		err_add(err, code, " (%s)", reason.text);
	return code;
}

static void veth_put_end(
	struct nlmsghdr *request, const struct veth_end *end, int netns, unsigned queues)
{
	mnl_attr_put_strz(request, IFLA_IFNAME, end->name);
	mnl_attr_put(request, IFLA_ADDRESS, sizeof(end->mac), end->mac);
	mnl_attr_put_u32(request, IFLA_NUM_TX_QUEUES, queues);
	mnl_attr_put_u32(request, IFLA_NUM_RX_QUEUES, queues);
	mnl_attr_put_u32(request, IFLA_NET_NS_FD, (uint32_t)netns);
}

static int veth_create(const struct veth_end *a, const struct veth_end *b, int netns_a, int netns_b,
	unsigned queues, struct err *err)
{
	char buffer[1024];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct nlattr *kind, *data, *peer;

	request->nlmsg_type = RTM_NEWLINK;
	request->nlmsg_flags = NLM_F_CREATE | NLM_F_EXCL;
	mnl_nlmsg_put_extra_header(request, sizeof(struct ifinfomsg));
	veth_put_end(request, a, netns_a, queues);
	kind = mnl_attr_nest_start(request, IFLA_LINKINFO);
	mnl_attr_put_strz(request, IFLA_INFO_KIND, "veth");
	data = mnl_attr_nest_start(request, IFLA_INFO_DATA);
	peer = mnl_attr_nest_start(request, VETH_INFO_PEER);
	mnl_nlmsg_put_extra_header(request, sizeof(struct ifinfomsg));
	veth_put_end(request, b, netns_b, queues);
	mnl_attr_nest_end(request, peer);
	mnl_attr_nest_end(request, data);
	mnl_attr_nest_end(request, kind);
	return veth_request(request, err, "make a veth pair", a->name);
}

int veth_add(const struct veth_end *a, const struct veth_end *b, unsigned queues, struct err *err)
{
	static const char here[] = "/proc/thread-self/ns/net";
	int netns_a, netns_b, code;

	if (strlen(a->name) >= IFNAMSIZ || strlen(b->name) >= IFNAMSIZ)
		return err_say(
			err, -EINVAL, "%s, %s: name too long for an interface", a->name, b->name);
	netns_a = netns_open(a->netns ? a->netns : here, err);
	if (netns_a < 0)
		return netns_a;
	netns_b = netns_open(b->netns ? b->netns : here, err);
	if (netns_b < 0) {
		code = netns_b;
	} else {
		code = veth_create(a, b, netns_a, netns_b, queues, err);
		close(netns_b);
	}
	close(netns_a);
	return code;
}

/* Reads "192.0.2.1", or with want_prefix "192.0.2.1/24". */
static int address_parse(
	struct ip_address *address, const char *text, bool want_prefix, struct err *err)
{
	char host[INET6_ADDRSTRLEN];
	size_t bytes = strcspn(text, "/");
	unsigned long prefix = 0;
	const char *end = "";

	memset(address, 0, sizeof(*address));
	if (bytes >= sizeof(host) || want_prefix != (text[bytes] == '/'))
		goto bad;
	memcpy(host, text, bytes);
	host[bytes] = '\0';
	address->family = strchr(host, ':') ? AF_INET6 : AF_INET;
	address->length = address->family == AF_INET6 ? 16 : 4;
	if (inet_pton(address->family, host, address->bytes) != 1)
		goto bad;
	if (want_prefix) {
		if (text[bytes + 1] < '0' || text[bytes + 1] > '9')
			goto bad;
		prefix = strtoul(text + bytes + 1, (char **)&end, 10);
	}
	if (*end || prefix > 8 * address->length)
		goto bad;
	address->prefix = (uint8_t)prefix;
	return 0;
bad:
	return err_say(err, -EINVAL, "not an IP address%s: %s",
		want_prefix ? " with a prefix length" : "", text);
}

static int link_index(const char *link, uint32_t *index, struct err *err)
{
	*index = if_nametoindex(link);
	return *index ? 0 : err_say(err, -ENODEV, "%s: no such interface", link);
}

int veth_address_add(const char *link, const char *text, struct err *err)
{
	char buffer[256];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct ip_address address;
	struct ifaddrmsg *head;
	uint32_t index;
	int code = address_parse(&address, text, true, err);

	if (!code)
		code = link_index(link, &index, err);
	if (code)
		return code;
	request->nlmsg_type = RTM_NEWADDR;
	request->nlmsg_flags = NLM_F_CREATE | NLM_F_EXCL;
	head = mnl_nlmsg_put_extra_header(request, sizeof(*head));
	head->ifa_family = (uint8_t)address.family;
	head->ifa_prefixlen = address.prefix;
	head->ifa_flags = IFA_F_PERMANENT | (address.family == AF_INET6 ? IFA_F_NODAD : 0);
	head->ifa_scope = RT_SCOPE_UNIVERSE;
	head->ifa_index = index;
	mnl_attr_put(request, IFA_LOCAL, address.length, address.bytes);
	mnl_attr_put(request, IFA_ADDRESS, address.length, address.bytes);
	return veth_request(request, err, "add an address", link);
}

int veth_neighbour_add(const char *link, const char *text, const uint8_t mac[6], struct err *err)
{
	char buffer[256];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct ip_address address;
	struct ndmsg *head;
	uint32_t index;
	int code = address_parse(&address, text, false, err);

	if (!code)
		code = link_index(link, &index, err);
	if (code)
		return code;
	request->nlmsg_type = RTM_NEWNEIGH;
	request->nlmsg_flags = NLM_F_CREATE | NLM_F_REPLACE;
	head = mnl_nlmsg_put_extra_header(request, sizeof(*head));
	head->ndm_family = (uint8_t)address.family;
	head->ndm_ifindex = (int)index;
	head->ndm_state = NUD_PERMANENT;
	mnl_attr_put(request, NDA_DST, address.length, address.bytes);
	mnl_attr_put(request, NDA_LLADDR, 6, mac);
	return veth_request(request, err, "add a neighbour", link);
}

int veth_set_up(const char *link, struct err *err)
{
	char buffer[256];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct ifinfomsg *head;
	uint32_t index;
	int code = link_index(link, &index, err);

	if (code)
		return code;
	request->nlmsg_type = RTM_NEWLINK;
	head = mnl_nlmsg_put_extra_header(request, sizeof(*head));
	head->ifi_index = (int)index;
	head->ifi_flags = head->ifi_change = IFF_UP;
	return veth_request(request, err, "set up", link);
}
