// SPDX-License-Identifier: BSD-2-Clause
#include "service/http_response.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bpf/http_accept.h"

/* Opens what lies below the root and anybody may read, through links that stay below it. */
static int open_below(int root, const char *path, struct stat *st)
{
	const struct open_how how = {
		.flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	int fd, ret = 0;

	while (*path == '/')
		path++;
	fd = (int)syscall(SYS_openat2, root, *path ? path : ".", &how, sizeof(how));
	if (fd < 0)
		return -errno;
	if (fstat(fd, st))
		ret = -errno;
	else if (!(st->st_mode & S_IROTH) || (S_ISDIR(st->st_mode) && !(st->st_mode & S_IXOTH)))
		ret = -EACCES;
	else if (!S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode))
		ret = -ENOENT;
	if (!ret)
		return fd;
	close(fd);
	return ret;
}

static unsigned status_of(int ret)
{
	return ret == -EACCES || ret == -EPERM ? 403 : ret == -ENAMETOOLONG ? 414 : 404;
}

/* The qualities of our encodings, as the kernel half reads them. A list that is none counts as not given. */
static void read_accept(const char *list, uint16_t qualities[HTTP_ENCODINGS])
{
	uint8_t buffer[HTTP_BUFFER_ROOM] = { 0 };
	size_t length = list ? strlen(list) : 0;
	struct http_accept accept;

	if (length > HTTP_ACCEPT_BYTES)
		length = 0;
	memcpy(buffer + 1, list ? list : "", length);
	http_accept_read(&accept, buffer, list && length ? 1 : 0, (uint32_t)length);
	if (accept.bad)
		http_accept_read(&accept, buffer, 0, 0);
	memcpy(qualities, accept.qualities, sizeof(accept.qualities));
}

/* Replaces the open file by the variant that the client likes best, if there is one. -1: it takes none. */
static int choose_encoding(
	struct http_response *r, int root, const struct http_wish *wish, struct stat *st)
{
	static const enum http_encoding order[] = { HTTP_BROTLI, HTTP_ZSTD, HTTP_GZIP };
	uint16_t qualities[HTTP_ENCODINGS];
	unsigned best;

	read_accept(wish->accept_encoding, qualities);
	best = qualities[HTTP_IDENTITY];
	for (unsigned i = 0; i < sizeof(order) / sizeof(*order); i++) {
		char name[sizeof(r->name) + 8];
		struct stat variant;
		int fd;

		snprintf(name, sizeof(name), "%s%s", r->name, http_encoding_suffixes[order[i]]);
		fd = open_below(root, name, &variant);
		if (fd < 0)
			continue;
		if (!S_ISREG(variant.st_mode) || variant.st_mtime < st->st_mtime) {
			close(fd);
			continue;
		}
		r->file.has_variants = true;
		if (qualities[order[i]] <= best && !(qualities[order[i]] == best && best &&
							   r->file.encoding == HTTP_IDENTITY)) {
			close(fd);
			continue;
		}
		best = qualities[order[i]];
		close(r->fd);
		r->fd = fd;
		r->file.encoding = order[i];
		*st = variant;
	}
	return best ? 0 : -1;
}

/* True when a list of tags has this one, or is "*". */
static bool has_tag(const char *list, const char *etag)
{
	const char *at = strstr(list, etag);

	return at || !strcmp(list, "*");
}

static bool is_unchanged(const struct http_wish *wish, const char *etag, const char *modified)
{
	if (!wish->if_none_match && !wish->if_modified_since)
		return false;
	if (wish->if_none_match)
		return has_tag(wish->if_none_match, etag);
	return !strcmp(wish->if_modified_since, modified);
}

/* "bytes=10-19", "bytes=10-", "bytes=-10". Returns 206 with the part set, 416, or 200: all of it. */
static unsigned take_range(struct http_response *r, const char *range)
{
	uint64_t first, last = r->file.bytes - 1;
	char *end;

	if (strncmp(range, "bytes=", 6) || strchr(range, ','))
		return 200;
	range += 6;
	if (*range == '-') {
		uint64_t bytes = strtoull(range + 1, &end, 10);

		if (end == range + 1 || *end)
			return 200;
		if (!bytes || !r->file.bytes)
			return 416;
		first = bytes < r->file.bytes ? r->file.bytes - bytes : 0;
	} else {
		first = strtoull(range, &end, 10);
		if (end == range || *end != '-')
			return 200;
		if (end[1]) {
			const char *from = end + 1;
			uint64_t asked = strtoull(from, &end, 10);

			if (end == from || *end || asked < first)
				return 200;
			last = asked < last ? asked : last;
		}
		if (first >= r->file.bytes)
			return 416;
	}
	r->first = first;
	r->bytes = last - first + 1;
	return 206;
}

static void decide(struct http_response *r, const struct http_wish *wish)
{
	char etag[HTTP_ETAG_BYTES], modified[HTTP_TIME_BYTES];

	http_write_etag(etag, r->file.modified, r->file.bytes);
	http_write_date(modified, r->file.modified);
	r->status = 200;
	r->bytes = r->file.bytes;
	if (is_unchanged(wish, etag, modified))
		r->status = 304;
	else if (wish->range && (!wish->if_range || !strcmp(wish->if_range, etag) ||
					!strcmp(wish->if_range, modified)))
		r->status = take_range(r, wish->range);
}

static bool has_dots(const char *path)
{
	for (const char *at = path; (at = strstr(at, "/.")); at += 2)
		if (!at[2] || at[2] == '/' || (at[2] == '.' && (!at[3] || at[3] == '/')))
			return true;
	return false;
}

void http_respond(struct http_response *r, int root, const struct http_wish *wish)
{
	size_t length = strlen(wish->path);
	struct stat st;

	memset(r, 0, sizeof(*r));
	r->fd = -1;
	if (*wish->path != '/' || length + 16 > sizeof(r->name) || has_dots(wish->path)) {
		r->status = length + 16 > sizeof(r->name) ? 414 : 400;
		return;
	}
	snprintf(r->name, sizeof(r->name), "%s%s", wish->path,
		wish->path[length - 1] == '/' ? "index.html" : "");
	r->file.name = r->name;
	r->fd = open_below(root, r->name, &st);
	if (r->fd >= 0 && S_ISDIR(st.st_mode)) {
		close(r->fd);
		r->fd = -1;
		r->status = 301;
		return;
	}
	if (r->fd < 0) {
		/* a directory without an index is not shown */
		int fd = length > 1 || r->fd != -ENOENT ? -1 : open_below(root, "/", &st);

		r->status = fd >= 0 ? 403 : status_of(r->fd);
		if (fd >= 0)
			close(fd);
		r->fd = -1;
		return;
	}
	if (choose_encoding(r, root, wish, &st)) {
		r->status = 406;
		return;
	}
	r->file.modified = st.st_mtime;
	r->file.bytes = (uint64_t)st.st_size;
	decide(r, wish);
}
