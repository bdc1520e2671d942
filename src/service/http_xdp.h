/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The XDP flavour of http: a second program with the tables of the one at TC ingress, called behind the
 * interface's own XDP program. It answers what it can there and leaves the rest, as it came, to TC.
 */
#ifndef RINGSIDE_SERVICE_HTTP_XDP_H
#define RINGSIDE_SERVICE_HTTP_XDP_H

#include "service/http.h"
#include "service/http_program.h"

struct http_xdp;

/* Whether an interface with that driver is to have XDP. flavour = auto: not veth, whose frames have room for their
 * own bytes and little more, which copies each of them for XDP, and which loses what XDP sends unless its far end has XDP
 * or GRO (all seen on 6.18). */
enum service_xdp http_xdp_is_wanted(const struct http_settings *settings, const char *driver);

/* Loads the program for the tables of `program`, which must stay until it is closed. */
int http_xdp_open(struct http_xdp **xdp, struct http_program *program, struct err *err);
void http_xdp_close(struct http_xdp *xdp);

/* Puts it behind the interface's program. -ENOENT: there is none with a place for it, or another service has it. */
int http_xdp_enter(struct http_xdp *xdp, const struct service_interface *interface);
/* Puts it into the place of one that has entered; where that can't be, all is TC's. */
void http_xdp_follow(struct http_xdp *xdp, const struct service_interface *interface);
void http_xdp_leave(const struct service_interface *interface);

/* The program's descriptor, for BPF_PROG_TEST_RUN. */
int http_xdp_fd(const struct http_xdp *xdp);

/* Where the interface's packets are answered, in words. */
const char *http_xdp_where(const struct http_interface *about, const struct http_interface *now);

#endif
