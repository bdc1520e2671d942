/* SPDX-License-Identifier: GPL-2.0-only */
/* How the kernel half of http finds the answer to a request. */
#ifndef RINGSIDE_HTTP_REQUEST_BPF_H
#define RINGSIDE_HTTP_REQUEST_BPF_H

#include "http_reply.bpf.h"

/* Functions that are not static are walked by the verifier once, not once for every way that leads to a call;
 * for that it takes any pointer to be possibly none. */

/* Reads the request into w->request; returns a reason not to answer it here. */
__attribute__((noinline)) __u32 http_read(struct http_work *w)
{
	if (!w)
		return HTTP_MISS_split;
	http_request_read(
		&w->request, w->buffer, w->tcp.payload, w->tcp.payload + w->tcp.payload_bytes);
	return w->request.reason;
}

__attribute__((noinline)) __u32 http_read_accept(struct http_work *w)
{
	if (!w)
		return HTTP_MISS_encoding;
	http_accept_read(&w->accept, w->buffer, w->request.accept, w->request.accept_bytes);
	return w->accept.bad ? HTTP_MISS_encoding : HTTP_PLAIN;
}

/* Copies `bytes` bytes of the buffer to `to`, which has room for `words` words; zeros follow. */
#define HTTP_COPY(to, words, buffer, at, bytes)                                                    \
	_Pragma("GCC unroll 16") for (__u32 i_ = 0; i_ < (words); i_++)                            \
		FRAME_WORD(__u64, (to) + 8 * i_) =                                                 \
			(bytes) > 8 * i_                                                           \
				? http_word_head(http_word(buffer, (at) + 8 * i_), (bytes)-8 * i_) \
				: 0

/* The entry of the request's path; 0: there is none. */
__attribute__((noinline)) __u32 http_find_path(struct http_work *w)
{
	__u32 at, bytes;
	__u32 *entry;

	if (!w)
		return 0;
	at = w->request.path;
	bytes = w->request.path_bytes;
	if (bytes <= HTTP_PATH_SHORT) {
		HTTP_COPY(w->path.text, HTTP_PATH_SHORT / 8, w->buffer, at, bytes);
		entry = bpf_map_lookup_elem(&short_paths, &w->path);
	} else {
		if (bytes > HTTP_PATH_BYTES)
			return 0;
		HTTP_COPY(w->path.text, HTTP_PATH_BYTES / 8, w->buffer, at, bytes);
		entry = bpf_map_lookup_elem(&long_paths, &w->path);
	}
	return entry ? *entry : 0;
}

/* The object in the encoding that the client likes best; of equals, brotli is the shortest as a rule, then
 * zstd. 0: none that it takes. */
static __always_inline __u32 http_choose(struct http_work *w, const struct http_entry *entry)
{
	__u32 best = 0, chosen = 0;

#define HTTP_CONSIDER(encoding)                                                                    \
	do {                                                                                       \
		__u32 object_ = *(volatile const __u32 *)&entry->object[encoding];                 \
		if (object_ && w->accept.qualities[encoding] > best) {                             \
			best = w->accept.qualities[encoding];                                      \
			chosen = object_;                                                          \
		}                                                                                  \
	} while (0)
	HTTP_CONSIDER(HTTP_BROTLI);
	HTTP_CONSIDER(HTTP_ZSTD);
	HTTP_CONSIDER(HTTP_GZIP);
	HTTP_CONSIDER(HTTP_IDENTITY);
	return chosen;
}

/* Whether the client's copy is the object's, by its ETag: 1, 0; -1: not plainly one tag. */
static __always_inline int http_has_tag(struct http_work *w, const struct http_object *object)
{
	__u32 at = w->request.etag, bytes = w->request.etag_bytes;
	__u64 differs = 0, commas = 0;

	if (http_word_head(http_word(w->buffer, at), 2) == HTTP_WORD("W/") && bytes > 2) {
		at += 2; /* compared weakly (RFC 9110 §13.1.2) */
		bytes -= 2;
	}
	if (bytes < 2 || bytes > HTTP_ETAG_BYTES || http_byte(w->buffer, at) != '"')
		return -1;
	HTTP_COPY(w->wanted, HTTP_ETAG_BYTES / 8, w->buffer, at, bytes);
#pragma GCC unroll 6
	for (int i = 0; i < HTTP_ETAG_BYTES / 8; i++) {
		__u64 word = FRAME_WORD(__u64, w->wanted + 8 * i);

		differs |= word ^ FRAME_WORD(__u64, object->etag + 8 * i);
		commas |= http_bytes_equal(word, ',');
	}
	return !differs ? 1 : commas ? -1 : 0;
}

static __always_inline int http_has_time(struct http_work *w, const struct http_object *object)
{
	__u32 at = w->request.since, bytes = w->request.since_bytes;
	__u64 differs = 0;

	if (bytes > HTTP_TIME_BYTES)
		return 0;
	HTTP_COPY(w->wanted, HTTP_TIME_BYTES / 8, w->buffer, at, bytes);
#pragma GCC unroll 4
	for (int i = 0; i < HTTP_TIME_BYTES / 8; i++)
		differs |= FRAME_WORD(__u64, w->wanted + 8 * i) ^
			   FRAME_WORD(__u64, object->modified + 8 * i);
	return !differs;
}

/* 304 when the client's copy is plainly the same; -1 where servers differ: a time that is another than the
 * file's, alone or beside a tag that is right. */
static __always_inline int http_choose_kind(struct http_work *w, const struct http_object *object)
{
	int same = 1;

	if (w->request.etag)
		same = http_has_tag(w, object);
	else if (!w->request.since)
		return w->request.is_head ? HTTP_HEADER_ONLY : HTTP_WHOLE;
	if (same < 0)
		return -1;
	if (same && w->request.since && !http_has_time(w, object))
		return -1;
	if (same)
		return HTTP_NOT_MODIFIED;
	return w->request.is_head ? HTTP_HEADER_ONLY : HTTP_WHOLE;
}

/* True when the client can take the answer at once: its segments and its window. */
static __always_inline int http_fits(
	const struct http_work *w, const struct http_flow *flow, __u32 bytes)
{
	__u32 room = http_room(w, flow);
	__u32 scale = flow->offer.scale == HTTP_NO_SCALE ? 0 : flow->offer.scale & 15;

	return (bytes <= room || HTTP_SEGMENT_BYTES <= room) && bytes <= w->tcp.window << scale;
}

/* Notes in w->fresh that this answer goes out. */
static __always_inline __u32 http_note(
	struct http_work *w, const struct http_object *object, __u32 index, __u8 kind)
{
	struct http_flow *flow = &w->fresh;
	struct http_reply reply;
	__u32 bytes;

	flow->object = index;
	flow->version = object->version;
	flow->kind = kind;
	flow->has_fin = http_request_closes(&w->request);
	flow->head = flow->has_fin			     ? HTTP_HEAD_CLOSES
		     : object->is_bare && !w->request.is_old ? HTTP_HEAD_BARE
							     : HTTP_HEAD_STAYS;
	if (!http_find_reply(&reply, w, flow))
		return HTTP_MISS_unknown_path;
	bytes = reply.head->bytes + reply.tail_bytes;
	if (!http_fits(w, flow, bytes))
		return HTTP_MISS_window;
	flow->request = w->tcp.payload_bytes;
	flow->received = w->tcp.sequence + w->tcp.payload_bytes;
	flow->answer = w->tcp.acknowledged;
	flow->sent = flow->answer + bytes + flow->has_fin;
	flow->withheld = reply.segments > 1;
	flow->is_past = 0;
	return HTTP_PLAIN;
}

/* Looks for the answer to the request in the segment and notes it in w->fresh. Returns a reason why not. */
static __always_inline __u32 http_find_answer(struct http_work *w, __u32 *entry_index)
{
	__u32 reason = http_read(w), index;
	const struct http_object *object;
	const struct http_entry *entry;
	int kind;

	if (reason)
		return reason;
	*entry_index = http_find_path(w);
	entry = *entry_index ? bpf_map_lookup_elem(&entries, entry_index) : NULL;
	if (!entry)
		return HTTP_MISS_unknown_path;
	reason = http_read_accept(w);
	if (reason)
		return reason;
	index = http_choose(w, entry);
	object = index ? bpf_map_lookup_elem(&objects, &index) : NULL;
	if (!object)
		return *(volatile const __u32 *)&entry->object[HTTP_IDENTITY]
			       ? HTTP_MISS_encoding
			       : HTTP_MISS_unknown_path;
	kind = http_choose_kind(w, object);
	if (kind < 0)
		return HTTP_MISS_condition;
	return http_note(w, object, index, (__u8)kind);
}

#endif
