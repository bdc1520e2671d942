// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "io/frames.h"

#define HUGE_BITS(log2) ((unsigned)(log2) << 26) /* MAP_HUGE_SHIFT, mmap(2), memfd_create(2) */

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010 /* Linux 5.1 */
#endif

struct page_kind {
	const char *name;
	size_t bytes;
	unsigned huge; /* the size's bits; 0: ordinary pages */
};

static const struct page_kind page_2m = { "2 MB pages", 2u << 20, HUGE_BITS(21) };
static const struct page_kind page_1g = { "1 GB pages", 1u << 30, HUGE_BITS(30) };
static const struct page_kind page_small = { "4 KB pages", 4096, 0 };

/* The descriptor of memory that others can map, or a negative errno. */
static int open_memory(size_t bytes, const struct page_kind *kind)
{
	unsigned flags =
		MFD_CLOEXEC | MFD_ALLOW_SEALING | (kind->huge ? MFD_HUGETLB | kind->huge : 0);
	int fd = memfd_create("ringside-frames", flags), ret;

	if (fd < 0)
		return -errno;
	if (!ftruncate(fd, (off_t)bytes))
		return fd;
	ret = -errno;
	close(fd);
	return ret;
}

static int frames_map(struct frames *frames, const struct page_kind *kind, bool shared)
{
	size_t bytes = (size_t)frames->count * frames->frame_size;
	int flags = MAP_PRIVATE | MAP_ANONYMOUS, fd = -1, ret;
	void *area;

	bytes = (bytes + kind->bytes - 1) & ~(kind->bytes - 1);
	if (shared) {
		fd = open_memory(bytes, kind);
		if (fd < 0)
			return fd;
		flags = MAP_SHARED;
	} else if (kind->huge) {
		flags |= MAP_HUGETLB | (int)kind->huge;
	}
	area = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags | MAP_POPULATE, fd, 0);
	if (area == MAP_FAILED) {
		ret = -errno;
		if (fd >= 0)
			close(fd);
		return ret;
	}
	frames->area = area;
	frames->bytes = bytes;
	frames->pages = kind->name;
	frames->fd = fd;
	return 0;
}

static int frames_map_as_asked(
	struct frames *frames, enum frames_pages pages, bool shared, struct err *err)
{
	int ret = -ENOMEM;

	if (pages == PAGES_1G)
		ret = frames_map(frames, &page_1g, shared);
	else if (pages == PAGES_2M || pages == PAGES_AUTO)
		ret = frames_map(frames, &page_2m, shared);
	if (!ret)
		return 0;
	if (pages == PAGES_AUTO || pages == PAGES_SMALL)
		ret = frames_map(frames, &page_small, shared);
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
	int numa_node, bool shared, struct err *err)
{
	int ret;

	*frames = (struct frames){ .count = count, .frame_size = frame_size, .fd = -1 };
	ret = frames_map_as_asked(frames, pages, shared, err);
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

int frames_seal(struct frames *frames, struct err *err)
{
	if (!fcntl(frames->fd, F_ADD_SEALS,
		    F_SEAL_FUTURE_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
		return 0;
	return err_set(err, -errno, "seal the packet memory that other processes can map");
}

void frames_fini(struct frames *frames)
{
	if (frames->area) {
		munmap(frames->area, frames->bytes);
		if (frames->fd >= 0)
			close(frames->fd);
	}
	free(frames->free);
	free(frames->owner);
	*frames = (struct frames){ .fd = -1 };
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
