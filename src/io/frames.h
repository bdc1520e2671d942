/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A queue's packet memory: equal frames in one area, and a stack of those that are free. A frame has
 * exactly one owner at every step; builds for tests (RINGSIDE_FRAME_OWNERS) keep the owner of each in
 * a byte and abort when a step is not one that the owner may take.
 *
 * One thread.
 */
#ifndef RINGSIDE_FRAMES_H
#define RINGSIDE_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum frame_owner {
	OWNER_FREE, /* on the stack */
	OWNER_FILL, /* given to the kernel to receive into, or received and not yet read */
	OWNER_WORKER, /* on loan */
	OWNER_SERVICE, /* kept by a service beyond the loan */
	OWNER_TX, /* given to the kernel to send, or sent and not yet reaped */
	FRAME_OWNERS,
};

enum frames_pages { PAGES_AUTO, PAGES_2M, PAGES_1G, PAGES_SMALL };

struct frames {
	uint8_t *area;
	size_t bytes; /* of the area, rounded up to whole pages */
	uint32_t count; /* frames */
	uint32_t frame_size; /* bytes, a power of two */
	uint32_t free_count;
	uint32_t *free; /* frame numbers */
	const char *pages; /* in words: "2 MB pages" */
	int fd; /* of memory that other processes can map; -1: it is private */
	uint8_t *owner; /* test builds; else NULL */
	uint32_t owned[FRAME_OWNERS];
};

/* Maps the area, all of it present, on the NUMA node when one is given (-1: none). Huge pages as asked
 * for; PAGES_AUTO takes 2 MB pages when there are enough of them. shared: other processes shall be able to
 * map it. All frames are free. */
int frames_init(struct frames *frames, uint32_t count, uint32_t frame_size, enum frames_pages pages,
	int numa_node, bool shared, struct err *err);
/* From here on shared memory can be mapped anew for reading only; this mapping stays as it is. */
int frames_seal(struct frames *frames, struct err *err);
void frames_fini(struct frames *frames);

#ifdef RINGSIDE_FRAME_OWNERS
/* Aborts unless the frame is `from`'s; it is `to`'s then. */
void frames_move(struct frames *frames, uint32_t frame, enum frame_owner from, enum frame_owner to);
#else
static inline void frames_move(
	struct frames *frames, uint32_t frame, enum frame_owner from, enum frame_owner to)
{
	(void)frames, (void)frame, (void)from, (void)to;
}
#endif

/* Takes a free frame for the owner; there must be one (free_count). */
static inline uint32_t frames_get(struct frames *frames, enum frame_owner to)
{
	uint32_t frame = frames->free[--frames->free_count];

	frames_move(frames, frame, OWNER_FREE, to);
	return frame;
}

static inline void frames_put(struct frames *frames, uint32_t frame, enum frame_owner from)
{
	frames_move(frames, frame, from, OWNER_FREE);
	frames->free[frames->free_count++] = frame;
}

#endif
