/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/route.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <time.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include "base/clock.h"
#include "net/netlink.h"

/* States in which the kernel itself would use the address. */
#define USABLE (NUD_PERMANENT | NUD_NOARP | NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE)
/* The kernel asks three times, a second apart. */
#define RESOLVE_NS (4 * NSEC_PER_SEC)
#define LOOK_NS (10 * NSEC_PER_MSEC)

struct route_answer {
	struct route *route;
	size_t bytes; /* of an address */
	unsigned type; /* RTN_ */
};

static size_t address_bytes(int family)
{
	return family == AF_INET6 ? 16 : 4;
}

static const char *address_text(int family, const uint8_t *address, char text[INET6_ADDRSTRLEN])
{
	return inet_ntop(family, address, text, INET6_ADDRSTRLEN);
}

static int route_take_attribute(const struct nlattr *attribute, void *context)
{
	struct route_answer *answer = context;
	const void *payload = mnl_attr_get_payload(attribute);
	size_t bytes = mnl_attr_get_payload_len(attribute);

	if (bytes != answer->bytes)
		return MNL_CB_OK;
	if (mnl_attr_get_type(attribute) == RTA_PREFSRC) {
		memcpy(answer->route->source, payload, bytes);
		answer->route->has_source = true;
	} else if (mnl_attr_get_type(attribute) == RTA_GATEWAY) {
		memcpy(answer->route->next, payload, bytes);
		answer->route->has_gateway = true;
	}
	return MNL_CB_OK;
}

static int route_take(const struct nlmsghdr *message, void *context)
{
	const struct rtmsg *head = mnl_nlmsg_get_payload(message);
	struct route_answer *answer = context;

	answer->type = head->rtm_type;
	return mnl_attr_parse(message, sizeof(*head), route_take_attribute, answer);
}

int route_find(
	struct route *route, const char *link, int family, const uint8_t *address, struct err *err)
{
	struct route_answer answer = { .route = route, .bytes = address_bytes(family) };
	char buffer[256], text[INET6_ADDRSTRLEN];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct rtmsg *head;
	int code;

	memset(route, 0, sizeof(*route));
	memcpy(route->next, address, answer.bytes);
	address_text(family, address, text);
	request->nlmsg_type = RTM_GETROUTE;
	head = mnl_nlmsg_put_extra_header(request, sizeof(*head));
	head->rtm_family = (uint8_t)family;
	head->rtm_dst_len = (uint8_t)(8 * answer.bytes);
	mnl_attr_put(request, RTA_DST, answer.bytes, address);
	mnl_attr_put_u32(request, RTA_OIF, if_nametoindex(link));
	code = netlink_request(request, route_take, &answer, NULL);
	if (code)
		return err_set(err, code, "%s: find the way to %s", link, text);
	if (answer.type == RTN_LOCAL)
		return err_say(err, -EADDRNOTAVAIL, "%s is an address of this machine", text);
	if (answer.type != RTN_UNICAST)
		return err_say(
			err, -EINVAL, "%s: not an address of one host that can be reached", text);
	return 0;
}

struct neighbour {
	unsigned state;
	bool has_mac;
	uint8_t mac[6];
};

static int neighbour_take_attribute(const struct nlattr *attribute, void *context)
{
	struct neighbour *neighbour = context;

	if (mnl_attr_get_type(attribute) == NDA_LLADDR &&
		mnl_attr_get_payload_len(attribute) == sizeof(neighbour->mac)) {
		memcpy(neighbour->mac, mnl_attr_get_payload(attribute), sizeof(neighbour->mac));
		neighbour->has_mac = true;
	}
	return MNL_CB_OK;
}

static int neighbour_take(const struct nlmsghdr *message, void *context)
{
	const struct ndmsg *head = mnl_nlmsg_get_payload(message);
	struct neighbour *neighbour = context;

	neighbour->state = head->ndm_state;
	return mnl_attr_parse(message, sizeof(*head), neighbour_take_attribute, neighbour);
}

static struct nlmsghdr *neighbour_request(char *buffer, uint16_t type, uint8_t flags,
	const char *link, int family, const uint8_t *address)
{
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct ndmsg *head;

	request->nlmsg_type = type;
	head = mnl_nlmsg_put_extra_header(request, sizeof(*head));
	head->ndm_family = (uint8_t)family;
	head->ndm_ifindex = (int)if_nametoindex(link);
	head->ndm_flags = flags;
	mnl_attr_put(request, NDA_DST, address_bytes(family), address);
	return request;
}

/* What the kernel knows; state 0: nothing. */
static int neighbour_look(
	struct neighbour *neighbour, const char *link, int family, const uint8_t *address)
{
	char buffer[256];
	struct nlmsghdr *request =
		neighbour_request(buffer, RTM_GETNEIGH, 0, link, family, address);
	int code;

	memset(neighbour, 0, sizeof(*neighbour));
	code = netlink_request(request, neighbour_take, neighbour, NULL);
	return code == -ENOENT ? 0 : code;
}

/* As if a packet were to be sent there. */
static int neighbour_ask(const char *link, int family, const uint8_t *address)
{
	char buffer[256];
	struct nlmsghdr *request =
		neighbour_request(buffer, RTM_NEWNEIGH, NTF_USE, link, family, address);

	request->nlmsg_flags = NLM_F_CREATE;
	return netlink_request(request, NULL, NULL, NULL);
}

static int neighbour_await(
	struct neighbour *neighbour, const char *link, int family, const uint8_t *address)
{
	const struct timespec pause = { .tv_nsec = LOOK_NS };
	uint64_t end = clock_now_ns() + RESOLVE_NS;
	int code = neighbour_ask(link, family, address);

	while (!code && clock_now_ns() < end) {
		code = neighbour_look(neighbour, link, family, address);
		if (code || neighbour->state & USABLE)
			return code;
		if (neighbour->state & NUD_FAILED)
			return -EHOSTUNREACH;
		clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
	}
	return code ? code : -EHOSTUNREACH;
}

int route_resolve(
	const char *link, int family, const uint8_t *address, uint8_t mac[6], struct err *err)
{
	char text[INET6_ADDRSTRLEN];
	struct neighbour neighbour;
	int code = neighbour_look(&neighbour, link, family, address);

	address_text(family, address, text);
	if (!code && !(neighbour.state & USABLE))
		code = neighbour_await(&neighbour, link, family, address);
	if (code == -EHOSTUNREACH)
		return err_say(err, code, "%s: %s does not answer %s", link, text,
			family == AF_INET6 ? "neighbour solicitations" : "ARP");
	if (code) {
		err_set(err, code, "%s: ask for the MAC address of %s", link, text);
		return code == -EPERM ? err_add(err, code, " (needs CAP_NET_ADMIN)") : code;
	}
	if (!neighbour.has_mac)
		return err_say(err, -EAFNOSUPPORT, "%s: %s has no MAC address", link, text);
	memcpy(mac, neighbour.mac, sizeof(neighbour.mac));
	return 0;
}
