/* SPDX-License-Identifier: GPL-2.0-only */
/* How the kernel half of http sends a whole answer, or what is missing of it, as segments. */
#ifndef RINGSIDE_HTTP_REPLY_BPF_H
#define RINGSIDE_HTTP_REPLY_BPF_H

#include "http_send.bpf.h"

/* An answer that a flow has got, and its parts. */
struct http_reply {
	const struct http_flow *flow;
	const struct http_head *head;
	const struct http_object *object;
	__u32 segments;
	__u32 is_joined; /* 1: two of the table's, which fit into one */
	__u32 tail_bytes;
	__u32 acknowledges;
};

static __always_inline __u32 http_tail_bytes(const struct http_object *object, __u8 kind)
{
	return kind == HTTP_NOT_MODIFIED  ? object->not_modified_bytes
	       : kind == HTTP_HEADER_ONLY ? object->header_bytes
					  : object->bytes;
}

/* Bytes of payload that the client takes in one packet. */
static __always_inline __u32 http_room(const struct http_work *w, const struct http_flow *flow)
{
	__u32 mss = http_class_mss(flow->offer.mss_class, w->tcp.is_ipv6);
	__u32 ours = http_place(w)->mss - (w->tcp.is_ipv6 ? 20 : 0);

	return (mss < ours ? mss : ours) - (w->tcp.has_stamps ? HTTP_STAMP_BYTES : 0);
}

/* Fills the reply from the flow; 0: its object has gone. */
static __always_inline int http_find_reply(
	struct http_reply *reply, const struct http_work *w, const struct http_flow *flow)
{
	__u32 index = flow->object;

	reply->flow = flow;
	reply->head = &state.head[state.head_now & 1][flow->kind == HTTP_NOT_MODIFIED]
				 [flow->head & (HTTP_HEAD_KINDS - 1)];
	reply->object = bpf_map_lookup_elem(&objects, &index);
	if (!reply->object || reply->object->version != flow->version)
		return 0;
	reply->tail_bytes = http_tail_bytes(reply->object, flow->kind);
	reply->segments = flow->kind == HTTP_WHOLE ? reply->object->segments : 1;
	reply->is_joined = reply->segments == 2 &&
			   reply->head->bytes + reply->tail_bytes <= http_room(w, flow);
	if (reply->is_joined)
		reply->segments = 1;
	reply->acknowledges = flow->received - flow->withheld;
	return 1;
}

/* Bytes of the answer before segment i. */
static __always_inline __u32 http_segment_offset(const struct http_reply *reply, __u32 i)
{
	return i ? reply->head->bytes + HTTP_FIRST_BYTES + (i - 1) * HTTP_SEGMENT_BYTES : 0;
}

/* Makes the packet segment i of the answer. */
static __always_inline int http_make_segment(
	HTTP_CONTEXT *ctx, struct http_work *w, const struct http_reply *reply, __u32 i)
{
	const struct http_object *object = reply->object;
	const struct http_flow *flow = reply->flow;
	struct http_answer a = {
		.sequence = flow->answer + http_segment_offset(reply, i),
		.acknowledges = reply->acknowledges,
		.flags = HTTP_TCP_ACK,
		.window = HTTP_WINDOW,
	};
	__u32 index = object->first + i;
	const struct http_segment *segment;

	if (!i)
		a.head = reply->head;
	if (i + 1 == reply->segments)
		a.flags |= HTTP_TCP_PSH | (flow->has_fin ? HTTP_TCP_FIN : 0);
	if (flow->kind == HTTP_NOT_MODIFIED) {
		a.text = object->not_modified;
		a.text_bytes = object->not_modified_bytes;
		a.text_sum = object->not_modified_sum;
		FRAME_OPAQUE(a.text_bytes);
		if (a.text_bytes > sizeof(object->not_modified))
			return -1;
	} else {
		segment = bpf_map_lookup_elem(&segments, &index);
		if (!segment)
			return -1;
		a.text = segment->text;
		a.text_bytes = segment->bytes;
		a.text_sum = segment->sum;
		if (flow->kind == HTTP_HEADER_ONLY) {
			a.text_bytes = object->header_bytes;
			a.text_sum = object->header_sum;
		}
	}
	if (reply->is_joined) {
		index++;
		segment = bpf_map_lookup_elem(&segments, &index);
		if (!segment)
			return -1;
		a.rest = segment->text;
		a.rest_bytes = segment->bytes;
		a.text_sum += segment->sum; /* what is before it is even */
	}
	a.options = http_write_stamps(w);
	return http_make(ctx, w, &a);
}

/* Sends the answer that w->fresh tells of, from segment `first` to the last one, or only the first of them; the
 * last of these is the packet itself. Returns 1: it is on its way; 0: it can't be sent. */
__attribute__((noinline)) int http_send(
	HTTP_CONTEXT *ctx, struct http_work *w, __u32 first, __u32 one)
{
	struct http_reply reply;

	if (!w || !http_find_reply(&reply, w, &w->fresh))
		return 0;
	for (__u32 i = 0; i < HTTP_SEGMENTS_MAX; i++) {
		if (i < first)
			continue;
		if (http_make_segment(ctx, w, &reply, i))
			return 0;
		if (one || i + 1 >= reply.segments)
			break;
		if (http_send_copy(ctx))
			return 0;
		w->copies++;
		w->copies_bytes += w->made_bytes;
	}
	return http_transmit(ctx, w);
}

#endif
