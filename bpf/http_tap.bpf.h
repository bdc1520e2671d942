/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Taps at the hooks of http, in http_tap.bpf.c and http_xdp_tap.bpf.c alone. By the time it is known what becomes of a
 * packet it may have been rewritten: so each one for the port is kept first, as it was received, and shown from there.
 */
#ifndef RINGSIDE_HTTP_TAP_BPF_H
#define RINGSIDE_HTTP_TAP_BPF_H

#include "http_maps.bpf.h"

struct hook {
	struct hook_books *books;
	struct http_counts *counts;
	__u32 bytes, packets;
	__u32 tag_bytes; /* of these: of a tag that is not in the frame, neither here nor in the answer */
	__u32 interface;
#if TAPPED
	__u32 queue;
#endif
};

#if TAPPED
#define TAP_PLACES HTTP_INTERFACES
#include "tap_maps.bpf.h"

/* What is longer is shown cut, as rings of taps have it. */
#define HTTP_TAP_BYTES FRAME_BYTES_MAX

/* Known when the program is loaded. */
const volatile struct http_tap_rule tap_rule SEC(".rodata.tap") = { 0 };

struct http_tap_room {
	struct tap_note note; /* bytes 0: nothing is kept */
	__u8 frame[HTTP_TAP_BYTES];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct http_tap_room);
} tap_rooms SEC(".maps");

static __always_inline void http_tap_keep(HTTP_CONTEXT *ctx, const struct hook *hook)
{
	__u32 zero = 0, bytes = HTTP_BYTES(ctx);
	struct http_tap_room *room = bpf_map_lookup_elem(&tap_rooms, &zero);

	if (!room)
		return;
	room->note = (struct tap_note){
		.time_ns = bpf_ktime_get_ns(),
		.queue = (__u16)hook->queue,
		.slot = (__u8)tap_rule.slot,
		.place = (__u16)hook->interface,
		.packets = (__u16)hook->packets,
		.tag_proto = HTTP_TAG_PROTO(ctx),
		.tag = HTTP_TAG(ctx),
	};
	if (bytes > HTTP_TAP_BYTES)
		bytes = HTTP_TAP_BYTES;
	/* or the compiler would make one comparison of two, which the verifier does not follow */
	if (!bytes)
		return;
	FRAME_OPAQUE(bytes);
	if (bytes <= HTTP_TAP_BYTES && !HTTP_LOAD(ctx, room->frame, bytes))
		room->note.bytes = bytes;
}

static __always_inline void http_tap_show(HTTP_CONTEXT *ctx, const struct hook *hook, __u32 outcome)
{
	__u32 zero = 0, targets = tap_targets(tap_rule.targets, tap_rule.slot & 7, outcome), bytes;
	struct http_tap_room *room = bpf_map_lookup_elem(&tap_rooms, &zero);

	if (!targets || !room)
		return;
	room->note.outcome = (__u8)outcome;
	bytes = room->note.bytes;
	FRAME_OPAQUE(bytes);
	if (bytes > HTTP_TAP_BYTES)
		return;
	if (bpf_perf_event_output(
		    ctx, &tap_packets, BPF_F_CURRENT_CPU, room, sizeof(room->note) + bytes))
		tap_note_lost(targets, hook->interface & (HTTP_INTERFACES - 1));
}
#else
static __always_inline void http_tap_keep(HTTP_CONTEXT *ctx, const struct hook *hook)
{
	(void)ctx;
	(void)hook;
}

static __always_inline void http_tap_show(HTTP_CONTEXT *ctx, const struct hook *hook, __u32 outcome)
{
	(void)ctx;
	(void)hook;
	(void)outcome;
}
#endif

#endif
