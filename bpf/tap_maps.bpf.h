/* SPDX-License-Identifier: GPL-2.0-only */
/* What a tapped kernel half shows goes into a perf ring (src/io/tap_reader.h); what finds no room there is
 * counted. TAP_PLACES: the interfaces that the program is on. */
#ifndef RINGSIDE_TAP_MAPS_BPF_H
#define RINGSIDE_TAP_MAPS_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "tap.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__type(key, __u32);
	__type(value, __u32);
} tap_packets SEC(".maps");

/* Sized for the CPUs, with TAP_PLACES for each. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tap_lost);
} tap_lost SEC(".maps");

static __always_inline void tap_note_lost(__u32 targets, __u32 place)
{
	__u32 index = bpf_get_smp_processor_id() * TAP_PLACES + place;
	struct tap_lost *lost = bpf_map_lookup_elem(&tap_lost, &index);

	if (!lost)
		return;
	for (__u32 i = 0; i < TAP_TARGETS; i++)
		lost->packets[i] += targets >> i & 1;
}

#endif
