/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "export/export.h"
#include "export/writer.h"
#include "stats/metric.h"
#include "stats/units.h"

/* Two rows of the metric table share a column when they mean the same of different things. The drop
 * reasons of queues and of services are different ones. */
static bool same_column(const struct metric *a, const struct metric *b)
{
	return a->kind == b->kind && a->bin_names == b->bin_names && a->bins == b->bins &&
	       !strcmp(a->name, b->name);
}

/* True when the metric opens a column: it is the first of its kind among those that have rows. */
static bool opens_column(const struct metric *metric)
{
	if (metric->scope == METRIC_INTERFACE || metric->scope == METRIC_FIGURE)
		return false;
	/* the columns of queues and services hold them */
	if (metric->scope == METRIC_TOTALS && metric->kind == METRIC_DROPS)
		return false;
	for (const struct metric *other = metrics; other < metric; other++)
		if (other->scope != METRIC_INTERFACE && same_column(other, metric))
			return false;
	return true;
}

static const struct metric *metric_in_scope(
	const struct metric *column, enum metric_scope scope, enum level level)
{
	for (unsigned i = 0; i < metrics_count; i++)
		if (metrics[i].scope == scope && metrics[i].level <= level &&
			same_column(&metrics[i], column))
			return &metrics[i];
	return NULL;
}

static void put_text(struct writer *out, const char *text)
{
	if (!text[strcspn(text, ",\"\r\n")]) {
		writer_text(out, text);
		return;
	}
	writer_text(out, "\"");
	for (; *text; text++)
		writer_bytes(out, *text == '"' ? "\"\"" : text, *text == '"' ? 2 : 1);
	writer_text(out, "\"");
}

static void put_count(struct writer *out, uint64_t value)
{
	if (value != SNAPSHOT_UNKNOWN)
		writer_format(out, "%" PRIu64, value);
}

static void put_scalar(struct writer *out, const struct metric *metric, const void *record)
{
	const void *value = metric_value(metric, record);
	char text[UNITS_FIXED_BYTES];

	writer_text(out, ",");
	if (metric->kind == METRIC_RATE) {
		if (isfinite(*(const double *)value))
			writer_text(
				out, units_fixed(text, sizeof(text), *(const double *)value, 1));
	} else if (metric->kind == METRIC_BALANCE) {
		if (*(const int64_t *)value != SNAPSHOT_BALANCE_UNKNOWN)
			writer_format(out, "%" PRId64, *(const int64_t *)value);
	} else {
		put_count(out, metric_count(metric, record, 0));
	}
}

static void put_latency(struct writer *out, const struct snapshot_latency *latency)
{
	writer_text(out, ",");
	if (latency && latency->sampled)
		writer_format(out, "1/%u", latency->sampled);
	for (unsigned i = 0; i < metrics_count; i++) {
		if (metrics[i].scope != METRIC_FIGURE)
			continue;
		if (latency)
			put_scalar(out, &metrics[i], latency);
		else
			writer_text(out, ",");
	}
}

/* The column's values; metric is NULL when the row has none. */
static void put_column(struct writer *out, const struct metric *column, const struct metric *metric,
	const void *record)
{
	if (column->kind == METRIC_LATENCY) {
		put_latency(out, metric ? metric_value(metric, record) : NULL);
	} else if (column->kind == METRIC_DROPS || column->kind == METRIC_BINS) {
		for (unsigned i = 0; i < column->bins; i++) {
			writer_text(out, ",");
			if (metric)
				put_count(out, metric_count(metric, record, i));
		}
	} else if (metric) {
		put_scalar(out, metric, record);
	} else {
		writer_text(out, ",");
	}
}

static void put_column_names(struct writer *out, const struct metric *column)
{
	if (column->kind == METRIC_LATENCY) {
		writer_format(out, ",%s_sampled", column->name);
		for (unsigned i = 0; i < metrics_count; i++)
			if (metrics[i].scope == METRIC_FIGURE)
				writer_format(out, ",%s_%s", column->name, metrics[i].name);
	} else if (column->kind == METRIC_DROPS || column->kind == METRIC_BINS) {
		for (unsigned i = 0; i < column->bins; i++)
			writer_format(out, ",%s_%s", column->name, column->bin_names[i]);
	} else {
		writer_format(out, ",%s", column->name);
	}
}

static void put_row(struct writer *out, const struct snapshot *snapshot, const char *kind,
	const char *name, enum metric_scope scope, const void *record)
{
	const struct metric *column;
	char time[UNITS_BYTES];

	writer_format(out, "%s,%s,", units_time(time, sizeof(time), snapshot->time_ns), kind);
	put_text(out, name);
	for (column = metrics; column < metrics + metrics_count; column++)
		if (opens_column(column))
			put_column(out, column, metric_in_scope(column, scope, snapshot->level),
				record);
	writer_text(out, "\n");
}

size_t export_csv_header(char *buffer, size_t size)
{
	struct writer out;

	writer_init(&out, buffer, size);
	writer_text(&out, "time,kind,name");
	for (unsigned i = 0; i < metrics_count; i++)
		if (opens_column(&metrics[i]))
			put_column_names(&out, &metrics[i]);
	writer_text(&out, "\n");
	return out.length;
}

size_t export_csv(const struct snapshot *snapshot, char *buffer, size_t size)
{
	struct writer out;
	char name[64];

	writer_init(&out, buffer, size);
	put_row(&out, snapshot, "totals", snapshot->name, METRIC_TOTALS, &snapshot->totals);
	for (unsigned i = 0; i < snapshot->queues_count; i++) {
		const struct snapshot_queue *queue = &snapshot->queues[i];

		snprintf(name, sizeof(name), "%s:%u",
			queue->interface < snapshot->interfaces_count
				? snapshot->interfaces[queue->interface].name
				: "",
			queue->queue);
		put_row(&out, snapshot, "queue", name, METRIC_QUEUE, queue);
	}
	for (unsigned i = 0; i < snapshot->services_count; i++)
		put_row(&out, snapshot, "service", snapshot->services[i].name, METRIC_SERVICE,
			&snapshot->services[i]);
	return out.length;
}
