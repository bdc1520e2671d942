/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's end of an AF_XDP queue, made of arrays: it receives numbered packets into frames of the
 * fill ring, sends what is in the tx ring, and says so in the completion ring, when and in the order
 * that a test wants it to.
 *
 * The completion ring is the kernel's to reserve room in: nothing is taken from the tx ring without it.
 */
#ifndef RINGSIDE_TEST_FAKE_KERNEL_H
#define RINGSIDE_TEST_FAKE_KERNEL_H

#include "io/rings.h"

#define FAKE_RING_ENTRIES 256
#define FAKE_HEADROOM 256
#define FAKE_PACKETS (1u << 20)

struct fake_kernel {
	struct rings rings; /* the user's end */
	uint32_t entries; /* of each ring */
	/* indices and flags as both ends see them */
	uint32_t fill_producer, fill_consumer, rx_producer, rx_consumer;
	uint32_t tx_producer, tx_consumer, completion_producer, completion_consumer, flags;
	uint64_t fill[FAKE_RING_ENTRIES], completion[FAKE_RING_ENTRIES];
	struct xdp_desc rx[FAKE_RING_ENTRIES], tx[FAKE_RING_ENTRIES];
	uint64_t sending[FAKE_RING_ENTRIES]; /* taken from tx and not completed */
	uint32_t sending_count;
	uint64_t note_ns; /* put in front of the next packet, then grows by 1; 0: none */
	uint32_t next_packet;
	uint32_t random; /* for completions out of order */
	/* packet numbers, in order: what the user handed to tx, and what was sent */
	uint32_t *accepted, *sent;
	uint32_t accepted_count, sent_count;
};

/* Rings of this many entries (a power of two), whose indices all start at `start`; no frame is in one. */
void fake_kernel_init(struct fake_kernel *kernel, uint32_t frames, uint32_t frame_size,
	uint32_t entries, uint32_t start);
void fake_kernel_fini(struct fake_kernel *kernel);

/* Packets come in, as far as there are frames and room. Returns how many. */
unsigned fake_kernel_arrive(struct fake_kernel *kernel, unsigned count);
/* Takes from tx what it has and can complete. Returns how many. */
unsigned fake_kernel_transmit(struct fake_kernel *kernel, unsigned count);
/* Completes some of what was taken, in order or in any. Returns how many. */
unsigned fake_kernel_complete(struct fake_kernel *kernel, unsigned count, bool shuffled);

/* A packet's number and its length. */
uint32_t fake_kernel_packet(const uint8_t *data);
uint32_t fake_kernel_length(uint32_t packet);

/* Entries free in the tx ring. */
uint32_t fake_kernel_tx_room(const struct fake_kernel *kernel);
/* Checks that of the frames just given back exactly the first ones to send were taken for which there
 * had been room, and notes their packets as accepted. */
void fake_kernel_accept(
	struct fake_kernel *kernel, const struct io_frame *frames, unsigned count, uint32_t room);

/* Every frame is in exactly one place, which is its owner's, and the sums agree. */
void fake_kernel_check(const struct fake_kernel *kernel);

#endif
