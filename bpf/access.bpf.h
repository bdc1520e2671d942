/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * [access] in the kernel half: its maps. The trie and its rules' hits belong to one program, as the port
 * table does: a reload brings others with the program that takes the old one's place, so every packet meets
 * one list, whole. What sources have sent goes on.
 */
#ifndef RINGSIDE_ACCESS_BPF_H
#define RINGSIDE_ACCESS_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "access.h"

/* Known when the program is loaded. In a section of its own, so that programs can share it with the lists. */
const volatile struct access_rule access_rule SEC(".rodata.access") = { 0 };

/* Sizes are set when the program is loaded: nodes of the trie; */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct access_node);
} access_nodes SEC(".maps");

/* CPUs times services times rules, so that each count has one writer; */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} access_hits SEC(".maps");

/* CPUs; */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct access_sketch);
} access_sketches SEC(".maps");

/* and CPUs. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct access_samples);
} access_samples SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ACCESS_SETS);
	__type(key, __u32);
	__type(value, struct access_set);
} access_sets SEC(".maps");

static __always_inline const struct access_node *access_node(
	const struct access_memory *memory, __u32 number)
{
	(void)memory;
	return bpf_map_lookup_elem(&access_nodes, &number);
}

static __always_inline void access_hit(const struct access_memory *memory,
	const struct access_rule *rule, __u32 slot, __u32 number, __u32 packets)
{
	__u32 row = bpf_get_smp_processor_id() * rule->slots + slot;
	__u32 index = row * rule->rules + number;
	__u64 *hits = bpf_map_lookup_elem(&access_hits, &index);

	(void)memory;
	if (hits)
		*hits += packets;
}

static __always_inline struct access_sketch *access_sketch(const struct access_memory *memory)
{
	__u32 cpu = bpf_get_smp_processor_id();

	(void)memory;
	return bpf_map_lookup_elem(&access_sketches, &cpu);
}

static __always_inline struct access_set *access_set(
	const struct access_memory *memory, __u32 number)
{
	(void)memory;
	return bpf_map_lookup_elem(&access_sets, &number);
}

static __always_inline void access_lock(struct access_set *set)
{
	bpf_spin_lock(&set->lock);
}

static __always_inline void access_unlock(struct access_set *set)
{
	bpf_spin_unlock(&set->lock);
}

static __always_inline __u64 access_now_ns(const struct access_memory *memory, int coarse)
{
	(void)memory;
	return coarse ? bpf_ktime_get_coarse_ns() : bpf_ktime_get_ns();
}

/* One for all services: they are eight in the program's text. */
static __noinline int access_ask(__u64 high, __u64 low, __u32 is_ipv6, __u32 slot, __u32 packets)
{
	const struct access_source source = { { high, low }, is_ipv6 };
	const struct access_rule *rule = (const void *)&access_rule;

	FRAME_OPAQUE(rule);
	return access_judge(NULL, rule, &source, slot, packets);
}

#endif
