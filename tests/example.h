/* SPDX-License-Identifier: BSD-2-Clause */
/* A snapshot with a value of every kind, for the tests of what is made from it. */
#ifndef RINGSIDE_TESTS_EXAMPLE_H
#define RINGSIDE_TESTS_EXAMPLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "export/export.h"

static inline struct snapshot *new_snapshot(void)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));

	assert_non_null(snapshot);
	return snapshot;
}

static inline char *export_whole(
	size_t (*export)(const struct snapshot *, char *, size_t), const struct snapshot *snapshot)
{
	char *buffer = malloc(EXPORT_BYTES);
	size_t length;

	assert_non_null(buffer);
	length = export(snapshot, buffer, EXPORT_BYTES);
	assert_true(length < EXPORT_BYTES);
	assert_int_equal(strlen(buffer), length);
	return buffer;
}

static inline void fill_flow(struct snapshot_flow *flow, uint64_t packets, double pps)
{
	flow->rx_packets = packets;
	flow->rx_bytes = packets * 60;
	flow->tx_packets = packets - 20;
	flow->tx_bytes = (packets - 20) * 60;
	flow->rx_pps = pps;
	flow->rx_bps = pps * 480;
	flow->tx_pps = pps - 1;
	flow->tx_bps = (pps - 1) * 480;
}

static inline void fill_interface(struct snapshot_interface *interface)
{
	*interface = (struct snapshot_interface){ .name = "eth0",
		.driver = "veth",
		.state = "up",
		.mtu = 1500,
		.io = "af_xdp",
		.xdp = "native",
		.zero_copy = 0,
		.poll = "interrupt",
		.why = "zero copy: Operation not supported",
		.kernel_rx_packets = 3000,
		.kernel_rx_bytes = 180000,
		.kernel_pass = 3,
		.kernel_drop = 4,
		.kernel_tx = 2993,
		.kernel_tx_errors = SNAPSHOT_UNKNOWN,
		.kernel_redirect = 0 };
}

static inline void fill_queue(struct snapshot_queue *queue, const struct histogram *histogram)
{
	queue->cpu = 1;
	queue->state = QUEUE_RUNNING;
	fill_flow(&queue->flow, 3000, 22310000);
	queue->pass_packets = 3;
	queue->in_flight_packets = 5;
	queue->drop[DROP_rate_limited] = 4;
	queue->drop[DROP_rx_ring_full] = 8;
	queue->drop[DROP_tx_failed] = SNAPSHOT_UNKNOWN;
	queue->busy_percent = 71.26;
	queue->busy_ns = 712600000;
	for (unsigned i = 0; i < SNAPSHOT_BATCH_BINS; i++)
		queue->batches[i] = i + 10;
	snapshot_set_latency(&queue->latency, histogram, "hook to TX submission", 64);
	queue->rx_ring = 5;
	queue->tx_ring = 6;
	queue->fill_ring = 2000;
	queue->completion_ring = 7;
	queue->ring_size = 2048;
	queue->wakeups = 100;
	queue->empty_polls = 9;
	queue->fill_ring_empty = 1;
	for (unsigned i = 0; i < SIZE_BINS; i++)
		queue->sizes[i] = i + 20;
}

static inline void fill_service(struct snapshot_service *service, const struct histogram *histogram)
{
	snprintf(service->name, sizeof(service->name), "reflect");
	snprintf(service->type, sizeof(service->type), "reflect");
	snprintf(service->state, sizeof(service->state), "running");
	service->paths_count = 1;
	snprintf(service->paths[0].path, sizeof(service->paths[0].path), "kernel");
	snprintf(service->paths[0].why, sizeof(service->paths[0].why),
		"native XDP without zero copy");
	fill_flow(&service->flow, 2997, 22309999.5);
	service->drop[DROP_rate_limited] = 4;
	snapshot_set_latency(&service->latency, histogram, "hook to transmit", 64);
}

/* One interface with one busy queue and one that is down, one service: every kind of value. */
static inline struct snapshot *new_example(enum level level)
{
	struct snapshot *snapshot = new_snapshot();
	struct histogram *histogram = calloc(1, sizeof(*histogram));

	assert_non_null(histogram);
	for (uint64_t value = 1; value <= 60; value++)
		histogram_add(histogram, value);
	snprintf(snapshot->name, sizeof(snapshot->name), "ringside");
	snprintf(snapshot->version, sizeof(snapshot->version), "0.1.0");
	snapshot->time_ns = 1795176000250000000;
	snapshot->uptime_ns = 12000000000;
	snapshot->level = level;
	snapshot->interfaces_count = 1;
	snapshot->queues_count = 2;
	snapshot->services_count = 1;
	fill_interface(&snapshot->interfaces[0]);
	fill_queue(&snapshot->queues[0], histogram);
	snapshot->queues[1] =
		(struct snapshot_queue){ .queue = 1, .cpu = SNAPSHOT_NONE, .state = QUEUE_DOWN };
	snapshot_set_latency(&snapshot->queues[1].latency, NULL, "", 0);
	fill_service(&snapshot->services[0], histogram);
	snapshot_add_up(snapshot);
	snapshot->totals.flow.rx_pps = snapshot->queues[0].flow.rx_pps;
	snapshot->totals.flow.rx_bps = snapshot->queues[0].flow.rx_bps;
	snapshot->totals.flow.tx_pps = snapshot->totals.flow.tx_bps = NAN;
	snapshot->interval_ns = 1000400000;
	snapshot->debug_left_s = 42;
	free(histogram);
	return snapshot;
}

#endif
