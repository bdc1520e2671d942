// SPDX-License-Identifier: BSD-2-Clause
/* OpenMetrics and the older text: every row of the table, in the words of both formats. */
#include "example.h"

#include "stats/metric.h"

static char *export(const struct snapshot *snapshot, bool open)
{
	size_t size = export_openmetrics(snapshot, open, NULL, 0);
	char *text = malloc(size + 1);

	assert_non_null(text);
	assert_int_equal(export_openmetrics(snapshot, open, text, size + 1), size);
	assert_int_equal(strlen(text), size);
	return text;
}

/* Whether the text has these lines, one behind the other. */
static void assert_lines(const char *text, const char *lines)
{
	const char *at = strstr(text, lines);

	if (!at || (at != text && at[-1] != '\n'))
		fail_msg("no such lines:\n%s\nin:\n%s", lines, text);
}

static void assert_none(const char *text, const char *words)
{
	if (strstr(text, words))
		fail_msg("there is: %s", words);
}

static void test_counters_gauges_and_drops_have_their_labels(void **state)
{
	struct snapshot *snapshot = new_example(LEVEL_BASIC);
	char *text = export(snapshot, false);

	(void)state;
	assert_lines(text,
		"# HELP ringside_info The instance.\n# TYPE ringside_info gauge\n"
		"ringside_info{name=\"ringside\",version=\"0.1.0\",stats_level=\"basic\"} 1\n");
	assert_lines(text, "# HELP ringside_queue_rx_packets_total Packets received by the queue, "
			   "whichever half handled them.\n"
			   "# TYPE ringside_queue_rx_packets_total counter\n"
			   "ringside_queue_rx_packets_total{interface=\"eth0\",queue=\"0\"} 3000\n"
			   "ringside_queue_rx_packets_total{interface=\"eth0\",queue=\"1\"} 0\n");
	assert_lines(text, "ringside_rx_packets_total 3000\n");
	assert_lines(text, "# TYPE ringside_queue_in_flight_packets gauge\n"
			   "ringside_queue_in_flight_packets{interface=\"eth0\",queue=\"0\"} 5\n");
	assert_lines(text, "ringside_queue_drop_packets_total{interface=\"eth0\",queue=\"0\","
			   "reason=\"rx_ring_full\"} 8\n");
	assert_lines(text, "ringside_service_drop_packets_total{service=\"reflect\","
			   "type=\"reflect\",reason=\"rate_limited\"} 4\n");
	assert_lines(text, "ringside_drop_packets_total 12\n");
	assert_lines(text, "ringside_drop_reason_packets_total{reason=\"rx_ring_full\"} 8\n");
	assert_lines(text, "ringside_kernel_pass_packets_total{interface=\"eth0\"} 3\n");
	assert_lines(text, "ringside_queue_running{interface=\"eth0\",queue=\"0\"} 1\n"
			   "ringside_queue_running{interface=\"eth0\",queue=\"1\"} 0\n");
	assert_lines(text, "ringside_uptime_seconds 12.000000000\n");
	assert_none(text, "# EOF");
	assert_none(text, "latency");
	assert_none(text, "_pps");
	free(text);
	free(snapshot);
}

static void test_what_is_not_known_has_no_sample(void **state)
{
	struct snapshot *snapshot = new_example(LEVEL_DEBUG);
	char *text;

	(void)state;
	snapshot->totals.unaccounted_packets = SNAPSHOT_BALANCE_UNKNOWN;
	snapshot->queues[0].flow.tx_packets = SNAPSHOT_UNKNOWN;
	text = export(snapshot, false);
	assert_none(text, "\nringside_unaccounted_packets ");
	assert_none(text, "\nringside_kernel_tx_errors_packets_total{");
	assert_none(text, "\nringside_queue_tx_packets_total{interface=\"eth0\",queue=\"0\"}");
	assert_none(text, "queue=\"0\",reason=\"tx_failed\"");
	assert_none(text, "18446744073709551615");
	assert_none(text, "nan");
	/* a queue whose latency was not measured */
	assert_none(text, "ringside_queue_latency_seconds_count{interface=\"eth0\",queue=\"1\"}");
	free(text);
	snapshot->totals.unaccounted_packets = -3;
	text = export(snapshot, false);
	assert_lines(text, "ringside_unaccounted_packets -3\n");
	free(text);
	free(snapshot);
}

static void test_open_metrics_has_units_infos_and_an_end(void **state)
{
	struct snapshot *snapshot = new_example(LEVEL_DETAILED);
	char *text = export(snapshot, true);

	(void)state;
	assert_lines(text, "# HELP ringside The instance.\n# TYPE ringside info\nringside_info{");
	assert_lines(text, "# TYPE ringside_queue_rx_bytes counter\n"
			   "# UNIT ringside_queue_rx_bytes bytes\nringside_queue_rx_bytes_total{");
	assert_lines(text, "# TYPE ringside_queue_busy_seconds counter\n"
			   "# UNIT ringside_queue_busy_seconds seconds\n"
			   "ringside_queue_busy_seconds_total{interface=\"eth0\",queue=\"0\"} "
			   "0.712600000\n");
	assert_string_equal(text + strlen(text) - strlen("# EOF\n"), "# EOF\n");
	free(text);
	free(snapshot);
}

static void test_a_latency_is_classic_buckets_that_add_up(void **state)
{
	struct snapshot *snapshot = new_example(LEVEL_DETAILED);
	struct histogram *histogram = &snapshot->services[0].histogram;
	char *text;

	(void)state;
	memset(histogram, 0, sizeof(*histogram));
	histogram_add(histogram, 0);
	histogram_add(histogram, 19);
	histogram_add(histogram, 20);
	histogram_add(histogram, 99);
	histogram_add(histogram, 1000);
	histogram_add(histogram, 999999999);
	histogram_add(histogram, 5000000000);
	snapshot_set_latency(&snapshot->services[0].latency, histogram, "hook to transmit", 64);
	text = export(snapshot, false);
#define LATENCY "ringside_service_latency_seconds"
#define BUCKET LATENCY "_bucket{service=\"reflect\",type=\"reflect\",le="
	assert_lines(text, "# TYPE " LATENCY " histogram\n" BUCKET "\"1e-08\"} 1\n" BUCKET
			   "\"2e-08\"} 2\n" BUCKET "\"5e-08\"} 3\n" BUCKET "\"1e-07\"} 4\n" BUCKET
			   "\"2e-07\"} 4\n" BUCKET "\"5e-07\"} 4\n" BUCKET "\"1e-06\"} 4\n" BUCKET
			   "\"2e-06\"} 5\n");
	assert_lines(text, BUCKET "\"0.5\"} 5\n" BUCKET "\"1\"} 6\n" BUCKET "\"+Inf\"} 7\n" LATENCY
				  "_sum{service=\"reflect\",type=\"reflect\"} 6.000001137\n" LATENCY
				  "_count{service=\"reflect\",type=\"reflect\"} 7\n");
	assert_lines(text,
		"ringside_queue_latency_seconds{interface=\"eth0\",queue=\"0\",quantile=\"0.5\"} "
		"0.000000030\n");
	assert_lines(text,
		"ringside_queue_latency_seconds_sum{interface=\"eth0\",queue=\"0\"} "
		"0.000001830\n"
		"ringside_queue_latency_seconds_count{interface=\"eth0\",queue=\"0\"} 60\n");
	free(text);
	free(snapshot);
}

static void test_labels_are_escaped(void **state)
{
	struct snapshot *snapshot = new_example(LEVEL_BASIC);
	char *text;

	(void)state;
	snprintf(snapshot->interfaces[0].name, sizeof(snapshot->interfaces[0].name),
		"a\"b\\c\nd\xff");
	text = export(snapshot, false);
	assert_lines(text, "ringside_interface_up{interface=\"a\\\"b\\\\c\\nd\xef\xbf\xbd\"} 1\n");
	free(text);
	free(snapshot);
}

static void add_figure(struct snapshot *s, uint32_t service, const char *name, const char *unit,
	enum figure_kind kind, uint64_t value)
{
	const struct figure_type type = { name, unit, "Told by the service.", kind, LEVEL_BASIC,
		NULL };
	struct snapshot_figure *figure = &s->figures[s->figures_count++];

	figure->service = service;
	figure_describe(&figure->text, &type, 0);
	figure->value.count = value;
}

static void add_row(struct snapshot *s, uint32_t table, const char *label, uint64_t a, uint64_t b)
{
	struct figure_row *row = &s->rows[s->rows_count++];

	row->table = table;
	snprintf(row->label, sizeof(row->label), "%s", label);
	row->value[0].count = a;
	row->value[1].count = b;
}

static void add_table(struct snapshot *s, uint32_t service)
{
	static const struct figure_type columns[] = {
		{ "read", "packets", "Packets read.", FIGURE_COUNTER, LEVEL_BASIC, NULL },
		{ "lag", "ns", "How late it is.", FIGURE_GAUGE, LEVEL_BASIC, NULL },
		{ "trace", "", "At level debug.", FIGURE_GAUGE, LEVEL_DEBUG, NULL },
	};
	struct snapshot_table *table = &s->tables[s->tables_count++];

	table->service = service;
	table->columns_count = 3;
	strcpy(table->name, "consumers");
	strcpy(table->row, "consumer");
	for (unsigned i = 0; i < 3; i++)
		figure_describe(&table->columns[i], columns, i);
}

static void test_figures_of_services_are_one_family_for_a_type(void **state)
{
	struct snapshot *snapshot = new_example(LEVEL_BASIC);
	char *text;

	(void)state;
	snapshot->services_count = 2;
	snapshot->services[1] = snapshot->services[0];
	strcpy(snapshot->services[1].name, "other");
	add_figure(snapshot, 0, "hits", "requests", FIGURE_COUNTER, 7);
	add_figure(snapshot, 0, "age_ns", "ns", FIGURE_GAUGE, 1500000000);
	add_figure(snapshot, 0, "hits_per_second", "requests/s", FIGURE_RATE, 0);
	add_figure(snapshot, 1, "hits", "requests", FIGURE_COUNTER, 8);
	add_figure(snapshot, 1, "age_ns", "ns", FIGURE_GAUGE, FIGURE_UNKNOWN);
	add_table(snapshot, 0);
	add_table(snapshot, 1);
	add_row(snapshot, 0, "pid 7", 10, 2000000000);
	add_row(snapshot, 1, "pid 8", 11, FIGURE_UNKNOWN);
	add_row(snapshot, 0, "pid 7", 99, 99); /* a label that was cut: only the first counts */
	text = export(snapshot, false);
	assert_lines(text, "# HELP ringside_reflect_hits_total Told by the service.\n"
			   "# TYPE ringside_reflect_hits_total counter\n"
			   "ringside_reflect_hits_total{service=\"reflect\"} 7\n"
			   "ringside_reflect_hits_total{service=\"other\"} 8\n"
			   "# HELP ringside_reflect_age_seconds Told by the service.\n"
			   "# TYPE ringside_reflect_age_seconds gauge\n"
			   "ringside_reflect_age_seconds{service=\"reflect\"} 1.500000000\n"
			   "# HELP ringside_reflect_consumers_read_packets_total Packets read.\n"
			   "# TYPE ringside_reflect_consumers_read_packets_total counter\n"
			   "ringside_reflect_consumers_read_packets_total{service=\"reflect\","
			   "consumer=\"pid 7\"} 10\n"
			   "ringside_reflect_consumers_read_packets_total{service=\"other\","
			   "consumer=\"pid 8\"} 11\n"
			   "# HELP ringside_reflect_consumers_lag_seconds How late it is.\n"
			   "# TYPE ringside_reflect_consumers_lag_seconds gauge\n"
			   "ringside_reflect_consumers_lag_seconds{service=\"reflect\","
			   "consumer=\"pid 7\"} 2.000000000\n");
	assert_none(text, "per_second");
	assert_none(text, "trace");
	free(text);
	free(snapshot);
}

/* The names of families, each one once, with all its samples behind it. */
static void test_no_family_comes_twice(void **state)
{
	struct snapshot *snapshot = new_example(LEVEL_DEBUG);
	char *text = export(snapshot, true);

	(void)state;
	for (char *at = text; (at = strstr(at, "# TYPE ")); at++) {
		char line[256];

		snprintf(line, sizeof(line), "%.*s ", (int)strcspn(at + 7, " ") + 7, at);
		assert_null(strstr(at + 1, line));
	}
	for (unsigned i = 0; i < metrics_count; i++)
		assert_true(
			metrics[i].help[0] && metrics[i].help[strlen(metrics[i].help) - 1] == '.');
	free(text);
	free(snapshot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counters_gauges_and_drops_have_their_labels),
		cmocka_unit_test(test_what_is_not_known_has_no_sample),
		cmocka_unit_test(test_open_metrics_has_units_infos_and_an_end),
		cmocka_unit_test(test_a_latency_is_classic_buckets_that_add_up),
		cmocka_unit_test(test_labels_are_escaped),
		cmocka_unit_test(test_figures_of_services_are_one_family_for_a_type),
		cmocka_unit_test(test_no_family_comes_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
