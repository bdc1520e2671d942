/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * TCP as the kernel half of http speaks it. A connection that has got an answer has a flow; one that has not
 * yet is known by its cookie alone.
 *
 * Nothing here has a timer. The last byte of a request whose answer is longer than a segment is not
 * acknowledged before the answer is: so the client keeps asking for what it misses.
 */
#ifndef RINGSIDE_HTTP_FLOW_BPF_H
#define RINGSIDE_HTTP_FLOW_BPF_H

#include "http_request.bpf.h"
#include "latency.bpf.h"

enum http_verdict {
	HTTP_PASS,
	HTTP_HAND_OVER, /* w->fresh says what the kernel takes over */
	HTTP_ABSORBED,
	HTTP_SENT, /* the packet is the answer */
	HTTP_LEFT, /* in XDP: nothing has been written or counted, TC shall do it */
	HTTP_DROPPED, /* + an enum drop */
};

/* A hole that a SACK shows is filled at most this often: the same one is shown by each segment behind it. */
#define HTTP_AGAIN_NS 5000000

static __always_inline int http_sent(int is_sent)
{
	return is_sent ? HTTP_SENT : HTTP_DROPPED + DROP_tx_failed;
}

static __always_inline int http_send_empty(
	HTTP_CONTEXT *ctx, struct http_work *w, __u32 sequence, __u32 acknowledges, __u32 flags)
{
	if (http_make_empty(ctx, w, sequence, acknowledges, flags))
		return HTTP_DROPPED + DROP_tx_failed;
	return http_sent(http_transmit(ctx, w));
}

/* SYN-ACK's options in the order that Linux has them. Returns their bytes. */
static __always_inline __u32 http_write_offer(
	struct http_work *w, const struct http_offer *offer, __u32 mss)
{
	__u8 *option = w->header + (w->tcp.at & 63) + HTTP_TCP_BYTES;
	__u32 bytes = 4;

	FRAME_WORD(__be32, option) = BE32(0x02040000 | mss);
	if (w->tcp.has_stamps && http_place(w)->timestamps) {
		FRAME_WORD(__be32, option + 4) = offer->sack ? BE32(0x0402080a) : BE32(0x0101080a);
		/* in microseconds, so that the echo tells how long the handshake took */
		FRAME_WORD(__be32, option + 8) =
			BE32((__u32)(bpf_ktime_get_ns() / 1000) + state.clock_offset);
		FRAME_WORD(__be32, option + 12) = BE32(w->tcp.stamp);
		bytes = 16;
	} else if (offer->sack) {
		FRAME_WORD(__be32, option + 4) = BE32(0x01010402);
		bytes = 8;
	}
	if (offer->scale != HTTP_NO_SCALE) {
		option += bytes;
		FRAME_WORD(__be32, option) = BE32(0x01030300 | HTTP_WINDOW_SCALE);
		bytes += 4;
	}
	return bytes;
}

/* A plain SYN gets a cookie; any other is the kernel's, and so is its connection then. */
static __always_inline int http_take_syn(
	HTTP_CONTEXT *ctx, struct http_work *w, struct http_counts *counts)
{
	const struct http_tcp *t = &w->tcp;
	int mss_class = http_mss_class(t->mss, t->is_ipv6);
	struct http_offer offer = {
		.mss_class = (__u8)mss_class,
		.scale = http_place(w)->window_scaling ? (__u8)t->scale : HTTP_NO_SCALE,
		.sack = t->has_sack_permitted && http_place(w)->sack,
	};
	struct http_answer a = { .flags = HTTP_TCP_SYN | HTTP_TCP_ACK, .window = 65535 };
	__u32 mss = http_place(w)->mss - (t->is_ipv6 ? 20 : 0);

	if (t->flags & (HTTP_TCP_ACK | HTTP_TCP_RST | HTTP_TCP_FIN | HTTP_TCP_URG) ||
		t->payload_bytes || t->strange || mss_class < 0)
		return HTTP_PASS;
	if (rule.addresses && !(http_wanted(w, t->is_ipv6) & rule.addresses))
		return HTTP_PASS;
	a.options = http_write_offer(w, &offer, mss);
	a.sequence = http_cookie_make(&state, &w->key, t->sequence, &offer);
	a.acknowledges = t->sequence + 1;
	http_measure_room(ctx, w);
	if (http_make(ctx, w, &a))
		return HTTP_DROPPED + DROP_tx_failed;
	counts->counter[HTTP_handshakes]++;
	return http_sent(http_transmit(ctx, w));
}

/* The answer's rest from the client's acknowledgement on, or only its first segment. */
static __always_inline int http_send_again(HTTP_CONTEXT *ctx, struct http_work *w,
	struct http_flow *flow, struct http_counts *counts, __u32 one)
{
	__u32 offset = w->tcp.acknowledged - flow->answer, first = 0;
	struct http_reply reply;

	if (HTTP_IS_XDP)
		return HTTP_LEFT;
	if (!http_find_reply(&reply, w, flow))
		return HTTP_PASS; /* replaced long ago: the kernel resets the connection */
	if (offset >= reply.head->bytes + HTTP_FIRST_BYTES)
		first = 1 + (offset - reply.head->bytes - HTTP_FIRST_BYTES) / HTTP_SEGMENT_BYTES;
	if (first >= reply.segments)
		first = reply.segments - 1;
	counts->counter[HTTP_retransmissions] += one ? 1 : reply.segments - first;
	w->fresh = *flow;
	return http_sent(http_send(ctx, w, first, one));
}

/* A segment without text of a flow that it fits. */
static __always_inline int http_take_empty(
	HTTP_CONTEXT *ctx, struct http_work *w, struct http_flow *flow, struct http_counts *counts)
{
	const struct http_tcp *t = &w->tcp;
	__u64 now_ns;

	if (flow->received - t->sequence == 1) /* is anybody there? (a keep-alive probe) */
		return http_send_empty(ctx, w, flow->sent, flow->received, 0);
	if (t->acknowledged == flow->sent) {
		if (flow->got_fin && flow->has_fin) {
			counts->counter[HTTP_closed] += !flow->is_past;
			bpf_map_delete_elem(&flows, &w->key);
			return HTTP_ABSORBED;
		}
		if (!flow->withheld)
			return HTTP_ABSORBED;
		flow->withheld = 0;
		return http_send_empty(ctx, w, flow->sent, flow->received, 0);
	}
	if (!t->has_sacks)
		return HTTP_ABSORBED;
	if (HTTP_IS_XDP)
		return HTTP_LEFT;
	now_ns = bpf_ktime_get_ns();
	if (now_ns - flow->again_ns < HTTP_AGAIN_NS)
		return HTTP_ABSORBED;
	flow->again_ns = now_ns;
	return http_send_again(ctx, w, flow, counts, 1);
}

/* The client closes. Until it has acknowledged all that was sent, it will say so again. */
static __always_inline int http_take_fin(
	HTTP_CONTEXT *ctx, struct http_work *w, struct http_flow *flow, struct http_counts *counts)
{
	__u16 flags = HTTP_TCP_FIN;

	if (w->tcp.acknowledged != flow->sent)
		return HTTP_DROPPED + DROP_not_acknowledged;
	flow->received++;
	flow->request = 1;
	flow->withheld = 0;
	flow->got_fin = 1;
	if (flow->has_fin) { /* and all is acknowledged: the last word is ours */
		flow->is_past = 1;
		counts->counter[HTTP_closed]++;
		return http_send_empty(ctx, w, flow->sent, flow->received, 0);
	}
	flow->answer = flow->sent;
	flow->sent++;
	flow->has_fin = 1;
	return http_send_empty(ctx, w, flow->answer, flow->received, flags);
}

/* The client sends again what it has sent: it misses our answer, or a part of it. */
static __always_inline int http_take_again(
	HTTP_CONTEXT *ctx, struct http_work *w, struct http_flow *flow, struct http_counts *counts)
{
	if (w->tcp.acknowledged == flow->sent) {
		flow->withheld = 0;
		return http_send_empty(ctx, w, flow->sent, flow->received, 0);
	}
	if (flow->got_fin)
		return http_send_empty(ctx, w, flow->answer, flow->received, HTTP_TCP_FIN);
	return http_send_again(ctx, w, flow, counts, 0);
}

/* A request, w->fresh being the flow as it stands. */
static __always_inline int http_take_request(
	HTTP_CONTEXT *ctx, struct http_work *w, struct http_counts *counts)
{
	__u64 *hits, start_ns = 0;
	__u32 entry = 0, reason;
	int verdict;

	if (!(counts->counter[HTTP_hits] & (HTTP_TIMED - 1)))
		start_ns = bpf_ktime_get_ns();

	if (w->tcp.flags & HTTP_TCP_FIN)
		reason = HTTP_MISS_closing;
	else if (w->cut || w->tcp.flags & HTTP_TCP_URG)
		reason = HTTP_MISS_split;
	else
		reason = http_find_answer(w, &entry);
	if (HTTP_IS_XDP && (reason || http_reserve(ctx, w)))
		return HTTP_LEFT;
	if (reason) {
		counts->miss[reason & 15]++;
		return HTTP_HAND_OVER;
	}
	bpf_map_update_elem(&flows, &w->key, &w->fresh, BPF_ANY);
	counts->counter[HTTP_hits]++;
	counts->counter[HTTP_xdp_hits] += HTTP_IS_XDP;
	counts->counter[HTTP_not_modified] += w->fresh.kind == HTTP_NOT_MODIFIED;
	counts->counter[HTTP_sent_bytes] += w->fresh.sent - w->fresh.answer - w->fresh.has_fin;
	hits = bpf_map_lookup_elem(&entry_hits, &entry);
	if (hits)
		++*hits;
	verdict = http_sent(http_send(ctx, w, 0, 0));
	if (start_ns)
		latency_add(HTTP_FROM_GET, bpf_ktime_get_ns() - start_ns);
	return verdict;
}

/* The SYN-ACK's time comes back in the first request. */
static __always_inline void http_time_handshake(const struct http_work *w)
{
	__u32 now_us = (__u32)(bpf_ktime_get_ns() / 1000) + state.clock_offset;

	if (w->tcp.has_stamps)
		latency_add(HTTP_FROM_SYN, (__u64)(now_us - w->tcp.echo) * 1000);
}

/* The first segment behind a handshake that nobody remembers. */
static __always_inline int http_take_cookie(
	HTTP_CONTEXT *ctx, struct http_work *w, struct http_counts *counts)
{
	const struct http_tcp *t = &w->tcp;
	struct http_flow *fresh = &w->fresh;

	__builtin_memset(fresh, 0, sizeof(*fresh));
	if (!http_cookie_check(
		    &state, &w->key, t->sequence - 1, t->acknowledged - 1, &fresh->offer)) {
		if (HTTP_IS_XDP)
			return HTTP_LEFT;
		counts->counter[HTTP_bad_cookies]++;
		return HTTP_PASS;
	}
	fresh->received = t->sequence;
	fresh->answer = fresh->sent = t->acknowledged;
	fresh->has_stamps = t->has_stamps;
	if (t->payload_bytes) {
		int verdict = http_take_request(ctx, w, counts);

		if (verdict == HTTP_SENT)
			http_time_handshake(w);
		return verdict;
	}
	if (!(t->flags & HTTP_TCP_FIN))
		return HTTP_ABSORBED;
	if (HTTP_IS_XDP)
		return HTTP_LEFT;
	counts->miss[HTTP_MISS_closing]++;
	return HTTP_HAND_OVER;
}

static __always_inline int http_take_reset(
	struct http_work *w, struct http_flow *flow, struct http_counts *counts)
{
	if (!flow)
		return HTTP_PASS;
	/* exactly the next number, as RFC 5961 §3.2 wants it: a blind guess must not close a connection */
	if (w->tcp.sequence != flow->received)
		return HTTP_DROPPED + DROP_bad_sequence;
	bpf_map_delete_elem(&flows, &w->key);
	counts->counter[HTTP_reset]++;
	return HTTP_ABSORBED;
}

/* A SYN that is not ours to answer. A socket that the kernel makes of it would take the packets of a connection
 * that is here; so its client is told where it stands, and resets it if it really begins anew (RFC 5961 §4.2). */
static __always_inline int http_challenge(HTTP_CONTEXT *ctx, struct http_work *w)
{
	const struct http_flow *flow = bpf_map_lookup_elem(&flows, &w->key);

	return flow ? http_send_empty(ctx, w, flow->sent, flow->received, 0) : HTTP_PASS;
}

/* A packet to the port that no socket but the listener has. */
static __always_inline int http_judge(
	HTTP_CONTEXT *ctx, struct http_work *w, struct http_counts *counts)
{
	const struct http_tcp *t = &w->tcp;
	struct http_flow *flow;
	__u32 before;

	if (t->flags & HTTP_TCP_SYN) {
		int verdict = http_take_syn(ctx, w, counts);

		return verdict == HTTP_PASS ? http_challenge(ctx, w) : verdict;
	}
	flow = bpf_map_lookup_elem(&flows, &w->key);
	if (t->flags & HTTP_TCP_RST)
		return http_take_reset(w, flow, counts);
	if (!(t->flags & HTTP_TCP_ACK))
		return HTTP_PASS;
	/* of the flow is what fits its last request and its last answer; else it may be a new connection */
	if (!flow || t->acknowledged - flow->answer > flow->sent - flow->answer)
		return http_take_cookie(ctx, w, counts);
	if (flow->has_stamps && !t->has_stamps)
		return HTTP_DROPPED + DROP_bad_sequence; /* RFC 7323 §3.2 */
	before = flow->received - t->sequence;
	/* what comes before it is missing, and will be sent again; a reset would end the connection */
	if (before > -HTTP_WINDOW_BYTES)
		return HTTP_DROPPED + DROP_bad_sequence;
	if (!t->payload_bytes && !(t->flags & HTTP_TCP_FIN) && before <= 1)
		return http_take_empty(ctx, w, flow, counts);
	if (before && before <= flow->request && t->payload_bytes <= before)
		return http_take_again(ctx, w, flow, counts);
	if (before)
		return http_take_cookie(ctx, w, counts);
	if (!t->payload_bytes)
		return http_take_fin(ctx, w, flow, counts);
	if (t->acknowledged != flow->sent)
		return HTTP_DROPPED + DROP_not_acknowledged;
	if (flow->has_fin)
		return HTTP_PASS; /* a request behind the end: the kernel resets it */
	w->fresh = *flow;
	return http_take_request(ctx, w, counts);
}

#endif
