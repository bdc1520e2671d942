/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What http does with a packet in XDP: what can be done there at once. All else is left, unwritten and not counted,
 * to the TC program behind it, which judges it anew with the same tables: answers of several segments, what is
 * missing of one, hand-overs, and answers for which the driver's frame has no room.
 */
#ifndef RINGSIDE_HTTP_XDP_BPF_H
#define RINGSIDE_HTTP_XDP_BPF_H

#define HTTP_CONTEXT struct xdp_md
#define HTTP_IS_XDP 1
/* For taps. */
#define HTTP_BYTES(ctx) http_frame_bytes(ctx)
#define HTTP_LOAD(ctx, to, bytes) bpf_xdp_load_bytes(ctx, 0, to, bytes)
#define HTTP_TAG_PROTO(ctx) 0
#define HTTP_TAG(ctx) 0

#include "http_maps.bpf.h"

/* Ethernet's least frame without FCS: not every NIC fills up what XDP sends. */
#define HTTP_FRAME_LEAST 60
/* Room in front of a frame that can be had: XDP's headroom of 256 bytes without the kernel's struct xdp_frame
 * (seen on veth: 216 of 256 bytes). */
#define HTTP_HEADROOM 216
#define HTTP_ETHERNET_MOST 18 /* with a tag */

static __always_inline __u32 http_frame_bytes(HTTP_CONTEXT *ctx)
{
#if TAPPED
	/* short of registers, clang would keep half a pointer on the stack, which the verifier refuses */
	return (__u32)bpf_xdp_get_buff_len(ctx);
#else
	return (__u32)((long)ctx->data_end - (long)ctx->data);
#endif
}

static __always_inline int http_read_frame(HTTP_CONTEXT *ctx, struct http_work *w, __u32 end)
{
	w->cut = 0;
	FRAME_OPAQUE(end);
	if (!end || end > HTTP_FRAME_MOST)
		return -1;
	return (int)bpf_xdp_load_bytes(ctx, 0, w->buffer, end);
}

/* Makes the frame longer or shorter, at its head where the tail has no room: of the old bytes nothing is kept.
 * Returns 0, or -1: nothing has changed. */
static __always_inline int http_set_bytes(HTTP_CONTEXT *ctx, __u32 bytes)
{
	int more = (int)bytes - (int)http_frame_bytes(ctx), head;

	if (!more || !bpf_xdp_adjust_tail(ctx, more))
		return 0;
	head = more < HTTP_HEADROOM ? more : HTTP_HEADROOM;
	if (more < 0 || bpf_xdp_adjust_head(ctx, -head))
		return -1;
	if (head == more || !bpf_xdp_adjust_tail(ctx, more - head))
		return 0;
	bpf_xdp_adjust_head(ctx, head);
	return -1;
}

/* How long a frame of so many bytes becomes. */
static __always_inline __u32 http_frame_length(__u32 bytes)
{
	return bytes < HTTP_FRAME_LEAST ? HTTP_FRAME_LEAST : bytes;
}

static __always_inline int http_resize(HTTP_CONTEXT *ctx, const struct http_work *w, __u32 bytes)
{
	(void)w;
	return http_set_bytes(ctx, http_frame_length(bytes));
}

/* Makes room for the whole answer that w->fresh tells of, before anything is noted; -1: there is none. */
static __always_inline int http_reserve(HTTP_CONTEXT *ctx, const struct http_work *w)
{
	const struct http_flow *flow = &w->fresh;
	__u32 bytes = flow->sent - flow->answer - flow->has_fin;

	if (flow->withheld) /* several segments */
		return -1;
	bytes += w->tcp.at + HTTP_TCP_BYTES + (w->tcp.has_stamps ? HTTP_STAMP_BYTES : 0);
	return http_resize(ctx, w, bytes);
}

/* Notes, by the first SYN, whether frames of this interface have room for a whole segment. */
static __always_inline void http_measure_room(HTTP_CONTEXT *ctx, const struct http_work *w)
{
	struct http_interface *place = &state.interface[w->interface & (HTTP_INTERFACES - 1)];
	__u32 bytes = http_frame_bytes(ctx), most = HTTP_ETHERNET_MOST + 40 + place->mss;

	if (place->room != HTTP_ROOM_UNKNOWN)
		return;
	if (bpf_xdp_adjust_tail(ctx, (int)(most - bytes))) {
		place->room = HTTP_ROOM_NONE;
		return;
	}
	place->room = HTTP_ROOM_SEGMENT;
	bpf_xdp_adjust_tail(ctx, (int)(bytes - most));
}

/* A frame that is shorter than Ethernet's least ends with zeros. */
static __always_inline int http_write_headers(HTTP_CONTEXT *ctx, struct http_work *w, __u32 bytes)
{
	if (bytes < HTTP_FRAME_LEAST && http_frame_bytes(ctx) == HTTP_FRAME_LEAST) {
		FRAME_WORD(__u16, w->header + (bytes & 62)) = 0;
		FRAME_WORD(__u32, w->header + (bytes & 62) + 2) = 0;
		bytes = HTTP_FRAME_LEAST;
	}
	return (int)bpf_xdp_store_bytes(ctx, 0, w->header, bytes);
}

static __always_inline int http_write(HTTP_CONTEXT *ctx, __u32 at, const void *from, __u32 bytes)
{
	return (int)bpf_xdp_store_bytes(ctx, at, (void *)from, bytes);
}

static __always_inline int http_send_copy(HTTP_CONTEXT *ctx)
{
	(void)ctx;
	return -1;
}

static __always_inline int http_transmit(HTTP_CONTEXT *ctx, const struct http_work *w)
{
	(void)ctx;
	(void)w;
	return 1;
}

#endif
