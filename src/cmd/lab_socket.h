/* SPDX-License-Identifier: BSD-2-Clause */
/* The sockets of the lab's tester, in the calling thread's namespace. */
#ifndef RINGSIDE_LAB_SOCKET_H
#define RINGSIDE_LAB_SOCKET_H

#include <stdint.h>

#include "base/err.h"

/* Sends whole frames out of a link, each flow by a queue of its own. A descriptor or a negative
 * errno. */
int lab_socket_send(const char *link, struct err *err);

/* Receives the frames with our signature that arrive at a link, whatever their addresses, each with
 * its time of arrival (SCM_TIMESTAMPNS, CLOCK_REALTIME). */
int lab_socket_receive(const char *link, struct err *err);

/* Takes a UDP port and lets all that comes there vanish, so that the namespace's stack sends no
 * ICMP "port unreachable" for test packets. */
int lab_socket_absorb(uint16_t port, struct err *err);

/* Makes a veth end receive what the other end sends by XDP_TX: the kernel (6.18) wakes the receiver
 * for it only if that has an XDP program; GRO, which makes it take redirected frames, is not
 * enough. Returns the descriptor of a bpf_link, and as long as it is open it works. */
int lab_socket_wake(const char *link, struct err *err);

#endif
