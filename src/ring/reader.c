/* SPDX-License-Identifier: BSD-2-Clause */
#include "ring/reader.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

static int map(int fd, void **at, size_t *bytes)
{
	struct stat stat;
	void *area;

	if (fstat(fd, &stat))
		return -errno;
	if (stat.st_size < (off_t)sizeof(struct ringside_head))
		return -EPROTO;
	area = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (area == MAP_FAILED)
		return -errno;
	*at = area;
	*bytes = (size_t)stat.st_size;
	return 0;
}

/* What the daemon writes is believed, but not so far as to read outside of a mapping. */
static bool is_sound(const struct ringside_reader *r)
{
	const struct ringside_head *head = r->ring_map;
	size_t area = r->data_map ? r->data_map_bytes : r->ring_map_bytes;

	if (head->magic != RINGSIDE_MAGIC || head->version != RINGSIDE_VERSION ||
		head->slot_bytes != sizeof(struct ringside_slot) ||
		head->head_bytes < sizeof(*head) || head->head_bytes % sizeof(uint64_t))
		return false;
	if (head->depth < 2 || head->depth & (head->depth - 1) ||
		head->head_bytes + (uint64_t)head->depth * head->slot_bytes > r->ring_map_bytes)
		return false;
	if ((head->mode == RINGSIDE_SHARE) != (r->data_map != NULL))
		return false;
	return head->data_offset <= area && head->data_bytes <= area - head->data_offset &&
	       head->packet_bytes <= UINT16_MAX;
}

int ringside_reader_open(struct ringside_reader *r, int ring_fd, int data_fd)
{
	int ret;

	memset(r, 0, sizeof(*r));
	ret = map(ring_fd, &r->ring_map, &r->ring_map_bytes);
	if (!ret && data_fd >= 0)
		ret = map(data_fd, &r->data_map, &r->data_map_bytes);
	if (!ret && !is_sound(r))
		ret = -EPROTO;
	if (ret) {
		ringside_reader_close(r);
		return ret;
	}
	r->head = r->ring_map;
	r->slots = (const void *)((const uint8_t *)r->ring_map + r->head->head_bytes);
	r->data = (const uint8_t *)(r->data_map ? r->data_map : r->ring_map) + r->head->data_offset;
	r->data_bytes = r->head->data_bytes;
	r->mask = r->head->depth - 1;
	r->packet_bytes = r->head->packet_bytes;
	r->want = __atomic_load_n(&r->head->published, __ATOMIC_ACQUIRE);
	return 0;
}

void ringside_reader_close(struct ringside_reader *r)
{
	if (r->ring_map)
		munmap(r->ring_map, r->ring_map_bytes);
	if (r->data_map)
		munmap(r->data_map, r->data_map_bytes);
	r->ring_map = r->data_map = NULL;
}

/* Word by word, as atomics, for the writer may be at the same bytes; what is loaded is rounded up to whole
 * words, and so are mappings. */
static void copy(uint8_t *into, const uint8_t *from, uint32_t bytes)
{
	const unsigned shift = ((uintptr_t)from & 7) * 8;
	const uint64_t *words = (const void *)(from - shift / 8);
	uint64_t word, next, whole;

	for (uint32_t done = 0; !shift && done < bytes; done += 8, words++) {
		word = __atomic_load_n(words, __ATOMIC_RELAXED);
		memcpy(into + done, &word, sizeof(word));
	}
	if (!shift || !bytes)
		return;
	next = __atomic_load_n(words, __ATOMIC_RELAXED);
	for (uint32_t done = 0; done < bytes; done += 8) {
		word = next;
		/* the last bytes may all be in this word, and the next one outside of the mapping */
		next = 0;
		if (bytes - done > 8 - shift / 8)
			next = __atomic_load_n(++words, __ATOMIC_RELAXED);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
		whole = word >> shift | next << (64 - shift);
#else
		whole = word << shift | next >> (64 - shift);
#endif
		memcpy(into + done, &whole, sizeof(whole));
	}
}

/* The slot has another packet than the one wanted: goes on in the middle of what the ring has now, for
 * its oldest packets would be overwritten under the reader's hands once more. */
static void skip(struct ringside_reader *r, uint64_t seen)
{
	uint64_t resume = seen - (r->mask + 1) / 2;

	if ((int64_t)(resume - r->want) <= 0)
		resume = r->want + 1;
	r->lost_polling += resume - r->want;
	r->want = resume;
}

static void fill(struct ringside_packet *packet, const struct ringside_slot *slot)
{
	uint32_t signature = __atomic_load_n(&slot->signature, __ATOMIC_RELAXED);
	uint16_t header = __atomic_load_n(&slot->header, __ATOMIC_RELAXED);

	packet->length = __atomic_load_n(&slot->length, __ATOMIC_RELAXED);
	packet->header = header & RINGSIDE_HEADER;
	packet->hash = __atomic_load_n(&slot->hash, __ATOMIC_RELAXED);
	packet->destination_port = (uint16_t)(signature >> 16);
	packet->source_port = (uint16_t)signature;
	packet->time_ns = __atomic_load_n(&slot->time_ns, __ATOMIC_RELAXED);
	packet->at_hook = !!(header & RINGSIDE_AT_HOOK);
	packet->reserved = 0;
}

bool ringside_reader_read(
	struct ringside_reader *r, struct ringside_packet *packet, uint8_t *into, uint32_t snap)
{
	for (;;) {
		const struct ringside_slot *slot = &r->slots[r->want & r->mask];
		/* pairs with ring_publish()'s release store */
		uint64_t seen = __atomic_load_n(&slot->sequence, __ATOMIC_ACQUIRE);
		uint64_t offset;

		if ((int64_t)(r->want - seen) > 0)
			return false;
		if (seen != r->want) {
			skip(r, seen);
			continue;
		}
		fill(packet, slot);
		offset = __atomic_load_n(&slot->offset, __ATOMIC_RELAXED);
		packet->captured = packet->length;
		if (snap && packet->captured > snap)
			packet->captured = snap;
		/* words of two packets can be anything */
		if (packet->length <= r->packet_bytes && offset <= r->data_bytes &&
			packet->length <= r->data_bytes - offset)
			copy(into, r->data + offset, packet->captured);
		/* pairs with the writer's fence between taking the sequence away and writing on */
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		seen = __atomic_load_n(&slot->sequence, __ATOMIC_RELAXED);
		if (seen == r->want)
			break;
		r->lost_reading++;
		r->want++;
	}
	packet->data = into;
	packet->sequence = r->want++;
	r->received++;
	return true;
}

bool ringside_reader_is_ready(const struct ringside_reader *r)
{
	const struct ringside_slot *slot = &r->slots[r->want & r->mask];

	return (int64_t)(r->want - __atomic_load_n(&slot->sequence, __ATOMIC_ACQUIRE)) <= 0;
}

bool ringside_reader_is_done(const struct ringside_reader *r)
{
	return __atomic_load_n(&r->head->closed, __ATOMIC_ACQUIRE) &&
	       r->want == __atomic_load_n(&r->head->published, __ATOMIC_RELAXED);
}
