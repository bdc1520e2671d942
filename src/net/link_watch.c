/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/link.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "net/netlink.h"

struct link_watch {
	struct mnl_socket *socket;
	const struct nlmsghdr *next; /* of those in the buffer, the first not yet taken */
	int left; /* bytes from there on */
	char buffer[NETLINK_BYTES] __attribute__((aligned(8)));
};

static int watch_bind(struct link_watch *watch)
{
	int fd = mnl_socket_get_fd(watch->socket);
	int bytes = 1 << 20; /* hundreds of links that come and go at once */

	if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	if (mnl_socket_bind(watch->socket, RTMGRP_LINK, MNL_SOCKET_AUTOPID) < 0)
		return -errno;
	return 0;
}

int link_watch_open(struct link_watch **watch, struct err *err)
{
	struct link_watch *new = calloc(1, sizeof(*new));
	int code = -ENOMEM;

	*watch = NULL;
	if (!new)
		return err_set(err, code, "watch the links");
	new->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	code = new->socket ? watch_bind(new) : -errno;
	if (code) {
		link_watch_close(new);
		return err_set(err, code, "watch the links");
	}
	*watch = new;
	return 0;
}

int link_watch_fd(const struct link_watch *watch)
{
	return mnl_socket_get_fd(watch->socket);
}

static int watch_take_attribute(const struct nlattr *attribute, void *context)
{
	struct link_event *event = context;

	switch (mnl_attr_get_type(attribute)) {
	case IFLA_IFNAME:
		snprintf(event->name, sizeof(event->name), "%s", mnl_attr_get_str(attribute));
		break;
	case IFLA_ADDRESS:
		if (mnl_attr_get_payload_len(attribute) == sizeof(event->mac))
			memcpy(event->mac, mnl_attr_get_payload(attribute), sizeof(event->mac));
		break;
	case IFLA_MTU:
		event->mtu = mnl_attr_get_u32(attribute);
		break;
	}
	return MNL_CB_OK;
}

/* Whether the message says something about a link. A bridge tells of its ports, in its own family,
 * that they were "deleted" when they have merely left it. */
static bool watch_take(const struct nlmsghdr *message, struct link_event *event)
{
	const struct ifinfomsg *head = mnl_nlmsg_get_payload(message);

	if (message->nlmsg_type != RTM_NEWLINK && message->nlmsg_type != RTM_DELLINK)
		return false;
	if (mnl_nlmsg_get_payload_len(message) < sizeof(*head) || head->ifi_family != AF_UNSPEC)
		return false;
	memset(event, 0, sizeof(*event));
	event->index = (uint32_t)head->ifi_index;
	event->gone = message->nlmsg_type == RTM_DELLINK;
	event->up = !event->gone && (head->ifi_flags & IFF_UP);
	event->carrier = !event->gone && (head->ifi_flags & IFF_LOWER_UP);
	mnl_attr_parse(message, sizeof(*head), watch_take_attribute, event);
	return true;
}

/* 1: there are messages in the buffer; 0: none waiting. */
static int watch_receive(struct link_watch *watch)
{
	for (;;) {
		ssize_t bytes =
			mnl_socket_recvfrom(watch->socket, watch->buffer, sizeof(watch->buffer));

		if (bytes > 0) {
			watch->next = (const void *)watch->buffer;
			watch->left = (int)bytes;
			return 1;
		}
		if (bytes == 0 || errno == EAGAIN)
			return 0;
		if (errno != EINTR)
			return -errno;
	}
}

int link_watch_next(struct link_watch *watch, struct link_event *event)
{
	for (;;) {
		while (mnl_nlmsg_ok(watch->next, watch->left)) {
			const struct nlmsghdr *message = watch->next;

			watch->next = mnl_nlmsg_next(message, &watch->left);
			if (watch_take(message, event))
				return 1;
		}
		watch->left = 0;
		int code = watch_receive(watch);

		if (code <= 0)
			return code;
	}
}

void link_watch_close(struct link_watch *watch)
{
	if (!watch)
		return;
	if (watch->socket)
		mnl_socket_close(watch->socket);
	free(watch);
}
