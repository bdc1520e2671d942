/* SPDX-License-Identifier: GPL-2.0-only */
/* What the two hooks of http do alike with a packet: find TCP, the connection, its socket, and count. HTTP_CONTEXT is
 * the packet as the hook has it: see http_tc.bpf.h and http_xdp.bpf.h. */
#ifndef RINGSIDE_HTTP_PACKET_BPF_H
#define RINGSIDE_HTTP_PACKET_BPF_H

#include "checksum.h"
#include "http_tap.bpf.h"

static __always_inline void count(struct cell *cell, const struct hook *hook)
{
	cell->packets += hook->packets;
	cell->bytes += hook->bytes;
}

/* A packet of the service's. */
static __always_inline void count_own(HTTP_CONTEXT *ctx, const struct hook *hook, __u32 outcome)
{
	count(&hook->books->own[outcome & (OUTCOMES - 1)], hook);
	http_tap_show(ctx, hook, outcome);
}

/* The frames that went out before the packet itself, if any. */
static __always_inline void http_count_copies(const struct hook *hook, const struct http_work *w)
{
	struct cell *made = &hook->books->made;

	made->packets += w->copies;
	made->bytes += w->copies_bytes + w->copies * hook->tag_bytes;
}

/* The packet has become an answer. Of segments that came as one packet the others went to the one that they were
 * for. */
static __always_inline void http_count_sent(
	HTTP_CONTEXT *ctx, const struct hook *hook, const struct http_work *w)
{
	struct hook_books *books = hook->books;

	books->own[OUTCOME_TX].packets++;
	books->own[OUTCOME_TX].bytes += hook->bytes;
	books->own[OUTCOME_DELIVER].packets += hook->packets - 1;
	books->made.bytes += (__u64)w->made_bytes + hook->tag_bytes - hook->bytes;
	http_tap_show(ctx, hook, OUTCOME_TX);
}

/* Finds the TCP header of a whole IPv4 or IPv6 packet without options and extensions to our port, behind the
 * Ethernet header, which ends at `ip_at`. Returns its offset and fills the end of the packet, or returns 0. */
static __always_inline __u32 http_find_tcp(
	HTTP_CONTEXT *ctx, __be16 proto, __u32 ip_at, __u32 *is_ipv6, __u32 *end)
{
	__u8 *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	__be16 port;
	__u32 at;

	if (proto == BE16(ETH_P_IP)) {
		struct iphdr *ip = (void *)(data + ip_at);

		if ((__u8 *)(ip + 1) + sizeof(struct tcphdr) > data_end)
			return 0;
		if (*(__u8 *)ip != 0x45 || ip->protocol != IPPROTO_TCP ||
			ip->frag_off & BE16(0x3fff))
			return 0;
		*is_ipv6 = 0;
		*end = ip_at + BE16(ip->tot_len);
		port = ((struct tcphdr *)(ip + 1))->dest;
		at = ip_at + sizeof(*ip);
	} else if (proto == BE16(ETH_P_IPV6)) {
		struct ipv6hdr *ip = (void *)(data + ip_at);

		if ((__u8 *)(ip + 1) + sizeof(struct tcphdr) > data_end)
			return 0;
		if (*(__u8 *)ip >> 4 != 6 || ip->nexthdr != IPPROTO_TCP)
			return 0;
		*is_ipv6 = 1;
		*end = ip_at + sizeof(*ip) + BE16(ip->payload_len);
		port = ((struct tcphdr *)(ip + 1))->dest;
		at = ip_at + sizeof(*ip);
	} else {
		return 0;
	}
	return BE16(port) == rule.port ? at : 0;
}

/* The connection as the socket table and ours know it. */
static __always_inline void http_fill_key(
	HTTP_CONTEXT *ctx, struct http_work *w, __u32 ip_at, __u32 is_ipv6)
{
	__u8 *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	struct http_flow_key *key = &w->key;
	__u32 *client = (void *)&key->client, *server = (void *)&key->server;
	struct tcphdr *tcp;

	if (!is_ipv6) {
		struct iphdr *ip = (void *)(data + ip_at);

		tcp = (void *)(ip + 1);
		if ((__u8 *)(tcp + 1) > data_end)
			return;
		client[0] = client[1] = server[0] = server[1] = 0;
		client[2] = server[2] = BE32(0xffff);
		client[3] = ip->saddr;
		server[3] = ip->daddr;
	} else {
		struct ipv6hdr *ip = (void *)(data + ip_at);

		tcp = (void *)(ip + 1);
		if ((__u8 *)(tcp + 1) > data_end)
			return;
		__builtin_memcpy(client, &ip->saddr, 16);
		__builtin_memcpy(server, &ip->daddr, 16);
	}
	key->client_port = tcp->source;
	key->server_port = tcp->dest;
}

/* Who wants the address that the client has asked: as address_wanted() of address.h, by our key. */
static __always_inline __u32 http_wanted(const struct http_work *w, __u32 is_ipv6)
{
	const __u64 *word = (const void *)&w->key.server;
	__u64 first = is_ipv6 ? word[0] : 0;
	__u64 second = is_ipv6 ? word[1] : FRAME_WORD(__u32, w->key.server.byte + 12);

	return address_find(addresses, first, second, is_ipv6);
}

static __always_inline struct bpf_sock *http_find_socket(
	HTTP_CONTEXT *ctx, const struct http_flow_key *key, __u32 is_ipv6)
{
	const __u32 *client = (const void *)&key->client, *server = (const void *)&key->server;
	struct bpf_sock_tuple tuple;

	if (is_ipv6) {
		__builtin_memcpy(tuple.ipv6.saddr, client, 16);
		__builtin_memcpy(tuple.ipv6.daddr, server, 16);
		tuple.ipv6.sport = key->client_port;
		tuple.ipv6.dport = key->server_port;
		return bpf_skc_lookup_tcp(ctx, &tuple, sizeof(tuple.ipv6), BPF_F_CURRENT_NETNS, 0);
	}
	tuple.ipv4.saddr = client[3];
	tuple.ipv4.daddr = server[3];
	tuple.ipv4.sport = key->client_port;
	tuple.ipv4.dport = key->server_port;
	return bpf_skc_lookup_tcp(ctx, &tuple, sizeof(tuple.ipv4), BPF_F_CURRENT_NETNS, 0);
}

/* The sum over TCP's header and payload, in w->buffer up to `end`. */
static __always_inline __u64 http_sum_tcp(struct http_work *w, __u32 end)
{
	__u32 at = w->tcp.at & 63, left = end - w->tcp.at, last = left & 3;
	__u64 sum = 0;

#pragma GCC unroll 4
	for (__u32 i = 0; i < 4; i++) {
		__u32 bytes = left & ~3u;

		if (!bytes)
			break;
		if (bytes > HTTP_SUM_BYTES)
			bytes = HTTP_SUM_BYTES;
		FRAME_OPAQUE(bytes);
		bytes &= 0x1fc;
		sum += (__u32)bpf_csum_diff(
			NULL, 0, (void *)(w->buffer + at + i * HTTP_SUM_BYTES), bytes, 0);
		left -= bytes;
	}
	return last ? sum + (__u32)http_word_head(http_word(w->buffer, end - last), last) : sum;
}

/* No stack has looked at TCP's checksum yet. It is right, or left to be finished by a sender on the same machine, who
 * writes the sum of the pseudo header alone. */
static __always_inline int http_is_intact(struct http_work *w, __u32 end)
{
	const __u32 *client = (const void *)&w->key.client, *server = (const void *)&w->key.server;
	__u64 sum = BE16(IPPROTO_TCP) + (__u64)BE16((__u16)(end - w->tcp.at));

	if (!w->tcp.is_ipv6) {
		sum += (__u64)client[3] + server[3];
	} else {
#pragma GCC unroll 4
		for (int i = 0; i < 4; i++)
			sum += (__u64)client[i] + server[i];
	}
	if ((__u16)http_word(w->buffer, w->tcp.at + 16) == checksum_fold(sum))
		return 1;
	return checksum_fold(sum + http_sum_tcp(w, end)) == 0xffff;
}

/* What the hook counts into; -1: not an interface of ours. */
static __always_inline int http_open_hook(struct hook *hook, __u32 ifindex, __u32 queue)
{
	__u32 zero = 0, place, i;

#pragma GCC unroll 8
	for (i = 0; i < HTTP_INTERFACES; i++)
		if (state.interface[i].index == ifindex)
			break;
	if (i == HTTP_INTERFACES)
		return -1;
	hook->interface = i;
#if TAPPED
	hook->queue = queue;
#endif
	place = i * HTTP_QUEUES + (queue < HTTP_QUEUES ? queue : HTTP_QUEUES - 1);
	hook->books = bpf_map_lookup_elem(&books, &place);
	hook->counts = bpf_map_lookup_elem(&counts, &zero);
	return hook->books && hook->counts ? 0 : -1;
}

#endif
