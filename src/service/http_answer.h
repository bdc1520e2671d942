/* SPDX-License-Identifier: BSD-2-Clause */
/* Ready-made HTTP answers: header lines, dates and tags as nginx writes them, so that a client cannot tell by
 * them whether the kernel half or the ordinary server has answered. Calls only compute. */
#ifndef RINGSIDE_HTTP_ANSWER_H
#define RINGSIDE_HTTP_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "bpf/http.h"

/* A file as it is answered with. */
struct http_file {
	const char *name; /* Content-Type is by its suffix */
	time_t modified;
	uint64_t bytes;
	enum http_encoding encoding;
	bool has_variants; /* there are encodings to choose from */
	const char *headers; /* further lines, each with its CRLF */
	bool is_bare; /* without Server, Last-Modified and Accept-Ranges, which a client can do without */
};

/* Header lines of all our answers but Date and Connection. */
#define HTTP_HEADER_ROOM 1200

extern const char
	*const http_encoding_names[HTTP_ENCODINGS]; /* as in Content-Encoding; NULL: identity */
extern const char *const http_encoding_suffixes[HTTP_ENCODINGS]; /* ".gz"; "": identity */

/* "Sun, 06 Nov 1994 08:49:37 GMT" */
void http_write_date(char date[HTTP_TIME_BYTES], time_t when);
/* "\"6565b3c0-2a\"": time and length in hexadecimal */
void http_write_etag(char etag[HTTP_ETAG_BYTES], time_t modified, uint64_t bytes);

/* Writes the header lines of a 200, or of a 304, and the empty line. Returns their bytes; 0: they do not fit. */
size_t http_write_header(char *text, size_t size, const struct http_file *file, bool not_modified);

/* Writes the status line, Date and Connection of each head for this moment, with their sums. */
void http_write_heads(struct http_head heads[2][HTTP_HEAD_KINDS], time_t now);

/* The folded sum of bytes from an even place on, as checksum_fold() gives it. */
uint16_t http_sum(const void *text, size_t bytes);

#endif
