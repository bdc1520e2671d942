// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <linux/mempolicy.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "io/frames.h"

#define MAP_HUGE_BITS(log2) ((log2) << 26) /* MAP_HUGE_SHIFT, mmap(2) */

struct page_kind {
	const char *name;
	size_t bytes;
	int flags;
};

static const struct page_kind page_2m = { "2 MB pages", 2u << 20, MAP_HUGETLB | MAP_HUGE_BITS(21) };
static const struct page_kind page_1g = { "1 GB pages", 1u << 30, MAP_HUGETLB | MAP_HUGE_BITS(30) };
static const struct page_kind page_small = { "4 KB pages", 4096, 0 };

static int frames_map(struct frames *frames, const struct page_kind *kind)
{
	size_t bytes = (size_t)frames->count * frames->frame_size;
	void *area;

	bytes = (bytes + kind->bytes - 1) & ~(kind->bytes - 1);
	area = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE | kind->flags, -1, 0);
	if (area == MAP_FAILED)
		return -errno;
	frames->area = area;
	frames->bytes = bytes;
	frames->pages = kind->name;
	return 0;
}

static int frames_map_as_asked(struct frames *frames, enum frames_pages pages, struct err *err)
{
	int ret = -ENOMEM;

	if (pages == PAGES_1G)
		ret = frames_map(frames, &page_1g);
	else if (pages == PAGES_2M || pages == PAGES_AUTO)
		ret = frames_map(frames, &page_2m);
	if (!ret)
		return 0;
	if (pages == PAGES_AUTO || pages == PAGES_SMALL)
		ret = frames_map(frames, &page_small);
	if (ret)
		err_set(err, ret, "map %u frames of %u bytes in %s%s", frames->count,
			frames->frame_size,
			pages == PAGES_1G   ? page_1g.name
			: pages == PAGES_2M ? page_2m.name
					    : page_small.name,
			pages == PAGES_1G || pages == PAGES_2M
				? " (none free? see /proc/sys/vm/nr_hugepages, or set huge_pages = "
				  "auto)"
				: "");
	return ret;
}

/* Prefers the node for pages that are not there yet; MAP_POPULATE has taken them already, so they are
 * moved. Failing costs speed only. */
static void frames_bind(struct frames *frames, int numa_node)
{
	unsigned long mask[16] = { 0 };

	if (numa_node < 0 || numa_node >= (int)sizeof(mask) * 8)
		return;
	mask[numa_node / 64] = 1ul << (numa_node % 64);
	syscall(SYS_mbind, frames->area, frames->bytes, MPOL_PREFERRED, mask, sizeof(mask) * 8,
		MPOL_MF_MOVE);
}

int frames_init(struct frames *frames, uint32_t count, uint32_t frame_size, enum frames_pages pages,
	int numa_node, struct err *err)
{
	int ret;

	*frames = (struct frames){ .count = count, .frame_size = frame_size };
	ret = frames_map_as_asked(frames, pages, err);
	if (ret)
		return ret;
	frames_bind(frames, numa_node);
	frames->free = calloc(count, sizeof(*frames->free));
#ifdef RINGSIDE_FRAME_OWNERS
	frames->owner = calloc(count, 1);
	if (!frames->owner)
		count = 0;
#endif
	if (!frames->free || !count) {
		frames_fini(frames);
		return err_set(err, -ENOMEM, "list %u frames", count);
	}
	/* the lowest numbers on top, so that a quiet queue touches few pages */
	for (uint32_t i = 0; i < count; i++)
		frames->free[i] = count - 1 - i;
	frames->free_count = count;
	frames->owned[OWNER_FREE] = count;
	return 0;
}

void frames_fini(struct frames *frames)
{
	if (frames->area)
		munmap(frames->area, frames->bytes);
	free(frames->free);
	free(frames->owner);
	*frames = (struct frames){ 0 };
}

#ifdef RINGSIDE_FRAME_OWNERS
void frames_move(struct frames *frames, uint32_t frame, enum frame_owner from, enum frame_owner to)
{
	if (frame >= frames->count || frames->owner[frame] != from) {
		fprintf(stderr, "frame %u of %u: owner %d, expected %d, wanted by %d\n", frame,
			frames->count, frame < frames->count ? frames->owner[frame] : -1, from, to);
		abort();
	}
	frames->owner[frame] = (uint8_t)to;
	frames->owned[from]--;
	frames->owned[to]++;
}
#endif
