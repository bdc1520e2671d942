/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reading bytes eight at a time, for both halves: where a byte of some kind is first in a word. Words are
 * little endian whatever the machine is: the first byte is the lowest.
 */
#ifndef RINGSIDE_HTTP_TEXT_H
#define RINGSIDE_HTTP_TEXT_H

#include "frame.h"

/* Packets are read in a buffer of this size, a power of two, and 16 bytes behind it that may be read and say
 * nothing: a position is bounded by a mask. */
#define HTTP_BUFFER_BYTES 2048
#define HTTP_BUFFER_ROOM (HTTP_BUFFER_BYTES + 16)

#define HTTP_ONES 0x0101010101010101ull
#define HTTP_TOPS 0x8080808080808080ull

/* Runs step(index, context) until it returns 1, at most `count` times. */
#ifdef __bpf__
#define HTTP_LOOP(count, step, context) bpf_loop(count, step, context, 0)
#else
#define HTTP_LOOP(count, step, context)                                                            \
	for (__u32 loop_ = 0; loop_ < (count) && !step(loop_, context); loop_++)
#endif

static __always_inline __u8 http_byte(const __u8 *buffer, __u32 at)
{
	return buffer[at & (HTTP_BUFFER_BYTES - 1)];
}

static __always_inline __u64 http_word(const __u8 *buffer, __u32 at)
{
	__u64 word = FRAME_WORD(__u64, buffer + (at & (HTTP_BUFFER_BYTES - 1)));

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	word = __builtin_bswap64(word);
#endif
	return word;
}

/* The top bit of each byte that is less than `limit` (at most 128). Bits above the lowest one that is set
 * mean nothing (the borrow). */
static __always_inline __u64 http_bytes_below(__u64 word, __u8 limit)
{
	return (word - HTTP_ONES * limit) & ~word & HTTP_TOPS;
}

/* The same for each byte that is `byte`. */
static __always_inline __u64 http_bytes_equal(__u64 word, __u8 byte)
{
	return http_bytes_below(word ^ HTTP_ONES * byte, 1);
}

/* The index of the lowest byte that is marked: multiplying moves the index to the top. */
static __always_inline __u32 http_first_marked(__u64 marks)
{
	return (__u32)((((marks & -marks) >> 7) * 0x0001020304050607ull) >> 56);
}

/* A word that has only the first `bytes` bytes of it, 0 to 8. */
static __always_inline __u64 http_word_head(__u64 word, __u32 bytes)
{
	return bytes >= 8 ? word : word & ((1ull << (bytes * 8 & 63)) - 1);
}

/* Eight characters of a literal as such a word; a shorter literal's end is zeros. */
#define HTTP_CHAR(text, i)                                                                         \
	((__u64)(__u8)((i) < sizeof(text) ? (text)[(i) < sizeof(text) ? (i) : 0] : 0) << 8 * (i))
#define HTTP_WORD(text)                                                                            \
	(HTTP_CHAR(text, 0) | HTTP_CHAR(text, 1) | HTTP_CHAR(text, 2) | HTTP_CHAR(text, 3) |       \
		HTTP_CHAR(text, 4) | HTTP_CHAR(text, 5) | HTTP_CHAR(text, 6) | HTTP_CHAR(text, 7))
/* Letters as small ones; what is no letter may become something else, never a letter or a hyphen. */
#define HTTP_SMALL(word) ((word) | HTTP_ONES * 0x20)

#endif
