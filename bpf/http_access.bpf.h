/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * [access] before http: asked for each packet to the service's port and address, before the kernel's sockets are,
 * so that of who is denied neither half learns anything, whoever has the connection.
 *
 * Once, by the program that sees the packet first. What XDP has asked for and leaves to TC has a mark in front of
 * the frame; where the driver lets it have none, all is left to TC unasked. GRO puts only packets together that
 * are marked alike, so what TC sees as one was asked for as a whole or not at all.
 */
#ifndef RINGSIDE_HTTP_ACCESS_BPF_H
#define RINGSIDE_HTTP_ACCESS_BPF_H

#include "http_packet.bpf.h"

#ifndef HTTP_ACCESS
#define HTTP_ACCESS 0
#endif

#if HTTP_ACCESS
#include "access.bpf.h"

#define HTTP_MARK_BYTES ((int)sizeof(__u64))

static __always_inline struct access_source http_source(const struct http_work *w, __u32 is_ipv6)
{
	const __u8 *client = w->key.client.byte;
	struct access_source source = { .is_ipv6 = is_ipv6 };

	if (is_ipv6) {
		source.word[0] = BE64(FRAME_WORD(__u64, client));
		source.word[1] = BE64(FRAME_WORD(__u64, client + 8));
	} else {
		source.word[0] = (__u64)BE32(FRAME_WORD(__u32, client + 12)) << 32;
	}
	return source;
}

/* For the list of sources that send most: one packet in so many. */
static __always_inline void http_note_source(
	struct http_counts *counts, const struct access_source *source, __u32 packets, int verdict)
{
	__u32 cpu = bpf_get_smp_processor_id(), every = state.source_every;
	struct access_sample sample = {
		.word = { source->word[0], source->word[1] },
		.weight = every * packets,
		.is_ipv6 = (__u8)source->is_ipv6,
		.slot = access_rule.slot,
		.dropped = verdict >= VERDICT_DROP,
	};
	struct access_samples *samples;

	if (!access_is_sample(&counts->wanted, every))
		return;
	samples = bpf_map_lookup_elem(&access_samples, &cpu);
	if (samples)
		access_note(samples, &sample);
}

/* What becomes of a packet by its source: VERDICT_NEXT: what http says, else this. Of its own, or what is not
 * configured would take registers from what is. */
static __noinline int http_judge_source(
	struct http_work *w, struct http_counts *counts, __u32 is_ipv6, __u32 packets)
{
	const struct access_source source = http_source(w, is_ipv6);
	int verdict;

#if TAPPED
	/* with taps there is one program for both */
	if (!access_rule.on)
		return VERDICT_NEXT;
#endif
	if (rule.addresses && !(http_wanted(w, is_ipv6) & rule.addresses))
		return VERDICT_NEXT;
	verdict = access_ask(
		source.word[0], source.word[1], source.is_ipv6, access_rule.slot, packets);
	if (verdict != VERDICT_PASS)
		http_note_source(counts, &source, packets, verdict);
	return verdict;
}

#if HTTP_IS_XDP
/* TC asks where there is no room for a mark. */
static __always_inline int http_is_asked_elsewhere(HTTP_CONTEXT *ctx)
{
	return bpf_xdp_adjust_meta(ctx, -HTTP_MARK_BYTES) ||
	       bpf_xdp_adjust_meta(ctx, HTTP_MARK_BYTES);
}

/* There is room: nothing has changed since that was seen. */
static __always_inline void http_mark(HTTP_CONTEXT *ctx)
{
	__u64 *mark;

	if (bpf_xdp_adjust_meta(ctx, -HTTP_MARK_BYTES))
		return;
	mark = (void *)(long)ctx->data_meta;
	if ((void *)(mark + 1) <= (void *)(long)ctx->data)
		*mark = state.mark;
}
#else
/* XDP has asked. */
static __always_inline int http_is_asked_elsewhere(HTTP_CONTEXT *ctx)
{
	const __u64 *mark = (void *)(long)ctx->data_meta;

	return (void *)(mark + 1) <= (void *)(long)ctx->data && *mark == state.mark;
}
#endif

#else
static __always_inline int http_is_asked_elsewhere(HTTP_CONTEXT *ctx)
{
	(void)ctx;
	return 0;
}

static __always_inline int http_judge_source(
	struct http_work *w, struct http_counts *counts, __u32 is_ipv6, __u32 packets)
{
	(void)w;
	(void)counts;
	(void)is_ipv6;
	(void)packets;
	return VERDICT_NEXT;
}

static __always_inline void http_mark(HTTP_CONTEXT *ctx)
{
	(void)ctx;
}
#endif

static __always_inline void http_count_refused(
	HTTP_CONTEXT *ctx, const struct hook *hook, int verdict)
{
	__u32 outcome =
		verdict == VERDICT_PASS ? OUTCOME_PASS : OUTCOME_DROP + verdict - VERDICT_DROP;

	count_own(ctx, hook, outcome);
}

#endif
