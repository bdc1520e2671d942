// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel half of http, at TC ingress: TCP without state until a request has been answered here, and a
 * hand-over to the kernel's own TCP for whatever is not plainly a hit.
 *
 *    the kernel has a socket of this connection ─▶ pass, always and first
 *    SYN ─▶ SYN-ACK with a cookie      bare ACK with a valid cookie ─▶ absorbed: the request brings it again
 *    request, and cookie or flow say where its connection stands ─▶ answer │ hand over
 *    all else ─▶ pass: the kernel resets what nobody knows
 */
#include <stddef.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <linux/tcp.h>
#include <bpf/bpf_helpers.h>

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

struct hook {
	struct http_books *books;
	struct http_counts *counts;
	__u32 bytes, packets;
	__u32 interface;
};

static __always_inline void count(struct cell *cell, const struct hook *hook)
{
	cell->packets += hook->packets;
	cell->bytes += hook->bytes;
}

/* Another program of a chain may have something to say. */
static __always_inline int pass_other(const struct hook *hook)
{
	if (state.interface[hook->interface & (HTTP_INTERFACES - 1)].counts_all)
		count(&hook->books->other, hook);
	return TC_ACT_UNSPEC;
}

/* Finds the TCP header of a whole IPv4 or IPv6 packet without options and extensions to our port. Returns
 * its offset and fills the end of the packet, or returns 0. */
static __always_inline __u32 find_tcp(struct __sk_buff *skb, __u32 *is_ipv6, __u32 *end)
{
	__u8 *data = (void *)(long)skb->data, *data_end = (void *)(long)skb->data_end;
	__be16 proto = skb->protocol, port;
	__u32 at;

	if (proto == BE16(ETH_P_IP)) {
		struct iphdr *ip = (void *)(data + ETH_HLEN);

		if ((__u8 *)(ip + 1) + sizeof(struct tcphdr) > data_end)
			return 0;
		if (*(__u8 *)ip != 0x45 || ip->protocol != IPPROTO_TCP ||
			ip->frag_off & BE16(0x3fff))
			return 0;
		*is_ipv6 = 0;
		*end = ETH_HLEN + BE16(ip->tot_len);
		port = ((struct tcphdr *)(ip + 1))->dest;
		at = ETH_HLEN + sizeof(*ip);
	} else if (proto == BE16(ETH_P_IPV6)) {
		struct ipv6hdr *ip = (void *)(data + ETH_HLEN);

		if ((__u8 *)(ip + 1) + sizeof(struct tcphdr) > data_end)
			return 0;
		if (*(__u8 *)ip >> 4 != 6 || ip->nexthdr != IPPROTO_TCP)
			return 0;
		*is_ipv6 = 1;
		*end = ETH_HLEN + sizeof(*ip) + BE16(ip->payload_len);
		port = ((struct tcphdr *)(ip + 1))->dest;
		at = ETH_HLEN + sizeof(*ip);
	} else {
		return 0;
	}
	return BE16(port) == rule.port && *end <= skb->len ? at : 0;
}

/* The connection as the socket table and ours know it. */
static __always_inline void fill_key(struct __sk_buff *skb, struct http_work *w, __u32 is_ipv6)
{
	__u8 *data = (void *)(long)skb->data, *data_end = (void *)(long)skb->data_end;
	struct http_flow_key *key = &w->key;
	__u32 *client = (void *)&key->client, *server = (void *)&key->server;
	struct tcphdr *tcp;

	if (!is_ipv6) {
		struct iphdr *ip = (void *)(data + ETH_HLEN);

		tcp = (void *)(ip + 1);
		if ((__u8 *)(tcp + 1) > data_end)
			return;
		client[0] = client[1] = server[0] = server[1] = 0;
		client[2] = server[2] = BE32(0xffff);
		client[3] = ip->saddr;
		server[3] = ip->daddr;
	} else {
		struct ipv6hdr *ip = (void *)(data + ETH_HLEN);

		tcp = (void *)(ip + 1);
		if ((__u8 *)(tcp + 1) > data_end)
			return;
		__builtin_memcpy(client, &ip->saddr, 16);
		__builtin_memcpy(server, &ip->daddr, 16);
	}
	key->client_port = tcp->source;
	key->server_port = tcp->dest;
}

static __always_inline struct bpf_sock *find_socket(
	struct __sk_buff *skb, const struct http_flow_key *key, __u32 is_ipv6)
{
	const __u32 *client = (const void *)&key->client, *server = (const void *)&key->server;
	struct bpf_sock_tuple tuple;

	if (is_ipv6) {
		__builtin_memcpy(tuple.ipv6.saddr, client, 16);
		__builtin_memcpy(tuple.ipv6.daddr, server, 16);
		tuple.ipv6.sport = key->client_port;
		tuple.ipv6.dport = key->server_port;
		return bpf_skc_lookup_tcp(skb, &tuple, sizeof(tuple.ipv6), BPF_F_CURRENT_NETNS, 0);
	}
	tuple.ipv4.saddr = client[3];
	tuple.ipv4.daddr = server[3];
	tuple.ipv4.sport = key->client_port;
	tuple.ipv4.dport = key->server_port;
	return bpf_skc_lookup_tcp(skb, &tuple, sizeof(tuple.ipv4), BPF_F_CURRENT_NETNS, 0);
}

/* Reads the frame into the buffer. */
static __always_inline int read_frame(struct __sk_buff *skb, struct http_work *w, __u32 end)
{
	w->cut = end > HTTP_BUFFER_BYTES;
	if (w->cut)
		end = HTTP_BUFFER_BYTES;
	FRAME_OPAQUE(end);
	if (!end || end > HTTP_BUFFER_BYTES)
		return -1;
	return (int)bpf_skb_load_bytes(skb, 0, w->buffer, end);
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
	struct sock *sk;

	if (!attrs.wscale_ok)
		attrs.rcv_wscale = attrs.snd_wscale = 0;
	sk = (void *)bpf_skc_to_tcp_sock(listener);
	return sk ? bpf_sk_assign_tcp_reqsk(skb, sk, &attrs, sizeof(attrs)) : -1;
}

/* What becomes of a packet that the kernel has no socket for, but a listener. */
static __always_inline int judge(
	struct __sk_buff *skb, struct http_work *w, struct bpf_sock *listener, struct hook *hook)
{
	int verdict = http_judge(skb, w, hook->counts);

	if (verdict == HTTP_SENT) {
		count(&hook->books->own[OUTCOME_TX], hook);
		return TC_ACT_REDIRECT;
	}
	if (verdict >= HTTP_DROPPED) {
		count(&hook->books->own[(OUTCOME_DROP + verdict - HTTP_DROPPED) & (OUTCOMES - 1)],
			hook);
		return TC_ACT_SHOT;
	}
	if (verdict == HTTP_ABSORBED) {
		/* went to the one that it was for */
		count(&hook->books->own[OUTCOME_DELIVER], hook);
		hook->counts->counter[HTTP_absorbed]++;
		return TC_ACT_SHOT;
	}
	count(&hook->books->own[OUTCOME_PASS], hook);
	if (verdict == HTTP_HAND_OVER)
		hook->counts->counter[hand_over(skb, w, listener) ? HTTP_hand_over_failed
								  : HTTP_handed_over]++;
	return TC_ACT_UNSPEC;
}

static __always_inline int find_interface(struct __sk_buff *skb, __u32 *index)
{
#pragma GCC unroll 8
	for (__u32 i = 0; i < HTTP_INTERFACES; i++) {
		if (state.interface[i].index != skb->ifindex)
			continue;
		*index = i;
		return 0;
	}
	return -1;
}

/* What the hook counts into; -1: not an interface of ours. */
static __always_inline int open_hook(struct __sk_buff *skb, struct hook *hook)
{
	__u32 zero = 0, place, queue = skb->queue_mapping ? skb->queue_mapping - 1 : 0;

	if (find_interface(skb, &hook->interface))
		return -1;
	if (queue >= HTTP_QUEUES)
		queue = HTTP_QUEUES - 1;
	place = hook->interface * HTTP_QUEUES + queue;
	hook->books = bpf_map_lookup_elem(&books, &place);
	hook->counts = bpf_map_lookup_elem(&counts, &zero);
	hook->bytes = skb->len + (skb->vlan_present ? 4 : 0);
	hook->packets = skb->gso_segs ?: 1;
	return hook->books && hook->counts ? 0 : -1;
}

SEC("tc")
int ringside_http(struct __sk_buff *skb)
{
	__u32 zero = 0, at, end, is_ipv6 = 0;
	struct bpf_sock *sk;
	struct http_work *w;
	struct hook hook;
	int action;

	if (open_hook(skb, &hook))
		return TC_ACT_UNSPEC;
	if (skb->pkt_type != 0) /* PACKET_HOST */
		return pass_other(&hook);
	at = find_tcp(skb, &is_ipv6, &end);
	if (!at)
		return pass_other(&hook);
	w = bpf_map_lookup_elem(&works, &zero);
	if (!w)
		return pass_other(&hook);
	w->interface = hook.interface;
	fill_key(skb, w, is_ipv6);
	sk = find_socket(skb, &w->key, is_ipv6);
	if (!sk) {
		count(&hook.books->own[OUTCOME_PASS], &hook);
		hook.counts->counter[HTTP_no_listener]++;
		return TC_ACT_UNSPEC;
	}
	if (sk->state != BPF_TCP_LISTEN) {
		bpf_sk_release(sk);
		count(&hook.books->own[OUTCOME_PASS], &hook);
		hook.counts->counter[HTTP_server_packets]++;
		return TC_ACT_UNSPEC;
	}
	if (read_frame(skb, w, end) || http_tcp_read(&w->tcp, w->buffer, is_ipv6, at, end)) {
		count(&hook.books->own[OUTCOME_PASS], &hook);
		action = TC_ACT_UNSPEC;
	} else {
		action = judge(skb, w, sk, &hook);
	}
	bpf_sk_release(sk);
	return action;
}

char LICENSE[] SEC("license") = "GPL";
