// SPDX-License-Identifier: GPL-2.0-only
/*
 * The limit that reflect is measured against: the least that sends a frame back with MAC addresses, IPv4
 * addresses and UDP ports swapped. It looks at nothing else and counts nothing.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define SWAP(type, a, b)                                                                           \
	do {                                                                                       \
		type kept = a;                                                                     \
		a = b;                                                                             \
		b = kept;                                                                          \
	} while (0)

struct mac {
	__u16 part[3];
} __attribute__((packed, aligned(2)));

struct headers {
	struct mac to, from;
	__be16 type;
	struct iphdr ip;
	struct udphdr udp;
} __attribute__((packed, aligned(2)));

SEC("xdp")
int limit(struct xdp_md *context)
{
	struct headers *frame = (void *)(long)context->data;

	if ((void *)(frame + 1) > (void *)(long)context->data_end ||
		frame->type != bpf_htons(ETH_P_IP))
		return XDP_PASS;
	SWAP(struct mac, frame->to, frame->from);
	SWAP(__be32, frame->ip.saddr, frame->ip.daddr);
	SWAP(__be16, frame->udp.source, frame->udp.dest);
	return XDP_TX;
}

char LICENSE[] SEC("license") = "GPL";
