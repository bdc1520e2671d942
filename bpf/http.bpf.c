// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel half of http, at TC ingress: TCP without state until a request has been answered here, and a
 * hand-over to the kernel's own TCP for whatever is not plainly a hit.
 *
 *    [access] does not let its source ─▶ drop │ pass
 *    the kernel has a socket of this connection ─▶ pass, always and before all else
 *    SYN ─▶ SYN-ACK with a cookie      bare ACK with a valid cookie ─▶ absorbed: the request brings it again
 *    request, and cookie or flow say where its connection stands ─▶ answer │ hand over
 *    all else ─▶ pass: the kernel resets what nobody knows
 */
#include <stddef.h>
#include <linux/bpf.h>
#include <linux/tcp.h>
#include <bpf/bpf_helpers.h>

#include "http_tc.bpf.h"
#include "http_access.bpf.h"
#include "http_request.bpf.h"
#include "http_flow.bpf.h"

/* Of the kernel, which fits them in by their BTF. */
struct sock {
};

struct bpf_tcp_req_attrs {
	__u32 rcv_tsval;
	__u32 rcv_tsecr;
	__u16 mss;
	__u8 rcv_wscale;
	__u8 snd_wscale;
	__u8 ecn_ok;
	__u8 wscale_ok;
	__u8 sack_ok;
	__u8 tstamp_ok;
	__u8 usec_ts_ok;
	__u8 reserved[3];
};

extern int bpf_sk_assign_tcp_reqsk(struct __sk_buff *skb, struct sock *sk,
	struct bpf_tcp_req_attrs *attrs, int attrs__sz) __ksym;

/* Another program of a chain may have something to say. */
static __always_inline int pass_other(const struct hook *hook)
{
	if (state.interface[hook->interface & (HTTP_INTERFACES - 1)].counts_all)
		count(&hook->books->other, hook);
	return TC_ACT_UNSPEC;
}

/* The kernel makes an established socket of the listener's from what the connection has come to. */
static __always_inline int hand_over(
	struct __sk_buff *skb, struct http_work *w, struct bpf_sock *listener)
{
	const struct http_flow *flow = &w->fresh;
	struct bpf_tcp_req_attrs attrs = {
		.rcv_tsval = w->tcp.stamp,
		.rcv_tsecr = w->tcp.echo,
		.mss = http_class_mss(flow->offer.mss_class, w->tcp.is_ipv6),
		.rcv_wscale = HTTP_WINDOW_SCALE,
		.snd_wscale = flow->offer.scale,
		.wscale_ok = flow->offer.scale != HTTP_NO_SCALE,
		.sack_ok = flow->offer.sack,
		.tstamp_ok = w->tcp.has_stamps,
	};
	struct http_flow *known;
	struct sock *sk;

	if (!attrs.wscale_ok)
		attrs.rcv_wscale = attrs.snd_wscale = 0;
	sk = (void *)bpf_skc_to_tcp_sock(listener);
	if (!sk || bpf_sk_assign_tcp_reqsk(skb, sk, &attrs, sizeof(attrs)))
		return -1;
	known = bpf_map_lookup_elem(&flows, &w->key);
	if (known)
		known->is_past = 1;
	return 0;
}

/* What becomes of a packet that the kernel has no socket for, but a listener. */
static __always_inline int judge(
	struct __sk_buff *skb, struct http_work *w, struct bpf_sock *listener, struct hook *hook)
{
	int verdict;

	w->copies = w->copies_bytes = 0;
	verdict = http_judge(skb, w, hook->counts);
	http_count_copies(hook, w);
	if (verdict == HTTP_SENT) {
		http_count_sent(skb, hook, w);
		return TC_ACT_REDIRECT;
	}
	if (verdict >= HTTP_DROPPED) {
		count_own(skb, hook, OUTCOME_DROP + verdict - HTTP_DROPPED);
		return TC_ACT_SHOT;
	}
	if (verdict == HTTP_ABSORBED) {
		/* went to the one that it was for */
		count_own(skb, hook, OUTCOME_DELIVER);
		hook->counts->counter[HTTP_absorbed]++;
		return TC_ACT_SHOT;
	}
	count_own(skb, hook, OUTCOME_PASS);
	if (verdict == HTTP_HAND_OVER)
		hook->counts->counter[hand_over(skb, w, listener) ? HTTP_hand_over_failed
								  : HTTP_handed_over]++;
	return TC_ACT_UNSPEC;
}

/* What the hook counts into; -1: not an interface of ours. */
static __always_inline int open_hook(struct __sk_buff *skb, struct hook *hook)
{
	hook->tag_bytes = skb->vlan_present ? 4 : 0;
	hook->bytes = skb->len + hook->tag_bytes;
	hook->packets = skb->gso_segs ?: 1;
	return http_open_hook(hook, skb->ifindex, skb->queue_mapping ? skb->queue_mapping - 1 : 0);
}

SEC("tc")
int ringside_http(struct __sk_buff *skb)
{
	__u32 zero = 0, at, end, is_ipv6 = 0;
	struct bpf_sock *sk;
	struct http_work *w;
	struct hook hook;
	int action, verdict;

	if (open_hook(skb, &hook))
		return TC_ACT_UNSPEC;
	if (skb->pkt_type != 0) /* PACKET_HOST */
		return pass_other(&hook);
	at = http_find_tcp(skb, (__be16)skb->protocol, ETH_HLEN, &is_ipv6, &end);
	if (!at || end > skb->len)
		return pass_other(&hook);
	w = bpf_map_lookup_elem(&works, &zero);
	if (!w)
		return pass_other(&hook);
	w->interface = hook.interface;
	http_tap_keep(skb, &hook);
	http_fill_key(skb, w, ETH_HLEN, is_ipv6);
	verdict = http_is_asked_elsewhere(skb)
			  ? VERDICT_NEXT
			  : http_judge_source(w, hook.counts, is_ipv6, hook.packets);
	if (verdict != VERDICT_NEXT) {
		http_count_refused(skb, &hook, verdict);
		return verdict == VERDICT_PASS ? TC_ACT_UNSPEC : TC_ACT_SHOT;
	}
	sk = http_find_socket(skb, &w->key, is_ipv6);
	if (!sk) {
		count_own(skb, &hook, OUTCOME_PASS);
		hook.counts->counter[HTTP_no_listener]++;
		return TC_ACT_UNSPEC;
	}
	if (sk->state != BPF_TCP_LISTEN) {
		bpf_sk_release(sk);
		count_own(skb, &hook, OUTCOME_PASS);
		hook.counts->counter[HTTP_server_packets]++;
		return TC_ACT_UNSPEC;
	}
	if (http_read_frame(skb, w, end) || http_tcp_read(&w->tcp, w->buffer, is_ipv6, at, end) ||
		/* what is longer is handed over, and then looked at */
		(!w->cut && !http_is_intact(w, end))) {
		count_own(skb, &hook, OUTCOME_PASS);
		action = TC_ACT_UNSPEC;
	} else {
		action = judge(skb, w, sk, &hook);
	}
	bpf_sk_release(sk);
	return action;
}

char LICENSE[] SEC("license") = "GPL";
