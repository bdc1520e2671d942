// SPDX-License-Identifier: BSD-2-Clause
#include "service/http_store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "service/http_object.h"

/* A file that was changed within this time may be changing still. Coarse clocks stamp it up to 10 ms (a tick of
 * HZ=100) too early. */
#define SETTLED_NS (100 * NSEC_PER_MSEC)
#define BUCKETS 4096

/* What tells one state of a file from another. */
struct sign {
	uint64_t device, number, bytes, modified_ns, changed_ns;
};

struct file {
	struct file *next; /* of the same bucket */
	uint64_t due_ns; /* when to look at it; 0: nothing is to be done */
	uint32_t entry; /* 0: it has never been answered from here */
	struct sign sign[HTTP_ENCODINGS]; /* bytes UINT64_MAX: there is none */
	char path[];
};

struct http_store {
	struct http_store_settings settings;
	struct http_objects objects;
	int root;
	struct file *buckets[BUCKETS];
	struct file **by_entry; /* [entries_max] */
	uint32_t entries;
	unsigned due; /* files with a due_ns */
	unsigned shown;
	bool is_full; /* and has been said so */
};

/* FNV-1a (Fowler, Noll, Vo): names are short, and nobody outside chooses them */
static unsigned bucket_of(const char *path)
{
	uint32_t hash = 2166136261u;

	for (; *path; path++)
		hash = (hash ^ (unsigned char)*path) * 16777619u;
	return hash % BUCKETS;
}

static struct file *find(struct http_store *store, const char *path)
{
	struct file *file = store->buckets[bucket_of(path)];

	while (file && strcmp(file->path, path))
		file = file->next;
	return file;
}

static struct file *find_or_add(struct http_store *store, const char *path)
{
	struct file *file = find(store, path), **bucket = &store->buckets[bucket_of(path)];

	if (file)
		return file;
	file = calloc(1, sizeof(*file) + strlen(path) + 1);
	if (!file)
		return NULL;
	strcpy(file->path, path);
	for (int i = 0; i < HTTP_ENCODINGS; i++)
		file->sign[i].bytes = UINT64_MAX;
	file->next = *bucket;
	*bucket = file;
	return file;
}

/* Names that need no escaping in a URL, and that no server changes (RFC 3986 §3.3). */
static bool is_plain(const char *path)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "/-._~!$&'()*+,;=:@";

	return path[0] == '/' && !path[strspn(path, plain)] && strlen(path) <= HTTP_PATH_BYTES;
}

static void set_due(struct http_store *store, struct file *file, uint64_t due_ns)
{
	store->due += !file->due_ns && due_ns;
	store->due -= file->due_ns && !due_ns;
	file->due_ns = due_ns;
}

/* Takes a file out, or one of its encodings. */
static void hide(struct http_store *store, struct file *file, int encoding)
{
	struct http_entry *entry = &store->settings.entries[file->entry];
	uint32_t object = file->entry ? entry->object[encoding] : 0;

	file->sign[encoding].bytes = UINT64_MAX;
	if (!object)
		return;
	__atomic_store_n(&entry->object[encoding], 0, __ATOMIC_RELEASE);
	http_object_free(&store->objects, object);
	store->shown -= encoding == HTTP_IDENTITY;
}

static void hide_all(struct http_store *store, struct file *file)
{
	for (int i = 0; i < HTTP_ENCODINGS; i++)
		hide(store, file, i);
}

/* FILE.gz is a file of its own, and also FILE in another encoding. */
static void touch_one(struct http_store *store, const char *path, bool changed)
{
	struct file *file = is_plain(path) ? find_or_add(store, path) : NULL;

	if (!file)
		return;
	if (changed)
		hide_all(store, file);
	set_due(store, file, clock_now_ns() + SETTLED_NS);
}

void http_store_touch(struct http_store *store, const char *path, bool changed)
{
	char base[HTTP_PATH_BYTES + 8];
	size_t length = strlen(path);

	touch_one(store, path, changed);
	for (int i = 1; i < HTTP_ENCODINGS; i++) {
		size_t suffix = strlen(http_encoding_suffixes[i]);

		if (length <= suffix || length >= sizeof(base) ||
			strcmp(path + length - suffix, http_encoding_suffixes[i]))
			continue;
		snprintf(base, sizeof(base), "%.*s", (int)(length - suffix), path);
		if (find(store, base))
			touch_one(store, base, changed);
	}
}

void http_store_touch_all(struct http_store *store, const char *prefix)
{
	size_t length = strlen(prefix);

	for (unsigned i = 0; i < BUCKETS; i++)
		for (struct file *file = store->buckets[i]; file; file = file->next)
			if (!strncmp(file->path, prefix, length)) {
				hide_all(store, file);
				set_due(store, file, clock_now_ns());
			}
}

static void hide_long(struct http_store *store, struct file *file)
{
	const struct http_entry *entry = &store->settings.entries[file->entry];

	for (int i = 0; i < HTTP_ENCODINGS; i++)
		if (store->settings.objects[entry->object[i]].segments >
			store->objects.segments_max)
			hide(store, file, i);
}

void http_store_set_segments_max(struct http_store *store, unsigned segments_max)
{
	store->objects.segments_max = segments_max;
	for (unsigned i = 0; i < BUCKETS; i++)
		for (struct file *file = store->buckets[i]; file; file = file->next) {
			hide_long(store, file);
			set_due(store, file, clock_now_ns());
		}
}

static void take_sign(struct sign *sign, const struct stat *st)
{
	*sign = (struct sign){
		.device = st->st_dev,
		.number = st->st_ino,
		.bytes = (uint64_t)st->st_size,
		.modified_ns =
			(uint64_t)st->st_mtim.tv_sec * NSEC_PER_SEC + (uint64_t)st->st_mtim.tv_nsec,
		.changed_ns =
			(uint64_t)st->st_ctim.tv_sec * NSEC_PER_SEC + (uint64_t)st->st_ctim.tv_nsec,
	};
}

/* Opens a file that anybody may read, through directories that anybody may pass; -1: there is none. */
static int open_file(const struct http_store *store, const char *path, struct stat *st)
{
	int at = dup(store->root), fd;
	char part[HTTP_PATH_BYTES + 8];

	for (const char *from = path + 1, *slash; at >= 0; from = slash + 1) {
		slash = strchrnul(from, '/');
		snprintf(part, sizeof(part), "%.*s", (int)(slash - from), from);
		fd = openat(at, part,
			(*slash ? O_DIRECTORY | O_PATH : O_RDONLY | O_NONBLOCK) | O_NOFOLLOW |
				O_CLOEXEC);
		close(at);
		at = fd;
		if (at < 0 || fstat(at, st) || !(st->st_mode & (*slash ? S_IXOTH : S_IROTH)))
			break;
		if (!*slash && S_ISREG(st->st_mode) && st->st_nlink == 1)
			return at;
		if (!*slash)
			break;
	}
	if (at >= 0)
		close(at);
	return -1;
}

/* What is there of a file now: a descriptor for each encoding that can be served. */
struct look {
	int fd[HTTP_ENCODINGS];
	struct stat st[HTTP_ENCODINGS];
	struct sign sign[HTTP_ENCODINGS];
	bool has_variants;
};

static void look_at(const struct http_store *store, const char *path, struct look *look)
{
	*look = (struct look){ 0 };
	for (int i = 0; i < HTTP_ENCODINGS; i++) {
		char variant[HTTP_PATH_BYTES + 8];
		const struct stat *st = &look->st[i];

		snprintf(variant, sizeof(variant), "%s%s", path, http_encoding_suffixes[i]);
		look->sign[i].bytes = UINT64_MAX;
		look->fd[i] = i && look->fd[0] < 0 ? -1 : open_file(store, variant, &look->st[i]);
		/* one that is older than its file belongs to an earlier state of it */
		if (look->fd[i] >= 0 && st->st_mtime < look->st[0].st_mtime) {
			close(look->fd[i]);
			look->fd[i] = -1;
		}
		if (look->fd[i] < 0)
			continue;
		take_sign(&look->sign[i], st);
		look->has_variants |= i > 0;
	}
}

static void look_away(struct look *look)
{
	for (int i = 0; i < HTTP_ENCODINGS; i++)
		if (look->fd[i] >= 0)
			close(look->fd[i]);
}

static bool is_settled(const struct look *look)
{
	uint64_t now_ns = clock_read_ns(CLOCK_REALTIME);

	for (int i = 0; i < HTTP_ENCODINGS; i++) {
		const struct sign *sign = &look->sign[i];

		/* times to come are somebody's clock, not a change just now */
		if (look->fd[i] >= 0 && now_ns >= sign->changed_ns &&
			now_ns - sign->changed_ns < SETTLED_NS)
			return false;
	}
	return true;
}

static int add_entry(struct http_store *store, struct file *file, struct err *err)
{
	const struct http_store_settings *settings = &store->settings;
	const char *name = strrchr(file->path, '/') + 1;
	uint32_t entry = store->entries + 1;
	int ret;

	if (entry >= settings->entries_max)
		return err_say(
			err, -E2BIG, "there is room for %u files", settings->entries_max - 1);
	store->entries++;
	ret = settings->add_path(settings->context, file->path, entry, err);
	if (!ret && !strcmp(name, "index.html")) {
		char directory[HTTP_PATH_BYTES + 1];

		snprintf(
			directory, sizeof(directory), "%.*s", (int)(name - file->path), file->path);
		ret = settings->add_path(settings->context, directory, entry, err);
	}
	if (ret)
		return ret;
	file->entry = entry;
	store->by_entry[entry] = file;
	return 0;
}

static void say_full(struct http_store *store, const char *path, const struct err *err)
{
	if (!store->is_full)
		log_write(store->settings.log, LOG_WARNING,
			"%s and perhaps more go to the ordinary server: %s", path, err->text);
	store->is_full = true;
}

/* Reads one encoding and shows it. */
static int show(struct http_store *store, struct file *file, const struct look *look, int encoding,
	struct err *err)
{
	struct http_entry *entry = &store->settings.entries[file->entry];
	const struct http_file about = {
		.name = file->path,
		.modified = look->st[encoding].st_mtime,
		.bytes = (uint64_t)look->st[encoding].st_size,
		.encoding = (enum http_encoding)encoding,
		.has_variants = look->has_variants,
		.headers = store->settings.headers,
		.is_bare = store->settings.optional_headers && !*store->settings.optional_headers,
	};
	struct sign after;
	struct stat st;
	uint32_t object;
	int ret = http_object_make(&store->objects, look->fd[encoding], &about, &object, err);

	if (ret)
		return ret;
	if (fstat(look->fd[encoding], &st))
		return -errno;
	take_sign(&after, &st);
	if (memcmp(&after, &look->sign[encoding], sizeof(after))) {
		http_object_free(&store->objects, object);
		return -EAGAIN;
	}
	hide(store, file, encoding);
	file->sign[encoding] = after;
	__atomic_store_n(&entry->object[encoding], object, __ATOMIC_RELEASE);
	store->shown += encoding == HTTP_IDENTITY;
	return 0;
}

static void look_again(struct http_store *store, struct file *file)
{
	struct err err = { "" };
	struct look look;
	int ret = 0;

	set_due(store, file, 0);
	look_at(store, file->path, &look);
	if (!memcmp(look.sign, file->sign, sizeof(look.sign)))
		goto out;
	hide_all(store, file);
	if (look.fd[0] < 0)
		goto out;
	if (!is_settled(&look))
		ret = -EAGAIN;
	/* the file itself last: until it is there, nobody gets any of it */
	for (int i = HTTP_ENCODINGS - 1; i >= 0 && !ret; i--) {
		if (look.fd[i] < 0 || !http_object_fits(&store->objects, look.sign[i].bytes))
			continue;
		ret = file->entry ? 0 : add_entry(store, file, &err);
		if (!ret)
			ret = show(store, file, &look, i, &err);
	}
	if (ret == -EAGAIN)
		set_due(store, file, clock_now_ns() + SETTLED_NS / 2);
	else if (ret == -ENOSPC) /* later there is what old answers have now */
		set_due(store, file, clock_now_ns() + HTTP_GRACE_S * NSEC_PER_SEC);
	if (ret == -E2BIG || ret == -ENOSPC)
		say_full(store, file->path, &err);
out:
	look_away(&look);
}

int http_store_settle(struct http_store *store)
{
	uint64_t now_ns = clock_now_ns(), next_ns = UINT64_MAX;

	for (unsigned i = 0; i < BUCKETS && store->due; i++)
		for (struct file *file = store->buckets[i]; file; file = file->next) {
			if (file->due_ns && file->due_ns <= now_ns)
				look_again(store, file);
			if (file->due_ns && file->due_ns < next_ns)
				next_ns = file->due_ns;
		}
	if (next_ns == UINT64_MAX)
		return -1;
	return next_ns <= now_ns ? 0 : (int)((next_ns - now_ns) / NSEC_PER_MSEC) + 1;
}

static int open_root(const char *root, struct err *err)
{
	int fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? err_set(err, -errno, "open the root %s", root) : fd;
}

int http_store_open(
	struct http_store **store, const struct http_store_settings *settings, struct err *err)
{
	struct http_store *s = calloc(1, sizeof(*s));

	if (!s)
		return err_set(err, -ENOMEM, "make room for the files");
	s->settings = *settings;
	s->root = open_root(settings->root, err);
	s->by_entry = calloc(settings->entries_max, sizeof(*s->by_entry));
	if (s->root < 0 || !s->by_entry ||
		http_objects_init(&s->objects, settings->objects, settings->objects_max,
			settings->segments, settings->segments_count)) {
		int ret = s->root < 0 ? s->root : err_set(err, -ENOMEM, "make room for the files");

		http_store_close(s);
		return ret;
	}
	s->objects.segments_max = settings->segments_max;
	*store = s;
	return 0;
}

int http_store_reopen(struct http_store *store, struct err *err)
{
	int root = open_root(store->settings.root, err);

	if (root < 0)
		return root;
	close(store->root);
	store->root = root;
	http_store_touch_all(store, "/");
	return 0;
}

void http_store_close(struct http_store *store)
{
	if (!store)
		return;
	for (unsigned i = 0; i < BUCKETS; i++)
		for (struct file *file = store->buckets[i], *next; file; file = next) {
			next = file->next;
			free(file);
		}
	if (store->root >= 0)
		close(store->root);
	http_objects_fini(&store->objects);
	free(store->by_entry);
	free(store);
}

int http_store_root(const struct http_store *store)
{
	return store->root;
}

unsigned http_store_files(const struct http_store *store)
{
	return store->shown;
}

const char *http_store_path(const struct http_store *store, uint32_t entry)
{
	return entry && entry <= store->entries && store->by_entry[entry]
		       ? store->by_entry[entry]->path
		       : NULL;
}

uint32_t http_store_entries(const struct http_store *store)
{
	return store->entries + 1;
}
