/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The request parser of both halves. It says yes only to what is plainly a whole GET or HEAD in one segment,
 * with no header that could make a difference and is not understood here; whatever else there is gets a
 * reason and goes to the ordinary server, who knows what to say to it.
 *
 * Beyond RFC 9112 it refuses what servers disagree on or forbid: bare CR or LF, blanks before a colon, folded
 * lines, tabs and other control characters.
 */
#ifndef RINGSIDE_HTTP_REQUEST_H
#define RINGSIDE_HTTP_REQUEST_H

#include "http.h"
#include "http_accept.h"
#include "http_text.h"

/* Longer header names than this are not read: the request goes to the server. */
#define HTTP_NAME_WORDS 5
/* Blanks on either side of a header's value. */
#define HTTP_BLANKS 4
#define HTTP_HOST_BYTES 96

struct http_request {
	__u32 at, end; /* what is still to read */
	__u32 line; /* where the line began that is being read */
	__u32 reason; /* enum http_reason */
	__u32 path, path_bytes;
	__u32 host, host_bytes; /* host 0: none; no text begins at 0 */
	__u32 etag, etag_bytes; /* If-None-Match */
	__u32 since, since_bytes; /* If-Modified-Since */
	__u32 accept, accept_bytes; /* Accept-Encoding */
	__u8 whole; /* the empty line has been read, and ends the text */
	__u8 is_head;
	__u8 is_old; /* HTTP/1.0 */
	__u8 connection; /* 0: none, else enum http_connection */
	__u32 state; /* of the loop over the host's characters */
};

/* What a loop's steps work on. In the kernel half pointers may lie on the stack alone. */
struct http_reading {
	const __u8 *buffer; /* [HTTP_BUFFER_ROOM] */
	struct http_request *request;
};

enum http_connection { HTTP_NO_CONNECTION, HTTP_KEEP_ALIVE, HTTP_CLOSE };

static __always_inline long http_refuse(struct http_request *r, __u32 reason)
{
	r->reason = reason;
	return 1;
}

/* The request line, from r->line to `end`: "GET /path HTTP/1.1". Returns 1 to stop reading. */
static __always_inline long http_read_request_line(
	const __u8 *buffer, struct http_request *r, __u32 end)
{
	__u64 word = http_word(buffer, r->line);
	__u64 version = http_word(buffer, end - 8);
	__u32 method = 4;

	if (http_word_head(word, 5) == HTTP_WORD("HEAD ")) {
		r->is_head = 1;
		method = 5;
	} else if (http_word_head(word, 4) != HTTP_WORD("GET ")) {
		return http_refuse(r, HTTP_MISS_method);
	}
	if (end - r->line < method + 1 + 9 || http_byte(buffer, end - 9) != ' ')
		return http_refuse(r, HTTP_MISS_malformed);
	if (version == HTTP_WORD("HTTP/1.0"))
		r->is_old = 1;
	else if (version != HTTP_WORD("HTTP/1.1"))
		return http_refuse(r, HTTP_MISS_malformed);
	r->path = r->line + method;
	r->path_bytes = end - 9 - r->path;
	return 0;
}

/* Bytes of a header's name that begins at `at`; 0 when it is none. */
static __always_inline __u32 http_name_bytes(const __u8 *buffer, __u32 at)
{
#pragma GCC unroll 8
	for (__u32 i = 0; i < HTTP_NAME_WORDS; i++) {
		__u64 word = http_word(buffer, at + i * 8);
		/* the colon; or what a name cannot have: blanks, controls, DEL, and bytes above it */
		__u64 marks = http_bytes_equal(word, ':') | http_bytes_below(word, 0x21) |
			      http_bytes_equal(word, 0x7f) | (word & HTTP_TOPS);
		__u32 bytes = i * 8;

		if (!marks)
			continue;
		bytes += http_first_marked(marks);
		return http_byte(buffer, at + bytes) == ':' ? bytes : 0;
	}
	return 0;
}

/* What a header's name means, or HTTP_PLAIN when it changes nothing: a reason to give up, or one of: */
enum http_name {
	HTTP_NAME_HOST = 100,
	HTTP_NAME_CONNECTION,
	HTTP_NAME_ETAG,
	HTTP_NAME_SINCE,
	HTTP_NAME_ACCEPT,
};

static __always_inline __u32 http_know_name(const __u8 *buffer, __u32 at, __u32 bytes)
{
	__u64 one = http_word_head(HTTP_SMALL(http_word(buffer, at)), bytes);
	__u64 two =
		bytes > 8 ? http_word_head(HTTP_SMALL(http_word(buffer, at + 8)), bytes - 8) : 0;
	__u64 three =
		bytes > 16 ? http_word_head(HTTP_SMALL(http_word(buffer, at + 16)), bytes - 16) : 0;

	switch (bytes) {
	case 2:
		return one == HTTP_WORD("te") ? HTTP_MISS_header : HTTP_PLAIN;
	case 4:
		return one == HTTP_WORD("host") ? HTTP_NAME_HOST : HTTP_PLAIN;
	case 5:
		return one == HTTP_WORD("range") ? HTTP_MISS_range : HTTP_PLAIN;
	case 6:
		return one == HTTP_WORD("expect") ? HTTP_MISS_header : HTTP_PLAIN;
	case 7:
		return one == HTTP_WORD("upgrade") || one == HTTP_WORD("trailer") ? HTTP_MISS_header
										  : HTTP_PLAIN;
	case 8:
		if (one == HTTP_WORD("if-range"))
			return HTTP_MISS_range;
		return one == HTTP_WORD("if-match") ? HTTP_MISS_condition : HTTP_PLAIN;
	case 10:
		return one == HTTP_WORD("connecti") && two == HTTP_WORD("on") ? HTTP_NAME_CONNECTION
									      : HTTP_PLAIN;
	case 13:
		if (one == HTTP_WORD("if-none-") && two == HTTP_WORD("match"))
			return HTTP_NAME_ETAG;
		return one == HTTP_WORD("authoriz") && two == HTTP_WORD("ation") ? HTTP_MISS_header
										 : HTTP_PLAIN;
	case 14:
		return one == HTTP_WORD("content-") && two == HTTP_WORD("length") ? HTTP_MISS_body
										  : HTTP_PLAIN;
	case 15:
		return one == HTTP_WORD("accept-e") && two == HTTP_WORD("ncoding")
			       ? HTTP_NAME_ACCEPT
			       : HTTP_PLAIN;
	case 17:
		if (one == HTTP_WORD("if-modif") && two == HTTP_WORD("ied-sinc"))
			return three == HTTP_WORD("e") ? HTTP_NAME_SINCE : HTTP_PLAIN;
		return one == HTTP_WORD("transfer") && two == HTTP_WORD("-encodin") &&
				       three == HTTP_WORD("g")
			       ? HTTP_MISS_body
			       : HTTP_PLAIN;
	case 19:
		return one == HTTP_WORD("if-unmod") && two == HTTP_WORD("ified-si") &&
				       three == HTTP_WORD("nce")
			       ? HTTP_MISS_condition
			       : HTTP_PLAIN;
	}
	return HTTP_PLAIN;
}

static __always_inline long http_read_connection(
	const __u8 *buffer, struct http_request *r, __u32 at, __u32 bytes)
{
	__u64 one = http_word_head(HTTP_SMALL(http_word(buffer, at)), bytes);
	__u64 two =
		bytes > 8 ? http_word_head(HTTP_SMALL(http_word(buffer, at + 8)), bytes - 8) : 0;

	if (r->connection)
		return http_refuse(r, HTTP_MISS_connection);
	if (bytes == 10 && one == HTTP_WORD("keep-ali") && two == HTTP_WORD("ve"))
		r->connection = HTTP_KEEP_ALIVE;
	else if (bytes == 5 && one == HTTP_WORD("close"))
		r->connection = HTTP_CLOSE;
	else
		return http_refuse(r, HTTP_MISS_connection);
	return 0;
}

/* Keeps where a header's value is; a second one is for the server. */
static __always_inline long http_keep(
	struct http_request *r, __u32 *at, __u32 *bytes, __u32 value, __u32 length, __u32 reason)
{
	if (*at)
		return http_refuse(r, reason);
	*at = value;
	*bytes = length;
	return 0;
}

/* A header line, from r->line to `end`. Returns 1 to stop reading. */
static __always_inline long http_read_header(const __u8 *buffer, struct http_request *r, __u32 end)
{
	__u32 bytes = http_name_bytes(buffer, r->line), name, value, length;

	if (!bytes || r->line + bytes >= end)
		return http_refuse(r, HTTP_MISS_malformed);
	name = http_know_name(buffer, r->line, bytes);
	if (name == HTTP_PLAIN)
		return 0;
	if (name < HTTP_NAME_HOST)
		return http_refuse(r, name);
	value = r->line + bytes + 1;
	for (int i = 0; i < HTTP_BLANKS && value < end && http_byte(buffer, value) == ' '; i++)
		value++;
	for (int i = 0; i < HTTP_BLANKS && value < end && http_byte(buffer, end - 1) == ' '; i++)
		end--;
	length = end - value;
	if (name == HTTP_NAME_HOST)
		return http_keep(r, &r->host, &r->host_bytes, value, length, HTTP_MISS_host);
	if (name == HTTP_NAME_CONNECTION)
		return http_read_connection(buffer, r, value, length);
	if (name == HTTP_NAME_ETAG)
		return http_keep(r, &r->etag, &r->etag_bytes, value, length, HTTP_MISS_condition);
	if (name == HTTP_NAME_SINCE)
		return http_keep(r, &r->since, &r->since_bytes, value, length, HTTP_MISS_condition);
	return http_keep(r, &r->accept, &r->accept_bytes, value, length, HTTP_MISS_encoding);
}

/* One step: eight characters of a line, or the line's end. */
static long http_read_step(__u32 index, void *context)
{
	const struct http_reading *reading = context;
	struct http_request *r = reading->request;
	const __u8 *buffer = reading->buffer;
	__u64 controls = http_bytes_below(http_word(buffer, r->at), 0x20);
	__u32 end;

	(void)index;
	r->at += controls ? http_first_marked(controls) : 8;
	if (r->at + 1 >= r->end)
		return http_refuse(r, HTTP_MISS_split);
	if (!controls)
		return 0;
	end = r->at;
	if (http_byte(buffer, end) != '\r' || http_byte(buffer, end + 1) != '\n')
		return http_refuse(r, HTTP_MISS_malformed);
	r->at = end + 2;
	if (end == r->line) {
		/* whatever follows is a body, or another request */
		r->whole = r->path && r->at == r->end;
		return http_refuse(r, r->whole	? HTTP_PLAIN
				      : r->path ? HTTP_MISS_split
						: HTTP_MISS_malformed);
	}
	if (r->path ? http_read_header(buffer, r, end) : http_read_request_line(buffer, r, end))
		return 1;
	r->line = r->at;
	return 0;
}

/* Which character of a host may follow: see http_host_step(). */
enum http_host_state { HTTP_HOST_LABEL, HTTP_HOST_DOT, HTTP_HOST_LITERAL, HTTP_HOST_PORT };

static __always_inline int http_is_letter(__u8 c)
{
	return (__u8)((c | 0x20) - 'a') < 26;
}

static __always_inline int http_is_digit(__u8 c)
{
	return (__u8)(c - '0') < 10;
}

/* One character of Host: a name whose dots are not doubled, or an IPv6 address in brackets, and a port. */
static long http_host_step(__u32 index, void *context)
{
	const struct http_reading *reading = context;
	struct http_request *r = reading->request;
	__u8 c = http_byte(reading->buffer, r->host + index);

	if (index >= r->host_bytes)
		return 1;
	switch (r->state) {
	case HTTP_HOST_PORT:
		if (http_is_digit(c))
			return 0;
		break;
	case HTTP_HOST_LITERAL:
		if (c == ']')
			r->state = HTTP_HOST_LABEL;
		if (c == ']' || c == ':' || c == '.' || http_is_digit(c) ||
			((c | 0x20) <= 'f' && http_is_letter(c)))
			return 0;
		break;
	default:
		if (http_is_letter(c) || http_is_digit(c) || c == '-' || c == '_') {
			r->state = HTTP_HOST_LABEL;
			return 0;
		}
		if (c == '[' && !index)
			r->state = HTTP_HOST_LITERAL;
		else if (c == '.' && r->state == HTTP_HOST_LABEL)
			r->state = HTTP_HOST_DOT;
		else if (c == ':' && index)
			r->state = HTTP_HOST_PORT;
		else
			break;
		return 0;
	}
	return http_refuse(r, HTTP_MISS_host);
}

static __always_inline void http_check_host(const __u8 *buffer, struct http_request *r)
{
	struct http_reading reading = { .buffer = buffer, .request = r };

	if (!r->host) {
		if (!r->is_old)
			r->reason = HTTP_MISS_host;
		return;
	}
	r->state = HTTP_HOST_DOT;
	if (!r->host_bytes || r->host_bytes > HTTP_HOST_BYTES)
		r->reason = HTTP_MISS_host;
	else
		HTTP_LOOP(HTTP_HOST_BYTES, http_host_step, &reading);
	if (r->state == HTTP_HOST_LITERAL)
		r->reason = HTTP_MISS_host;
}

/* Reads the text from `from` to `end` of buffer[HTTP_BUFFER_ROOM]. r->reason says what came of it; HTTP_PLAIN: a request
 * that can be answered, if there is such a file. */
static __always_inline void http_request_read(
	struct http_request *r, const __u8 *buffer, __u32 from, __u32 end)
{
	struct http_reading reading = { .buffer = buffer, .request = r };

	__builtin_memset(r, 0, sizeof(*r));
	r->at = r->line = from;
	r->end = end;
	r->reason = HTTP_MISS_split;
	if (end > HTTP_BUFFER_BYTES)
		return;
	/* a step reads eight bytes or a line, of which there are fewer than half as many as bytes */
	HTTP_LOOP(HTTP_BUFFER_BYTES / 2, http_read_step, &reading);
	if (r->reason == HTTP_PLAIN && !r->whole)
		r->reason = HTTP_MISS_split;
	if (r->reason == HTTP_PLAIN)
		http_check_host(buffer, r);
}

/* True when the connection ends with the answer. */
static __always_inline int http_request_closes(const struct http_request *r)
{
	return r->connection == HTTP_CLOSE || (r->is_old && r->connection != HTTP_KEEP_ALIVE);
}

#endif
