// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel half of `ringside generate`. The flood engine: generate_send is run as a test with live frames and
 * sends each out of the interface; generate_receive judges, counts and drops the answers. The paced engine:
 * generate_redirect hands the answers to its sockets. Both receivers pass whatever is not theirs.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "generate.h"

/* Known when the program is loaded: the verifier takes away what is not used. */
const volatile struct generate_frame frame = { 0 };
const volatile __u8 whole[FRAME_BYTES_MAX] = { 0 }; /* a packet with its padding */
const volatile __u32 ifindex = 0;

/* Shared with user space. Apart, for they are written by different CPUs. */
struct generate_window window SEC(".data.window") = { 0 };
struct generate_pace pace SEC(".data.pace") = { 0 };

/* The bytes of the window, in pages: an array of single bytes would take eight for each. */
#define PAGE_SLOTS 4096
struct page {
	__u8 answered[PAGE_SLOTS];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct page);
} pages SEC(".maps");

/* When every 64th packet of the window was sent. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} times SEC(".maps");

/* A flow's next sequence, behind the highest that was answered. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} order SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct generate_counts);
} counts SEC(".maps");

/* Queue → the paced engine's socket. */
struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} sockets SEC(".maps");

static __always_inline const struct generate_frame *frame_known(void)
{
	const struct generate_frame *f = (const void *)&frame;

	/* or the compiler would take the initial zeros for its value */
	FRAME_OPAQUE(f);
	return f;
}

/* The place where the time of a packet's block of 64 is kept. */
static __always_inline __u64 *time_of(__u64 sequence)
{
	__u32 key = (__u32)((sequence & (window.slots - 1)) / GENERATE_FLOOD_EVERY);

	return bpf_map_lookup_elem(&times, &key);
}

static __always_inline __u8 *answered_of(__u64 sequence)
{
	__u32 key = (__u32)((sequence & (window.slots - 1)) / PAGE_SLOTS);
	struct page *page = bpf_map_lookup_elem(&pages, &key);

	return page ? &page->answered[sequence & (PAGE_SLOTS - 1)] : 0;
}

static __always_inline __u64 *order_of(const struct generate_frame *f, __u64 sequence)
{
	__u32 flow = f->flows > 1 ? (__u32)(sequence % f->flows) : 0;

	return bpf_map_lookup_elem(&order, &flow);
}

/* A frame that is not due is dropped, which costs the test run no more than a look at the clock. */
SEC("xdp")
int generate_send(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	const struct generate_frame *f = frame_known();
	__u64 sequence = window.next, now = 0, *time;

	if (data + f->length > end || sequence - window.cleared_before >= window.slots)
		return XDP_DROP;
	if (!generate_is_due(&pace, sequence, bpf_ktime_get_ns))
		return XDP_DROP;
	if (!(sequence & (GENERATE_FLOOD_EVERY - 1))) {
		now = bpf_ktime_get_ns();
		time = time_of(sequence);
		if (time)
			*time = now;
	}
	generate_write(f, data, sequence, now);
	pace.due += pace.interval;
	window.next = sequence + 1;
	return bpf_redirect(ifindex, 0);
}

/* Sends one packet that is not of the window: does anybody answer? */
SEC("xdp")
int generate_knock(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	const struct generate_frame *f = frame_known();

	if (data + f->length > end)
		return XDP_DROP;
	generate_write(f, data, ~0ull, 0);
	return bpf_redirect(ifindex, 0);
}

/* How long a packet took whose time was noted; 0: it was not. */
static __always_inline __u64 round_trip(__u64 sequence, __u64 *sent)
{
	__u64 *time, now;

	*sent = 0;
	if (sequence & (GENERATE_FLOOD_EVERY - 1))
		return 0;
	time = time_of(sequence);
	if (!time)
		return 0;
	*sent = *time;
	now = bpf_ktime_get_ns();
	return now > *sent ? now - *sent : 1;
}

/* A frame that comes back with another payload is sent again with it, for live frames are recycled and only
 * their heads are written anew: it gets its padding back. No pointer into the packet is good afterwards. */
static __always_inline void restore(struct xdp_md *ctx, const struct generate_frame *f)
{
	if (f->length > GENERATE_HEAD)
		bpf_xdp_store_bytes(ctx, GENERATE_HEAD, (void *)&whole[GENERATE_HEAD],
			f->length - GENERATE_HEAD);
}

SEC("xdp")
int generate_receive(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	const struct generate_frame *f = frame_known();
	enum corruption corruption = CORRUPT_NOT;
	__u64 sequence, sent, rtt = 0, *next;
	int moved, overtaken = 0;
	struct generate_counts *c;
	__u32 bytes = (__u32)(end - data), zero = 0;
	const __u8 *stamp;
	enum fate fate;
	__u8 *answered;

	stamp = generate_find(f, data, end, &moved);
	if (!stamp)
		return XDP_PASS;
	sequence =
		generate_extend(window.next, BE32(FRAME_WORD(__be32, stamp + GENERATE_SEQUENCE)));
	answered = answered_of(sequence);
	next = order_of(f, sequence);
	c = bpf_map_lookup_elem(&counts, &zero);
	if (!answered || !next || !c)
		return XDP_DROP;
	fate = generate_account(&window, sequence, answered);
	if (fate <= FATE_LATE) {
		overtaken = generate_is_overtaken(next, sequence);
		rtt = round_trip(sequence, &sent);
		FRAME_OPAQUE(
			bytes); /* or the two comparisons would become one that tells the verifier nothing */
		if (moved)
			corruption = CORRUPT_TAGS;
		else if (data + f->length > end || bytes != f->length)
			corruption = CORRUPT_HEADERS;
		else
			corruption = generate_judge(f, data, sequence, sent, 0);
	}
	generate_count(c, fate, corruption, overtaken, bytes, rtt);
	if (corruption == CORRUPT_PAYLOAD)
		restore(ctx, f);
	return XDP_DROP;
}

/* Whether the answer was overtaken is seen here: sockets are read one after the other, so that user space does
 * not know the order of what came to several queues. window.next is the highest sequence seen. */
static __always_inline int look_at_order(const struct generate_frame *f, const __u8 *stamp)
{
	__u64 sequence =
		generate_extend(window.next, BE32(FRAME_WORD(__be32, stamp + GENERATE_SEQUENCE)));
	__u64 *next = order_of(f, sequence);

	if (!next || (__s64)sequence < 0)
		return 0;
	if (sequence >= window.next)
		window.next = sequence + 1;
	return generate_is_overtaken(next, sequence);
}

/* The time of arrival goes in front of the frame; its lowest bit says whether the answer was overtaken. Where
 * the driver refuses that, the socket's reader takes its own. */
SEC("xdp")
int generate_redirect(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	const struct generate_frame *f = frame_known();
	__u32 queue = ctx->rx_queue_index;
	const __u8 *stamp;
	__u64 *note;
	int moved, overtaken;

	stamp = generate_find(f, data, end, &moved);
	if (!stamp || !bpf_map_lookup_elem(&sockets, &queue))
		return XDP_PASS;
	overtaken = look_at_order(f, stamp);
	if (!bpf_xdp_adjust_meta(ctx, -8)) {
		note = (void *)(long)ctx->data_meta;
		if ((void *)(note + 1) <= (void *)(long)ctx->data)
			*note = (bpf_ktime_get_ns() & ~1ull) | overtaken;
	}
	return bpf_redirect_map(&sockets, queue, XDP_PASS);
}

char LICENSE[] SEC("license") = "GPL";
