/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One ring as a consumer sees it: mapped read-only, read by the rule of ring.h. Part of libringside,
 * which includes nothing of Ringside's but this folder's headers, and whose names all begin with
 * ringside.
 */
#ifndef RINGSIDE_READER_H
#define RINGSIDE_READER_H

#include <stdbool.h>

#include "ring/ring.h"

struct ringside_reader {
	const struct ringside_head *head;
	const struct ringside_slot *slots;
	const uint8_t *data; /* the data area */
	uint64_t data_bytes;
	uint64_t mask;
	uint32_t packet_bytes;
	uint64_t want; /* the next sequence */
	uint64_t received, lost_polling, lost_reading;
	uint64_t done; /* as the daemon has been told */
	void *ring_map, *data_map; /* data_map: NULL in mode copy */
	size_t ring_map_bytes, data_map_bytes;
};

/* Maps a ring, and its packet memory (-1 in mode copy); begins with what is published next. The
 * descriptors stay the caller's. -EPROTO: not a ring of this version. */
int ringside_reader_open(struct ringside_reader *reader, int ring_fd, int data_fd);
void ringside_reader_close(struct ringside_reader *reader);

/* Copies the next packet, at most `snap` bytes of it, to `into`, which has room for packet_bytes
 * rounded up to 8, and fills *packet but for its `ring`. False: there is none yet. */
bool ringside_reader_read(struct ringside_reader *reader, struct ringside_packet *packet,
	uint8_t *into, uint32_t snap);

/* Whether ringside_reader_read() would find something to do. */
bool ringside_reader_is_ready(const struct ringside_reader *reader);

/* True once nothing will come any more and all has been read. */
bool ringside_reader_is_done(const struct ringside_reader *reader);

#endif
