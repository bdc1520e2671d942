// SPDX-License-Identifier: BSD-2-Clause
/*
 * steer: what became of frames on the way to their CPUs.
 *
 * A frame that was lost behind all others of its flow leaves no gap. It is known to be lost, and not just late,
 * when the CPU has executed something that was queued behind it: another flow's frame, or a probe, a frame of our
 * own. All that goes to a CPU goes through one queue, so what both looks of an epoch have seen sent was queued
 * before. Nothing is known by time alone: the CPU's thread may not get its turn.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/counter.h"
#include "service/steer.h"

/* Before Linux 5.18 no probe can be sent. What a CPU has not executed after so long without a sign of it is
 * taken for lost. */
#define LOST_NS (10 * NSEC_PER_SEC)

#ifndef BPF_F_TEST_XDP_LIVE_FRAMES
#define BPF_F_TEST_XDP_LIVE_FRAMES (1U << 1)
#endif

static uint64_t sent_of(const struct steer_interface *i, uint32_t flow)
{
	return counter_get(&i->sent[flow].sequence);
}

/* Up to where a flow's frames were executed or are lost. */
static uint64_t through(const struct steer_interface *i, uint32_t flow)
{
	uint64_t seen = counter_get(&i->seen[flow].sequence), past = i->sent[flow].past;

	return seen > past ? seen : past;
}

bool steer_is_blind(const struct steer_interface *i, unsigned target)
{
	bool is_blind = i->place->generic;

	for (unsigned queue = 0; queue < STEER_QUEUES && !is_blind; queue++)
		is_blind =
			counter_get(&i->sent[steer_flow(i->steer->slot, queue, target)].untagged) >
			0;
	return is_blind;
}

bool steer_is_through(
	const struct steer_interface *i, unsigned target, unsigned queue, uint64_t sequence)
{
	return i->epochs[target].settled[queue] >= sequence;
}

bool steer_is_clear(const struct steer_interface *i, unsigned target, uint64_t then_ns)
{
	return i->epochs[target].clear_ns > then_ns;
}

/* Sends one, at each look, for a full queue loses probes, too. A look at the flows came before, so it is queued
 * behind what that has seen. */
static void send_probe(struct steer_interface *i, unsigned target)
{
	struct steer_epoch *e = &i->epochs[target];
	const struct steer_probe probe = { .cpu = i->steer->now.cpu[target],
		.index = steer_probe_index(i->steer->slot, target),
		.number = i->probes_sent + 1 };
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = &probe, .data_size_in = sizeof(probe),
		.repeat = 1, .batch_size = 1, .flags = BPF_F_TEST_XDP_LIVE_FRAMES);
	int fd = i->place->map_fd(i->place, "steer_probe"), ret;

	if (i->probes_fail || fd < 0)
		return;
	ret = bpf_prog_test_run_opts(fd, &run);
	if (!ret) {
		i->probes_sent++;
		if (!e->probe)
			e->probe = i->probes_sent;
		return;
	}
	i->probes_fail = true;
	log_write(i->steer->log, LOG_INFO,
		"service %s: %s: packets behind which nothing comes count as lost after %d s: no "
		"probe can be sent: %s",
		i->steer->name, i->place->name, (int)(LOST_NS / NSEC_PER_SEC), strerror(-ret));
}

/* Whether the CPU has executed something that was queued behind the epoch's second look. */
static bool has_evidence(const struct steer_interface *i, unsigned target, uint64_t now_ns)
{
	const struct steer_epoch *e = &i->epochs[target];
	uint64_t probe =
		counter_get((const __u64 *)&i->probes[steer_probe_index(i->steer->slot, target)]);

	for (unsigned queue = 0; queue < STEER_QUEUES; queue++)
		if (counter_get(&i->seen[steer_flow(i->steer->slot, queue, target)].sequence) >
			e->second[queue])
			return true;
	return e->probe ? probe >= e->probe : i->probes_fail && now_ns - e->second_ns > LOST_NS;
}

static void begin_epoch(struct steer_interface *i, unsigned target, uint64_t now_ns)
{
	struct steer_epoch *e = &i->epochs[target];

	memcpy(e->first, e->second, sizeof(e->first));
	e->first_ns = e->second_ns;
	e->second_ns = now_ns;
	e->probe = 0;
	for (unsigned queue = 0; queue < STEER_QUEUES; queue++)
		e->second[queue] = sent_of(i, steer_flow(i->steer->slot, queue, target));
}

/* The CPU's thread hands frames to the stack in batches, and may have to wait for its turn between two. What its
 * program has seen by a look is settled when so many more came that the batch was full, or when the thread has
 * found its queue empty, which ends a batch, a look ago. */
static void settle(struct steer_interface *i, unsigned target)
{
	struct steer_epoch *e = &i->epochs[target];
	uint64_t now[STEER_QUEUES], packets = 0;
	bool is_empty = true;

	for (unsigned queue = 0; queue < STEER_QUEUES; queue++) {
		uint32_t flow = steer_flow(i->steer->slot, queue, target);

		packets += counter_get(&i->seen[flow].packets);
		now[queue] = through(i, flow);
		is_empty &= now[queue] >= sent_of(i, flow);
	}
	if (e->was_empty || packets - e->seen_packets >= STEER_BATCH) {
		memcpy(e->settled, e->seen, sizeof(e->settled));
		memcpy(e->seen, now, sizeof(e->seen));
		e->seen_packets = packets;
	}
	e->was_empty = is_empty;
}

/* A frame that gives evidence may be in one batch with what it tells of: the kernel half hears of that a look later. */
static bool tell_past(struct steer_interface *i, unsigned target)
{
	struct steer_epoch *e = &i->epochs[target];
	bool is_through = true, is_settled = true;

	for (unsigned queue = 0; queue < STEER_QUEUES; queue++) {
		uint32_t flow = steer_flow(i->steer->slot, queue, target);

		if (e->past[queue] > i->sent[flow].past)
			counter_set(&i->sent[flow].past, e->past[queue]);
		is_through &= through(i, flow) >= e->first[queue];
		is_settled &= e->settled[queue] >= e->first[queue];
	}
	if (is_settled)
		e->clear_ns = e->first_ns;
	return is_through;
}

static void look_at(struct steer_interface *i, unsigned target, uint64_t now_ns)
{
	struct steer_epoch *e = &i->epochs[target];

	settle(i, target);
	if (tell_past(i, target)) {
		begin_epoch(i, target, now_ns);
	} else if (has_evidence(i, target, now_ns)) {
		memcpy(e->past, e->first, sizeof(e->past));
	} else {
		send_probe(i, target);
	}
}

void steer_tend_ways(struct steer *s)
{
	uint64_t now_ns = clock_now_ns();

	for (struct steer_interface *i = s->interfaces; i; i = i->next)
		for (unsigned t = 0; t < s->now.targets; t++)
			look_at(i, t, now_ns);
}

/* Adds a flow's frames. */
static void count_flow(const struct steer_interface *i, uint32_t flow, struct steer_count *count)
{
	/* downstream first: what moves on meanwhile is in flight */
	uint64_t lost = counter_get(&i->seen[flow].lost);
	uint64_t delivered = counter_get(&i->seen[flow].packets);
	uint64_t seen = counter_get(&i->seen[flow].sequence), all = through(i, flow);
	uint64_t sent = sent_of(i, flow), untagged = counter_get(&i->sent[flow].untagged);

	count->redirected += sent + untagged;
	count->untold += untagged;
	count->delivered += delivered;
	count->lost += lost + (all > seen ? all - seen : 0);
	count->in_flight += sent > all ? sent - all : 0;
	count->taken += counter_get(&i->sent[flow].taken);
}

void steer_count(const struct steer_interface *i, unsigned target, struct steer_count *count)
{
	for (unsigned queue = 0; queue < STEER_QUEUES; queue++)
		count_flow(i, steer_flow(i->steer->slot, queue, target), count);
}

/* What has been shown as lost stays so, should it come after all. */
static void keep_lost(uint64_t *shown, struct steer_count *count)
{
	if (count->lost < *shown) {
		count->delivered -= *shown - count->lost;
		count->lost = *shown;
	}
	*shown = count->lost;
}

struct steer_count steer_count_target(struct steer *s, unsigned target)
{
	struct steer_count count = s->past[target];

	for (const struct steer_interface *i = s->interfaces; i; i = i->next)
		steer_count(i, target, &count);
	keep_lost(&s->lost[target], &count);
	return count;
}

void steer_follow(void *part, uint32_t queue, struct service_way *way)
{
	struct steer_interface *i = part;
	struct steer_count count = { 0 };

	for (unsigned t = 0; t < i->steer->now.targets && !i->steer->readers; t++)
		count_flow(i, steer_flow(i->steer->slot, queue, t), &count);
	keep_lost(&i->lost[queue % STEER_QUEUES], &count);
	*way = (struct service_way){ count.redirected, count.lost, count.in_flight };
}
