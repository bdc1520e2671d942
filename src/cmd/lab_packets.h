/* SPDX-License-Identifier: BSD-2-Clause */
/* What labs have in common whose testers send test packets: the arguments about them, and an interface that sends
 * them as they would come from a wire. */
#ifndef RINGSIDE_LAB_PACKETS_H
#define RINGSIDE_LAB_PACKETS_H

#include "cmd/lab_service.h"

/* For struct lab_service. */
extern const char *const lab_packets_arguments[];

/* Fills settings and trial, but for interface and addresses. */
int lab_packets_prepare(struct lab_options *options, struct err *err);

/* Of the tester's end: packets leave it with finished checksums and with VLAN tags inside. */
int lab_packets_furnish(struct err *err);

/* The settings with interface and addresses: from the tester's end to the service's. */
void lab_packets_address(const struct lab_options *options, struct generate_settings *settings);

#endif
