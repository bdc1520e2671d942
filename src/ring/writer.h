/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The writing end of a ring: the memory of one application and queue, made and filled by the daemon.
 *
 * ring_publish() never waits and reads nothing that another process can write. In mode copy the
 * packet's bytes go into the ring's own memory. In mode share the ring swaps frames: the slot shadows
 * the frame published, and the frame that it shadowed before comes back to the caller. Which frame a
 * slot shadows is in a table of the daemon's own, not in the shared memory.
 *
 * One thread publishes; another one may open, close and seat consumers (audience.h).
 */
#ifndef RINGSIDE_WRITER_H
#define RINGSIDE_WRITER_H

#include <stdbool.h>
#include <string.h>

#include "base/err.h"
#include "ring/ring.h"

#define RING_DEPTH_MIN 2
#define RING_DEPTH_MAX (1u << 20)

struct ring_settings {
	const char *name, *interface;
	uint32_t queue;
	uint32_t depth; /* power of two */
	uint32_t mode; /* enum ringside_mode */
	uint32_t packet_bytes; /* the longest packet: at most UINT16_MAX */
	uint64_t boot_id, first; /* first: the first packet's sequence */
	/* mode share */
	uint64_t data_bytes; /* of the packet memory; less than 4 GB */
	const uint32_t *frames; /* [depth]: a frame for each slot; the ring keeps them */
};

struct ring_packet {
	const uint8_t *data; /* mode copy */
	uint32_t offset; /* mode share: of data in the packet memory */
	uint32_t frame; /* mode share: the number of the frame */
	uint32_t length;
	uint16_t header; /* as in struct ringside_slot */
	uint32_t hash, signature;
	uint64_t time_ns;
};

struct ring_writer {
	struct ringside_head *head;
	struct ringside_slot *slots;
	uint8_t *data; /* mode copy */
	uint32_t *frames; /* mode share: [depth], private */
	uint64_t next; /* the next packet's sequence */
	uint64_t mask;
	uint32_t stride; /* mode copy: bytes from packet to packet */
	uint32_t mode;
	size_t bytes; /* of the mapping */
	int fd; /* sealed: who gets it can map it read-only and not change its size */
};

int ring_open(struct ring_writer *ring, const struct ring_settings *settings, struct err *err);

/* Tells consumers that nothing comes any more.. */
void ring_end(struct ring_writer *ring);

/* The frame that a slot shadows, for who takes all of them back before the close. Mode share. */
static inline uint32_t ring_frame(const struct ring_writer *ring, uint32_t slot)
{
	return ring->frames[slot];
}

/* Consumers that have the memory mapped keep it. */
void ring_close(struct ring_writer *ring);

/* Word by word, as atomics: a reader may be at the same bytes and will find out that it was late. */
static inline void ring_copy(uint8_t *into, const uint8_t *from, uint32_t bytes)
{
	uint64_t *words = (void *)into, word;

	for (; bytes >= sizeof(word); bytes -= (uint32_t)sizeof(word), from += sizeof(word)) {
		memcpy(&word, from, sizeof(word));
		__atomic_store_n(words++, word, __ATOMIC_RELAXED);
	}
	if (bytes) {
		word = 0;
		memcpy(&word, from, bytes);
		__atomic_store_n(words, word, __ATOMIC_RELAXED);
	}
}

/* Publishes a packet that is not longer than packet_bytes. Mode share: returns the frame that the slot
 * has shadowed, which is the caller's now. */
static inline uint32_t ring_publish(struct ring_writer *ring, const struct ring_packet *packet)
{
	const uint32_t index = (uint32_t)(ring->next & ring->mask);
	struct ringside_slot *slot = &ring->slots[index];
	uint32_t offset = packet->offset, back = 0;

	/* takes away what was there, before any of it changes: pairs with the reader's acquire fence */
	__atomic_store_n(&slot->sequence, ring->next - 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	if (ring->mode == RINGSIDE_SHARE) {
		back = ring->frames[index];
		ring->frames[index] = packet->frame;
	} else {
		offset = index * ring->stride;
		ring_copy(ring->data + offset, packet->data, packet->length);
	}
	__atomic_store_n(&slot->time_ns, packet->time_ns, __ATOMIC_RELAXED);
	__atomic_store_n(&slot->offset, offset, __ATOMIC_RELAXED);
	__atomic_store_n(&slot->length, (uint16_t)packet->length, __ATOMIC_RELAXED);
	__atomic_store_n(&slot->header, packet->header, __ATOMIC_RELAXED);
	__atomic_store_n(&slot->hash, packet->hash, __ATOMIC_RELAXED);
	__atomic_store_n(&slot->signature, packet->signature, __ATOMIC_RELAXED);
	/* pairs with the reader's acquire load */
	__atomic_store_n(&slot->sequence, ring->next++, __ATOMIC_RELEASE);
	return back;
}

/* Shows how far the ring has come; once a batch. */
static inline void ring_show(struct ring_writer *ring)
{
	__atomic_store_n(&ring->head->published, ring->next, __ATOMIC_RELEASE);
}

#endif
