/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The two sockets of an AF_PACKET queue: one with a ring that the kernel copies received frames
 * into, one to send from.
 */
#ifndef RINGSIDE_PACKET_SOCKET_H
#define RINGSIDE_PACKET_SOCKET_H

#include <stddef.h>
#include <stdint.h>

#include "io/io.h"

/* TPACKET_V2 slots, shared with the kernel; each begins with a struct tpacket2_hdr. */
struct packet_ring {
	uint8_t *memory;
	size_t bytes;
	uint32_t slots, slot_bytes;
};

/* Refuses settings that make no ring, with -EINVAL. */
int packet_settings_check(const struct io_queue_settings *settings, struct err *err);

/* Makes the socket, its ring with at least settings->frames slots and its filter, and binds it;
 * frames come in from then on. Returns 0; or a negative errno with err, and what was opened is
 * in *fd (else -1) and *ring for the caller to close. */
int packet_receive_open(int *fd, struct packet_ring *ring, const struct io_queue_settings *settings,
	struct err *err);
/* The same for the socket that sends and receives nothing. */
int packet_send_open(int *fd, const struct io_queue_settings *settings, struct err *err);

/* Unmaps; an empty ring is allowed. */
void packet_ring_close(struct packet_ring *ring);

#endif
