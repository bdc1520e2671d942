/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What keeps AF_PACKET out of everybody's way: a classic BPF filter, so that only frames which a
 * service could want are copied to the ring, and sink sockets, so that the Linux stack, which sees
 * every frame as well, does not answer ours with ICMP "port unreachable".
 */
#ifndef RINGSIDE_PACKET_FILTER_H
#define RINGSIDE_PACKET_FILTER_H

#include <linux/filter.h>
#include <stdint.h>

#include "base/err.h"
#include "base/log.h"

/* Ranges of ports that the filter looks at one by one; with more it admits all UDP. */
#define PACKET_FILTER_RANGES 16
/* Instructions that a filter has at most. */
#define PACKET_FILTER_LENGTH 112

/*
 * Makes the filter for frames whose destination port is wanted ([65536] in host byte order, not
 * 0: wanted; NULL: all are). It finds the port as frame_parse() does, so it never misses a frame
 * that a service could want: up to two VLAN tags in the frame (the kernel has taken the outer one
 * out already), IPv4 with options, IPv6 with extension headers. Nothing but UDP is admitted.
 * Returns the number of instructions.
 */
unsigned packet_filter_make(
	struct sock_filter program[PACKET_FILTER_LENGTH], const uint8_t *udp_ports);

/* Makes it and attaches it to a socket. Returns 0 or a negative errno with err. */
int packet_filter_attach(int fd, const uint8_t *udp_ports, struct err *err);

/* Wanted ports that get a sink; with more, none gets one and the stack answers. */
#define PACKET_SINK_PORTS 64

/*
 * Binds UDP sockets, which keep nothing, to the wanted ports of the calling thread's namespace.
 * A port that somebody has bound already needs none. Whatever fails is logged and left out: the
 * service works without. Returns NULL without memory or when there is nothing to bind.
 */
struct packet_sinks;
struct packet_sinks *packet_sinks_open(const uint8_t *udp_ports, struct log *log);
void packet_sinks_close(struct packet_sinks *sinks);

#endif
