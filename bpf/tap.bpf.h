/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Taps in the kernel half: copies of frames for the reader of a perf ring (src/io/tap_reader.h). They are in
 * entry_tap.bpf.c alone, which takes entry.bpf.c's place while somebody looks; its data has the same layout.
 */
#ifndef RINGSIDE_TAP_BPF_H
#define RINGSIDE_TAP_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "hook.bpf.h"
#include "tap.h"

/* A bit for each target that somebody looks at. Known when the program is loaded. */
const volatile __u32 tap_wanted = 0;

#ifndef TAPPED
#define TAPPED 0
#endif

#if TAPPED
#define TAP_PLACES 1
#include "tap_maps.bpf.h"

/* One for all places that count: they are many in the program's text. */
static __noinline int tap_show(
	struct xdp_md *ctx, __u32 queue, __u32 bytes, __u32 slot, __u32 outcome)
{
	const struct tap_note note = {
		.time_ns = bpf_ktime_get_ns(),
		.bytes = bytes,
		.queue = (__u16)queue,
		.slot = (__u8)slot,
		.outcome = (__u8)outcome,
		.packets = 1,
	};

	/* behind the note the kernel copies the frame itself */
	if (bpf_perf_event_output(ctx, &tap_packets, (__u64)bytes << 32 | BPF_F_CURRENT_CPU,
		    (void *)&note, sizeof(note)))
		tap_note_lost(tap_targets(tap_wanted, slot, outcome), 0);
	return 0;
}
#else
static __always_inline int tap_show(
	struct xdp_md *ctx, __u32 queue, __u32 bytes, __u32 slot, __u32 outcome)
{
	return 0;
}
#endif

#endif
