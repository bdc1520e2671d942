/* SPDX-License-Identifier: BSD-2-Clause */
#include "stats/snapshot.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "stats/figure_rate.h"

const char *const level_names[] = { "basic", "detailed", "debug", NULL };

const char *const queue_state_names[QUEUE_STATES] = {
	[QUEUE_STARTING] = "starting",
	[QUEUE_RUNNING] = "running",
	[QUEUE_DOWN] = "down",
	[QUEUE_ABSENT] = "absent",
	[QUEUE_STALLED] = "stalled",
	[QUEUE_STOPPED] = "stopped",
	[QUEUE_FAILED] = "failed",
};

const char *const batch_bin_names[SNAPSHOT_BATCH_BINS] = { "1", "2-3", "4-7", "8-15", "16-31",
	"32-63", "64-127", "128+" };

const char *const size_bin_names[SIZE_BINS] = { "64", "65-127", "128-255", "256-511", "512-1023",
	"1024-1518", "1519+" };

const char *const drop_names[DROPS] = {
#define DROP_NAME(reason) [DROP_##reason] = #reason,
	DROP_REASONS(DROP_NAME)
#undef DROP_NAME
};

const struct drop_text drop_texts[DROPS] = {
	[DROP_rate_limited] = { "more packets than max_pps or source_pps allow",
		"intended; raise the limit if these packets should be answered" },
	[DROP_ttl_exceeded] = { "the TTL or hop limit was used up",
		"look for a second reflector that answers this one: packets may be going in "
		"circles" },
	[DROP_bad_checksum] = { "an IPv4 or UDP checksum was wrong (checksum = verify)",
		"look for a bad cable or NIC; on a veth peer: ethtool -K PEER tx off" },
	[DROP_denied] = { "the source is in deny of [access]",
		"intended; take the prefix off the list if it should be served" },
	[DROP_not_acknowledged] = { "a client went on before it had acknowledged the whole answer",
		"none needed: the client sends it again" },
	[DROP_bad_sequence] = { "a reset or a segment that does not fit its connection's numbers",
		"a few are normal; many may be somebody who forges resets" },
	[DROP_truncated] = { "shorter than the protocol's header",
		"look at the sender; invalid = pass leaves such packets to the stack" },
	[DROP_bad_magic] = { "the header's magic number was another one",
		"not this protocol, or another version: compare the sender with `magic`" },
	[DROP_bad_length] = { "the header's length was not the packet's",
		"look at the sender, and at `length` and `header`" },
	[DROP_fragment] = { "the first of several fragments, which have no place here",
		"look at the sender's MTU; fragments = pass leaves them to the stack" },
	[DROP_cpu_ring_full] = { "the CPU that it was steered to is too slow: its queue was full",
		"give that CPU fewer slots, or raise cpumap_size" },
	[DROP_rx_ring_full] = { "the worker is too slow: its RX ring was full",
		"spread the traffic over more queues, or give the worker a CPU of its own" },
	/* a frame that does not fit is refused at the start (MTU), so this is overload */
	[DROP_rx_dropped] = { "the worker is too slow: the kernel found no free frame for it",
		"spread the traffic over more queues, or give the worker a CPU of its own" },
	[DROP_tx_ring_full] = { "sending is slower than receiving: the TX ring was full",
		"check the link's speed and its peer; path = kernel or zero copy send faster" },
	[DROP_tx_failed] = { "the driver could not transmit an answer of the kernel half",
		"raise the NIC's TX ring (ethtool -G); a veth peer needs an XDP program" },
	[DROP_bad_frame] = { "a frame was cut short, or the kernel refused its descriptor",
		"compare the MTU with frame_size, or the capture's snap length with its packets" },
	[DROP_not_passable] = { "only the Linux stack could want it, and a worker cannot give it "
				"back",
		"a few after a change of state or MAC address are normal; otherwise use path = "
		"kernel" },
};

static uint64_t sum_known(uint64_t a, uint64_t b)
{
	return a == SNAPSHOT_UNKNOWN || b == SNAPSHOT_UNKNOWN ? SNAPSHOT_UNKNOWN : a + b;
}

uint64_t snapshot_queue_drops(const struct snapshot_queue *queue)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < DROPS; i++)
		if (i != DROP_tx_failed || queue->drop[i] != SNAPSHOT_UNKNOWN)
			sum = sum_known(sum, queue->drop[i]);
	return sum;
}

/* A service's reasons are somebody's intention, but for a CPU that is too slow; a queue's are losses. */
bool drop_is_loss(enum drop reason)
{
	return reason >= DROPS_OF_SERVICE || reason == DROP_cpu_ring_full;
}

uint64_t snapshot_service_drops(const struct snapshot_service *service)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < DROPS_OF_SERVICE; i++)
		sum = sum_known(sum, service->drop[i]);
	return sum;
}

bool snapshot_is_unused(const struct snapshot_interface *interface)
{
	return !strcmp(interface->state, "unused");
}

unsigned snapshot_queues_in_use(const struct snapshot *snapshot)
{
	unsigned count = 0;

	for (unsigned i = 0; i < snapshot->queues_count; i++) {
		uint32_t interface = snapshot->queues[i].interface;

		count += interface >= snapshot->interfaces_count ||
			 !snapshot_is_unused(&snapshot->interfaces[interface]);
	}
	return count;
}

/* What is known of a reason is shown, as long as some queue knows anything. */
static uint64_t sum_reason(const struct snapshot *snapshot, unsigned reason)
{
	uint64_t sum = snapshot->queues_count ? SNAPSHOT_UNKNOWN : 0;

	for (unsigned i = 0; i < snapshot->queues_count; i++) {
		uint64_t drop = snapshot->queues[i].drop[reason];

		if (drop != SNAPSHOT_UNKNOWN)
			sum = sum == SNAPSHOT_UNKNOWN ? drop : sum + drop;
	}
	return sum;
}

void snapshot_add_up(struct snapshot *snapshot)
{
	struct snapshot_totals *totals = &snapshot->totals;
	struct snapshot_flow *flow = &totals->flow;

	flow->rx_packets = flow->rx_bytes = flow->tx_packets = flow->tx_bytes = 0;
	totals->drop_packets = totals->pass_packets = totals->in_flight_packets = 0;
	totals->delivered_packets = totals->made_packets = 0;
	for (unsigned i = 0; i < DROPS; i++)
		totals->drop[i] = sum_reason(snapshot, i);
	totals->unaccounted_packets = 0;
	for (unsigned i = 0; i < snapshot->queues_count; i++) {
		const struct snapshot_queue *queue = &snapshot->queues[i];

		flow->rx_packets = sum_known(flow->rx_packets, queue->flow.rx_packets);
		flow->rx_bytes = sum_known(flow->rx_bytes, queue->flow.rx_bytes);
		flow->tx_packets = sum_known(flow->tx_packets, queue->flow.tx_packets);
		flow->tx_bytes = sum_known(flow->tx_bytes, queue->flow.tx_bytes);
		totals->made_packets = sum_known(totals->made_packets, queue->made_packets);
		totals->drop_packets = sum_known(totals->drop_packets, snapshot_queue_drops(queue));
		totals->pass_packets = sum_known(totals->pass_packets, queue->pass_packets);
		totals->delivered_packets =
			sum_known(totals->delivered_packets, queue->delivered_packets);
		totals->in_flight_packets =
			sum_known(totals->in_flight_packets, queue->in_flight_packets);
		if (queue->unaccounted_packets == SNAPSHOT_BALANCE_UNKNOWN)
			totals->unaccounted_packets = SNAPSHOT_BALANCE_UNKNOWN;
		else if (totals->unaccounted_packets != SNAPSHOT_BALANCE_UNKNOWN)
			totals->unaccounted_packets += queue->unaccounted_packets;
	}
}

/* A second; NAN when it cannot be known. interval_s 0: there is no interval. */
static double rate(uint64_t now, uint64_t before, double interval_s)
{
	if (now == SNAPSHOT_UNKNOWN || before == SNAPSHOT_UNKNOWN || now < before ||
		interval_s <= 0)
		return NAN;
	return (double)(now - before) / interval_s;
}

static void set_flow_rates(
	struct snapshot_flow *now, const struct snapshot_flow *before, double interval_s)
{
	now->rx_pps = before ? rate(now->rx_packets, before->rx_packets, interval_s) : NAN;
	now->rx_bps = before ? rate(now->rx_bytes, before->rx_bytes, interval_s) * 8 : NAN;
	now->tx_pps = before ? rate(now->tx_packets, before->tx_packets, interval_s) : NAN;
	now->tx_bps = before ? rate(now->tx_bytes, before->tx_bytes, interval_s) * 8 : NAN;
}

static const char *interface_name(const struct snapshot *snapshot, uint32_t index)
{
	return index < snapshot->interfaces_count ? snapshot->interfaces[index].name : "";
}

/* The same queue in an earlier snapshot. It is mostly at the same index, but a reload may have
 * added or removed an interface in front of it. */
static const struct snapshot_queue *queue_before(
	const struct snapshot *now, unsigned index, const struct snapshot *before)
{
	const struct snapshot_queue *queue = &now->queues[index];

	for (unsigned i = 0; before && i < before->queues_count; i++) {
		const struct snapshot_queue *old =
			&before->queues[(index + i) % before->queues_count];

		if (old->queue == queue->queue && !strcmp(interface_name(now, queue->interface),
							  interface_name(before, old->interface)))
			return old;
	}
	return NULL;
}

static const struct snapshot_service *service_before(
	const struct snapshot_service *service, const struct snapshot *before)
{
	for (unsigned i = 0; before && i < before->services_count; i++)
		if (!strcmp(before->services[i].name, service->name))
			return &before->services[i];
	return NULL;
}

void snapshot_set_rates(struct snapshot *now, const struct snapshot *before)
{
	double interval_s;

	if (before &&
		(before->sequence >= now->sequence || before->monotonic_ns >= now->monotonic_ns))
		before = NULL;
	now->interval_ns = before ? now->monotonic_ns - before->monotonic_ns : 0;
	interval_s = (double)now->interval_ns / (double)NSEC_PER_SEC;

	set_flow_rates(&now->totals.flow, before ? &before->totals.flow : NULL, interval_s);
	for (unsigned i = 0; i < now->queues_count; i++) {
		struct snapshot_queue *queue = &now->queues[i];
		const struct snapshot_queue *old = queue_before(now, i, before);

		set_flow_rates(&queue->flow, old ? &old->flow : NULL, interval_s);
		queue->busy_percent =
			old ? rate(queue->busy_ns, old->busy_ns, interval_s) / 1e7 : NAN;
		/* a batch that began before the interval is counted when it ends, inside it */
		if (queue->busy_percent > 100)
			queue->busy_percent = 100;
	}
	for (unsigned i = 0; i < now->services_count; i++) {
		const struct snapshot_service *old = service_before(&now->services[i], before);

		set_flow_rates(&now->services[i].flow, old ? &old->flow : NULL, interval_s);
	}
	figure_rate_set(now, before);
}

void snapshot_set_latency(struct snapshot_latency *latency, const struct histogram *histogram,
	const char *what, uint32_t sampled)
{
	uint64_t count = 0;

	if (what != latency->what)
		snprintf(latency->what, sizeof(latency->what), "%s", what);
	latency->sampled = histogram ? sampled : 0;
	if (latency->sampled)
		count = histogram_count(histogram);
	latency->count = latency->sampled ? count : SNAPSHOT_UNKNOWN;
	latency->min = latency->p50 = latency->p90 = latency->p99 = SNAPSHOT_UNKNOWN;
	latency->p999 = latency->max = SNAPSHOT_UNKNOWN;
	latency->mean = NAN;
	if (!count)
		return;
	latency->max = histogram->max;
	latency->min = histogram_min(histogram);
	/* a copy of a histogram in use can have a value whose maximum is still to be written */
	if (latency->min > latency->max)
		latency->min = latency->max;
	latency->p50 = histogram_percentile(histogram, count, 500000);
	latency->p90 = histogram_percentile(histogram, count, 900000);
	latency->p99 = histogram_percentile(histogram, count, 990000);
	latency->p999 = histogram_percentile(histogram, count, 999000);
	latency->mean = (double)histogram->sum / (double)count;
}
