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
struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__type(key, __u32);
	__type(value, __u32);
} tap_packets SEC(".maps");

/* Sized for the CPUs. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tap_lost);
} tap_lost SEC(".maps");

static __always_inline void tap_note_lost(__u32 targets)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct tap_lost *lost = bpf_map_lookup_elem(&tap_lost, &cpu);

	if (!lost)
		return;
	for (__u32 i = 0; i < TAP_TARGETS; i++)
		lost->packets[i] += targets >> i & 1;
}

/* One for all places that count: they are many in the program's text. */
static __noinline int tap_show(
	struct xdp_md *ctx, __u32 queue, __u32 bytes, __u32 slot, __u32 outcome)
{
	const struct tap_note note = {
		.time_ns = bpf_ktime_get_ns(),
		.queue = queue,
		.bytes = bytes,
		.slot = slot,
		.outcome = outcome,
	};

	/* behind the note the kernel copies the frame itself */
	if (bpf_perf_event_output(ctx, &tap_packets, (__u64)bytes << 32 | BPF_F_CURRENT_CPU,
		    (void *)&note, sizeof(note)))
		tap_note_lost(tap_targets(tap_wanted, slot, outcome));
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
