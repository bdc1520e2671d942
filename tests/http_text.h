/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests as nobody sends them, for the fuzzer of http: put together from likely parts, then changed. */
#ifndef RINGSIDE_TESTS_HTTP_TEXT_H
#define RINGSIDE_TESTS_HTTP_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* The longest text that is made: fits a segment. */
#define HTTP_TEXT_BYTES 1300

struct http_text {
	uint64_t seed; /* the same one makes the same texts */
	/* of a file that is there: its ETag and time */
	char etag[64], modified[64];
};

/* Writes a request into text[HTTP_TEXT_BYTES]; returns its bytes. */
size_t http_text_make(struct http_text *from, char *text);

/* splitmix64 */
uint64_t http_text_random(uint64_t *seed);

#endif
