/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Accept-Encoding (RFC 9110 §12.5.3), for both halves: "gzip;q=0.8, br, *;q=0" as a quality for each of our
 * encodings. */
#ifndef RINGSIDE_HTTP_ACCEPT_H
#define RINGSIDE_HTTP_ACCEPT_H

#include "http.h"
#include "http_text.h"

#define HTTP_ACCEPT_BYTES 96 /* longer lists go to the server */
#define HTTP_QUALITY_MAX 1000
/* The file as it is can be had unless it is forbidden, but any encoding that is asked for comes first. */
#define HTTP_QUALITY_UNSAID 1

struct http_accept {
	__u32 at, end;
	__u32 state; /* what stands at `at` */
	__u64 token; /* the characters of the coding's name, small, the last one lowest */
	__u32 token_bytes;
	__u32 quality, digits; /* of the item being read */
	__u16 qualities[HTTP_ENCODINGS]; /* 0: not acceptable, to HTTP_QUALITY_MAX */
	__u32 others; /* of "*" */
	__u8 said; /* bit e: encoding e has been named; bit 7: "*" has */
	__u8 blank; /* one stood behind a word: only a comma or a semicolon may follow */
	__u8 bad;
};

/* What the loop's steps work on. */
struct http_accepting {
	const __u8 *buffer; /* [HTTP_BUFFER_ROOM] */
	struct http_accept *accept;
};

enum http_accept_state {
	HTTP_ACCEPT_TOKEN,
	HTTP_ACCEPT_PARAMETER, /* behind ';' */
	HTTP_ACCEPT_EQUALS,
	HTTP_ACCEPT_WHOLE,
	HTTP_ACCEPT_POINT,
	HTTP_ACCEPT_DIGITS,
};

/* An item is complete. */
static __always_inline void http_accept_item(struct http_accept *a)
{
	__u32 quality = a->quality, encoding = HTTP_ENCODINGS;

	if (quality > HTTP_QUALITY_MAX || a->state == HTTP_ACCEPT_PARAMETER ||
		a->state == HTTP_ACCEPT_EQUALS || a->state == HTTP_ACCEPT_WHOLE)
		a->bad = 1;
	/* of a longer name the token has the last eight characters */
	if (a->token_bytes == 4 && a->token == 0x677a6970) /* gzip */
		encoding = HTTP_GZIP;
	else if (a->token_bytes == 2 && a->token == 0x6272) /* br */
		encoding = HTTP_BROTLI;
	else if (a->token_bytes == 4 && a->token == 0x7a737464) /* zstd */
		encoding = HTTP_ZSTD;
	else if (a->token_bytes == 8 && a->token == 0x6964656e74697479) /* identity */
		encoding = HTTP_IDENTITY;
	if (a->token_bytes == 1 && a->token == ('*' | 0x20)) {
		a->others = quality;
		a->said |= 0x80;
	}
#pragma GCC unroll 4
	for (__u32 i = 0; i < HTTP_ENCODINGS; i++) {
		if (i == encoding) {
			a->qualities[i] = (__u16)quality;
			a->said |= (__u8)(1 << i);
		}
	}
	a->token = a->token_bytes = 0;
	a->quality = HTTP_QUALITY_MAX;
	a->digits = a->blank = 0;
	a->state = HTTP_ACCEPT_TOKEN;
}

static __always_inline int http_accept_character(struct http_accept *a, __u8 c)
{
	if (a->blank && (c != ';' || a->state != HTTP_ACCEPT_TOKEN))
		return 0;
	a->blank = 0;
	switch (a->state) {
	case HTTP_ACCEPT_TOKEN:
		if (c == ';' && a->token_bytes) {
			a->state = HTTP_ACCEPT_PARAMETER;
			return 1;
		}
		a->token = a->token << 8 | c | 0x20;
		a->token_bytes++;
		return c > ' ' && c < 0x7f && c != '=' && c != '"' && c != ';';
	case HTTP_ACCEPT_PARAMETER: /* the only one that there is */
		a->state = HTTP_ACCEPT_EQUALS;
		return (c | 0x20) == 'q';
	case HTTP_ACCEPT_EQUALS:
		a->state = HTTP_ACCEPT_WHOLE;
		return c == '=';
	case HTTP_ACCEPT_WHOLE:
		a->state = HTTP_ACCEPT_POINT;
		a->quality = c == '1' ? HTTP_QUALITY_MAX : 0;
		return c == '0' || c == '1';
	case HTTP_ACCEPT_POINT:
		a->state = HTTP_ACCEPT_DIGITS;
		return c == '.';
	default:
		a->digits++;
		a->quality += (__u32)(c - '0') * (a->digits == 1 ? 100 : a->digits == 2 ? 10 : 1);
		return c >= '0' && c <= '9' && a->digits <= 3;
	}
}

static long http_accept_step(__u32 index, void *context)
{
	const struct http_accepting *accepting = context;
	struct http_accept *a = accepting->accept;
	__u8 c = http_byte(accepting->buffer, a->at);

	(void)index;
	if (a->at >= a->end) {
		if (a->token_bytes)
			http_accept_item(a);
		return 1;
	}
	a->at++;
	if (c == ',') {
		if (a->token_bytes)
			http_accept_item(a);
	} else if (c == ' ') {
		a->blank = a->token_bytes && a->state != HTTP_ACCEPT_PARAMETER;
	} else if (!http_accept_character(a, c)) {
		a->bad = 1;
	}
	return a->bad ? 1 : 0;
}

/* Reads the value from `from` on; 0: there is no such header. a->bad: for the server. */
static __always_inline void http_accept_read(
	struct http_accept *a, const __u8 *buffer, __u32 from, __u32 bytes)
{
	struct http_accepting accepting = { .buffer = buffer, .accept = a };

	__builtin_memset(a, 0, sizeof(*a));
	a->at = from;
	a->end = from + bytes;
	a->quality = HTTP_QUALITY_MAX;
	if (bytes > HTTP_ACCEPT_BYTES)
		a->bad = 1;
	else if (from)
		HTTP_LOOP(HTTP_ACCEPT_BYTES + 1, http_accept_step, &accepting);
#pragma GCC unroll 4
	for (__u32 i = 0; i < HTTP_ENCODINGS; i++) {
		if (a->said & (1 << i))
			continue;
		if (a->said & 0x80)
			a->qualities[i] = (__u16)a->others;
		else if (i == HTTP_IDENTITY)
			a->qualities[i] = HTTP_QUALITY_UNSAID;
	}
}

#endif
