/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * SYN cookies, for both halves: the sequence number of a SYN-ACK says what the SYN offered, and carries 24
 * bits of a keyed hash over it and the connection's addresses, so that an answer to it needs no memory.
 *
 *    31 … 8 hash │ 7 which key │ 6 SACK │ 5 … 2 window scale (15: none) │ 1 0 MSS class
 *
 * The hash is SipHash-2-4 (Aumasson and Bernstein, 2012). Keys are replaced in turn: a cookie holds for one
 * to two times the period.
 */
#ifndef RINGSIDE_HTTP_COOKIE_H
#define RINGSIDE_HTTP_COOKIE_H

#include "http.h"
#include "frame.h"

/* Client first: the side that sent the SYN. The ports are as they stand in the packet. */
struct http_flow_key {
	struct http_address client, server;
	__be16 client_port, server_port;
};

_Static_assert(sizeof(struct http_flow_key) == 36, "layout");

struct http_offer {
	__u8 mss_class;
	__u8 scale; /* HTTP_NO_SCALE: no window scaling */
	__u8 sack;
};

/* A connection that has got an answer here; none is kept before. */
struct http_flow {
	__u32 received; /* the sequence number that the client's next request has */
	__u32 request; /* bytes of its last request: what it may send again */
	__u32 answer, sent; /* where the last answer began, and ends */
	__u32 object, version;
	__u8 kind; /* enum http_kind, of the last answer */
	__u8 head; /* enum http_head_kind, of the last answer */
	__u8 withheld; /* 1: the request's last byte is not yet acknowledged */
	__u8 has_fin, got_fin; /* we closed; the client did */
	__u8 has_stamps;
	__u8 is_past; /* closed, or the server's: kept for what may have been lost of the last that was sent */
	struct http_offer offer;
	__u8 pad[2];
	__u64 again_ns; /* when a hole was last filled */
};

enum http_kind { HTTP_WHOLE, HTTP_HEADER_ONLY, HTTP_NOT_MODIFIED };

#define HTTP_NO_SCALE 15
#define HTTP_SCALE_MAX 14 /* RFC 7323 §2.3 */

struct http_siphash {
	__u64 v0, v1, v2, v3;
};

#define HTTP_ROTATE(value, bits) ((value) << (bits) | (value) >> (64 - (bits)))

static __always_inline void http_siphash_round(struct http_siphash *s)
{
	s->v0 += s->v1;
	s->v1 = HTTP_ROTATE(s->v1, 13) ^ s->v0;
	s->v0 = HTTP_ROTATE(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = HTTP_ROTATE(s->v3, 16) ^ s->v2;
	s->v0 += s->v3;
	s->v3 = HTTP_ROTATE(s->v3, 21) ^ s->v0;
	s->v2 += s->v1;
	s->v1 = HTTP_ROTATE(s->v1, 17) ^ s->v2;
	s->v2 = HTTP_ROTATE(s->v2, 32);
}

static __always_inline void http_siphash_add(struct http_siphash *s, __u64 word)
{
	s->v3 ^= word;
	http_siphash_round(s);
	http_siphash_round(s);
	s->v0 ^= word;
}

/* SipHash-2-4 of `words` words of 8 bytes. */
static __always_inline __u64 http_siphash(const __u64 key[2], const __u64 *word, __u32 words)
{
	struct http_siphash s = {
		.v0 = key[0] ^ 0x736f6d6570736575,
		.v1 = key[1] ^ 0x646f72616e646f6d,
		.v2 = key[0] ^ 0x6c7967656e657261,
		.v3 = key[1] ^ 0x7465646279746573,
	};

#pragma GCC unroll 8
	for (__u32 i = 0; i < words; i++)
		http_siphash_add(&s, word[i]);
	http_siphash_add(&s, (__u64)words * 8 << 56);
	s.v2 ^= 0xff;
	for (int i = 0; i < 4; i++)
		http_siphash_round(&s);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

/* What clients offer, rounded down; the least that the kernel takes over (536; IPv6: 1220) is the first. */
static __always_inline __u32 http_class_mss(__u32 mss_class, int is_ipv6)
{
	switch (mss_class & 3) {
	case 3:
		return 1460;
	case 2:
		return 1440;
	case 1:
		return 1300;
	}
	return is_ipv6 ? 1220 : 536;
}

/* The class of an MSS; -1: too small a one. */
static __always_inline int http_mss_class(__u32 mss, int is_ipv6)
{
	if (mss >= 1460)
		return 3;
	if (mss >= 1440)
		return 2;
	if (mss >= 1300)
		return 1;
	return mss >= (is_ipv6 ? 1220u : 536u) ? 0 : -1;
}

static __always_inline __u32 http_cookie_hash(const struct http_state *state, __u32 which,
	const struct http_flow_key *key, __u32 sequence, __u32 bits)
{
	const __u64 *address = (const void *)key;
	const __u64 secret[2] = { state->key[which & 1][0], state->key[which & 1][1] };
	__u64 words[6] = {
		address[0],
		address[1],
		address[2],
		address[3],
		(__u64)key->client_port << 48 | (__u64)key->server_port << 32 | sequence,
		bits,
	};

	return (__u32)http_siphash(secret, words, 6) & 0xffffff00;
}

/* The cookie for a SYN with this sequence number. */
static __always_inline __u32 http_cookie_make(const struct http_state *state,
	const struct http_flow_key *key, __u32 sequence, const struct http_offer *offer)
{
	__u32 which = state->key_now & 1;
	__u32 bits =
		which << 7 | (__u32)offer->sack << 6 | (__u32)offer->scale << 2 | offer->mss_class;

	return http_cookie_hash(state, which, key, sequence, bits) | bits;
}

/* True when the cookie was made for a SYN with this sequence number, lately; then *offer is what it said. */
static __always_inline int http_cookie_check(const struct http_state *state,
	const struct http_flow_key *key, __u32 sequence, __u32 cookie, struct http_offer *offer)
{
	__u32 bits = cookie & 0xff;

	offer->mss_class = bits & 3;
	offer->scale = bits >> 2 & 15;
	offer->sack = bits >> 6 & 1;
	return (http_cookie_hash(state, bits >> 7, key, sequence, bits) | bits) == cookie;
}

#endif
