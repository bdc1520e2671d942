/* SPDX-License-Identifier: GPL-2.0-only */
/* How the kernel half of http answers: the packet that came in becomes the one that goes out. */
#ifndef RINGSIDE_HTTP_SEND_BPF_H
#define RINGSIDE_HTTP_SEND_BPF_H

#include "checksum.h"
#include "http_packet.bpf.h"

/* As Linux's net.ipv4.ip_default_ttl. */
#define HTTP_TTL 64
/* Announced with every segment: 64 KB. What a connection sends here is at most one request. */
#define HTTP_WINDOW_BYTES 65536u
#define HTTP_WINDOW (HTTP_WINDOW_BYTES >> HTTP_WINDOW_SCALE)

/* What a packet is answered with. */
struct http_answer {
	const struct http_head *head; /* in front of the text; NULL: none */
	const __u8 *text; /* NULL: none */
	__u64 text_bytes; /* a word of its own on the stack: there the verifier remembers its bounds */
	const __u8 *rest; /* behind the text; NULL: none */
	__u64 rest_bytes;
	__u32 text_sum;
	__u32 sequence, acknowledges;
	__u16 flags, window;
	__u32 options; /* bytes of TCP options, which are in their place already */
};

static __always_inline __u32 http_ip_at(const struct http_work *w)
{
	return w->tcp.at - (w->tcp.is_ipv6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr));
}

static __always_inline void http_write_ethernet(struct http_work *w)
{
	FRAME_WORD(__u32, w->header) = FRAME_WORD(__u32, w->buffer + 6);
	FRAME_WORD(__u16, w->header + 4) = FRAME_WORD(__u16, w->buffer + 10);
	FRAME_WORD(__u32, w->header + 6) = FRAME_WORD(__u32, w->buffer);
	FRAME_WORD(__u16, w->header + 10) = FRAME_WORD(__u16, w->buffer + 4);
	FRAME_WORD(__u16, w->header + 12) = FRAME_WORD(__u16, w->buffer + 12);
	if (http_ip_at(w) != ETH_HLEN) /* a tag, which XDP sees in the frame */
		FRAME_WORD(__u32, w->header + 14) = FRAME_WORD(__u32, w->buffer + 14);
}

/* Returns the sum over the pseudo header but for TCP's length. */
static __always_inline __u64 http_write_ip(struct http_work *w, __u32 tcp_bytes)
{
	__u8 *ip = w->header + (http_ip_at(w) & 31);
	const __u32 *client = (const void *)&w->key.client, *server = (const void *)&w->key.server;
	__u64 sum = 0;

	if (w->tcp.is_ipv6) {
		FRAME_WORD(__u32, ip) = BE32(0x60000000);
		FRAME_WORD(__u32, ip + 4) = BE32(tcp_bytes << 16 | IPPROTO_TCP << 8 | HTTP_TTL);
#pragma GCC unroll 4
		for (int i = 0; i < 4; i++) {
			FRAME_WORD(__u32, ip + 8 + 4 * i) = server[i];
			FRAME_WORD(__u32, ip + 24 + 4 * i) = client[i];
			sum += (__u64)server[i] + client[i];
		}
		return sum + BE16(IPPROTO_TCP);
	}
	FRAME_WORD(__u32, ip) = BE32(0x45000000 | (tcp_bytes + 20));
	FRAME_WORD(__u32, ip + 4) = BE32(0x4000); /* do not fragment, and hence no id (RFC 6864) */
	FRAME_WORD(__u32, ip + 8) = BE32(HTTP_TTL << 24 | IPPROTO_TCP << 16);
	FRAME_WORD(__u32, ip + 12) = server[3];
	FRAME_WORD(__u32, ip + 16) = client[3];
	sum = (__u64)server[3] + client[3];
	FRAME_WORD(__u16, ip + 10) = (__u16)~checksum_fold(
		sum + FRAME_WORD(__u32, ip) + BE32(0x4000) + FRAME_WORD(__u32, ip + 8));
	return sum + BE16(IPPROTO_TCP);
}

/* The TCP header with its checksum still 0. */
static __always_inline void http_write_tcp(struct http_work *w, const struct http_answer *a)
{
	__u8 *tcp = w->header + (w->tcp.at & 63);

	FRAME_WORD(__be16, tcp) = w->key.server_port;
	FRAME_WORD(__be16, tcp + 2) = w->key.client_port;
	FRAME_WORD(__be32, tcp + 4) = BE32(a->sequence);
	FRAME_WORD(__be32, tcp + 8) = BE32(a->acknowledges);
	FRAME_WORD(__be32, tcp + 12) = BE32(
		((HTTP_TCP_BYTES + a->options) >> 2) << 28 | (__u32)a->flags << 16 | a->window);
	FRAME_WORD(__u32, tcp + 16) = 0;
}

/* Timestamps: the client's go back, so that ours stay what they were in the SYN-ACK until the kernel goes on
 * from there. */
static __always_inline __u32 http_write_stamps(struct http_work *w)
{
	__u8 *option = w->header + (w->tcp.at & 63) + HTTP_TCP_BYTES;

	if (!w->tcp.has_stamps)
		return 0;
	FRAME_WORD(__be32, option) = BE32(0x0101080a);
	FRAME_WORD(__be32, option + 4) = BE32(w->tcp.echo);
	FRAME_WORD(__be32, option + 8) = BE32(w->tcp.stamp);
	return HTTP_STAMP_BYTES;
}

/* Makes the packet the answer. Returns 0, or -1: it can't be done. */
static __attribute__((noinline)) int http_make(
	HTTP_CONTEXT *ctx, struct http_work *w, const struct http_answer *a)
{
	__u32 header_bytes = HTTP_TCP_BYTES + (a->options & 60), tcp_bytes = header_bytes;
	__u32 headers = (w->tcp.at & 63) + header_bytes;
	__u32 head_bytes = a->head ? a->head->bytes : 0;
	__u64 text_bytes = a->text ? a->text_bytes : 0, rest_bytes = a->rest ? a->rest_bytes : 0;
	__u8 *tcp = w->header + (w->tcp.at & 63);
	int is_partial;
	__u64 sum;

	if (headers > 98 || head_bytes > sizeof(a->head->text) || text_bytes > HTTP_SEGMENT_BYTES ||
		rest_bytes > HTTP_SEGMENT_BYTES)
		return -1;
	is_partial = http_resize(ctx, w, headers + head_bytes + text_bytes + rest_bytes);
	if (is_partial < 0)
		return -1;
	w->made_bytes = http_frame_length(headers + head_bytes + text_bytes + rest_bytes);
	http_write_ethernet(w);
	tcp_bytes += head_bytes + text_bytes + rest_bytes;
	sum = http_write_ip(w, tcp_bytes) + BE16((__u16)tcp_bytes);
	http_write_tcp(w, a);
	if (is_partial) {
		FRAME_WORD(__u16, tcp + 16) = checksum_fold(sum);
	} else {
		sum += (__u32)bpf_csum_diff(NULL, 0, (void *)tcp, header_bytes, 0);
		if (a->head)
			sum += a->head->sum;
		FRAME_WORD(__u16, tcp + 16) = (__u16)~checksum_fold(sum + a->text_sum);
	}
	if (http_write_headers(ctx, w, headers))
		return -1;
	if (a->head && head_bytes && http_write(ctx, headers, a->head->text, head_bytes))
		return -1;
	headers += head_bytes;
	if (a->text && text_bytes && http_write(ctx, headers, a->text, text_bytes))
		return -1;
	headers += text_bytes;
	if (a->rest && rest_bytes && http_write(ctx, headers, a->rest, rest_bytes))
		return -1;
	return 0;
}

/* A segment without text. */
__attribute__((noinline)) int http_make_empty(
	HTTP_CONTEXT *ctx, struct http_work *w, __u32 sequence, __u32 acknowledges, __u32 flags)
{
	struct http_answer a = {
		.sequence = sequence,
		.acknowledges = acknowledges,
		.flags = (__u16)(flags | HTTP_TCP_ACK),
		.window = HTTP_WINDOW,
	};

	if (!w)
		return -1;
	a.options = http_write_stamps(w);
	return http_make(ctx, w, &a);
}

#endif
