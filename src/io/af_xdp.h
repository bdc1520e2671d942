/* SPDX-License-Identifier: BSD-2-Clause */
/* What the interface's opener needs to know of an AF_XDP queue beyond io.h. */
#ifndef RINGSIDE_AF_XDP_H
#define RINGSIDE_AF_XDP_H

#include "io/io.h"

/* The socket's descriptor, for the program's XSKMAP. */
int af_xdp_fd(const struct io_queue *queue);
/* True when getsockopt(XDP_OPTIONS) says that the socket is bound with zero copy. */
bool af_xdp_is_zero_copy(const struct io_queue *queue);
/* A first send, so that a driver that refuses to wake up is a message at the start instead of silence
 * later. With zero copy igb, i40e and their kin refuse until a program is attached. */
int af_xdp_wake_up(struct io_queue *queue, struct err *err);
/* The effective poll mode in words ("interrupt", "busy poll 20 us"). */
void af_xdp_poll_mode(const struct io_queue *queue, char *text, unsigned size);
/* The memory in words ("2 MB pages", "4 KB pages"). */
const char *af_xdp_pages(const struct io_queue *queue);

#endif
