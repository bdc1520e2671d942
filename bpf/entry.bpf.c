// SPDX-License-Identifier: GPL-2.0-only
/* The kernel half: parse, offer to the services in their order, act, count. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <xdp/xdp_helpers.h>

#include "access.bpf.h"
#include "latency.bpf.h"
#include "price.bpf.h"
#include "reply.bpf.h"
#include "services.bpf.h"
#include "tap.bpf.h"

/* In the order of offer. Known when the program is loaded: the verifier takes away what is not used. */
const volatile struct service_rule services[SERVICE_SLOTS] = { 0 };

struct rule_tables tables SEC(".data.tables") = { 0 };
struct rule_state state SEC(".data.state") = { 0 };

/* The books of each queue; sized for the queues that the interface can have. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cells);
} books SEC(".maps");

/* One writer each: a queue is polled by one CPU at a time. */
struct queue_buckets {
	struct bucket slot[SERVICE_SLOTS];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct queue_buckets);
} buckets SEC(".maps");

/* Queue → its worker's AF_XDP socket. */
struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} sockets SEC(".maps");

/* Programs of services whose hook is not a rule, of which the first is called with what is no UDP: it is counted as
 * passed before, for there is no coming back. What a program makes of it is in its own books, which take the
 * place of that (worker/books.c). */
const volatile __u8 has_hooks = 0;

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} own_hooks SEC(".maps");

/* The frame is still as it was received. */
static __always_inline void count(
	struct xdp_md *ctx, const struct hook *hook, __u32 slot, __u32 outcome)
{
	struct cell *cell;

	if (PRICED && !hook->cells)
		return;
	cell = &hook->cells->cell[slot][outcome & (OUTCOMES - 1)];
	cell->packets++;
	cell->bytes += hook->bytes;
	/* what a worker gets it counts, and shows, itself */
	if (TAPPED && tap_targets(tap_wanted, slot, outcome) && outcome != OUTCOME_REDIRECT)
		tap_show(ctx, hook->queue, hook->bytes, slot, outcome);
}

/* A constant to the verifier, as all of the rule is. */
static __always_inline __u32 slot_of(const struct service_rule *rule)
{
	return rule->slot & (SERVICE_SLOTS - 1);
}

/* What the statistics level asks for beyond the books. */
static __always_inline void observe(struct hook *hook)
{
	__u32 every = state.sample_every;

	if (!every)
		return;
	if (!(hook->cells->sequence++ & (every - 1)))
		hook->time_ns = bpf_ktime_get_ns();
	if (state.level >= LEVEL_DEBUG)
		hook->cells->sizes[size_bin(hook->bytes) & 7]++;
}

static __always_inline int has_token(const struct hook *hook, const struct service_rule *rule)
{
	__u32 number = hook->queue;
	struct queue_buckets *queue = bpf_map_lookup_elem(&buckets, &number);

	return !queue || bucket_take(&queue->slot[slot_of(rule)], rule->limit_cost,
				 rule->limit_burst, bpf_ktime_get_ns());
}

/* Writes the time of arrival in front of the frame, for the worker. Where the driver refuses, the
 * latency is unknown. Without a socket the frame will pass, and must not carry it. */
static __always_inline void note_time(struct xdp_md *ctx, const struct hook *hook)
{
	__u32 queue = hook->queue;
	__u64 *note;

	if (!bpf_map_lookup_elem(&sockets, &queue) || bpf_xdp_adjust_meta(ctx, -8))
		return;
	note = (void *)(long)ctx->data_meta;
	if ((void *)(note + 1) <= (void *)(long)ctx->data)
		*note = hook->time_ns;
}

/* Gives the frame, unwritten, to the queue's worker. */
static __always_inline int hand_over(
	struct xdp_md *ctx, const struct hook *hook, const struct service_rule *rule)
{
	int action;

	if (hook->time_ns)
		note_time(ctx, hook);
	action = bpf_redirect_map(&sockets, hook->queue, XDP_PASS);
	if (action != XDP_REDIRECT)
		action = XDP_PASS; /* or the verifier would think that it may be negative */
	count(ctx, hook, slot_of(rule), action == XDP_REDIRECT ? OUTCOME_REDIRECT : OUTCOME_PASS);
	return action;
}

/* What a service does by its own means, in this half or in its worker. */
static __always_inline int handle(struct xdp_md *ctx, const struct frame *frame,
	const struct hook *hook, const struct service_rule *rule)
{
	__u32 outcome = OUTCOME_PASS;
	int action = -1;

	if (rule->half == HALF_KERNEL)
		action = service_finish(ctx, frame, hook, rule, &outcome);
	if (action < 0)
		return hand_over(ctx, hook, rule);
	count(ctx, hook, slot_of(rule), outcome);
	return action;
}

/* What [access] makes of a frame that the service wants; else the service's own verdict. */
static __always_inline int judge_source(
	const struct frame *frame, const struct service_rule *rule, int verdict)
{
	const struct access_source source = access_source(frame);
	int judged = access_ask(source.word[0], source.word[1], source.is_ipv6, slot_of(rule), 1);

	if (judged == VERDICT_NEXT)
		return verdict;
	return judged >= VERDICT_DROP && rule->monitor ? judged - VERDICT_DROP + VERDICT_SPARE
						       : judged;
}

/* For the lists of sources and keys that send most: one packet in so many. */
static __always_inline void note_source(const struct frame *frame, const struct hook *hook,
	const struct service_rule *rule, int verdict)
{
	struct access_sample sample = { .slot = (__u8)slot_of(rule) };
	__u32 cpu, every = state.source_every;
	struct access_samples *samples;
	struct access_source source;

	if (!access_is_sample(&hook->cells->wanted, every))
		return;
	cpu = bpf_get_smp_processor_id();
	samples = bpf_map_lookup_elem(&access_samples, &cpu);
	if (!samples)
		return;
	source = access_source(frame);
	sample.word[0] = source.word[0];
	sample.word[1] = source.word[1];
	sample.is_ipv6 = (__u8)source.is_ipv6;
	sample.weight = every;
	sample.dropped = verdict >= VERDICT_DROP && verdict < VERDICT_SPARE;
	if (verdict == VERDICT_HANDLE)
		sample.has_key = (__u8)service_key(frame, rule, &sample.key);
	access_note(samples, &sample);
}

/* Offers the frame to one service. Returns an XDP action, or -1 when it is not the service's. */
static __always_inline int offer(
	struct xdp_md *ctx, const struct frame *frame, const struct hook *hook, __u32 place)
{
	const struct service_rule *rule = (const void *)&services[place];
	__u32 slot;
	int verdict;

	/* or the compiler would take the rule's initial zeros for its value */
	FRAME_OPAQUE(rule);
	verdict = service_match(frame, rule, &tables, &state);
	if (verdict == VERDICT_NEXT)
		return -1;
	/* what is behind the loop over the services begins here, once for all of them: so shall what it needs */
	FRAME_OPAQUE(rule);
	slot = slot_of(rule);
	if (rule->replies && verdict >= VERDICT_DROP && verdict < VERDICT_SPARE &&
		reply_is_awaited(frame))
		verdict += VERDICT_SPARE - VERDICT_DROP;
	if (access_rule.on && verdict != VERDICT_PASS)
		verdict = judge_source(frame, rule, verdict);
	if (access_rule.samples && verdict != VERDICT_PASS)
		note_source(frame, hook, rule, verdict);
	if (verdict == VERDICT_PASS) {
		count(ctx, hook, slot, OUTCOME_PASS);
		return XDP_PASS;
	}
	if (verdict == VERDICT_BOUNCE && rule->limit_cost && !has_token(hook, rule))
		verdict = VERDICT_DROP + DROP_rate_limited;
	if (verdict >= VERDICT_DROP) {
		count(ctx, hook, slot, OUTCOME_DROP + verdict - VERDICT_DROP);
		return verdict >= VERDICT_SPARE ? XDP_PASS : XDP_DROP;
	}
	if (verdict == VERDICT_HANDLE)
		return handle(ctx, frame, hook, rule);
	if (rule->half == HALF_USER)
		return hand_over(ctx, hook, rule);
	count(ctx, hook, slot, OUTCOME_TX);
	service_answer(frame, rule);
	if (hook->time_ns)
		latency_add(slot, bpf_ktime_get_ns() - hook->time_ns);
	return XDP_TX;
}

/* For libxdp's dispatcher: what we pass goes on to those behind. Its own program for AF_XDP has priority 20,
 * too; firewalls (xdp-filter) have 10 and come before; those that only look have 50 and see what we pass. */
struct {
	__uint(priority, 20);
	__uint(XDP_PASS, 1);
} XDP_RUN_CONFIG(ringside);

SEC("xdp")
int ringside(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct hook hook = { .tables = &tables, .queue = ctx->rx_queue_index, .bytes = end - data };
	struct frame frame = { .ctx = ctx };
	__u32 queue = hook.queue; /* of its own, or all of what has its address would lie on the stack */
	__u32 wanted, port;

	if (price_next(&state)) {
		hook.cells = bpf_map_lookup_elem(&books, &queue);
		if (!hook.cells)
			return XDP_PASS;
		observe(&hook);
	}
	if (frame_parse(&frame, data, end) < 0) {
		count(ctx, &hook, SLOT_NONE, OUTCOME_PASS);
		if (has_hooks)
			bpf_tail_call(ctx, &own_hooks, 0);
		return XDP_PASS;
	}
	port = BE16(frame.udp->dest); /* see BE16 */
	FRAME_OPAQUE(port);
	wanted = tables.udp_port_services[port & 0xffff];
	if (!wanted)
		goto pass;
#pragma GCC unroll 8
	for (__u32 place = 0; place < SERVICE_SLOTS; place++) {
		int action;

		if (!(wanted & (1u << place)))
			continue;
		action = offer(ctx, &frame, &hook, place);
		if (action >= 0)
			return action;
	}
pass:
	count(ctx, &hook, SLOT_NONE, OUTCOME_PASS);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
