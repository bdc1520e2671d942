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

int http_objects_init(struct http_objects *objects, struct http_object *array, uint32_t max,
	struct http_segment *segments, uint32_t segments_count)
{
	*objects = (struct http_objects){
		.objects = array,
		.segments = segments,
		.max = max,
		.segments_count = segments_count,
		.segments_max = HTTP_SEGMENTS_MAX,
		.spare = calloc(max, sizeof(*objects->spare)),
		.is_taken = calloc(segments_count, sizeof(*objects->is_taken)),
		.freed = calloc(max, sizeof(*objects->freed)),
	};
	/* one byte more, to see a file that has grown */
	objects->text = malloc(tail_max(objects) + 1);
	if (!objects->spare || !objects->is_taken || !objects->freed || !objects->text)
		return -ENOMEM;
	while (objects->spare_count < max - 1) {
		objects->spare[objects->spare_count] = max - 1 - objects->spare_count;
		objects->spare_count++;
	}
	return 0;
}

void http_objects_fini(struct http_objects *objects)
{
	free(objects->spare);
	free(objects->is_taken);
	free(objects->freed);
	free(objects->text);
	*objects = (struct http_objects){ 0 };
}

bool http_object_fits(const struct http_objects *objects, uint64_t bytes)
{
	return bytes < tail_max(objects);
}

static void set_taken(struct http_objects *objects, uint32_t first, uint32_t count, bool is_taken)
{
	for (uint32_t i = 0; i < count; i++)
		objects->is_taken[first + i] = is_taken;
}

/* Takes back what nobody can still read. */
static void reclaim(struct http_objects *objects)
{
	uint64_t now_ns = clock_now_ns();

	while (objects->freed_count) {
		const struct http_freed *oldest = &objects->freed[objects->freed_first];
		const struct http_object *object = &objects->objects[oldest->object];

		if (now_ns - oldest->when_ns <= HTTP_GRACE_S * NSEC_PER_SEC)
			return;
		set_taken(objects, object->first, object->segments, false);
		objects->spare[objects->spare_count++] = oldest->object;
		objects->freed_first = (objects->freed_first + 1) % objects->max;
		objects->freed_count--;
	}
}

static bool is_free(const struct http_objects *objects, uint32_t first, uint32_t count)
{
	if (first + count > objects->segments_count)
		return false;
	while (count && !objects->is_taken[first + count - 1])
		count--;
	return !count;
}

/* Segments that nobody reads, from *first on; behind those that were found last, so that as a rule the first ones
 * looked at are free. */
static bool find_segments(struct http_objects *objects, uint32_t count, uint32_t *first)
{
	for (uint32_t i = 0; i < objects->segments_count; i++) {
		uint32_t at = (objects->next + i) % objects->segments_count;

		if (!is_free(objects, at, count))
			continue;
		objects->next = at + count;
		*first = at;
		return true;
	}
	return false;
}

/* A place and so many segments for it, or 0. */
static uint32_t take_place(struct http_objects *objects, uint32_t segments, uint32_t *first)
{
	reclaim(objects);
	if (!objects->spare_count || !find_segments(objects, segments, first))
		return 0;
	set_taken(objects, *first, segments, true);
	return objects->spare[--objects->spare_count];
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

static uint32_t segments_of(size_t tail_bytes)
{
	return tail_bytes <= HTTP_FIRST_BYTES
		       ? 1
		       : 1 + (uint32_t)((tail_bytes - HTTP_FIRST_BYTES + HTTP_SEGMENT_BYTES - 1) /
					HTTP_SEGMENT_BYTES);
}

static void fill(struct http_objects *objects, uint32_t place, uint32_t first,
	const struct http_file *file, size_t header)
{
	struct http_object *object = &objects->objects[place];
	size_t bytes;

	object->first = first;
	object->bytes = (__u32)(header + file->bytes);
	object->header_bytes = (__u16)header;
	object->header_sum = http_sum(objects->text, header);
	object->has_variants = file->has_variants;
	object->is_bare = file->is_bare;
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
	uint32_t place, first;
	size_t header;
	ssize_t got;

	header = http_write_header(objects->text, HTTP_FIRST_BYTES, file, false);
	if (!header || header + file->bytes > tail_max(objects) ||
		!http_write_header(probe, sizeof(probe), file, true))
		return -EFBIG;
	got = read_all(fd, objects->text + header, file->bytes + 1);
	if (got < 0 || (uint64_t)got != file->bytes)
		return got < 0 ? (int)got : -EAGAIN;
	place = take_place(objects, segments_of(header + file->bytes), &first);
	if (!place)
		return err_say(err, -ENOSPC,
			"there is room for %u answers of %u segments, old ones of the last %d s "
			"among them",
			objects->max - 1, objects->segments_count, HTTP_GRACE_S);
	/* whoever still has the place's former object is told first that it has gone */
	__atomic_store_n(&objects->objects[place].version, 0, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	fill(objects, place, first, file, header);
	if (!++objects->version)
		objects->version = 1;
	__atomic_store_n(&objects->objects[place].version, objects->version, __ATOMIC_RELEASE);
	*object = place;
	return 0;
}
