/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/netlink.h"

#include <errno.h>
#include <stdio.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

static int netlink_take_reason(const struct nlattr *attribute, void *context)
{
	struct netlink_reason *reason = context;

	if (mnl_attr_get_type(attribute) == NLMSGERR_ATTR_MSG &&
		!mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING))
		snprintf(reason->text, sizeof(reason->text), "%s", mnl_attr_get_str(attribute));
	return MNL_CB_OK;
}

/* Stands in for libmnl's own handler, which knows no extended ack. */
static int netlink_on_error(const struct nlmsghdr *message, void *context)
{
	const struct nlmsgerr *error = mnl_nlmsg_get_payload(message);
	size_t offset = sizeof(*error);

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*error)) {
		errno = EBADMSG;
		return MNL_CB_ERROR;
	}
	if (!error->error)
		return MNL_CB_STOP;
	if (message->nlmsg_flags & NLM_F_ACK_TLVS) {
		if (!(message->nlmsg_flags & NLM_F_CAPPED))
			offset += mnl_nlmsg_get_payload_len(&error->msg);
		mnl_attr_parse(message, offset, netlink_take_reason, context);
	}
	errno = -error->error;
	return MNL_CB_ERROR;
}

struct netlink_call {
	struct netlink_reason reason; /* first: it is what netlink_on_error() is given */
	mnl_cb_t answer;
	void *context;
};

static int netlink_on_answer(const struct nlmsghdr *message, void *context)
{
	struct netlink_call *call = context;

	return call->answer ? call->answer(message, call->context) : MNL_CB_OK;
}

static int netlink_exchange(
	struct mnl_socket *socket, struct nlmsghdr *request, struct netlink_call *call)
{
	mnl_cb_t controls[NLMSG_MIN_TYPE] = { [NLMSG_ERROR] = netlink_on_error };
	unsigned port = mnl_socket_get_portid(socket);
	char buffer[NETLINK_BYTES];
	int more = MNL_CB_OK;

	if (mnl_socket_sendto(socket, request, request->nlmsg_len) < 0)
		return -errno;
	while (more > MNL_CB_STOP) {
		ssize_t bytes = mnl_socket_recvfrom(socket, buffer, sizeof(buffer));

		if (bytes < 0 && errno == EINTR)
			continue;
		if (bytes < 0)
			return -errno;
		more = mnl_cb_run2(buffer, (size_t)bytes, request->nlmsg_seq, port,
			netlink_on_answer, call, controls, NLMSG_MIN_TYPE);
	}
	return more < 0 ? -errno : 0;
}

static int netlink_request_on(int bus, struct nlmsghdr *request, mnl_cb_t answer, void *context,
	struct netlink_reason *reason)
{
	struct netlink_call call = { .answer = answer, .context = context };
	struct mnl_socket *socket = mnl_socket_open2(bus, SOCK_CLOEXEC);
	int yes = 1, code;

	if (reason)
		reason->text[0] = '\0';
	if (!socket)
		return -errno;
	/* refused before kernel 4.12, which then says no more than an errno */
	mnl_socket_setsockopt(socket, NETLINK_EXT_ACK, &yes, sizeof(yes));
	request->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	request->nlmsg_seq = 1;
	code = mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0
		       ? -errno
		       : netlink_exchange(socket, request, &call);
	mnl_socket_close(socket);
	if (reason)
		*reason = call.reason;
	return code;
}

int netlink_request(
	struct nlmsghdr *request, mnl_cb_t answer, void *context, struct netlink_reason *reason)
{
	return netlink_request_on(NETLINK_ROUTE, request, answer, context, reason);
}

int netlink_generic_request(
	struct nlmsghdr *request, mnl_cb_t answer, void *context, struct netlink_reason *reason)
{
	return netlink_request_on(NETLINK_GENERIC, request, answer, context, reason);
}
