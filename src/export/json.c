/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "export/export.h"
#include "export/writer.h"
#include "stats/metric.h"
#include "stats/units.h"

struct json {
	struct writer out;
	bool comma; /* the next key or element needs one in front */
};

static void separate(struct json *json)
{
	if (json->comma)
		writer_text(&json->out, ", ");
	json->comma = true;
}

static void open_with(struct json *json, const char *bracket)
{
	separate(json);
	writer_text(&json->out, bracket);
	json->comma = false;
}

static void close_with(struct json *json, const char *bracket)
{
	writer_text(&json->out, bracket);
	json->comma = true;
}

static void key(struct json *json, const char *name)
{
	separate(json);
	writer_quoted(&json->out, name);
	writer_text(&json->out, ": ");
	json->comma = false;
}

static void put_null(struct json *json)
{
	separate(json);
	writer_text(&json->out, "null");
}

static void put_text(struct json *json, const char *name, const char *text)
{
	key(json, name);
	separate(json);
	writer_quoted(&json->out, text);
}

static void put_text_or_null(struct json *json, const char *name, const char *text)
{
	if (text && *text) {
		put_text(json, name, text);
		return;
	}
	key(json, name);
	put_null(json);
}

static void put_bool(struct json *json, const char *name, int value)
{
	key(json, name);
	separate(json);
	writer_text(&json->out, value < 0 ? "null" : value ? "true" : "false");
}

static void put_count(struct json *json, uint64_t value)
{
	if (value == SNAPSHOT_UNKNOWN) {
		put_null(json);
		return;
	}
	separate(json);
	writer_format(&json->out, "%" PRIu64, value);
}

static void put_u32_or_null(struct json *json, const char *name, uint32_t value, uint32_t unknown)
{
	key(json, name);
	put_count(json, value == unknown ? SNAPSHOT_UNKNOWN : value);
}

static void put_balance(struct json *json, int64_t value)
{
	if (value == SNAPSHOT_BALANCE_UNKNOWN) {
		put_null(json);
		return;
	}
	separate(json);
	writer_format(&json->out, "%" PRId64, value);
}

static void put_fixed(struct json *json, double value, unsigned decimals)
{
	char text[UNITS_FIXED_BYTES];

	if (!isfinite(value)) {
		put_null(json);
		return;
	}
	separate(json);
	writer_text(&json->out, units_fixed(text, sizeof(text), value, decimals));
}

static void put_metrics(
	struct json *json, enum metric_scope scope, const void *record, enum level level);

static void put_latency(struct json *json, const struct snapshot_latency *latency, enum level level)
{
	char sampled[UNITS_BYTES] = "";

	if (latency->sampled)
		snprintf(sampled, sizeof(sampled), "1/%u", latency->sampled);
	open_with(json, "{");
	put_text_or_null(json, "what", latency->what);
	put_text_or_null(json, "sampled", sampled);
	put_metrics(json, METRIC_FIGURE, latency, level);
	close_with(json, "}");
}

static void put_bins(struct json *json, const struct metric *metric, const void *record)
{
	bool named = metric->kind == METRIC_DROPS;

	open_with(json, named ? "{" : "[");
	for (unsigned i = 0; i < metric->bins; i++) {
		if (named)
			key(json, metric->bin_names[i]);
		put_count(json, metric_count(metric, record, i));
	}
	close_with(json, named ? "}" : "]");
}

static void put_metric(
	struct json *json, const struct metric *metric, const void *record, enum level level)
{
	const void *value = metric_value(metric, record);

	key(json, metric->name);
	switch (metric->kind) {
	case METRIC_COUNTER:
	case METRIC_GAUGE:
		put_count(json, metric_count(metric, record, 0));
		break;
	case METRIC_BALANCE:
		put_balance(json, *(const int64_t *)value);
		break;
	case METRIC_RATE:
		put_fixed(json, *(const double *)value, 1);
		break;
	case METRIC_DROPS:
	case METRIC_BINS:
		put_bins(json, metric, record);
		break;
	case METRIC_LATENCY:
		put_latency(json, value, level);
		break;
	}
}

static void put_metrics(
	struct json *json, enum metric_scope scope, const void *record, enum level level)
{
	for (unsigned i = 0; i < metrics_count; i++)
		if (metrics[i].scope == scope && metrics[i].level <= level)
			put_metric(json, &metrics[i], record, level);
}

static void put_queue(struct json *json, const struct snapshot_interface *interface,
	const struct snapshot_queue *queue, enum level level)
{
	open_with(json, "{");
	put_u32_or_null(json, "queue", queue->queue, SNAPSHOT_NONE);
	put_u32_or_null(json, "cpu", queue->cpu, SNAPSHOT_NONE);
	put_text_or_null(json, "state",
		queue->state < QUEUE_STATES ? queue_state_names[queue->state] : NULL);
	put_bool(json, "zero_copy", interface->zero_copy < 0 ? -1 : queue->zero_copy == 1);
	put_metrics(json, METRIC_QUEUE, queue, level);
	close_with(json, "}");
}

static void put_interface(
	struct json *json, const struct snapshot *snapshot, unsigned index, enum level level)
{
	const struct snapshot_interface *interface = &snapshot->interfaces[index];

	open_with(json, "{");
	put_text(json, "name", interface->name);
	put_text_or_null(json, "driver", interface->driver);
	put_text_or_null(json, "state", interface->state);
	put_u32_or_null(json, "mtu", interface->mtu, 0);
	put_text_or_null(json, "io", interface->io);
	put_text_or_null(json, "xdp", interface->xdp);
	put_bool(json, "zero_copy", interface->zero_copy);
	put_text_or_null(json, "poll", interface->poll);
	put_text(json, "why", interface->why);
	key(json, "kernel");
	if (interface->kernel_rx_packets == SNAPSHOT_UNKNOWN) {
		put_null(json);
	} else {
		open_with(json, "{");
		put_metrics(json, METRIC_INTERFACE, interface, level);
		close_with(json, "}");
	}
	key(json, "queues");
	open_with(json, "[");
	for (unsigned i = 0; i < snapshot->queues_count; i++)
		if (snapshot->queues[i].interface == index)
			put_queue(json, interface, &snapshot->queues[i], level);
	close_with(json, "]");
	close_with(json, "}");
}

/* The latency's packets in groups from 1, 2, 5, 10 … ns on, as the dashboard draws them; empty ones are
 * left out. Not measured: null. */
static void put_histogram(struct json *json, const struct snapshot_service *service)
{
	static const unsigned steps[] = { 1, 2, 5 };
	uint64_t decade = 1, from_ns = 0, below = 0, count;

	key(json, "latency_histogram");
	if (!service->latency.sampled) {
		put_null(json);
		return;
	}
	count = histogram_count(&service->histogram);
	open_with(json, "[");
	for (unsigned k = 0; below < count; k++) {
		uint64_t to_ns = decade * steps[k % 3];
		uint64_t next = histogram_below(&service->histogram, to_ns);

		if (next > below) {
			open_with(json, "{");
			key(json, "from_ns");
			put_count(json, from_ns);
			key(json, "to_ns");
			put_count(json, to_ns);
			key(json, "packets");
			put_count(json, next - below);
			close_with(json, "}");
		}
		below = next;
		from_ns = to_ns;
		if (k % 3 == 2)
			decade *= 10;
	}
	close_with(json, "]");
}

static void put_value(
	struct json *json, const struct figure_text *text, const union figure_value *value)
{
	key(json, text->name);
	if (text->kind == FIGURE_RATE)
		put_fixed(json, value->rate, 1);
	else
		put_count(json, value->count);
}

/* The service's own figures: "figures": {"hits": 5}. */
static void put_figures(
	struct json *json, const struct snapshot *snapshot, uint32_t service, enum level level)
{
	key(json, "figures");
	open_with(json, "{");
	for (unsigned i = 0; i < snapshot->figures_count; i++) {
		const struct snapshot_figure *figure = &snapshot->figures[i];

		if (figure->service == service && figure->text.level <= level)
			put_value(json, &figure->text, &figure->value);
	}
	close_with(json, "}");
}

static void put_rows(
	struct json *json, const struct snapshot *snapshot, uint32_t index, enum level level)
{
	const struct snapshot_table *table = &snapshot->tables[index];

	open_with(json, "[");
	for (unsigned i = 0; i < snapshot->rows_count; i++) {
		const struct figure_row *row = &snapshot->rows[i];

		if (row->table != index)
			continue;
		open_with(json, "{");
		put_text(json, table->row, row->label);
		for (unsigned k = 0; k < table->columns_count; k++)
			if (table->columns[k].level <= level)
				put_value(json, &table->columns[k], &row->value[k]);
		close_with(json, "}");
	}
	close_with(json, "]");
}

/* Its tables: "tables": {"consumers": [{"consumer": "pid 7", "lag": 0}]}. */
static void put_tables(
	struct json *json, const struct snapshot *snapshot, uint32_t service, enum level level)
{
	key(json, "tables");
	open_with(json, "{");
	for (unsigned i = 0; i < snapshot->tables_count; i++) {
		if (snapshot->tables[i].service != service)
			continue;
		key(json, snapshot->tables[i].name);
		put_rows(json, snapshot, i, level);
	}
	close_with(json, "}");
}

static void put_service(
	struct json *json, const struct snapshot *snapshot, uint32_t index, enum level level)
{
	const struct snapshot_service *service = &snapshot->services[index];

	open_with(json, "{");
	put_text(json, "name", service->name);
	put_text_or_null(json, "type", service->type);
	put_text_or_null(json, "state", service->state);
	key(json, "interfaces");
	open_with(json, "[");
	for (unsigned i = 0; i < service->paths_count; i++) {
		const struct snapshot_service_path *path = &service->paths[i];

		if (path->interface >= snapshot->interfaces_count)
			continue;
		open_with(json, "{");
		put_text(json, "name", snapshot->interfaces[path->interface].name);
		put_text_or_null(json, "path", path->path);
		put_text(json, "why", path->why);
		close_with(json, "}");
	}
	close_with(json, "]");
	put_metrics(json, METRIC_SERVICE, service, level);
	if (level >= LEVEL_DETAILED)
		put_histogram(json, service);
	put_figures(json, snapshot, index, level);
	put_tables(json, snapshot, index, level);
	close_with(json, "}");
}

static void put_head(struct json *json, const struct snapshot *snapshot, enum level level)
{
	char time[UNITS_BYTES];

	key(json, "schema");
	put_count(json, 1);
	put_text(json, "name", snapshot->name);
	put_text(json, "version", snapshot->version);
	put_text(json, "time", units_time(time, sizeof(time), snapshot->time_ns));
	key(json, "uptime_s");
	put_fixed(json, (double)snapshot->uptime_ns / (double)NSEC_PER_SEC, 3);
	key(json, "interval_s");
	put_fixed(json,
		snapshot->interval_ns ? (double)snapshot->interval_ns / (double)NSEC_PER_SEC : NAN,
		3);
	put_text(json, "stats_level", level_names[level]);
	if (level == LEVEL_DEBUG) {
		key(json, "debug_left_s");
		put_count(json, snapshot->debug_left_s);
	}
	put_bool(json, "final", snapshot->final != 0);
}

size_t export_json(const struct snapshot *snapshot, char *buffer, size_t size)
{
	enum level level = snapshot->level < LEVEL_DEBUG ? snapshot->level : LEVEL_DEBUG;
	struct json json = { .comma = false };

	writer_init(&json.out, buffer, size);
	open_with(&json, "{");
	put_head(&json, snapshot, level);
	key(&json, "totals");
	open_with(&json, "{");
	put_metrics(&json, METRIC_TOTALS, &snapshot->totals, level);
	close_with(&json, "}");
	key(&json, "interfaces");
	open_with(&json, "[");
	for (unsigned i = 0; i < snapshot->interfaces_count; i++)
		put_interface(&json, snapshot, i, level);
	close_with(&json, "]");
	key(&json, "services");
	open_with(&json, "[");
	for (unsigned i = 0; i < snapshot->services_count; i++)
		put_service(&json, snapshot, i, level);
	close_with(&json, "]");
	writer_text(&json.out, "}\n");
	return json.out.length;
}
