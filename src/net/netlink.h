/* SPDX-License-Identifier: BSD-2-Clause */
/* One request to rtnetlink or generic netlink and its answers; what the files of net/ share. */
#ifndef RINGSIDE_NETLINK_H
#define RINGSIDE_NETLINK_H

#include <libmnl/libmnl.h>

/* Room for a datagram of answers: the kernel makes none larger than 32 KiB. */
#define NETLINK_BYTES 32768

/* Why the kernel refused, in its own words (the extended ack); empty when it gave none. */
struct netlink_reason {
	char text[160];
};

/*
 * Sends the request in the calling thread's namespace, with NLM_F_REQUEST and NLM_F_ACK added, and
 * calls answer (may be NULL) for each message until the acknowledgement. No dumps. answer is
 * libmnl's: MNL_CB_OK to go on. Returns 0 or the negative errno of the kernel or of the socket.
 */
int netlink_request(
	struct nlmsghdr *request, mnl_cb_t answer, void *context, struct netlink_reason *reason);

/* The same by generic netlink. */
int netlink_generic_request(
	struct nlmsghdr *request, mnl_cb_t answer, void *context, struct netlink_reason *reason);

#endif
