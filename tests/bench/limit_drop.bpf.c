// SPDX-License-Identifier: GPL-2.0-only
/* The limit that a filter is measured against: it drops everything, unseen. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int limit_drop(struct xdp_md *context)
{
	(void)context;
	return XDP_DROP;
}

char LICENSE[] SEC("license") = "GPL";
