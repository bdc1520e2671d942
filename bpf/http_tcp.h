/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A TCP segment in the reading buffer, its header and options taken apart, for both halves. */
#ifndef RINGSIDE_HTTP_TCP_H
#define RINGSIDE_HTTP_TCP_H

#include <linux/tcp.h>

#include "http_cookie.h"
#include "http_text.h"

#define HTTP_TCP_FIN 0x01
#define HTTP_TCP_SYN 0x02
#define HTTP_TCP_RST 0x04
#define HTTP_TCP_PSH 0x08
#define HTTP_TCP_ACK 0x10
#define HTTP_TCP_URG 0x20

#define HTTP_TCP_BYTES 20
#define HTTP_OPTIONS_BYTES 40
#define HTTP_STAMP_BYTES 12 /* two NOPs and the timestamps */

struct http_tcp {
	__u32 is_ipv6;
	__u32 at; /* where TCP's header is */
	__u32 payload, payload_bytes;
	__u32 sequence, acknowledged;
	__u32 window; /* as it stands there */
	__u32 flags;
	__u32 option, options_end; /* what is still to read */
	__u32 mss; /* 0: not given */
	__u32 scale; /* HTTP_NO_SCALE: not given */
	__u32 stamp, echo; /* TSval, TSecr */
	__u32 hole_end; /* where the first SACK block begins */
	__u8 has_stamps, has_sack_permitted, has_sacks;
	__u8 strange; /* an option that is not understood */
};

/* What the loop's steps work on. */
struct http_options {
	const __u8 *buffer; /* [HTTP_BUFFER_ROOM], the frame from its Ethernet header on */
	struct http_tcp *tcp;
};

static __always_inline __u32 http_word16(const __u8 *buffer, __u32 at)
{
	return (__u32)http_byte(buffer, at) << 8 | http_byte(buffer, at + 1);
}

static __always_inline __u32 http_word32(const __u8 *buffer, __u32 at)
{
	return __builtin_bswap32((__u32)http_word(buffer, at));
}

/* One option, or a byte of padding. */
static long http_option_step(__u32 index, void *context)
{
	const struct http_options *options = context;
	const __u8 *buffer = options->buffer;
	struct http_tcp *t = options->tcp;
	__u32 kind = http_byte(buffer, t->option), bytes = http_byte(buffer, t->option + 1);
	__u32 at = t->option + 2;

	(void)index;
	if (t->option >= t->options_end || !kind)
		return 1;
	if (kind == 1) { /* NOP */
		t->option++;
		return 0;
	}
	if (bytes < 2 || t->option + bytes > t->options_end) {
		t->strange = 1;
		return 1;
	}
	t->option += bytes;
	if (kind == 2 && bytes == 4) {
		t->mss = http_word16(buffer, at);
	} else if (kind == 3 && bytes == 3) {
		t->scale = http_byte(buffer, at);
		if (t->scale > HTTP_SCALE_MAX) /* RFC 7323 §2.3 */
			t->scale = HTTP_SCALE_MAX;
	} else if (kind == 4 && bytes == 2) {
		t->has_sack_permitted = 1;
	} else if (kind == 5 && bytes >= 10) {
		t->has_sacks = 1;
		t->hole_end = http_word32(buffer, at);
	} else if (kind == 8 && bytes == 10) {
		t->has_stamps = 1;
		t->stamp = http_word32(buffer, at);
		t->echo = http_word32(buffer, at + 4);
	} else {
		t->strange = 1;
	}
	return 0;
}

/* Takes the segment apart whose TCP header is at `at` and which ends at `end`. Returns 0, or -1 when it is
 * none. */
static __always_inline int http_tcp_read(
	struct http_tcp *t, const __u8 *buffer, __u32 is_ipv6, __u32 at, __u32 end)
{
	struct http_options options = { .buffer = buffer, .tcp = t };
	__u32 header = (__u32)http_byte(buffer, at + 12) >> 4 << 2;

	__builtin_memset(t, 0, sizeof(*t));
	t->is_ipv6 = is_ipv6;
	t->at = at;
	t->scale = HTTP_NO_SCALE;
	if (header < HTTP_TCP_BYTES || at + header > end)
		return -1;
	t->payload = at + header;
	t->payload_bytes = end - t->payload;
	t->sequence = http_word32(buffer, at + 4);
	t->acknowledged = http_word32(buffer, at + 8);
	t->flags = http_byte(buffer, at + 13);
	t->window = http_word16(buffer, at + 14);
	t->option = at + HTTP_TCP_BYTES;
	t->options_end = t->payload;
	/* what nearly every segment has: NOP, NOP, timestamps */
	if (header == HTTP_TCP_BYTES + HTTP_STAMP_BYTES &&
		http_word32(buffer, t->option) == 0x0101080a) {
		t->has_stamps = 1;
		t->stamp = http_word32(buffer, t->option + 4);
		t->echo = http_word32(buffer, t->option + 8);
	} else {
		HTTP_LOOP(HTTP_OPTIONS_BYTES, http_option_step, &options);
	}
	return 0;
}

#endif
