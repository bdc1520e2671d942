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

/* Object i has the segments from i * segments_max on. */
struct http_objects {
	struct http_object *objects;
	struct http_segment *segments;
	uint32_t max, unused; /* the first one that has never been used */
	unsigned segments_max;
	uint32_t version; /* of the object made last */
	struct http_freed *freed; /* [max], a ring: the oldest first */
	uint32_t freed_first, freed_count;
	char *text; /* room for the longest tail */
};

/* Takes the arrays on loan. Returns -ENOMEM. */
int http_objects_init(struct http_objects *objects, struct http_object *array,
	struct http_segment *segments, uint32_t max, unsigned segments_max);
void http_objects_fini(struct http_objects *objects);

/* True when a body of so many bytes could have a place. */
bool http_object_fits(const struct http_objects *objects, uint64_t bytes);

/* Makes an object of the open file. -EFBIG: it is too long; -EAGAIN: the file is shorter or longer than it was
 * said to be; -E2BIG, with err set: all places are taken or not yet free again. */
int http_object_make(struct http_objects *objects, int fd, const struct http_file *file,
	uint32_t *object, struct err *err);

/* Gives an object back that nobody points to any more. What it has stays for HTTP_GRACE_S. */
void http_object_free(struct http_objects *objects, uint32_t object);

#endif
