// SPDX-License-Identifier: GPL-2.0-only
/*
 * http in XDP, behind Ringside's own program there, which has counted the frame as passed before it calls this
 * one. What this one finishes it counts in the service's books, which take the place of that; what it does
 * not, goes on to TC as it came.
 */
#include <stddef.h>
#include <linux/bpf.h>
#include <linux/tcp.h>
#include <bpf/bpf_helpers.h>

#include "http_xdp.bpf.h"
#include "http_access.bpf.h"
#include "http_request.bpf.h"
#include "http_flow.bpf.h"

/* Finds TCP behind at most one tag, and whose connection it is. Returns the header's offset, or 0. */
static __always_inline __u32 find_tcp(
	struct xdp_md *ctx, struct http_work *w, __u32 *is_ipv6, __u32 *end)
{
	__u8 *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	const struct http_interface *place = http_place(w);
	struct frame_vlan *tag = (void *)(data + ETH_HLEN);
	__be16 proto;
	__u32 at;

	if ((__u8 *)(tag + 1) > data_end)
		return 0;
	if (FRAME_WORD(__u16, data) != FRAME_WORD(__u16, place->mac) ||
		FRAME_WORD(__u16, data + 2) != FRAME_WORD(__u16, place->mac + 2) ||
		FRAME_WORD(__u16, data + 4) != FRAME_WORD(__u16, place->mac + 4))
		return 0;
	proto = FRAME_WORD(__be16, data + 12);
	if (!frame_is_vlan(proto)) {
		at = http_find_tcp(ctx, proto, ETH_HLEN, is_ipv6, end);
		if (at)
			http_fill_key(ctx, w, ETH_HLEN, *is_ipv6);
		return at;
	}
	at = http_find_tcp(ctx, tag->proto, ETH_HLEN + sizeof(*tag), is_ipv6, end);
	if (at)
		http_fill_key(ctx, w, ETH_HLEN + sizeof(*tag), *is_ipv6);
	return at;
}

static __always_inline int is_listened_to(struct xdp_md *ctx, struct http_work *w, __u32 is_ipv6)
{
	struct bpf_sock *sk = http_find_socket(ctx, &w->key, is_ipv6);
	int listens;

	if (!sk)
		return 0;
	listens = sk->state == BPF_TCP_LISTEN;
	bpf_sk_release(sk);
	return listens;
}

static __always_inline int finish(
	struct xdp_md *ctx, struct http_work *w, const struct hook *hook, int verdict)
{
	if (verdict == HTTP_SENT) {
		http_count_sent(ctx, hook, w);
		return http_place(w)->redirects ? (int)bpf_redirect(ctx->ingress_ifindex, 0) & 7
						: XDP_TX;
	}
	if (verdict >= HTTP_DROPPED) {
		count_own(ctx, hook, OUTCOME_DROP + verdict - HTTP_DROPPED);
		return XDP_DROP;
	}
	if (verdict == HTTP_ABSORBED) {
		count_own(ctx, hook, OUTCOME_DELIVER);
		hook->counts->counter[HTTP_absorbed]++;
		return XDP_DROP;
	}
	return XDP_PASS;
}

/* A packet that its source may send. */
static __always_inline int answer(struct xdp_md *ctx, struct http_work *w, const struct hook *hook,
	__u32 at, __u32 end, __u32 is_ipv6)
{
	if (!is_listened_to(ctx, w, is_ipv6))
		return XDP_PASS;
	if (http_read_frame(ctx, w, end) || http_tcp_read(&w->tcp, w->buffer, is_ipv6, at, end) ||
		!http_is_intact(w, end))
		return XDP_PASS;
	return finish(ctx, w, hook, http_judge(ctx, w, hook->counts));
}

SEC("xdp")
int ringside_http_xdp(struct xdp_md *ctx)
{
	__u32 zero = 0, at, end, is_ipv6 = 0;
	struct http_work *w = bpf_map_lookup_elem(&works, &zero);
	struct hook hook = { .bytes = http_frame_bytes(ctx), .packets = 1 };
	int action, verdict;

	if (!w || http_open_hook(&hook, ctx->ingress_ifindex, ctx->rx_queue_index))
		return XDP_PASS;
	w->interface = hook.interface;
	if (!http_place(w)->in_xdp || http_place(w)->room == HTTP_ROOM_NONE)
		return XDP_PASS;
	at = find_tcp(ctx, w, &is_ipv6, &end);
	if (!at || end > hook.bytes)
		return XDP_PASS;
	http_tap_keep(ctx, &hook);
	if (http_is_asked_elsewhere(ctx))
		return XDP_PASS;
	verdict = http_judge_source(w, hook.counts, is_ipv6, hook.packets);
	if (verdict == VERDICT_PASS)
		return XDP_PASS; /* TC sees the same, and counts it */
	if (verdict != VERDICT_NEXT) {
		http_count_refused(ctx, &hook, verdict);
		return XDP_DROP;
	}
	action = answer(ctx, w, &hook, at, end, is_ipv6);
	if (action == XDP_PASS)
		http_mark(ctx);
	return action;
}

char LICENSE[] SEC("license") = "GPL";
