/* SPDX-License-Identifier: GPL-2.0-only */
/* Chooses the socket of a packet by its partition key, by the table that Ringside's steer begins with. */
#include <linux/bpf.h>
#include <linux/udp.h>
#include <bpf/bpf_helpers.h>

#include "steer_slot.h"

#define KEY_OFFSET 4 /* key = 4@4 */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, STEER_SLOTS);
	__type(key, __u32);
	__type(value, __u32);
} targets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_REUSEPORT_SOCKARRAY);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u64);
} sockets SEC(".maps");

SEC("sk_reuseport")
int choose(struct sk_reuseport_md *ctx)
{
	__u32 key, slot, *target;

	if (bpf_skb_load_bytes(ctx, sizeof(struct udphdr) + KEY_OFFSET, &key, sizeof(key)))
		return SK_PASS; /* too short: the kernel's own choice */
	slot = steer_slot(__builtin_bswap32(key));
	target = bpf_map_lookup_elem(&targets, &slot);
	if (target)
		bpf_sk_select_reuseport(ctx, &sockets, target, 0);
	return SK_PASS;
}

char LICENSE[] SEC("license") = "GPL";
