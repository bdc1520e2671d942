// SPDX-License-Identifier: BSD-2-Clause
/* The readers' side: other processes, mostly without any right but to read the file. */
#include "stats/published.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stats/snapshot_check.h"

#define MAPPED_BYTES (sizeof(struct published_header) + 2 * sizeof(struct snapshot))
#define INSTANCES_MAX 64
/* The writer needs 100 ms to come round, a copy well under one. */
#define TRIES 16

/* Asks without taking it: a reader must not be what keeps an instance from its name. */
static bool is_locked(int fd)
{
	struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET };

	return !fcntl(fd, F_OFD_GETLK, &lock) && lock.l_type != F_UNLCK;
}

static bool lives(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	/* what may not be read is worth the message that says why */
	bool is_alive = fd < 0 ? errno == EACCES : is_locked(fd);

	if (fd >= 0)
		close(fd);
	return is_alive;
}

static int find_named(char path[RUNTIME_PATH_BYTES], const char *name,
	char folders[][RUNTIME_PATH_BYTES], unsigned count, struct err *err)
{
	char first[RUNTIME_PATH_BYTES] = "";

	if (strchr(name, '/') || strlen(name) >= RUNTIME_NAME_BYTES)
		return err_say(err, -EINVAL, "'%s' is no name of an instance", name);
	for (unsigned i = 0; i < count; i++) {
		int code = runtime_path(path, folders[i], name, PUBLISHED_SUFFIX, err);

		if (code)
			return code;
		if (lives(path))
			return 0;
		if (!*first && !access(path, F_OK))
			memcpy(first, path, sizeof(first));
	}
	if (*first)
		return err_say(err, -ENOENT,
			"no instance named '%s' is running: the last one was killed and left %s",
			name, first);
	return err_say(
		err, -ENOENT, "no instance named '%s' is running: there is no %s", name, path);
}

int published_find(char path[RUNTIME_PATH_BYTES], const char *name, struct err *err)
{
	char folders[RUNTIME_FOLDERS][RUNTIME_PATH_BYTES];
	unsigned count = runtime_folders(folders), found = 0;
	struct err list = { "" };

	if (name)
		return find_named(path, name, folders, count, err);
	for (unsigned i = 0; i < count; i++) {
		char names[INSTANCES_MAX][RUNTIME_NAME_BYTES];
		unsigned files = runtime_names(folders[i], PUBLISHED_SUFFIX, names, INSTANCES_MAX);

		for (unsigned k = 0; k < files; k++) {
			char each[RUNTIME_PATH_BYTES];

			if (runtime_path(each, folders[i], names[k], PUBLISHED_SUFFIX, NULL) ||
				!lives(each))
				continue;
			err_add(&list, 0, "%s%s", found ? ", " : "", names[k]);
			if (!found++)
				memcpy(path, each, sizeof(each));
		}
	}
	if (found == 1)
		return 0;
	if (found)
		return err_say(
			err, -ENOTUNIQ, "several instances are running: name one of %s", list.text);
	return err_say(err, -ENOENT, "no instance is running: nothing in %s%s%s", folders[0],
		count > 1 ? " or " : "", count > 1 ? folders[1] : "");
}

static int check_header(
	const struct published_header *header, off_t bytes, const char *path, struct err *err)
{
	if (memcmp(header->magic, PUBLISHED_MAGIC, sizeof(header->magic)) != 0)
		return err_say(err, -EPROTO, "%s: these are no statistics of ringside", path);
	if (header->version == PUBLISHED_VERSION && header->layout == snapshot_layout() &&
		header->snapshot_bytes == sizeof(struct snapshot) && bytes >= (off_t)MAPPED_BYTES)
		return 0;
	return err_say(err, -EPROTO,
		"%s: pid %u is another version, ringside %.15s, and this is ringside %s: use the "
		"program that runs, or start it again",
		path, header->pid, header->program, PACKAGE_VERSION);
}

int published_reader_open(struct published_reader *reader, const char *path, struct err *err)
{
	struct published_header header;
	struct stat file;
	void *mapping;
	int code;

	*reader = (struct published_reader){ .fd = -1 };
	snprintf(reader->path, sizeof(reader->path), "%s", path);
	reader->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (reader->fd < 0)
		return errno == EACCES ? runtime_denied(path, "read", "ringside top", err) : err_set(err, -errno, "%s", path);
	if (fstat(reader->fd, &file) || pread(reader->fd, &header, sizeof(header), 0) < 0)
		code = err_set(err, -errno, "read %s", path);
	else if (!file.st_size) /* its name was taken a moment ago */
		code = err_set(err, -EAGAIN, "%s", path);
	else if (file.st_size < (off_t)sizeof(header))
		code = err_say(err, -EPROTO, "%s: these are no statistics of ringside", path);
	else
		code = check_header(&header, file.st_size, path, err);
	if (code)
		goto out_close;
	mapping = mmap(NULL, MAPPED_BYTES, PROT_READ, MAP_SHARED, reader->fd, 0);
	if (mapping == MAP_FAILED) {
		code = err_set(err, -errno, "map %s", path);
		goto out_close;
	}
	reader->header = mapping;
	return 0;

out_close:
	published_reader_close(reader);
	return code;
}

void published_reader_close(struct published_reader *reader)
{
	if (reader->header)
		munmap((void *)reader->header, MAPPED_BYTES);
	if (reader->fd >= 0)
		close(reader->fd);
	reader->header = NULL;
	reader->fd = -1;
}

bool published_take(struct published_reader *reader, struct snapshot *into)
{
	const struct snapshot *places = (const struct snapshot *)(reader->header + 1);
	const __u64 *generation = &reader->header->generation;

	for (unsigned i = 0; i < TRIES; i++) {
		/* pairs with the release in published_put() */
		__u64 newest = __atomic_load_n(generation, __ATOMIC_ACQUIRE);

		if (newest == reader->generation)
			return false;
		memcpy(into, &places[newest & 1], sizeof(*into));
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		/* one further, and the writer may be in the place that was copied */
		if (__atomic_load_n(generation, __ATOMIC_RELAXED) != newest)
			continue;
		reader->generation = newest;
		return snapshot_is_sane(into);
	}
	return false;
}

bool published_lives(const struct published_reader *reader)
{
	return is_locked(reader->fd);
}

bool published_is_replaced(const struct published_reader *reader)
{
	struct stat open_file, named;

	return !fstat(reader->fd, &open_file) && !stat(reader->path, &named) &&
	       (open_file.st_ino != named.st_ino || open_file.st_dev != named.st_dev);
}
