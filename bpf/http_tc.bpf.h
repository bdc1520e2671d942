/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What http does with a packet at TC ingress, where any can grow to the MTU.
 *
 * A packet from the stack of the same machine (veth, virtio) may have its checksum left to be finished
 * (CHECKSUM_PARTIAL), and no helper tells so or changes it: then the answer is left to be finished, too.
 * The kernel refuses to cut such a packet behind the field of the checksum: that refusal is the test.
 */
#ifndef RINGSIDE_HTTP_TC_BPF_H
#define RINGSIDE_HTTP_TC_BPF_H

#include <linux/pkt_cls.h>

/* The hooks include one of these two, and then the same TCP. */
#define HTTP_CONTEXT struct __sk_buff
#define HTTP_IS_XDP 0
/* For taps: the packet as it is here, and its tag, which is beside it. */
#define HTTP_BYTES(ctx) ((ctx)->len)
#define HTTP_LOAD(ctx, to, bytes) bpf_skb_load_bytes(ctx, 0, to, bytes)
#define HTTP_TAG_PROTO(ctx) ((ctx)->vlan_present ? (__be16)(ctx)->vlan_proto : 0)
#define HTTP_TAG(ctx) ((ctx)->vlan_present ? BE16((__u16)(ctx)->vlan_tci) : 0)

#include "http_maps.bpf.h"

#define HTTP_EINVAL 22
/* How far a packet is cut for the test: behind TCP's ports. */
#define HTTP_CUT_BYTES 4

/* Reads the frame into the buffer. */
static __always_inline int http_read_frame(HTTP_CONTEXT *ctx, struct http_work *w, __u32 end)
{
	w->cut = end > HTTP_FRAME_MOST;
	if (w->cut)
		end = HTTP_FRAME_MOST;
	FRAME_OPAQUE(end);
	if (!end || end > HTTP_FRAME_MOST)
		return -1;
	return (int)bpf_skb_load_bytes(ctx, 0, w->buffer, end);
}

static __always_inline __u32 http_frame_length(__u32 bytes)
{
	return bytes;
}

/* Gives the packet, of which nothing is kept, another size. Returns 1 when the checksum of what is written is
 * left to be finished, 0 when it is not, or -1: it can't be done, and the packet is spoilt. */
static __always_inline int http_resize(HTTP_CONTEXT *ctx, const struct http_work *w, __u32 bytes)
{
	int ret = (int)bpf_skb_change_tail(ctx, (w->tcp.at & 63) + HTTP_CUT_BYTES, 0);
	int is_partial = ret == -HTTP_EINVAL;

	if (ret && !is_partial)
		return -1;
	return bpf_skb_change_tail(ctx, bytes, 0) ? -1 : is_partial;
}

/* Room is there always. */
static __always_inline int http_reserve(HTTP_CONTEXT *ctx, const struct http_work *w)
{
	(void)ctx;
	(void)w;
	return 0;
}

static __always_inline void http_measure_room(HTTP_CONTEXT *ctx, const struct http_work *w)
{
	(void)ctx;
	(void)w;
}

static __always_inline int http_write_headers(HTTP_CONTEXT *ctx, struct http_work *w, __u32 bytes)
{
	return (int)bpf_skb_store_bytes(ctx, 0, w->header, bytes, BPF_F_INVALIDATE_HASH);
}

static __always_inline int http_write(HTTP_CONTEXT *ctx, __u32 at, const void *from, __u32 bytes)
{
	return (int)bpf_skb_store_bytes(ctx, at, from, bytes, 0);
}

/* Sends a copy of the packet, which stays. */
static __always_inline int http_send_copy(HTTP_CONTEXT *ctx)
{
	bpf_clone_redirect(ctx, ctx->ifindex, 0);
	return 0;
}

/* Sends the packet back. Returns 1, or 0: it can't be sent. */
static __always_inline int http_transmit(HTTP_CONTEXT *ctx, const struct http_work *w)
{
	(void)w;
	return bpf_redirect(ctx->ifindex, 0) == TC_ACT_REDIRECT;
}

#endif
