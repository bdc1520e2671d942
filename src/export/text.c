/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "export/export.h"
#include "export/text_figures.h"
#include "export/writer.h"
#include "stats/metric.h"
#include "stats/units.h"

/* From this many queues on, those without traffic are counted instead of shown. */
#define QUEUES_SHOWN_IDLE 16
/* Where a row's numbers begin: behind "    queue 127 cpu 255  starting". */
#define NAME_COLUMNS 33
#define LATENCY_COLUMNS 44
/* The longest 64-bit count in decimal, its sign and the terminating 0. */
#define COUNT_BYTES 24

struct text {
	struct writer out;
	const struct snapshot *snapshot;
	size_t line; /* out.length at the start of the line */
	bool latency_headed;
};

static void start_line(struct text *text, const char *indent)
{
	text->line = text->out.length;
	writer_text(&text->out, indent);
}

static void end_line(struct text *text)
{
	writer_text(&text->out, "\n");
}

static const char *count_text(char buffer[COUNT_BYTES], uint64_t count)
{
	if (count == SNAPSHOT_UNKNOWN)
		return "?";
	snprintf(buffer, COUNT_BYTES, "%" PRIu64, count);
	return buffer;
}

static const char *balance_text(char buffer[COUNT_BYTES], int64_t count)
{
	if (count == SNAPSHOT_BALANCE_UNKNOWN)
		return "?";
	snprintf(buffer, COUNT_BYTES, "%" PRId64, count);
	return buffer;
}

/* The moment, the rates, and the books: what came in equals the sum of what became of it. */
static void put_totals(struct text *text)
{
	const struct snapshot_totals *totals = &text->snapshot->totals;
	char time[UNITS_BYTES], rates[4][UNITS_BYTES], counts[7][COUNT_BYTES];

	writer_format(&text->out, "%s  rx %s %s  tx %s %s  drop %s%s\n",
		units_time(time, sizeof(time), text->snapshot->time_ns),
		units_si(rates[0], UNITS_BYTES, totals->flow.rx_pps, "pps"),
		units_si(rates[1], UNITS_BYTES, totals->flow.rx_bps, "b/s"),
		units_si(rates[2], UNITS_BYTES, totals->flow.tx_pps, "pps"),
		units_si(rates[3], UNITS_BYTES, totals->flow.tx_bps, "b/s"),
		count_text(counts[0], totals->drop_packets),
		text->snapshot->final ? "  final" : "");
	writer_format(&text->out,
		"  received %s%s%s = sent %s + dropped %s + passed on %s + in flight %s; "
		"unaccounted "
		"%s\n",
		count_text(counts[1], totals->flow.rx_packets),
		totals->made_packets ? " + made " : "",
		totals->made_packets ? count_text(counts[6], totals->made_packets) : "",
		count_text(counts[2], totals->flow.tx_packets),
		count_text(counts[0], totals->drop_packets),
		count_text(counts[3], totals->pass_packets),
		count_text(counts[4], totals->in_flight_packets),
		balance_text(counts[5], totals->unaccounted_packets));
}

static void put_headings(struct text *text)
{
	static const char *const headings[] = { "rx pps", "rx b/s", "tx pps", "tx b/s", "rx", "tx",
		"drop" };

	start_line(text, "  ");
	writer_plain(&text->out, text->snapshot->name);
	writer_pad(&text->out, text->line, NAME_COLUMNS);
	for (unsigned i = 0; i < sizeof(headings) / sizeof(headings[0]); i++)
		writer_format(&text->out, "%8s", headings[i]);
	if (text->snapshot->level >= LEVEL_DETAILED)
		writer_text(&text->out, "  busy");
	end_line(text);
}

static void put_flow(struct text *text, const struct snapshot_flow *flow, uint64_t drops)
{
	const double rates[] = { flow->rx_pps, flow->rx_bps, flow->tx_pps, flow->tx_bps };
	const uint64_t counts[] = { flow->rx_packets, flow->tx_packets, drops };
	char number[UNITS_BYTES];

	writer_pad(&text->out, text->line, NAME_COLUMNS);
	for (unsigned i = 0; i < 4; i++)
		writer_format(&text->out, "%8s", units_si(number, sizeof(number), rates[i], ""));
	for (unsigned i = 0; i < 3; i++)
		writer_format(
			&text->out, "%8s", units_si_count(number, sizeof(number), counts[i], ""));
}

static void put_queue(struct text *text, const struct snapshot_queue *queue)
{
	char number[UNITS_BYTES];

	start_line(text, "    ");
	writer_format(&text->out, "queue %u", queue->queue);
	writer_pad(&text->out, text->line, 14);
	if (queue->cpu != SNAPSHOT_NONE)
		writer_format(&text->out, "cpu %u", queue->cpu);
	writer_pad(&text->out, text->line, 23);
	writer_text(
		&text->out, queue->state < QUEUE_STATES ? queue_state_names[queue->state] : "?");
	put_flow(text, &queue->flow, snapshot_queue_drops(queue));
	if (text->snapshot->level >= LEVEL_DETAILED) {
		units_fixed(number, sizeof(number), queue->busy_percent, 0);
		writer_format(&text->out, " %4s%%", number);
	}
	end_line(text);
}

static bool is_idle(const struct snapshot_queue *queue)
{
	const struct snapshot_flow *flow = &queue->flow;

	if (queue->state != QUEUE_RUNNING)
		return false;
	if (isnan(flow->rx_pps) || isnan(flow->tx_pps))
		return !flow->rx_packets && !flow->tx_packets;
	return flow->rx_pps <= 0 && flow->tx_pps <= 0;
}

static void put_field(struct text *text, const char *separator, const char *field)
{
	if (!*field)
		return;
	writer_text(&text->out, separator);
	writer_plain(&text->out, field);
}

static void put_interface(struct text *text, unsigned index)
{
	const struct snapshot *snapshot = text->snapshot;
	const struct snapshot_interface *interface = &snapshot->interfaces[index];
	unsigned idle = 0;

	start_line(text, "  ");
	writer_plain(&text->out, interface->name);
	put_field(text, ": ", interface->state);
	put_field(text, ", ", interface->driver);
	put_field(text, ", ", interface->io);
	put_field(text, " ", interface->xdp);
	if (interface->zero_copy >= 0)
		writer_text(&text->out, interface->zero_copy ? " zero copy" : " copy");
	put_field(text, ", ", interface->poll);
	end_line(text);
	if (*interface->why) {
		start_line(text, "    ");
		writer_plain(&text->out, interface->why);
		end_line(text);
	}
	for (unsigned i = 0; i < snapshot->queues_count; i++) {
		const struct snapshot_queue *queue = &snapshot->queues[i];

		if (queue->interface != index)
			continue;
		if (snapshot->queues_count > QUEUES_SHOWN_IDLE && is_idle(queue))
			idle++;
		else
			put_queue(text, queue);
	}
	if (idle)
		writer_format(
			&text->out, "    %u queue%s without traffic\n", idle, idle == 1 ? "" : "s");
}

static void put_service(struct text *text, uint32_t index)
{
	const struct snapshot_service *service = &text->snapshot->services[index];

	start_line(text, "  ");
	writer_plain(&text->out, service->name);
	writer_pad(&text->out, text->line, 23);
	writer_plain(&text->out, service->state);
	put_flow(text, &service->flow, snapshot_service_drops(service));
	end_line(text);
	for (unsigned i = 0; i < service->paths_count; i++) {
		const struct snapshot_service_path *path = &service->paths[i];

		if (path->interface >= text->snapshot->interfaces_count)
			continue;
		start_line(text, "    ");
		writer_plain(&text->out, text->snapshot->interfaces[path->interface].name);
		writer_format(&text->out, ": answered by the %s half",
			strcmp(path->path, "kernel") ? "user" : "kernel");
		put_field(text, ", ", path->why);
		end_line(text);
	}
	text_figures_put(&text->out, text->snapshot, index);
}

static void put_drops(struct text *text)
{
	for (unsigned i = 0; i < DROPS; i++) {
		uint64_t drops = text->snapshot->totals.drop[i];

		if (drops && drops != SNAPSHOT_UNKNOWN)
			writer_format(&text->out, "  drop %s %" PRIu64 ": %s\n    %s\n",
				drop_names[i], drops, drop_texts[i].meaning, drop_texts[i].advice);
	}
}

static void put_figure(struct text *text, const struct metric *metric, const void *record)
{
	char number[UNITS_BYTES];

	if (metric->kind == METRIC_RATE) {
		double value = *(const double *)metric_value(metric, record);

		units_ns(number, sizeof(number), value >= 0 ? (uint64_t)value : SNAPSHOT_UNKNOWN);
	} else if (!strcmp(metric->unit, "ns")) {
		units_ns(number, sizeof(number), metric_count(metric, record, 0));
	} else {
		units_si_count(number, sizeof(number), metric_count(metric, record, 0), "");
	}
	writer_format(&text->out, "%7s", number);
}

/* Above the first row only, so that a level without measurements yet has no empty table. */
static void put_latency_headings(struct text *text)
{
	if (text->latency_headed)
		return;
	text->latency_headed = true;
	start_line(text, "  latency");
	writer_pad(&text->out, text->line, LATENCY_COLUMNS);
	for (unsigned i = 0; i < metrics_count; i++)
		if (metrics[i].scope == METRIC_FIGURE)
			writer_format(&text->out, "%7s", metrics[i].name);
	end_line(text);
}

static void put_latency(
	struct text *text, const char *name, unsigned queue, const struct snapshot_latency *latency)
{
	if (!latency->sampled || latency->count == SNAPSHOT_UNKNOWN || !latency->count)
		return;
	put_latency_headings(text);
	start_line(text, "    ");
	writer_plain(&text->out, name);
	if (queue != SNAPSHOT_NONE)
		writer_format(&text->out, ":%u", queue);
	put_field(text, " ", latency->what);
	writer_format(&text->out, " 1/%u", latency->sampled);
	writer_pad(&text->out, text->line, LATENCY_COLUMNS);
	for (unsigned i = 0; i < metrics_count; i++)
		if (metrics[i].scope == METRIC_FIGURE)
			put_figure(text, &metrics[i], latency);
	end_line(text);
}

static void put_latencies(struct text *text)
{
	const struct snapshot *snapshot = text->snapshot;

	for (unsigned i = 0; i < snapshot->queues_count; i++) {
		const struct snapshot_queue *queue = &snapshot->queues[i];

		if (queue->interface < snapshot->interfaces_count)
			put_latency(text, snapshot->interfaces[queue->interface].name, queue->queue,
				&queue->latency);
	}
	for (unsigned i = 0; i < snapshot->services_count; i++)
		put_latency(text, snapshot->services[i].name, SNAPSHOT_NONE,
			&snapshot->services[i].latency);
}

size_t export_text(const struct snapshot *snapshot, char *buffer, size_t size)
{
	struct text text = { .snapshot = snapshot };

	writer_init(&text.out, buffer, size);
	put_totals(&text);
	put_headings(&text);
	for (unsigned i = 0; i < snapshot->interfaces_count; i++)
		put_interface(&text, i);
	for (unsigned i = 0; i < snapshot->services_count; i++)
		put_service(&text, i);
	put_drops(&text);
	if (snapshot->level >= LEVEL_DETAILED)
		put_latencies(&text);
	if (snapshot->level >= LEVEL_DEBUG && snapshot->debug_left_s && !snapshot->final)
		writer_format(&text.out, "  level debug falls back to detailed in %u s\n",
			snapshot->debug_left_s);
	return text.out.length;
}
