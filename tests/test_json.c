/* SPDX-License-Identifier: BSD-2-Clause */
/* The JSON, read by somebody else's parser, against the snapshot that it was made from. */
#include <jansson.h>

#include "example.h"
#include "stats/metric.h"

/* Compares an object's members with what the metric table says of the record: all of the level, and
 * none above it. */
static void assert_metrics(
	json_t *object, enum metric_scope scope, const void *record, enum level level);

static void assert_count(json_t *got, uint64_t want)
{
	assert_non_null(got);
	if (want == SNAPSHOT_UNKNOWN)
		assert_true(json_is_null(got));
	else
		assert_true(json_is_integer(got) && (uint64_t)json_integer_value(got) == want);
}

static void assert_bins(json_t *got, const struct metric *metric, const void *record)
{
	assert_int_equal(
		json_is_array(got) ? json_array_size(got) : json_object_size(got), metric->bins);
	for (unsigned i = 0; i < metric->bins; i++)
		assert_count(json_is_array(got) ? json_array_get(got, i)
						: json_object_get(got, metric->bin_names[i]),
			metric_count(metric, record, i));
}

static void assert_metric(json_t *got, const struct metric *metric, const void *record)
{
	const void *value = metric_value(metric, record);

	switch (metric->kind) {
	case METRIC_COUNTER:
	case METRIC_GAUGE:
		assert_count(got, metric_count(metric, record, 0));
		break;
	case METRIC_BALANCE:
		assert_true(json_integer_value(got) == *(const int64_t *)value);
		break;
	case METRIC_RATE:
		if (isnan(*(const double *)value))
			assert_true(json_is_null(got));
		else
			assert_true(
				fabs(json_number_value(got) - *(const double *)value) <= 0.0501);
		break;
	case METRIC_DROPS:
	case METRIC_BINS:
		assert_bins(got, metric, record);
		break;
	case METRIC_LATENCY:
		assert_metrics(got, METRIC_FIGURE, value, LEVEL_DEBUG);
		break;
	}
}

static void assert_metrics(
	json_t *object, enum metric_scope scope, const void *record, enum level level)
{
	assert_true(json_is_object(object));
	for (unsigned i = 0; i < metrics_count; i++) {
		json_t *got = json_object_get(object, metrics[i].name);

		if (metrics[i].scope != scope)
			continue;
		if (metrics[i].level > level) {
			assert_null(got);
			continue;
		}
		assert_non_null(got);
		assert_metric(got, &metrics[i], record);
	}
}

static json_t *parse_json(const struct snapshot *snapshot)
{
	char *text = export_whole(export_json, snapshot);
	json_error_t error;
	json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, &error);

	if (!json)
		fail_msg("%s at %d: %.200s", error.text, error.position, text);
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	free(text);
	return json;
}

static void json_of_every_level_parses_to_the_values_of_the_snapshot(void **state)
{
	(void)state;
	for (enum level level = LEVEL_BASIC; level <= LEVEL_DEBUG; level++) {
		struct snapshot *snapshot = new_example(level);
		json_t *json = parse_json(snapshot), *interface, *queue;

		assert_string_equal(json_string_value(json_object_get(json, "stats_level")),
			level_names[level]);
		assert_int_equal(!json_object_get(json, "debug_left_s"), level != LEVEL_DEBUG);
		assert_metrics(
			json_object_get(json, "totals"), METRIC_TOTALS, &snapshot->totals, level);
		interface = json_array_get(json_object_get(json, "interfaces"), 0);
		assert_metrics(json_object_get(interface, "kernel"), METRIC_INTERFACE,
			&snapshot->interfaces[0], level);
		for (unsigned i = 0; i < 2; i++) {
			queue = json_array_get(json_object_get(interface, "queues"), i);
			assert_metrics(queue, METRIC_QUEUE, &snapshot->queues[i], level);
		}
		assert_metrics(json_array_get(json_object_get(json, "services"), 0), METRIC_SERVICE,
			&snapshot->services[0], level);
		json_decref(json);
		free(snapshot);
	}
}

static void what_is_not_known_is_null_in_json(void **state)
{
	struct snapshot *snapshot = new_example(LEVEL_DEBUG);
	json_t *json, *interface, *queue;

	(void)state;
	snapshot->interval_ns = 0;
	snapshot->interfaces[0].xdp[0] = 0;
	snapshot->interfaces[0].zero_copy = -1;
	snapshot->interfaces[0].kernel_rx_packets = SNAPSHOT_UNKNOWN;
	snapshot->queues[1].unaccounted_packets = SNAPSHOT_BALANCE_UNKNOWN;
	snapshot->queues[1].flow.rx_pps = INFINITY;
	json = parse_json(snapshot);
	assert_true(json_is_null(json_object_get(json, "interval_s")));
	interface = json_array_get(json_object_get(json, "interfaces"), 0);
	assert_true(json_is_null(json_object_get(interface, "xdp")));
	assert_true(json_is_null(json_object_get(interface, "zero_copy")));
	assert_true(json_is_null(json_object_get(interface, "kernel")));
	queue = json_array_get(json_object_get(interface, "queues"), 1);
	assert_true(json_is_null(json_object_get(queue, "cpu")));
	assert_true(json_is_null(json_object_get(queue, "zero_copy")));
	assert_true(json_is_null(json_object_get(queue, "rx_pps")));
	assert_true(json_is_null(json_object_get(queue, "unaccounted_packets")));
	json_decref(json);
	free(snapshot);
}

static void hostile_names_do_not_break_out_of_any_format(void **state)
{
	static const struct {
		const char *name, *json, *csv, *text;
	} rows[] = {
		{ "a\"b\\c", "a\"b\\c", "\"a\"\"b\\c\"", "a\"b\\c" },
		{ "x\n\t\033[2J", "x\n\t\033[2J", "\"x\n\t\033[2J\"", "x???[2J" },
		{ "a,b", "a,b", "\"a,b\"", "a,b" },
		{ "bad\xff\xc3(", "bad\xef\xbf\xbd\xef\xbf\xbd(", "bad\xff\xc3(", "bad\xff\xc3(" },
		{ "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", "\xed\xa0\x80",
			"\xed\xa0\x80" },
		{ "\xc0\xaf\xf4\x90\x80\x80",
			"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd",
			"\xc0\xaf\xf4\x90\x80\x80", "\xc0\xaf\xf4\x90\x80\x80" },
		{ "caf\xc3\xa9 \xf0\x9f\x90\x9d", "caf\xc3\xa9 \xf0\x9f\x90\x9d",
			"caf\xc3\xa9 \xf0\x9f\x90\x9d", "caf\xc3\xa9 \xf0\x9f\x90\x9d" },
		{ "cut\xe2\x82", "cut\xef\xbf\xbd\xef\xbf\xbd", "cut\xe2\x82", "cut\xe2\x82" },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct snapshot *snapshot = new_example(LEVEL_BASIC);
		struct snapshot_service *service = &snapshot->services[0];
		char *csv, *text, want[64];
		json_t *json;

		snprintf(service->name, sizeof(service->name), "%s", rows[i].name);
		json = parse_json(snapshot);
		csv = export_whole(export_csv, snapshot);
		text = export_whole(export_text, snapshot);
		assert_string_equal(
			json_string_value(json_object_get(
				json_array_get(json_object_get(json, "services"), 0), "name")),
			rows[i].json);
		snprintf(want, sizeof(want), ",service,%s,", rows[i].csv);
		assert_non_null(strstr(csv, want));
		snprintf(want, sizeof(want), "\n  %s ", rows[i].text);
		assert_non_null(strstr(text, want));
		json_decref(json);
		free(csv);
		free(text);
		free(snapshot);
	}
}

static void fill_rates(struct snapshot_flow *flow)
{
	flow->rx_pps = flow->rx_bps = flow->tx_pps = flow->tx_bps = 1.25e14;
}

/* Every text full of what takes most room, every number as long as it gets. */
static void fill_maximum(struct snapshot *snapshot)
{
	/* 19 digits: with 20 a count would pass what jansson takes for an integer */
	memset(snapshot, 0x7e, sizeof(*snapshot));
	snapshot->interfaces_count = SNAPSHOT_INTERFACES;
	snapshot->queues_count = SNAPSHOT_QUEUES;
	snapshot->services_count = SERVICE_SLOTS;
	snapshot->figures_count = SNAPSHOT_FIGURES;
	snapshot->tables_count = SNAPSHOT_TABLES;
	snapshot->rows_count = SNAPSHOT_ROWS;
	snapshot->level = LEVEL_DEBUG;
#define FILL(field)                                                                                \
	do {                                                                                       \
		memset(field, 1, sizeof(field));                                                   \
		(field)[sizeof(field) - 1] = 0;                                                    \
	} while (0)
	FILL(snapshot->name);
	FILL(snapshot->version);
	fill_rates(&snapshot->totals.flow);
	for (unsigned i = 0; i < SNAPSHOT_INTERFACES; i++) {
		struct snapshot_interface *interface = &snapshot->interfaces[i];

		FILL(interface->name);
		FILL(interface->driver);
		FILL(interface->state);
		FILL(interface->io);
		FILL(interface->xdp);
		FILL(interface->poll);
		FILL(interface->why);
	}
	for (unsigned i = 0; i < SNAPSHOT_QUEUES; i++) {
		struct snapshot_queue *queue = &snapshot->queues[i];

		queue->interface = i % SNAPSHOT_INTERFACES;
		queue->busy_percent = 99.9;
		fill_rates(&queue->flow);
		FILL(queue->latency.what);
		queue->latency.mean = 1e14;
	}
	for (unsigned i = 0; i < SERVICE_SLOTS; i++) {
		struct snapshot_service *service = &snapshot->services[i];

		FILL(service->name);
		FILL(service->type);
		FILL(service->state);
		FILL(service->latency.what);
		fill_rates(&service->flow);
		service->latency.mean = 1e14;
		service->paths_count = SNAPSHOT_INTERFACES;
		for (unsigned k = 0; k < SNAPSHOT_INTERFACES; k++) {
			service->paths[k].interface = k;
			FILL(service->paths[k].path);
			FILL(service->paths[k].why);
		}
	}
#undef FILL
}

static void fill_text(struct figure_text *text, unsigned number)
{
	memset(text->name, 'x', sizeof(text->name));
	/* keys are not given twice */
	snprintf(text->name + sizeof(text->name) - 4, 4, "%03u", number);
	text->kind = FIGURE_COUNTER;
	text->level = LEVEL_BASIC;
}

static void fill_maximum_of_figures(struct snapshot *snapshot)
{
	for (unsigned i = 0; i < SNAPSHOT_FIGURES; i++) {
		snapshot->figures[i].service = i % SERVICE_SLOTS;
		fill_text(&snapshot->figures[i].text, i);
	}
	for (unsigned i = 0; i < SNAPSHOT_TABLES; i++) {
		struct snapshot_table *table = &snapshot->tables[i];

		table->service = i % SERVICE_SLOTS;
		memset(table->name, 'x', sizeof(table->name));
		snprintf(table->name + sizeof(table->name) - 4, 4, "%03u", i);
		memset(table->row, 'x', sizeof(table->row));
		table->row[sizeof(table->row) - 1] = 0;
		table->columns_count = FIGURE_COLUMNS;
		for (unsigned k = 0; k < FIGURE_COLUMNS; k++)
			fill_text(&table->columns[k], k);
	}
	for (unsigned i = 0; i < SNAPSHOT_ROWS; i++) {
		struct figure_row *row = &snapshot->rows[i];

		row->table = i % SNAPSHOT_TABLES;
		memset(row->label, 1, sizeof(row->label) - 1);
		row->label[sizeof(row->label) - 1] = 0;
	}
}

static void the_largest_snapshot_fits_into_the_bytes_promised(void **state)
{
	struct snapshot *snapshot = new_snapshot();

	(void)state;
	fill_maximum(snapshot);
	fill_maximum_of_figures(snapshot);
	json_decref(parse_json(snapshot));
	free(export_whole(export_json, snapshot));
	free(export_whole(export_text, snapshot));
	free(export_whole(export_csv, snapshot));
	free(snapshot);
}

static void an_empty_snapshot_is_still_a_whole_one(void **state)
{
	struct snapshot *snapshot = new_snapshot();
	json_t *json = parse_json(snapshot);

	(void)state;
	assert_int_equal(json_array_size(json_object_get(json, "interfaces")), 0);
	assert_int_equal(json_array_size(json_object_get(json, "services")), 0);
	json_decref(json);
	free(export_whole(export_text, snapshot));
	free(export_whole(export_csv, snapshot));
	free(snapshot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_of_every_level_parses_to_the_values_of_the_snapshot),
		cmocka_unit_test(what_is_not_known_is_null_in_json),
		cmocka_unit_test(hostile_names_do_not_break_out_of_any_format),
		cmocka_unit_test(the_largest_snapshot_fits_into_the_bytes_promised),
		cmocka_unit_test(an_empty_snapshot_is_still_a_whole_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
