/* SPDX-License-Identifier: BSD-2-Clause */
#include "ring/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

#define LINE 64

/* Bytes from packet to packet: an odd number of cache lines, so that short packets spread over all sets
 * of the caches, where a power of two would have them push each other out. */
static uint32_t stride_of(uint32_t packet_bytes)
{
	return (((packet_bytes + LINE - 1) / LINE) | 1) * LINE;
}

static int map_memory(struct ring_writer *ring)
{
	ring->fd = memfd_create("ringside-ring", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (ring->fd < 0)
		return -errno;
	if (ftruncate(ring->fd, (off_t)ring->bytes))
		return -errno;
	ring->head = mmap(
		NULL, ring->bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring->fd, 0);
	if (ring->head == MAP_FAILED) {
		ring->head = NULL;
		return -errno;
	}
	/* this mapping stays writable; nobody gets another one */
	if (fcntl(ring->fd, F_ADD_SEALS,
		    F_SEAL_FUTURE_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
		return -errno;
	return 0;
}

static void fill_head(struct ring_writer *ring, const struct ring_settings *settings)
{
	struct ringside_head *head = ring->head;
	const size_t slots = sizeof(*head) + settings->depth * sizeof(struct ringside_slot);

	head->magic = RINGSIDE_MAGIC;
	head->version = RINGSIDE_VERSION;
	head->head_bytes = sizeof(*head);
	head->slot_bytes = sizeof(struct ringside_slot);
	head->depth = settings->depth;
	head->boot_id = settings->boot_id;
	head->data_offset = ring->mode == RINGSIDE_SHARE ? 0 : slots;
	head->data_bytes =
		ring->mode == RINGSIDE_SHARE ? settings->data_bytes : ring->bytes - slots;
	head->packet_bytes = settings->packet_bytes;
	head->mode = settings->mode;
	head->queue = settings->queue;
	snprintf(head->interface, sizeof(head->interface), "%s", settings->interface);
	snprintf(head->name, sizeof(head->name), "%s", settings->name);
	head->published = settings->first;
	ring->slots = (void *)(head + 1);
	ring->data = (uint8_t *)head + slots;
	/* as if the ring had been round once before: "not yet" for who waits for the first packets */
	for (uint64_t i = 0; i < settings->depth; i++)
		ring->slots[(settings->first + i) & ring->mask].sequence =
			settings->first + i - settings->depth;
}

static int keep_frames(struct ring_writer *ring, const struct ring_settings *settings)
{
	const size_t bytes = settings->depth * sizeof(*ring->frames);

	if (ring->mode != RINGSIDE_SHARE)
		return 0;
	ring->frames = malloc(bytes);
	if (!ring->frames)
		return -ENOMEM;
	memcpy(ring->frames, settings->frames, bytes);
	return 0;
}

int ring_open(struct ring_writer *ring, const struct ring_settings *settings, struct err *err)
{
	uint64_t bytes = sizeof(struct ringside_head);
	int ret;

	*ring = (struct ring_writer){
		.fd = -1,
		.next = settings->first,
		.mask = settings->depth - 1,
		.mode = settings->mode,
		.stride = stride_of(settings->packet_bytes),
	};
	bytes += (uint64_t)settings->depth * sizeof(struct ringside_slot);
	if (settings->mode == RINGSIDE_COPY)
		bytes += (uint64_t)settings->depth * ring->stride;
	/* slots have offsets of 32 bits */
	if (bytes > UINT32_MAX || settings->data_bytes > UINT32_MAX)
		return err_say(err, -EFBIG,
			"ring '%s': more than 4 GB of packets: depth %u of %u bytes",
			settings->name, settings->depth, ring->stride);
	ring->bytes = bytes;
	ret = keep_frames(ring, settings);
	if (!ret)
		ret = map_memory(ring);
	if (ret) {
		ring_close(ring);
		return err_set(err, ret, "make the memory of ring '%s'", settings->name);
	}
	fill_head(ring, settings);
	return 0;
}

void ring_end(struct ring_writer *ring)
{
	if (!ring->head)
		return;
	ring_show(ring);
	/* pairs with the acquire of who then looks at `published` */
	__atomic_store_n(&ring->head->closed, 1, __ATOMIC_RELEASE);
}

void ring_close(struct ring_writer *ring)
{
	if (ring->head)
		munmap(ring->head, ring->bytes);
	if (ring->fd >= 0)
		close(ring->fd);
	free(ring->frames);
	*ring = (struct ring_writer){ .fd = -1 };
}
