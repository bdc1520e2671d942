// SPDX-License-Identifier: BSD-2-Clause
#include "service/http_object.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

static size_t tail_max(const struct http_objects *objects)
{
	return HTTP_FIRST_BYTES + (size_t)(objects->segments_max - 1) * HTTP_SEGMENT_BYTES;
}

int http_objects_init(struct http_objects *objects, struct http_object *array,
	struct http_segment *segments, uint32_t max, unsigned segments_max)
{
	*objects = (struct http_objects){
		.objects = array,
		.segments = segments,
		.max = max,
		.unused = 1,
		.segments_max = segments_max,
		.freed = calloc(max, sizeof(*objects->freed)),
	};
	/* one byte more, to see a file that has grown */
	objects->text = malloc(tail_max(objects) + 1);
	return objects->freed && objects->text ? 0 : -ENOMEM;
}

void http_objects_fini(struct http_objects *objects)
{
	free(objects->freed);
	free(objects->text);
	*objects = (struct http_objects){ 0 };
}

bool http_object_fits(const struct http_objects *objects, uint64_t bytes)
{
	return bytes < tail_max(objects);
}

/* A place that nobody reads, or 0. */
static uint32_t take_place(struct http_objects *objects)
{
	const struct http_freed *oldest = &objects->freed[objects->freed_first];

	if (objects->freed_count &&
		clock_now_ns() - oldest->when_ns > HTTP_GRACE_S * NSEC_PER_SEC) {
		objects->freed_first = (objects->freed_first + 1) % objects->max;
		objects->freed_count--;
		return oldest->object;
	}
	return objects->unused < objects->max ? objects->unused++ : 0;
}

void http_object_free(struct http_objects *objects, uint32_t object)
{
	uint32_t at = (objects->freed_first + objects->freed_count++) % objects->max;

	objects->freed[at] = (struct http_freed){ object, clock_now_ns() };
}

/* Reads the whole file, or at most a byte more than it should have. */
static ssize_t read_all(int fd, char *text, size_t bytes)
{
	size_t have = 0;
	ssize_t got = 1;

	while (have < bytes && got > 0) {
		got = pread(fd, text + have, bytes - have, (off_t)have);
		if (got < 0 && errno == EINTR)
			got = 1;
		else if (got > 0)
			have += (size_t)got;
	}
	return got < 0 ? -errno : (ssize_t)have;
}

static void cut(struct http_objects *objects, struct http_object *object, const char *text)
{
	struct http_segment *segment = &objects->segments[object->first];
	uint32_t room = HTTP_FIRST_BYTES;

	object->segments = 0;
	for (uint32_t at = 0; at < object->bytes; segment++) {
		uint32_t bytes = object->bytes - at < room ? object->bytes - at : room;

		segment->bytes = (__u16)bytes;
		segment->sum = http_sum(text + at, bytes);
		memcpy(segment->text, text + at, bytes);
		at += bytes;
		room = HTTP_SEGMENT_BYTES;
		object->segments++;
	}
}

static void fill(
	struct http_objects *objects, uint32_t place, const struct http_file *file, size_t header)
{
	struct http_object *object = &objects->objects[place];
	size_t bytes;

	object->first = place * objects->segments_max;
	object->bytes = (__u32)(header + file->bytes);
	object->header_bytes = (__u16)header;
	object->header_sum = http_sum(objects->text, header);
	object->has_variants = file->has_variants;
	http_write_etag((char *)object->etag, file->modified, file->bytes);
	http_write_date((char *)object->modified, file->modified);
	bytes = http_write_header(
		(char *)object->not_modified, sizeof(object->not_modified), file, true);
	object->not_modified_bytes = (__u16)bytes;
	object->not_modified_sum = http_sum(object->not_modified, bytes);
	cut(objects, object, objects->text);
}

int http_object_make(struct http_objects *objects, int fd, const struct http_file *file,
	uint32_t *object, struct err *err)
{
	char probe[HTTP_NOT_MODIFIED_BYTES];
	size_t header, most = tail_max(objects);
	ssize_t got;
	uint32_t place;

	header = http_write_header(objects->text, HTTP_FIRST_BYTES, file, false);
	if (!header || header + file->bytes > most ||
		!http_write_header(probe, sizeof(probe), file, true))
		return -EFBIG;
	got = read_all(fd, objects->text + header, file->bytes + 1);
	if (got < 0 || (uint64_t)got != file->bytes)
		return got < 0 ? (int)got : -EAGAIN;
	place = take_place(objects);
	if (!place)
		return err_say(err, -E2BIG,
			"there is room for %u answers, old ones of the last %d s among them",
			objects->max - 1, HTTP_GRACE_S);
	/* whoever still has the place's former object is told first that it has gone */
	__atomic_store_n(&objects->objects[place].version, 0, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	fill(objects, place, file, header);
	if (!++objects->version)
		objects->version = 1;
	__atomic_store_n(&objects->objects[place].version, objects->version, __ATOMIC_RELEASE);
	*object = place;
	return 0;
}
