// SPDX-License-Identifier: GPL-2.0-only
/* The flood's kernel half: what sends, run as a test with live frames, and what counts the answers. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

/* Ethernet, IPv4 and UDP headers, and the payload's first bytes: whole words */
#define HEAD_WORDS 6

const volatile __u32 link_index = 0;
const volatile __u64 head[HEAD_WORDS] = { 0 };

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2); /* sent, back */
	__type(key, __u32);
	__type(value, __u64); /* packets */
} counts SEC(".maps");

static __always_inline void count(__u32 index)
{
	__u64 *packets = bpf_map_lookup_elem(&counts, &index);

	if (packets)
		(*packets)++;
}

SEC("xdp")
int flood_send(struct xdp_md *context)
{
	__u64 *words = (void *)(long)context->data;

	if ((void *)(words + HEAD_WORDS) > (void *)(long)context->data_end)
		return XDP_ABORTED;
		/* the frame is used again, as the far end has left it */
#pragma unroll
	for (int i = 0; i < HEAD_WORDS; i++)
		words[i] = head[i];
	count(0);
	return bpf_redirect(link_index, 0);
}

SEC("xdp")
int flood_count(struct xdp_md *context)
{
	struct ethhdr *ethernet = (void *)(long)context->data;

	if ((void *)(ethernet + 1) > (void *)(long)context->data_end ||
		ethernet->h_proto != bpf_htons(ETH_P_IP))
		return XDP_PASS;
	count(1);
	return XDP_DROP;
}

char LICENSE[] SEC("license") = "GPL";
