// SPDX-License-Identifier: BSD-2-Clause
#include "service/http_watch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define EVENTS                                                                                     \
	(IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB | IN_CREATE | IN_DELETE | IN_MOVED_FROM |          \
		IN_MOVED_TO | IN_ONLYDIR | IN_DONT_FOLLOW | IN_EXCL_UNLINK)
/* Paths below the root; longer ones go to the server anyway. */
#define PATH_ROOM (HTTP_PATH_BYTES + 8)
/* Directories in each other: as many as a path of HTTP_PATH_BYTES can name. */
#define DEPTH_MAX (HTTP_PATH_BYTES / 2)

struct directory {
	int descriptor; /* inotify's */
	char path[PATH_ROOM]; /* "/a/", below the root */
};

struct http_watch {
	int fd;
	const char *root;
	struct stat root_stat;
	struct http_store *store;
	struct log *log;
	struct directory *directories;
	unsigned count, room;
	bool is_partial; /* some directories are not watched, which has been said */
};

static struct directory *find(struct http_watch *watch, int descriptor)
{
	for (unsigned i = 0; i < watch->count; i++)
		if (watch->directories[i].descriptor == descriptor)
			return &watch->directories[i];
	return NULL;
}

static int add(struct http_watch *watch, int fd, const char *path)
{
	char self[32];
	int descriptor;

	snprintf(self, sizeof(self), "/proc/self/fd/%d/.", fd);
	descriptor = inotify_add_watch(watch->fd, self, EVENTS);
	if (descriptor < 0)
		return -errno;
	if (find(watch, descriptor))
		return 0;
	if (watch->count == watch->room) {
		unsigned room = watch->room ? 2 * watch->room : 64;
		struct directory *more = realloc(watch->directories, room * sizeof(*more));

		if (!more)
			return -ENOMEM;
		watch->directories = more;
		watch->room = room;
	}
	watch->directories[watch->count].descriptor = descriptor;
	snprintf(watch->directories[watch->count++].path, PATH_ROOM, "%s", path);
	return 0;
}

/* What is not watched is not served: its changes would not be seen. */
static void say_partial(struct http_watch *watch, const char *path, int ret)
{
	if (!watch->is_partial)
		log_write(watch->log, LOG_WARNING,
			"%s%s and perhaps more go to the ordinary server: watch the directory: "
			"%s%s",
			watch->root, path, strerror(-ret),
			ret == -ENOSPC ? " (sysctl fs.inotify.max_user_watches)" : "");
	watch->is_partial = true;
}

/* Visits what is in a directory that fd (taken) names and below it; watch NULL: only counts the files. */
static unsigned visit(struct http_watch *watch, int fd, const char *path, unsigned depth)
{
	DIR *dir;
	struct dirent *entry;
	unsigned files = 0;
	int ret = watch ? add(watch, fd, path) : 0;

	if (ret) {
		say_partial(watch, path, ret);
		close(fd);
		return 0;
	}
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return 0;
	}
	while ((entry = readdir(dir))) {
		char below[PATH_ROOM];
		struct stat st;
		int length, sub;

		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..") ||
			fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW))
			continue;
		length = snprintf(below, sizeof(below), "%s%s%s", path, entry->d_name,
			S_ISDIR(st.st_mode) ? "/" : "");
		if (length < 0 || length >= PATH_ROOM)
			continue;
		if (S_ISREG(st.st_mode)) {
			files++;
			if (watch)
				http_store_touch(watch->store, below, false);
		} else if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX) {
			sub = openat(dirfd(dir), entry->d_name,
				O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
			if (sub >= 0)
				files += visit(watch, sub, below, depth + 1);
		}
	}
	closedir(dir);
	return files;
}

/* From a directory below the root on ("/a/"). */
static void visit_path(struct http_watch *watch, const char *path)
{
	int root = http_store_root(watch->store), fd;

	fd = openat(
		root, path[1] ? path + 1 : ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0)
		visit(watch, fd, path, 0);
}

/* Forgets a directory that has gone or was moved away, and those in it. */
static void forget(struct http_watch *watch, const char *path)
{
	size_t length = strlen(path);

	for (unsigned i = 0; i < watch->count;)
		if (!strncmp(watch->directories[i].path, path, length)) {
			inotify_rm_watch(watch->fd, watch->directories[i].descriptor);
			watch->directories[i] = watch->directories[--watch->count];
		} else {
			i++;
		}
	http_store_touch_all(watch->store, path);
}

static void begin_anew(struct http_watch *watch)
{
	forget(watch, "/");
	visit_path(watch, "/");
}

static void take_one(struct http_watch *watch, const struct inotify_event *event)
{
	const struct directory *directory = find(watch, event->wd);
	bool is_dir = event->mask & IN_ISDIR;
	char path[PATH_ROOM];
	int length;

	if (event->mask & IN_Q_OVERFLOW) {
		log_write(watch->log, LOG_INFO,
			"%s: too many changes at once, all files are read again", watch->root);
		begin_anew(watch);
		return;
	}
	if (!directory || !event->len)
		return;
	length = snprintf(
		path, sizeof(path), "%s%s%s", directory->path, event->name, is_dir ? "/" : "");
	if (length < 0 || length >= PATH_ROOM)
		return;
	if (!is_dir)
		http_store_touch(watch->store, path, true);
	else if (event->mask & (IN_DELETE | IN_MOVED_FROM))
		forget(watch, path);
	else if (event->mask & (IN_CREATE | IN_MOVED_TO))
		visit_path(watch, path);
	else if (event->mask & IN_ATTRIB)
		http_store_touch_all(watch->store, path);
}

void http_watch_take(struct http_watch *watch)
{
	char events[16384] __attribute__((aligned(8)));
	ssize_t got;

	while ((got = read(watch->fd, events, sizeof(events))) > 0)
		for (char *at = events; at < events + got;) {
			const struct inotify_event *event = (const void *)at;

			take_one(watch, event);
			at += sizeof(*event) + event->len;
		}
}

void http_watch_check_root(struct http_watch *watch)
{
	struct err err = { "" };
	struct stat st;

	if (stat(watch->root, &st) ||
		(st.st_ino == watch->root_stat.st_ino && st.st_dev == watch->root_stat.st_dev))
		return;
	if (http_store_reopen(watch->store, &err))
		return; /* gone meanwhile: the next second tells */
	watch->root_stat = st;
	log_write(watch->log, LOG_INFO, "%s is another directory now", watch->root);
	begin_anew(watch);
}

int http_watch_open(struct http_watch **watch, const char *root, struct http_store *store,
	struct log *log, struct err *err)
{
	struct http_watch *w = calloc(1, sizeof(*w));

	if (!w)
		return err_set(err, -ENOMEM, "watch the root %s", root);
	w->root = root;
	w->store = store;
	w->log = log;
	w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (w->fd < 0 || fstat(http_store_root(store), &w->root_stat)) {
		int ret = err_set(err, -errno, "watch the root %s", root);

		http_watch_close(w);
		return ret;
	}
	visit_path(w, "/");
	*watch = w;
	return 0;
}

void http_watch_close(struct http_watch *watch)
{
	if (!watch)
		return;
	if (watch->fd >= 0)
		close(watch->fd);
	free(watch->directories);
	free(watch);
}

int http_watch_fd(const struct http_watch *watch)
{
	return watch->fd;
}

unsigned http_watch_count(const char *root)
{
	int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? 0 : visit(NULL, fd, "/", 0);
}
