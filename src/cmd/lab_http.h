/* SPDX-License-Identifier: BSD-2-Clause */
/* The site that http's lab shows, and what its client finds. */
#ifndef RINGSIDE_LAB_HTTP_H
#define RINGSIDE_LAB_HTTP_H

#include <stddef.h>
#include <stdint.h>

#include "cmd/lab_service.h"
#include "stats/histogram.h"

/* A file: its content follows from its number and length. */
struct lab_file {
	const char *name;
	uint32_t bytes;
};

/* The first LAB_FILES_SMALL of them are short enough for the kernel half, the others are the server's. */
#define LAB_FILES 5
#define LAB_FILES_SMALL 3
extern const struct lab_file lab_files[LAB_FILES];

static inline char lab_file_byte(unsigned file, uint32_t at)
{
	/* a prime, so that no two lines and no two files are alike */
	return at % 64 == 63 ? '\n' : (char)('!' + (at * 7 + at / 64 + file * 31) % 89);
}

struct lab_visit {
	struct lab_result result;
	uint64_t requests, answers; /* whole and identical */
	uint64_t wrong; /* another status or content */
	uint64_t broken; /* connections that ended with a request under way */
	uint64_t connections;
	struct histogram latency; /* from request to the answer's last byte */
};

/* As a lab's test: browses the site with so many connections, each closed after some requests. */
void lab_http_browse(
	uint32_t connections, uint64_t duration_ns, bool ipv6, struct lab_visit *visit);

#endif
