/* SPDX-License-Identifier: BSD-2-Clause */
#include "stats/metric.h"

/* One row; the field's offset counts from the struct that the scope names. */
#define ROW(scope_, type_, kind_, level_, name_, field_, unit_, help_)                             \
	{                                                                                          \
		.name = name_, .unit = unit_, .help = help_, .scope = METRIC_##scope_,             \
		.kind = METRIC_##kind_, .level = LEVEL_##level_,                                   \
		.offset = offsetof(struct type_, field_)                                           \
	}
#define TOTALS(kind, name, field, unit, help)                                                      \
	ROW(TOTALS, snapshot_totals, kind, BASIC, name, field, unit, help)
#define INTERFACE(name, field, unit, help)                                                         \
	ROW(INTERFACE, snapshot_interface, COUNTER, BASIC, name, field, unit, help)
#define QUEUE(kind, level, name, field, unit, help)                                                \
	ROW(QUEUE, snapshot_queue, kind, level, name, field, unit, help)
#define SERVICE(kind, level, name, field, unit, help)                                              \
	ROW(SERVICE, snapshot_service, kind, level, name, field, unit, help)
#define FIGURE(kind, name, unit, help)                                                             \
	ROW(FIGURE, snapshot_latency, kind, DETAILED, #name, name, unit, help)
#define BINS(scope_, type_, kind_, level_, field_, from_, bins_, names_, unit_, help_)             \
	{                                                                                          \
		.name = #field_, .unit = unit_, .help = help_, .scope = METRIC_##scope_,           \
		.kind = METRIC_##kind_, .level = LEVEL_##level_,                                   \
		.offset = offsetof(struct type_, field_) + (from_) * sizeof(uint64_t),             \
		.bins = bins_, .bin_names = names_                                                 \
	}

/* clang-format off */
const struct metric metrics[] = {
	TOTALS(COUNTER, "rx_packets", flow.rx_packets, "packets",
		"Packets received by all queues."),
	TOTALS(COUNTER, "rx_bytes", flow.rx_bytes, "bytes",
		"Bytes received by all queues, layer 2 without FCS."),
	TOTALS(COUNTER, "tx_packets", flow.tx_packets, "packets",
		"Packets sent back by all queues, by either half."),
	TOTALS(COUNTER, "tx_bytes", flow.tx_bytes, "bytes",
		"Bytes sent back by all queues, layer 2 without FCS."),
	TOTALS(COUNTER, "made_packets", made_packets, "packets",
		"Packets sent besides one for each packet that was answered."),
	TOTALS(COUNTER, "drop_packets", drop_packets, "packets",
		"Packets dropped, for any reason."),
	TOTALS(COUNTER, "pass_packets", pass_packets, "packets",
		"Packets passed on to the Linux stack, a CPU or an application."),
	TOTALS(COUNTER, "delivered_packets", delivered_packets, "packets",
		"Packets delivered to an application or a CPU; they are among those passed on."),
	TOTALS(GAUGE, "in_flight_packets", in_flight_packets, "packets",
		"Packets received and not yet decided on, read from the rings."),
	TOTALS(BALANCE, "unaccounted_packets", unaccounted_packets, "packets",
		"Packets received that were neither sent, dropped nor passed on and are not in "
		"flight; 0 when the books balance."),
	TOTALS(RATE, "rx_pps", flow.rx_pps, "packets/s",
		"Packets received per second over the last interval."),
	TOTALS(RATE, "rx_bps", flow.rx_bps, "bits/s",
		"Bits received per second over the last interval, layer 2 without FCS."),
	TOTALS(RATE, "tx_pps", flow.tx_pps, "packets/s",
		"Packets sent per second over the last interval."),
	TOTALS(RATE, "tx_bps", flow.tx_bps, "bits/s",
		"Bits sent per second over the last interval, layer 2 without FCS."),

	BINS(TOTALS, snapshot_totals, DROPS, BASIC, drop, 0, DROPS, drop_names, "packets",
		"Packets dropped, by reason, those of services that have been removed among them."),

	INTERFACE("rx_packets", kernel_rx_packets, "packets",
		"Packets that the kernel half has seen on the interface."),
	INTERFACE("rx_bytes", kernel_rx_bytes, "bytes",
		"Bytes that the kernel half has seen on the interface, layer 2 without FCS."),
	INTERFACE("pass", kernel_pass, "packets",
		"Packets that the kernel half left to the Linux stack."),
	INTERFACE("deliver", kernel_deliver, "packets",
		"Packets that the kernel half delivered to a CPU."),
	INTERFACE("drop", kernel_drop, "packets",
		"Packets that the kernel half dropped."),
	INTERFACE("tx", kernel_tx, "packets",
		"Packets that the kernel half answered and gave to the driver."),
	INTERFACE("tx_errors", kernel_tx_errors, "packets",
		"Answers of the kernel half that the driver could not transmit, if known."),
	INTERFACE("redirect", kernel_redirect, "packets",
		"Packets that the kernel half handed to a worker."),

	QUEUE(COUNTER, BASIC, "rx_packets", flow.rx_packets, "packets",
		"Packets received by the queue, whichever half handled them."),
	QUEUE(COUNTER, BASIC, "rx_bytes", flow.rx_bytes, "bytes",
		"Bytes received by the queue, layer 2 without FCS."),
	QUEUE(COUNTER, BASIC, "tx_packets", flow.tx_packets, "packets",
		"Packets sent back by the queue, by either half."),
	QUEUE(COUNTER, BASIC, "tx_bytes", flow.tx_bytes, "bytes",
		"Bytes sent back by the queue, layer 2 without FCS."),
	QUEUE(COUNTER, BASIC, "made_packets", made_packets, "packets",
		"Packets sent by the queue besides one for each packet that was answered."),
	QUEUE(COUNTER, BASIC, "pass_packets", pass_packets, "packets",
		"Packets of the queue passed on to the Linux stack, a CPU or an application."),
	QUEUE(COUNTER, BASIC, "delivered_packets", delivered_packets, "packets",
		"Packets of the queue delivered to an application or a CPU; they are among those "
		"passed on."),
	QUEUE(GAUGE, BASIC, "in_flight_packets", in_flight_packets, "packets",
		"Packets of the queue received and not yet decided on, read from the rings."),
	QUEUE(BALANCE, BASIC, "unaccounted_packets", unaccounted_packets, "packets",
		"Packets of the queue that were neither sent, dropped nor passed on and are not in "
		"flight; 0 when the books balance."),
	QUEUE(RATE, BASIC, "rx_pps", flow.rx_pps, "packets/s",
		"Packets received by the queue per second over the last interval."),
	QUEUE(RATE, BASIC, "rx_bps", flow.rx_bps, "bits/s",
		"Bits received by the queue per second over the last interval, layer 2 without "
		"FCS."),
	QUEUE(RATE, BASIC, "tx_pps", flow.tx_pps, "packets/s",
		"Packets sent by the queue per second over the last interval."),
	QUEUE(RATE, BASIC, "tx_bps", flow.tx_bps, "bits/s",
		"Bits sent by the queue per second over the last interval, layer 2 without FCS."),
	QUEUE(RATE, DETAILED, "busy_percent", busy_percent, "percent",
		"Share of the last interval that the worker spent in batches that had frames."),
	QUEUE(COUNTER, DETAILED, "busy_ns", busy_ns, "ns",
		"Time that the worker has spent in batches that had frames."),
	BINS(QUEUE, snapshot_queue, DROPS, BASIC, drop, DROPS_OF_SERVICE, DROPS - DROPS_OF_SERVICE,
		drop_names + DROPS_OF_SERVICE, "packets",
		"Packets dropped by the queue, by reason."),
	QUEUE(LATENCY, DETAILED, "latency_ns", latency, "ns",
		"Latency of the queue's packets."),
	BINS(QUEUE, snapshot_queue, BINS, DETAILED, batches, 0, SNAPSHOT_BATCH_BINS,
		batch_bin_names, "batches",
		"Batches that the worker received, by their number of frames."),
	QUEUE(GAUGE, DEBUG, "rx_ring", rx_ring, "entries",
		"Entries in use in the RX ring."),
	QUEUE(GAUGE, DEBUG, "tx_ring", tx_ring, "entries",
		"Entries in use in the TX ring."),
	QUEUE(GAUGE, DEBUG, "fill_ring", fill_ring, "entries",
		"Free frames in the fill ring."),
	QUEUE(GAUGE, DEBUG, "completion_ring", completion_ring, "entries",
		"Sent frames in the completion ring, not yet taken back."),
	QUEUE(GAUGE, DEBUG, "ring_size", ring_size, "entries",
		"Entries that each of the queue's rings has."),
	QUEUE(COUNTER, DEBUG, "wakeups", wakeups, "calls",
		"System calls that woke the kernel to transmit or to receive."),
	QUEUE(COUNTER, DEBUG, "empty_polls", empty_polls, "polls",
		"Polls of the queue that found nothing."),
	QUEUE(COUNTER, DEBUG, "fill_ring_empty", fill_ring_empty, "times",
		"Times that the kernel found no free frame; explains rx_dropped and is never added "
		"to it."),
	BINS(QUEUE, snapshot_queue, BINS, DEBUG, sizes, 0, SIZE_BINS, size_bin_names, "packets",
		"Packets received by the queue, by bytes of layer 2 without FCS."),

	SERVICE(COUNTER, BASIC, "rx_packets", flow.rx_packets, "packets",
		"Packets that belong to the service."),
	SERVICE(COUNTER, BASIC, "rx_bytes", flow.rx_bytes, "bytes",
		"Bytes of the packets that belong to the service, layer 2 without FCS."),
	SERVICE(COUNTER, BASIC, "tx_packets", flow.tx_packets, "packets",
		"Packets that the service sent back, by either half."),
	SERVICE(COUNTER, BASIC, "tx_bytes", flow.tx_bytes, "bytes",
		"Bytes that the service sent back, layer 2 without FCS."),
	SERVICE(COUNTER, BASIC, "made_packets", made_packets, "packets",
		"Packets that the service sent besides one for each packet that it answered."),
	SERVICE(COUNTER, BASIC, "pass_packets", pass_packets, "packets",
		"Packets that the service left to the Linux stack."),
	SERVICE(COUNTER, BASIC, "delivered_packets", delivered_packets, "packets",
		"Packets that the service delivered to an application or a CPU."),
	SERVICE(RATE, BASIC, "rx_pps", flow.rx_pps, "packets/s",
		"Packets received by the service per second over the last interval."),
	SERVICE(RATE, BASIC, "rx_bps", flow.rx_bps, "bits/s",
		"Bits received by the service per second over the last interval, layer 2 without "
		"FCS."),
	SERVICE(RATE, BASIC, "tx_pps", flow.tx_pps, "packets/s",
		"Packets sent by the service per second over the last interval."),
	SERVICE(RATE, BASIC, "tx_bps", flow.tx_bps, "bits/s",
		"Bits sent by the service per second over the last interval, layer 2 without FCS."),
	BINS(SERVICE, snapshot_service, DROPS, BASIC, drop, 0, DROPS_OF_SERVICE, drop_names,
		"packets",
		"Packets dropped by the service, by reason."),
	BINS(SERVICE, snapshot_service, DROPS, BASIC, spared, 0, DROPS_OF_SERVICE, drop_names,
		"packets",
		"Packets passed though the rule found a reason to drop them, by reason."),
	SERVICE(LATENCY, DETAILED, "latency_ns", latency, "ns",
		"Latency of the service's packets."),

	FIGURE(COUNTER, count, "packets",
		"Packets whose latency was measured."),
	FIGURE(GAUGE, min, "ns",
		"The shortest latency, to 1.6 %."),
	FIGURE(RATE, mean, "ns",
		"The mean latency."),
	FIGURE(GAUGE, p50, "ns",
		"The latency that half of the packets stay below, to 1.6 %."),
	FIGURE(GAUGE, p90, "ns",
		"The latency that 90 % of the packets stay below, to 1.6 %."),
	FIGURE(GAUGE, p99, "ns",
		"The latency that 99 % of the packets stay below, to 1.6 %."),
	FIGURE(GAUGE, p999, "ns",
		"The latency that 99.9 % of the packets stay below, to 1.6 %."),
	FIGURE(GAUGE, max, "ns",
		"The longest latency, exact."),
};
/* clang-format on */

const unsigned metrics_count = sizeof(metrics) / sizeof(metrics[0]);
