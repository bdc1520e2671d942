/* SPDX-License-Identifier: BSD-2-Clause */
/* What the ordinary server answers to a request for a file: which file, in which encoding, how much of it. No
 * connection here: http_server.c has those. */
#ifndef RINGSIDE_HTTP_RESPONSE_H
#define RINGSIDE_HTTP_RESPONSE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "service/http_answer.h"

/* What the client has sent that makes a difference; NULL: not given. */
struct http_wish {
	const char *path; /* as it stands in the URL, its %XX undone */
	const char *accept_encoding;
	const char *if_none_match, *if_modified_since;
	const char *range, *if_range;
};

struct http_response {
	unsigned status; /* 200, 206, 301, 304, 403, 404, 406, 416 */
	int fd; /* of the file, to be closed; -1: none */
	struct http_file file; /* name points to `name` */
	char name[4096];
	uint64_t first, bytes; /* what is sent of it */
};

/* Looks for the file below the directory `root`, which links may not leave, and decides. */
void http_respond(struct http_response *response, int root, const struct http_wish *wish);

#endif
