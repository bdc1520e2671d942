// SPDX-License-Identifier: GPL-2.0-only
/* The limit that a filter is measured against: it drops everything, unseen; and the same where the stack begins. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int limit_drop(struct xdp_md *context)
{
	(void)context;
	return XDP_DROP;
}

SEC("tc")
int limit_drop_stack(struct __sk_buff *skb)
{
	(void)skb;
	return TC_ACT_SHOT;
}

char LICENSE[] SEC("license") = "GPL";
