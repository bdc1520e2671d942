// SPDX-License-Identifier: BSD-2-Clause
#include "io/rings.h"

#include <stdio.h>
#include <stdlib.h>

void rings_refill(struct rings *rings)
{
	struct frames *frames = &rings->frames;
	uint32_t room, index = 0;

	if (!frames->free_count)
		return;
	room = xsk_prod_nb_free(&rings->fill, frames->free_count);
	if (room > frames->free_count)
		room = frames->free_count;
	if (!room || xsk_ring_prod__reserve(&rings->fill, room, &index) != room)
		return;
	for (uint32_t i = 0; i < room; i++)
		*xsk_ring_prod__fill_addr(&rings->fill, index + i) =
			(uint64_t)frames_get(frames, OWNER_FILL) * frames->frame_size;
	xsk_ring_prod__submit(&rings->fill, room);
}

/* The worker clears the time once it has read it: a recycled frame would show it again. */
static uint64_t take_time(uint8_t *frame)
{
	uint64_t *note = (uint64_t *)(void *)(frame - sizeof(*note)), time;

	__builtin_memcpy(&time, note, sizeof(time));
	if (time)
		__builtin_memset(note, 0, sizeof(*note));
	return time;
}

unsigned rings_receive(struct rings *rings, struct io_frame *frames, unsigned max, bool times)
{
	uint32_t index = 0, n = xsk_ring_cons__peek(&rings->rx, max, &index);

	for (uint32_t i = 0; i < n; i++) {
		const struct xdp_desc *desc = xsk_ring_cons__rx_desc(&rings->rx, index + i);
		const uint64_t place = xsk_umem__add_offset_to_addr(desc->addr);
		struct io_frame *frame = &frames[i];

		frame->data = rings->frames.area + place;
		frame->length = desc->len;
		frame->handle = (uint32_t)(place / rings->frames.frame_size);
		frame->hook_ns = times ? take_time(frame->data) : 0;
		frame->send = frame->sent = frame->broken = frame->kept = false;
		frames_move(&rings->frames, frame->handle, OWNER_FILL, OWNER_WORKER);
	}
	if (n)
		xsk_ring_cons__release(&rings->rx, n);
	return n;
}

unsigned rings_lend(struct rings *rings, struct io_frame *frames, unsigned max)
{
	uint32_t room;

	if (max > rings->frames.free_count)
		max = rings->frames.free_count;
	room = max ? xsk_prod_nb_free(&rings->tx, rings->lent + max) : 0;
	room = room > rings->lent ? room - rings->lent : 0;
	if (max > room)
		max = room;
	rings->lent += max;
	for (unsigned i = 0; i < max; i++) {
		uint32_t frame = frames_get(&rings->frames, OWNER_WORKER);

		frames[i] = (struct io_frame){
			.data = rings->frames.area + (size_t)frame * rings->frames.frame_size,
			.handle = frame,
		};
	}
	return max;
}

bool rings_keep(struct rings *rings, uint32_t *kept, unsigned count)
{
	if (count > rings->frames.free_count)
		return false;
	for (unsigned i = 0; i < count; i++)
		kept[i] = frames_get(&rings->frames, OWNER_SERVICE);
	rings->kept += count;
	return true;
}

/* Takes a frame back that is not to be sent, or the one that came in exchange for it. */
static inline void take_back(struct frames *frames, const struct io_frame *frame)
{
	uint32_t back = frame->handle;

	if (frame->kept) {
		frames_move(frames, frame->handle, OWNER_WORKER, OWNER_SERVICE);
		frames_move(frames, frame->given, OWNER_SERVICE, OWNER_WORKER);
		back = frame->given;
	}
	frames_put(frames, back, OWNER_WORKER);
}

unsigned rings_transmit(struct rings *rings, struct io_frame *frames, unsigned count)
{
	uint32_t room = 0, sending = 0, index = 0;

	if (count)
		rings->lent = 0;
	for (unsigned i = 0; i < count; i++)
		sending += frames[i].send;
	if (sending)
		room = xsk_prod_nb_free(&rings->tx, sending);
	if (sending > room)
		sending = room;
	if (sending && xsk_ring_prod__reserve(&rings->tx, sending, &index) != sending)
		sending = 0;
	for (unsigned i = 0, n = 0; i < count; i++) {
		struct io_frame *frame = &frames[i];
		struct xdp_desc *desc;

		frame->sent = frame->send && n < sending;
		if (!frame->sent) {
			take_back(&rings->frames, frame);
			continue;
		}
		desc = xsk_ring_prod__tx_desc(&rings->tx, index + n++);
		desc->addr = (uint64_t)(frame->data - rings->frames.area);
		desc->len = frame->length;
		desc->options = 0;
		frames_move(&rings->frames, frame->handle, OWNER_WORKER, OWNER_TX);
	}
	if (sending)
		xsk_ring_prod__submit(&rings->tx, sending);
	rings->outstanding += sending;
	return sending;
}

unsigned rings_reap(struct rings *rings)
{
	uint32_t index = 0, n;

	if (!rings->outstanding)
		return 0;
	n = xsk_ring_cons__peek(&rings->completion, RINGS_COMPLETION, &index);
	for (uint32_t i = 0; i < n; i++) {
		uint64_t addr = *xsk_ring_cons__comp_addr(&rings->completion, index + i);

		frames_put(&rings->frames, (uint32_t)(addr / rings->frames.frame_size), OWNER_TX);
	}
	if (n)
		xsk_ring_cons__release(&rings->completion, n);
	rings->outstanding -= n;
	return n;
}

#ifdef RINGSIDE_FRAME_OWNERS
struct audit {
	const struct frames *frames;
	uint8_t *seen;
};

static void find(struct audit *audit, uint64_t address, enum frame_owner owner, const char *place)
{
	uint64_t frame = xsk_umem__add_offset_to_addr(address) / audit->frames->frame_size;

	if (frame < audit->frames->count && !audit->seen[frame]++ &&
		audit->frames->owner[frame] == owner)
		return;
	fprintf(stderr, "frame %llu of %u: in the %s, and elsewhere or owned as %d\n",
		(unsigned long long)frame, audit->frames->count, place,
		frame < audit->frames->count ? audit->frames->owner[frame] : -1);
	abort();
}

/* Where the kernel moves frames from one ring to the other, the other is looked at first: none is found twice. */
static void find_all(struct audit *audit, struct rings *rings)
{
	uint32_t end = __atomic_load_n(rings->rx.producer, __ATOMIC_ACQUIRE);

	for (uint32_t i = *rings->rx.consumer; i != end; i++)
		find(audit, xsk_ring_cons__rx_desc(&rings->rx, i)->addr, OWNER_FILL, "rx ring");
	end = *rings->fill.producer;
	for (uint32_t i = __atomic_load_n(rings->fill.consumer, __ATOMIC_ACQUIRE); i != end; i++)
		find(audit, *xsk_ring_prod__fill_addr(&rings->fill, i), OWNER_FILL, "fill ring");
	end = __atomic_load_n(rings->completion.producer, __ATOMIC_ACQUIRE);
	for (uint32_t i = *rings->completion.consumer; i != end; i++)
		find(audit, *xsk_ring_cons__comp_addr(&rings->completion, i), OWNER_TX,
			"completion ring");
	end = *rings->tx.producer;
	for (uint32_t i = __atomic_load_n(rings->tx.consumer, __ATOMIC_ACQUIRE); i != end; i++)
		find(audit, xsk_ring_prod__tx_desc(&rings->tx, i)->addr, OWNER_TX, "tx ring");
	for (uint32_t i = 0; i < rings->frames.free_count; i++)
		find(audit, (uint64_t)rings->frames.free[i] * rings->frames.frame_size, OWNER_FREE,
			"stack of free frames");
}

void rings_audit(struct rings *rings)
{
	struct audit audit = { &rings->frames, calloc(rings->frames.count, 1) };
	uint32_t sum[FRAME_OWNERS] = { 0 };

	if (!audit.seen)
		return;
	find_all(&audit, rings);
	for (uint32_t i = 0; i < rings->frames.count; i++) {
		enum frame_owner owner = rings->frames.owner[i];

		sum[owner]++;
		if (audit.seen[i] || owner == OWNER_FILL || owner == OWNER_TX ||
			owner == OWNER_SERVICE)
			continue;
		fprintf(stderr, "frame %u of %u: lost, owned as %d\n", i, rings->frames.count,
			owner);
		abort();
	}
	free(audit.seen);
	if (sum[OWNER_SERVICE] != rings->kept || sum[OWNER_TX] != rings->outstanding) {
		fprintf(stderr, "services have %u frames of %u, the transmit side %u of %u\n",
			sum[OWNER_SERVICE], rings->kept, sum[OWNER_TX], rings->outstanding);
		abort();
	}
}
#endif
