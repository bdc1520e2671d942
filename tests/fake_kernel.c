// SPDX-License-Identifier: BSD-2-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "fake_kernel.h"

static void connect_rings(struct fake_kernel *k, uint32_t start)
{
	const uint32_t size = k->entries;
	struct rings *r = &k->rings;

	/* as libxdp leaves them after mapping: a producer sees its consumer one ring ahead */
	r->fill = (struct xsk_ring_prod){
		.producer = &k->fill_producer, .consumer = &k->fill_consumer, .ring = k->fill
	};
	r->tx = (struct xsk_ring_prod){
		.producer = &k->tx_producer, .consumer = &k->tx_consumer, .ring = k->tx
	};
	r->rx = (struct xsk_ring_cons){
		.producer = &k->rx_producer, .consumer = &k->rx_consumer, .ring = k->rx
	};
	r->completion = (struct xsk_ring_cons){ .producer = &k->completion_producer,
		.consumer = &k->completion_consumer,
		.ring = k->completion };
	r->fill.cached_prod = r->tx.cached_prod = start;
	r->fill.cached_cons = r->tx.cached_cons = start + size;
	r->rx.cached_prod = r->rx.cached_cons = start;
	r->completion.cached_prod = r->completion.cached_cons = start;
	r->fill.size = r->tx.size = r->rx.size = r->completion.size = size;
	r->fill.mask = r->tx.mask = r->rx.mask = r->completion.mask = size - 1;
	r->fill.flags = r->tx.flags = r->rx.flags = r->completion.flags = &k->flags;
	k->fill_producer = k->fill_consumer = k->rx_producer = k->rx_consumer = start;
	k->tx_producer = k->tx_consumer = start;
	k->completion_producer = k->completion_consumer = start;
}

void fake_kernel_init(struct fake_kernel *k, uint32_t frames, uint32_t frame_size, uint32_t entries,
	uint32_t start)
{
	struct err err = { 0 };

	assert_true(entries <= FAKE_RING_ENTRIES);
	memset(k, 0, sizeof(*k));
	k->entries = entries;
	k->random = 1;
	k->accepted = calloc(FAKE_PACKETS, sizeof(*k->accepted));
	k->sent = calloc(FAKE_PACKETS, sizeof(*k->sent));
	assert_true(k->accepted && k->sent);
	if (frames_init(&k->rings.frames, frames, frame_size, PAGES_SMALL, -1, false, &err))
		fail_msg("%s", err.text);
	connect_rings(k, start);
}

void fake_kernel_fini(struct fake_kernel *k)
{
	frames_fini(&k->rings.frames);
	free(k->accepted);
	free(k->sent);
}

uint32_t fake_kernel_packet(const uint8_t *data)
{
	uint32_t packet;

	memcpy(&packet, data, sizeof(packet));
	return packet;
}

uint32_t fake_kernel_length(uint32_t packet)
{
	return 60 + packet % 1000;
}

unsigned fake_kernel_arrive(struct fake_kernel *k, unsigned count)
{
	unsigned n = 0;

	while (n < count && k->fill_consumer != k->fill_producer &&
		k->rx_producer - k->rx_consumer < k->entries) {
		uint64_t addr = k->fill[k->fill_consumer++ & (k->entries - 1)] + FAKE_HEADROOM;
		struct xdp_desc *desc = &k->rx[k->rx_producer++ & (k->entries - 1)];
		uint8_t *data = k->rings.frames.area + addr;

		if (k->note_ns) {
			memcpy(data - sizeof(k->note_ns), &k->note_ns, sizeof(k->note_ns));
			k->note_ns++;
		}
		memcpy(data, &k->next_packet, sizeof(k->next_packet));
		desc->addr = addr;
		desc->len = fake_kernel_length(k->next_packet++);
		n++;
	}
	return n;
}

unsigned fake_kernel_transmit(struct fake_kernel *k, unsigned count)
{
	unsigned n = 0;

	while (n < count && k->tx_consumer != k->tx_producer &&
		k->sending_count + k->completion_producer - k->completion_consumer < k->entries) {
		const struct xdp_desc *desc = &k->tx[k->tx_consumer++ & (k->entries - 1)];
		uint32_t packet = fake_kernel_packet(k->rings.frames.area + desc->addr);

		assert_int_equal(desc->len, fake_kernel_length(packet));
		assert_int_equal(desc->options, 0);
		k->sending[k->sending_count++] = desc->addr;
		assert_true(k->sent_count < FAKE_PACKETS);
		k->sent[k->sent_count++] = packet;
		n++;
	}
	return n;
}

unsigned fake_kernel_complete(struct fake_kernel *k, unsigned count, bool shuffled)
{
	unsigned n = 0;

	while (n < count && k->sending_count) {
		uint32_t i = 0;

		if (shuffled) {
			k->random = k->random * 1664525 + 1013904223;
			i = (k->random >> 8) % k->sending_count;
		}
		k->completion[k->completion_producer++ & (k->entries - 1)] = k->sending[i];
		k->sending_count--;
		memmove(&k->sending[i], &k->sending[i + 1],
			(k->sending_count - i) * sizeof(*k->sending));
		n++;
	}
	return n;
}

uint32_t fake_kernel_tx_room(const struct fake_kernel *k)
{
	return k->entries - (k->tx_producer - k->tx_consumer);
}

void fake_kernel_accept(
	struct fake_kernel *k, const struct io_frame *frames, unsigned count, uint32_t room)
{
	for (unsigned i = 0; i < count; i++) {
		assert_int_equal(frames[i].sent, frames[i].send && room);
		if (!frames[i].sent)
			continue;
		room--;
		assert_true(k->accepted_count < FAKE_PACKETS);
		k->accepted[k->accepted_count++] = fake_kernel_packet(frames[i].data);
	}
}

static void see(const struct fake_kernel *k, uint64_t addr, enum frame_owner owner, uint8_t *seen)
{
	uint64_t frame = addr / k->rings.frames.frame_size;

	assert_true(frame < k->rings.frames.count);
	assert_false(seen[frame]);
	seen[frame] = 1;
	assert_int_equal(k->rings.frames.owner[frame], owner);
}

static void see_rings(const struct fake_kernel *k, uint8_t *seen)
{
	const uint32_t mask = k->entries - 1;

	for (uint32_t i = k->fill_consumer; i != k->fill_producer; i++)
		see(k, k->fill[i & mask], OWNER_FILL, seen);
	for (uint32_t i = k->rx_consumer; i != k->rx_producer; i++)
		see(k, k->rx[i & mask].addr, OWNER_FILL, seen);
	for (uint32_t i = k->tx_consumer; i != k->tx_producer; i++)
		see(k, k->tx[i & mask].addr, OWNER_TX, seen);
	for (uint32_t i = 0; i < k->sending_count; i++)
		see(k, k->sending[i], OWNER_TX, seen);
	for (uint32_t i = k->completion_consumer; i != k->completion_producer; i++)
		see(k, k->completion[i & mask], OWNER_TX, seen);
}

void fake_kernel_check(const struct fake_kernel *k)
{
	const struct frames *frames = &k->rings.frames;
	uint32_t sum = 0, in_hand = 0;
	uint8_t *seen = calloc(frames->count, 1);

	assert_non_null(seen);
	see_rings(k, seen);
	for (uint32_t i = 0; i < frames->free_count; i++)
		see(k, (uint64_t)frames->free[i] * frames->frame_size, OWNER_FREE, seen);
	for (uint32_t i = 0; i < frames->count; i++)
		if (!seen[i]) {
			assert_int_equal(frames->owner[i], OWNER_WORKER);
			in_hand++;
		}
	free(seen);
	for (unsigned i = 0; i < FRAME_OWNERS; i++)
		sum += frames->owned[i];
	assert_int_equal(sum, frames->count);
	assert_int_equal(frames->owned[OWNER_WORKER], in_hand);
	assert_int_equal(frames->owned[OWNER_FREE], frames->free_count);
	assert_int_equal(frames->owned[OWNER_TX], k->rings.outstanding);
	assert_true(k->fill_producer - k->fill_consumer <= k->entries);
	assert_true(k->tx_producer - k->tx_consumer <= k->entries);
}
