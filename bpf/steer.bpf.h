/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * steer's kernel half: a frame goes to the CPU of its slot through a CPUMAP, and that CPU says that it
 * has come.
 *
 * A flow is what one queue sends to one target of one service: the CPUMAP keeps its order. Each frame
 * carries its flow and its number in it (struct steer_tag, in the metadata area), so the far CPU knows
 * which ones were lost on the way, since a full CPUMAP drops without a word, and how far it has come. Where
 * metadata does not survive (generic mode), frames arrive without a tag.
 *
 * A slot that moves to another target takes nothing with it that may overtake: while it moves, each queue
 * has a lane for it, which goes on to the new target only when the old one has executed the lane's last
 * frame (the rule of RFS: Documentation/networking/scaling.rst).
 */
#ifndef RINGSIDE_STEER_BPF_H
#define RINGSIDE_STEER_BPF_H

#include "hook.bpf.h"
#include "steer_maps.h"

struct {
	__uint(type, BPF_MAP_TYPE_CPUMAP);
	__uint(max_entries, 1); /* as many as there can be CPUs, when it is loaded */
	__type(key, __u32);
	__type(value, struct bpf_cpumap_val);
} steer_cpus SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, SERVICE_SLOTS);
	__type(key, __u32);
	__type(value, struct steer_table);
} steer_tables SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, STEER_FLOWS);
	__type(key, __u32);
	__type(value, struct steer_sent);
} steer_sent SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, STEER_FLOWS);
	__type(key, __u32);
	__type(value, struct steer_seen);
} steer_seen SEC(".maps");

/* The newest probe that has come to a target. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, STEER_PROBES);
	__type(key, __u32);
	__type(value, __u64);
} steer_probes SEC(".maps");

/* Of slots that move, and of queues that have met them. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, STEER_LANES);
	__type(key, __u32);
	__type(value, struct steer_lane);
} steer_lanes SEC(".maps");

/* What is known of a key's numbers. A key that has not come for long makes room for others. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, STEER_ORDERS);
	__type(key, struct steer_order_key);
	__type(value, struct steer_order);
} steer_orders SEC(".maps");

/* Two queues that have packets of the same key at once may both miscount: there is no order between them. */
static __always_inline void steer_look_at_order(
	struct steer_entry *entry, __u32 slot, const struct steer_said *said)
{
	const struct steer_order_key key = { said->key, slot };
	struct steer_order *order = bpf_map_lookup_elem(&steer_orders, &key);
	__u64 missing;

	if (!order) {
		struct steer_order first;

		steer_order_begin(&first, said->sequence);
		bpf_map_update_elem(&steer_orders, &key, &first, BPF_ANY);
		return;
	}
	switch (steer_order_judge(order, said->sequence, &missing)) {
	case STEER_NEXT:
		break;
	case STEER_GAP:
		__sync_fetch_and_add(&entry->missing, missing);
		break;
	case STEER_LATE:
		__sync_fetch_and_add(&entry->reordered, 1);
		break;
	case STEER_TWICE:
		__sync_fetch_and_add(&entry->duplicates, 1);
		break;
	case STEER_ANEW:
		__sync_fetch_and_add(&entry->restarts, 1);
		break;
	}
}

/* How many frames of a flow were executed behind the lane's last one, at least. Of those up to it at most
 * `last` without what was known as lost have been executed: what is beyond was sent behind it. One word tells,
 * so that nothing depends on the order in which two would be seen; atomics with a result, which are a full
 * barrier, are refused by kernels before 5.12. */
static __always_inline __s64 steer_behind(
	const struct steer_seen *seen, const struct steer_lane *lane)
{
	__u64 executed = *(const volatile __u64 *)&seen->packets;

	return (__s64)(executed - (lane->last - lane->lost));
}

/* True when the CPU has nothing of any queue before it, so that its thread does not wait for its turn with
 * frames in its hands: it lets go of them when it finds its queue empty. */
static __always_inline int steer_is_idle(__u32 slot, __u32 target)
{
	for (__u32 queue = 0; queue < STEER_QUEUES; queue++) {
		__u32 flow = steer_flow(slot, queue, target);
		struct steer_sent *sent;
		struct steer_seen *seen;

		sent = bpf_map_lookup_elem(&steer_sent, &flow);
		seen = bpf_map_lookup_elem(&steer_seen, &flow);
		if (!sent || !seen ||
			(sent->sequence != seen->sequence && sent->sequence != sent->past))
			return 0;
	}
	return 1;
}

/* True when nothing of the lane is still on its way to the target it had. However long it takes: no time says so,
 * for the far thread may not get its turn. */
static __always_inline int steer_has_executed(__u32 slot, __u32 flow, const struct steer_seen *seen,
	const struct steer_lane *lane, __u64 now_ns, __u32 tags)
{
	const struct steer_sent *sent = bpf_map_lookup_elem(&steer_sent, &flow);
	__s64 behind;

	if (!sent)
		return 0;
	if (!tags || sent->untagged)
		return now_ns - lane->last_ns > STEER_QUIET_NS;
	behind = steer_behind(seen, lane);
	if (behind >= STEER_BATCH)
		return 1;
	if (behind < 0 && *(const volatile __u64 *)&sent->past < lane->last)
		return 0;
	/* signed: the far CPU may have looked at the clock after us */
	return (__s64)(now_ns - seen->moving_ns) >= (__s64)STEER_IDLE_NS &&
	       steer_is_idle(slot, lane->target);
}

static __always_inline void steer_go_over(
	struct steer_lane *lane, __u32 slot, __u32 queue, __u32 target)
{
	__u32 flow = steer_flow(slot, queue, target & (STEER_TARGETS - 1));
	struct steer_sent *sent = bpf_map_lookup_elem(&steer_sent, &flow);

	lane->target = target;
	if (sent)
		sent->taken++;
}

/* The target that a frame of a moving slot must take, and the lane that goes there. */
static __always_inline __u32 steer_keep_lane(__u32 slot, __u32 queue, __u32 n,
	union steer_head head, __u32 tags, struct steer_lane **lane_out)
{
	__u32 key = steer_lane_key(slot, queue, n), flow;
	struct steer_lane *lane = bpf_map_lookup_elem(&steer_lanes, &key);
	__u64 now_ns = bpf_ktime_get_ns();
	struct steer_seen *seen;

	if (!lane) {
		struct steer_lane first = { .target = head.old, .last_ns = now_ns };

		/* no memory just now, or full: all went to the old target, and so does this one */
		if (bpf_map_update_elem(&steer_lanes, &key, &first, BPF_ANY))
			return head.old;
		lane = bpf_map_lookup_elem(&steer_lanes, &key);
		if (!lane)
			return head.old;
	} else if (lane->target != head.target) {
		flow = steer_flow(slot, queue, lane->target);
		seen = bpf_map_lookup_elem(&steer_seen, &flow);
		if (seen && steer_has_executed(slot, flow, seen, lane, now_ns, tags))
			steer_go_over(lane, slot, queue, head.target);
	}
	lane->last_ns = now_ns;
	*lane_out = lane;
	return lane->target;
}

/* The lane's newest frame goes to a target, as the newest one that was sent there. */
static __always_inline void steer_note_last(
	struct steer_lane *lane, __u32 flow, const struct steer_sent *sent)
{
	const struct steer_seen *seen = bpf_map_lookup_elem(&steer_seen, &flow);

	lane->last = sent->sequence;
	if (seen)
		lane->lost = seen->lost;
}

/* Puts the tag in front of the frame. -1: the driver has no room for it. */
static __always_inline int steer_put_tag(
	struct xdp_md *ctx, __u32 magic, __u32 flow, __u64 sequence)
{
	struct steer_tag *tag;

	if (bpf_xdp_adjust_meta(ctx, -(int)sizeof(*tag)))
		return -1;
	tag = (void *)(long)ctx->data_meta;
	if ((void *)(tag + 1) > (void *)(long)ctx->data)
		return -1;
	tag->magic = magic;
	tag->flow = flow;
	tag->sequence = sequence;
	return 0;
}

static __always_inline int steer_finish(struct xdp_md *ctx, const struct frame *f,
	const struct hook *hook, const struct service_rule *rule, __u32 *outcome)
{
	const __u32 slot = rule->slot & (SERVICE_SLOTS - 1);
	const struct steer_said said = steer_said(f, &rule->steer, hook->tables, rule->slot);
	struct steer_table *table = bpf_map_lookup_elem(&steer_tables, &slot);
	struct steer_lane *lane = NULL;
	struct steer_entry *entry;
	struct steer_sent *sent;
	union steer_head head;
	__u32 target, flow, n = said.n;

	*outcome = OUTCOME_PASS;
	if (!table)
		return XDP_PASS;
	FRAME_OPAQUE(n);
	if (n >= STEER_ENTRIES)
		return XDP_PASS;
	entry = &table->entry[n];
	__sync_fetch_and_add(&entry->packets, 1);
	if (rule->steer.sequence_at.bytes)
		steer_look_at_order(entry, slot, &said);
	head.word = *(volatile __u64 *)&entry->head.word;
	target = head.target;
	if (head.moving)
		target = steer_keep_lane(slot, hook->queue, n, head, table->tags, &lane);
	target &= STEER_TARGETS - 1;
	flow = steer_flow(slot, hook->queue, target);
	sent = bpf_map_lookup_elem(&steer_sent, &flow);
	if (!sent || bpf_redirect_map(&steer_cpus, table->cpu[target], XDP_PASS) != XDP_REDIRECT)
		return XDP_PASS;
	if (!table->tags ||
		steer_put_tag(ctx, lane ? STEER_TAG_MOVING : STEER_TAG, flow, sent->sequence + 1))
		sent->untagged++;
	else
		sent->sequence++;
	if (lane)
		steer_note_last(lane, flow, sent);
	*outcome = OUTCOME_DELIVER;
	return XDP_REDIRECT;
}

/* Run by user space on a frame of its own. */
SEC("xdp")
int steer_probe(struct xdp_md *ctx)
{
	const struct steer_probe *probe = (void *)(long)ctx->data;
	__u32 cpu;

	if ((const void *)(probe + 1) > (const void *)(long)ctx->data_end)
		return XDP_DROP;
	cpu = probe->cpu;
	if (steer_put_tag(ctx, STEER_TAG_PROBE, probe->index, probe->number))
		return XDP_DROP;
	return bpf_redirect_map(&steer_cpus, cpu, XDP_DROP);
}

static __always_inline void steer_note_probe(__u32 index, __u64 number)
{
	__u64 *newest = bpf_map_lookup_elem(&steer_probes, &index);

	if (newest)
		*(volatile __u64 *)newest = number;
}

/* On the CPU of the slot, before the stack. */
SEC("xdp/cpumap")
int steer_arrive(struct xdp_md *ctx)
{
	struct steer_tag *tag = (void *)(long)ctx->data_meta;
	struct steer_seen *seen;
	__u64 sequence;
	__u32 flow;

	if ((void *)(tag + 1) > (void *)(long)ctx->data)
		return XDP_PASS;
	flow = tag->flow;
	sequence = tag->sequence;
	if (tag->magic == STEER_TAG_PROBE) {
		steer_note_probe(flow, sequence);
		return XDP_DROP;
	}
	if (tag->magic != STEER_TAG && tag->magic != STEER_TAG_MOVING)
		return XDP_PASS;
	seen = bpf_map_lookup_elem(&steer_seen, &flow);
	if (seen) {
		if (tag->magic == STEER_TAG_MOVING)
			*(volatile __u64 *)&seen->moving_ns = bpf_ktime_get_ns();
		seen->lost += sequence - seen->sequence - 1;
		*(volatile __u64 *)&seen->packets = seen->packets + 1;
		*(volatile __u64 *)&seen->sequence = sequence;
	}
	/* or frames of one connection would not be merged by GRO: their metadata differ */
	bpf_xdp_adjust_meta(ctx, sizeof(*tag));
	return XDP_PASS;
}

#endif
