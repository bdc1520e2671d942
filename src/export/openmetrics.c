// SPDX-License-Identifier: BSD-2-Clause
/*
 * Prometheus text 0.0.4 and OpenMetrics 1.0 from THE table of metrics. Rates are left out: who scrapes
 * works them out of the counters. What is not known has no sample.
 */
#include <math.h>
#include <stdio.h>

#include "base/clock.h"
#include "export/export.h"
#include "export/openmetrics_writer.h"
#include "stats/metric.h"

/* The records of a scope: how many, each one, and the labels that tell them apart. */
static unsigned records_count(const struct snapshot *s, enum metric_scope scope)
{
	switch (scope) {
	case METRIC_TOTALS:
		return 1;
	case METRIC_INTERFACE:
		return s->interfaces_count;
	case METRIC_QUEUE:
		return s->queues_count;
	case METRIC_SERVICE:
		return s->services_count;
	case METRIC_FIGURE:
		return 0; /* of a latency: they are its histogram or summary */
	}
	return 0;
}

static const void *record_at(const struct snapshot *s, enum metric_scope scope, unsigned index)
{
	switch (scope) {
	case METRIC_INTERFACE:
		return &s->interfaces[index];
	case METRIC_QUEUE:
		return &s->queues[index];
	case METRIC_SERVICE:
		return &s->services[index];
	default:
		return &s->totals;
	}
}

static void put_labels(
	struct om *om, const struct snapshot *s, enum metric_scope scope, unsigned index)
{
	char number[16];

	if (scope == METRIC_INTERFACE)
		om_label(om, "interface", s->interfaces[index].name);
	if (scope == METRIC_QUEUE) {
		om_label(om, "interface", s->interfaces[s->queues[index].interface].name);
		snprintf(number, sizeof(number), "%u", s->queues[index].queue);
		om_label(om, "queue", number);
	}
	if (scope == METRIC_SERVICE)
		om_service_labels(om, &s->services[index]);
}

/* The sample's labels, and one more. */
static void begin(struct om *om, const struct snapshot *s, const struct metric *metric,
	unsigned index, const char *suffix, const char *key, const char *value)
{
	om_begin(om, suffix);
	put_labels(om, s, metric->scope, index);
	if (key)
		om_label(om, key, value);
}

static void put_bins(
	struct om *om, const struct snapshot *s, const struct metric *metric, unsigned index)
{
	const char *key = metric->kind == METRIC_DROPS ? "reason" : "range";

	for (unsigned i = 0; i < metric->bins; i++) {
		uint64_t count = metric_count(metric, record_at(s, metric->scope, index), i);

		if (count == SNAPSHOT_UNKNOWN)
			continue;
		begin(om, s, metric, index, "", key, metric->bin_names[i]);
		om_count(om, count);
	}
}

/* Classic buckets up to 10 ns, 20, 50, 100 … 1 s, grouped as the dashboard does. */
static void put_histogram(
	struct om *om, const struct snapshot *s, const struct metric *metric, unsigned index)
{
	static const unsigned steps[] = { 1, 2, 5 };
	const struct histogram *histogram = &s->services[index].histogram;
	uint64_t decade = 10, ns = decade;
	char bound[32];

	for (unsigned k = 1; ns <= NSEC_PER_SEC; k++) {
		snprintf(bound, sizeof(bound), "%g", (double)ns / (double)NSEC_PER_SEC);
		begin(om, s, metric, index, "_bucket", "le", bound);
		om_count(om, histogram_below(histogram, ns));
		if (k % 3 == 0)
			decade *= 10;
		ns = decade * steps[k % 3];
	}
	begin(om, s, metric, index, "_bucket", "le", "+Inf");
	om_count(om, histogram_count(histogram));
	begin(om, s, metric, index, "_sum", NULL, NULL);
	om_seconds(om, histogram->sum);
	begin(om, s, metric, index, "_count", NULL, NULL);
	om_count(om, histogram_count(histogram));
}

/* A latency without its histogram: a queue's. */
static void put_summary(
	struct om *om, const struct snapshot *s, const struct metric *metric, unsigned index)
{
	const struct snapshot_latency *latency =
		metric_value(metric, record_at(s, metric->scope, index));
	const struct {
		const char *quantile;
		uint64_t ns;
	} rows[] = { { "0.5", latency->p50 }, { "0.9", latency->p90 }, { "0.99", latency->p99 },
		{ "0.999", latency->p999 }, { "1", latency->max } };

	for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (rows[i].ns == SNAPSHOT_UNKNOWN)
			continue;
		begin(om, s, metric, index, "", "quantile", rows[i].quantile);
		om_seconds(om, rows[i].ns);
	}
	begin(om, s, metric, index, "_sum", NULL, NULL);
	om_seconds(om, latency->count && isfinite(latency->mean)
			       ? (uint64_t)(latency->mean * (double)latency->count)
			       : 0);
	begin(om, s, metric, index, "_count", NULL, NULL);
	om_count(om, latency->count);
}

static void put_latency(
	struct om *om, const struct snapshot *s, const struct metric *metric, unsigned index)
{
	const struct snapshot_latency *latency =
		metric_value(metric, record_at(s, metric->scope, index));

	if (latency->count == SNAPSHOT_UNKNOWN)
		return;
	if (metric->scope == METRIC_SERVICE)
		put_histogram(om, s, metric, index);
	else
		put_summary(om, s, metric, index);
}

static void put_sample(
	struct om *om, const struct snapshot *s, const struct metric *metric, unsigned index)
{
	const void *value = metric_value(metric, record_at(s, metric->scope, index));

	switch (metric->kind) {
	case METRIC_COUNTER:
	case METRIC_GAUGE:
		if (*(const uint64_t *)value == SNAPSHOT_UNKNOWN)
			return;
		begin(om, s, metric, index, "", NULL, NULL);
		om_value(om, metric->unit, *(const uint64_t *)value);
		break;
	case METRIC_BALANCE:
		if (*(const int64_t *)value == SNAPSHOT_BALANCE_UNKNOWN)
			return;
		begin(om, s, metric, index, "", NULL, NULL);
		om_balance(om, *(const int64_t *)value);
		break;
	case METRIC_DROPS:
	case METRIC_BINS:
		put_bins(om, s, metric, index);
		break;
	case METRIC_LATENCY:
		put_latency(om, s, metric, index);
		break;
	case METRIC_RATE:
		break;
	}
}

static enum om_type type_of(const struct metric *metric)
{
	switch (metric->kind) {
	case METRIC_COUNTER:
	case METRIC_DROPS:
	case METRIC_BINS:
		return OM_COUNTER;
	case METRIC_LATENCY:
		return metric->scope == METRIC_SERVICE ? OM_HISTOGRAM : OM_SUMMARY;
	default:
		return OM_GAUGE;
	}
}

static void put_metric(struct om *om, const struct snapshot *s, const struct metric *metric)
{
	static const char *const prefixes[] = { [METRIC_TOTALS] = "",
		[METRIC_INTERFACE] = "kernel",
		[METRIC_QUEUE] = "queue",
		[METRIC_SERVICE] = "service" };
	/* the totals have their sum as well */
	bool by_reason = metric->scope == METRIC_TOTALS && metric->kind == METRIC_DROPS;
	unsigned count = records_count(s, metric->scope);
	char name[OM_NAME_BYTES];

	if (!count || metric->level > s->level || metric->kind == METRIC_RATE)
		return;
	om_name(name, prefixes[metric->scope], by_reason ? "drop_reason" : metric->name,
		metric->unit);
	om_family(om, name, type_of(metric), metric->help);
	for (unsigned i = 0; i < count; i++)
		put_sample(om, s, metric, i);
}

size_t export_openmetrics(const struct snapshot *snapshot, bool open, char *buffer, size_t size)
{
	struct om om = { .open = open };

	writer_init(&om.out, buffer, size);
	om_put_instance(&om, snapshot);
	for (unsigned i = 0; i < metrics_count; i++)
		put_metric(&om, snapshot, &metrics[i]);
	om_put_figures(&om, snapshot);
	if (open)
		writer_text(&om.out, "# EOF\n");
	return om.out.length;
}
