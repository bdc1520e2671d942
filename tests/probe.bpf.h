/* SPDX-License-Identifier: GPL-2.0-only */
/* The part of the tests' own service that only the kernel half does: it counts in a map of its own. */
#ifndef RINGSIDE_TEST_PROBE_BPF_H
#define RINGSIDE_TEST_PROBE_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "probe.h"

#define KERNEL_SERVICES(X) X(probe)

#include "bpf/hook.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SERVICE_SLOTS);
	__type(key, __u32);
	__type(value, __u64);
} probe_counts SEC(".maps");

/* Finishes frames of an even length; the others are left to the worker. */
static __always_inline int probe_finish(struct xdp_md *ctx, const struct frame *frame,
	const struct hook *hook, const struct service_rule *rule, __u32 *outcome)
{
	__u32 slot = rule->slot;
	__u64 *count = bpf_map_lookup_elem(&probe_counts, &slot);

	(void)ctx, (void)frame;
	if (!count || hook->bytes & 1)
		return -1;
	__sync_fetch_and_add(count, 1);
	*outcome = OUTCOME_DELIVER;
	return XDP_PASS;
}

#endif
