/* SPDX-License-Identifier: BSD-2-Clause */
/* Places for objects, and how a file becomes one: header lines and body, cut into segments with their sums. */
#ifndef RINGSIDE_HTTP_OBJECT_H
#define RINGSIDE_HTTP_OBJECT_H

#include "base/err.h"
#include "service/http_answer.h"

struct http_freed {
	uint32_t object;
	uint64_t when_ns;
};

/* An object has as many segments as it needs, one behind the other. */
struct http_objects {
	struct http_object *objects;
	struct http_segment *segments;
	uint32_t max, segments_count;
	unsigned segments_max; /* of an object; longer answers stay away */
	uint32_t version; /* of the object made last */
	uint32_t *spare; /* [max], a stack of places that nobody reads */
	uint32_t spare_count;
	bool *is_taken; /* [segments_count] */
	uint32_t next; /* where to look for segments first */
	struct http_freed *freed; /* [max], a ring: the oldest first */
	uint32_t freed_first, freed_count;
	char *text; /* room for the longest tail */
};

/* Takes the arrays on loan. Returns -ENOMEM. */
int http_objects_init(struct http_objects *objects, struct http_object *array, uint32_t max,
	struct http_segment *segments, uint32_t segments_count);
void http_objects_fini(struct http_objects *objects);

/* True when a body of so many bytes could have a place. */
bool http_object_fits(const struct http_objects *objects, uint64_t bytes);

/* Makes an object of the open file. -EFBIG: it is too long; -EAGAIN: the file is shorter or longer than it was
 * said to be; -ENOSPC, with err set: what it needs is taken or not yet free again. */
int http_object_make(struct http_objects *objects, int fd, const struct http_file *file,
	uint32_t *object, struct err *err);

/* Gives an object back that nobody points to any more. What it has stays for HTTP_GRACE_S. */
void http_object_free(struct http_objects *objects, uint32_t object);

#endif
