// SPDX-License-Identifier: BSD-2-Clause
/* The writer's side. */
#include "stats/published.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/counter.h"
#include "stats/snapshot_check.h"

#define PUBLISHED_BYTES (sizeof(struct published_header) + 2 * sizeof(struct snapshot))
#define TRIES 100

struct published {
	char path[RUNTIME_PATH_BYTES];
	int fd;
	struct published_header *header;
};

/* Of the open file description: it lives as long as the process, and closing another descriptor of
 * the file does not take it away, as with the older kind of record locks. */
static bool lock_file(int fd)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	return !fcntl(fd, F_OFD_SETLK, &lock);
}

static bool is_at(int fd, const char *path)
{
	struct stat open_file, named;

	return !fstat(fd, &open_file) && !lstat(path, &named) && open_file.st_ino == named.st_ino &&
	       open_file.st_dev == named.st_dev;
}

static int say_taken(int fd, const char *name, struct err *err)
{
	struct published_header header;
	bool is_known = pread(fd, &header, sizeof(header), 0) == (ssize_t)sizeof(header);
	char who[32] = "another process";

	if (is_known)
		snprintf(who, sizeof(who), "pid %u", header.pid);
	return err_say(err, -EADDRINUSE,
		"an instance named '%s' is running already (%s): give this one another name with "
		"--set ringside.name=...",
		name, who);
}

/* Whoever holds the lock of the file at the path has the name. Returns its descriptor. */
static int take_name(const char *path, const char *name, struct err *err)
{
	for (unsigned i = 0; i < TRIES; i++) {
		int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600), code;
		bool is_mine, is_there;

		if (fd < 0)
			return err_set(err, -errno, "%s", path);
		is_mine = lock_file(fd);
		is_there = is_at(fd, path);
		if (is_mine && is_there)
			return fd;
		code = is_there ? say_taken(fd, name, err) : 0;
		close(fd);
		if (code)
			return code;
		/* it was replaced, or removed, in between */
	}
	return err_set(err, -EBUSY, "%s", path);
}

static int make_file(struct published *p, const char *path, struct err *err)
{
	void *mapping;
	int code;

	unlink(path); /* of an instance that was killed here */
	p->fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (p->fd < 0)
		return err_set(err, -errno, "%s", path);
	/* all of it now: writing to a hole while the file system is full would be a bus error */
	code = posix_fallocate(p->fd, 0, (off_t)PUBLISHED_BYTES);
	if (code)
		return err_set(err, -code, "%s", path);
	mapping = mmap(NULL, PUBLISHED_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, p->fd, 0);
	if (mapping == MAP_FAILED)
		return err_set(err, -errno, "map %s", path);
	p->header = mapping;
	*p->header = (struct published_header){
		.version = PUBLISHED_VERSION,
		.pid = (__u32)getpid(),
		.layout = snapshot_layout(),
		.snapshot_bytes = sizeof(struct snapshot),
	};
	memcpy(p->header->magic, PUBLISHED_MAGIC, sizeof(p->header->magic));
	snprintf(p->header->program, sizeof(p->header->program), "%s", PACKAGE_VERSION);
	runtime_share(path, 0640);
	return lock_file(p->fd) ? 0 : err_set(err, -errno, "lock %s", path);
}

int published_open(
	struct published **published, const char *folder, const char *name, struct err *err)
{
	struct published *p = calloc(1, sizeof(*p));
	char new_path[RUNTIME_PATH_BYTES];
	int code, taken = -1;

	if (!p)
		return err_set(err, -ENOMEM, "publish statistics");
	p->fd = -1;
	code = runtime_path(p->path, folder, name, PUBLISHED_SUFFIX, err);
	if (!code)
		code = runtime_path(new_path, folder, name, PUBLISHED_SUFFIX ".new", err);
	if (!code)
		code = taken = take_name(p->path, name, err);
	if (code < 0)
		goto out_close;
	/* a new file, whole before it has its name: whoever has the old one mapped keeps it */
	code = make_file(p, new_path, err);
	if (!code && rename(new_path, p->path))
		code = err_set(err, -errno, "rename %s", new_path);
	if (code)
		unlink(new_path);
	close(taken);
	if (!code) {
		*published = p;
		return 0;
	}
out_close:
	if (p->header)
		munmap(p->header, PUBLISHED_BYTES);
	if (p->fd >= 0)
		close(p->fd);
	free(p);
	return code;
}

void published_put(struct published *p, const struct snapshot *snapshot)
{
	struct snapshot *places = (struct snapshot *)(p->header + 1);
	__u64 next = counter_get(&p->header->generation) + 1;

	memcpy(&places[next & 1], snapshot, sizeof(*snapshot));
	/* pairs with the acquire in published_take(): the snapshot is there before its number is */
	__atomic_store_n(&p->header->generation, next, __ATOMIC_RELEASE);
}

void published_close(struct published *p)
{
	if (!p)
		return;
	if (is_at(p->fd, p->path))
		unlink(p->path);
	munmap(p->header, PUBLISHED_BYTES);
	close(p->fd);
	free(p);
}
