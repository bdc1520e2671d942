// SPDX-License-Identifier: BSD-2-Clause
#include "worker/tap_queue.h"

#include <string.h>

#include "worker/record.h"

void tap_publish(const struct tap_way *way, const struct tap_frame *frame)
{
	const uint32_t room = way->ring->head->packet_bytes;
	const struct ring_packet packet = {
		.data = frame->data,
		.length = frame->bytes < room ? frame->bytes : room,
		.header = frame->packets & RINGSIDE_HEADER,
		.hash = frame->serial,
		.signature = frame->word,
		.time_ns = frame->time_ns,
	};

	ring_publish(way->ring, &packet);
}

void tap_queue_keep(struct tap_queue *tap, const struct worker *w, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct io_frame *frame = &tap->before[i];

		*frame = w->frames[i];
		if (frame->length > FRAME_BYTES_MAX)
			frame->length = FRAME_BYTES_MAX;
		frame->data = memcpy(tap->bytes[i], w->frames[i].data, frame->length);
	}
}

static void show(const struct tap_queue *tap, const struct io_frame *frame, uint32_t slot,
	uint32_t outcome, uint64_t now_ns)
{
	uint32_t targets = tap_targets(tap->wanted, slot, outcome);

	struct tap_frame shown = {
		.data = frame->data,
		.bytes = frame->length,
		.word = tap_word(tap->queue, slot, outcome),
		.packets = 1,
		.time_ns = now_ns,
	};

	for (; targets; targets &= targets - 1) {
		const struct tap_way *way = &tap->way[__builtin_ctz(targets)];

		/* none is lost on the way: the ring's own count is all there were */
		shown.serial = (uint32_t)way->ring->next;
		tap_publish(way, &shown);
	}
}

void tap_queue_show(
	const struct tap_queue *tap, const struct worker *w, unsigned n, uint64_t now_ns)
{
	for (unsigned i = 0; i < n; i++) {
		const struct io_frame *frame = &tap->before[i];

		show(tap, frame, w->slots[i],
			record_is_refused(&w->frames[i]) ? OUTCOME_DROP + DROP_tx_ring_full
							 : w->outcomes[i],
			frame->hook_ns ? frame->hook_ns : now_ns);
	}
	for (uint32_t left = tap->wanted; left; left &= left - 1) {
		const struct tap_way *way = &tap->way[__builtin_ctz(left)];

		audience_wake(way->audience, way->index);
	}
}
