/* SPDX-License-Identifier: BSD-2-Clause */
/* Services' own figures and tables: from a service's rows to snapshot, JSON and text. */
#include <jansson.h>

#include "base/clock.h"
#include "example.h"
#include "worker/instances.h"

#define ROWS 3

static const struct figure_type figure_rows[] = {
	{ "hits", "requests", "Requests answered.", FIGURE_COUNTER, LEVEL_BASIC, NULL },
	{ "flows", "flows", "Flows remembered.", FIGURE_GAUGE, LEVEL_BASIC, NULL },
	{ "hits_per_second", "requests/s", "Rate.", FIGURE_RATE, LEVEL_BASIC, "hits" },
	{ "probes", "probes", "Looked for.", FIGURE_COUNTER, LEVEL_DEBUG, NULL },
};

static const struct figure_type columns[] = {
	{ "packets", "packets", "Packets read.", FIGURE_COUNTER, LEVEL_BASIC, NULL },
	{ "pps", "packets/s", "Rate.", FIGURE_RATE, LEVEL_BASIC, "packets" },
	{ "lag", "packets", "Behind.", FIGURE_GAUGE, LEVEL_DETAILED, NULL },
};

static const struct figure_table table_rows[] = {
	{ "paths", "path", "Files.", columns, 1, .rows = ROWS },
	{ "consumers", "consumer", "Readers.", columns, 3, .rows = ROWS },
};

/* What the fake service says. */
struct shop {
	uint64_t hits;
	unsigned consumers;
	bool sets_flows;
};

static void sample(void *instance, struct figure_sample *into)
{
	const struct shop *shop = instance;
	union figure_value *row;

	into->figures[0].count = shop->hits;
	if (shop->sets_flows)
		into->figures[1].count = 12;
	into->figures[3].count = 99;
	for (unsigned i = 0; i < shop->consumers; i++) {
		char label[80];

		snprintf(label, sizeof(label), "pid %u", i);
		row = figure_row(into, 1, label);
		if (i >= ROWS) {
			assert_null(row);
			continue;
		}
		row[0].count = shop->hits * (i + 1);
		if (!i)
			row[2].count = 5;
	}
	row = figure_row(into, 0, "/index.html");
	row[0].count = 7;
	assert_null(figure_row(into, 2, "no such table"));
}

static const struct service_type type = {
	.name = "shop",
	.sample = sample,
	.figures = figure_rows,
	.figures_count = 4,
	.tables = table_rows,
	.tables_count = 2,
};

static struct snapshot *take(struct shop *shop, enum level level, uint64_t second)
{
	struct snapshot *snapshot = new_example(level);

	/* behind another service, so that numbers do not begin at 0 */
	snapshot->services_count = 2;
	snprintf(snapshot->services[1].name, sizeof(snapshot->services[1].name), "web");
	snapshot->sequence = second;
	snapshot->monotonic_ns = second * NSEC_PER_SEC;
	instances_sample(&type, shop, 0, snapshot);
	shop->hits += 100;
	instances_sample(&type, shop, 1, snapshot);
	return snapshot;
}

static json_t *parse_service(const struct snapshot *snapshot, unsigned index)
{
	char *text = export_whole(export_json, snapshot);
	json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL), *service;

	assert_non_null(json);
	service = json_incref(json_array_get(json_object_get(json, "services"), index));
	json_decref(json);
	free(text);
	return service;
}

static void assert_json(json_t *object, const char *key, const char *want)
{
	char *got = json_dumps(json_object_get(object, key), JSON_PRESERVE_ORDER);

	assert_non_null(got);
	assert_string_equal(got, want);
	free(got);
}

static void test_figures_and_tables_stand_under_their_service_in_json(void **state)
{
	struct shop shop = { .hits = 10, .consumers = 2 };
	struct snapshot *snapshot = take(&shop, LEVEL_BASIC, 1);
	json_t *first = parse_service(snapshot, 0), *second = parse_service(snapshot, 1);

	(void)state;
	assert_json(first, "figures", "{\"hits\": 10, \"flows\": null, \"hits_per_second\": null}");
	assert_json(
		second, "figures", "{\"hits\": 110, \"flows\": null, \"hits_per_second\": null}");
	assert_json(second, "tables",
		"{\"paths\": [{\"path\": \"/index.html\", \"packets\": 7}], "
		"\"consumers\": [{\"consumer\": \"pid 0\", \"packets\": 110, \"pps\": null}, "
		"{\"consumer\": \"pid 1\", \"packets\": 220, \"pps\": null}]}");
	json_decref(first);
	json_decref(second);
	free(snapshot);
}

static void test_a_level_shows_its_figures_and_columns_and_none_above(void **state)
{
	struct shop shop = { .hits = 10, .consumers = 1, .sets_flows = true };
	struct snapshot *snapshot = take(&shop, LEVEL_DEBUG, 1);
	json_t *service = parse_service(snapshot, 0);

	(void)state;
	assert_json(service, "figures",
		"{\"hits\": 10, \"flows\": 12, \"hits_per_second\": null, \"probes\": 99}");
	assert_json(service, "tables",
		"{\"paths\": [{\"path\": \"/index.html\", \"packets\": 7}], "
		"\"consumers\": [{\"consumer\": \"pid 0\", \"packets\": 10, \"pps\": null, "
		"\"lag\": 5}]}");
	json_decref(service);
	free(snapshot);
}

static void test_rates_are_of_the_same_service_table_and_row(void **state)
{
	struct shop shop = { .hits = 10, .consumers = 1 };
	struct snapshot *before = take(&shop, LEVEL_BASIC, 1), *now;
	json_t *service;

	(void)state;
	shop.consumers = 2;
	shop.hits = 30;
	now = take(&shop, LEVEL_BASIC, 3);
	snapshot_set_rates(now, before);
	service = parse_service(now, 0);
	assert_json(
		service, "figures", "{\"hits\": 30, \"flows\": null, \"hits_per_second\": 10.0}");
	json_decref(service);
	service = parse_service(now, 1);
	assert_json(service, "tables",
		"{\"paths\": [{\"path\": \"/index.html\", \"packets\": 7}], "
		"\"consumers\": [{\"consumer\": \"pid 0\", \"packets\": 130, \"pps\": 10.0}, "
		"{\"consumer\": \"pid 1\", \"packets\": 260, \"pps\": null}]}");
	json_decref(service);
	/* a service of another name has nothing in common */
	snprintf(before->services[0].name, sizeof(before->services[0].name), "other");
	snapshot_set_rates(now, before);
	service = parse_service(now, 0);
	assert_json(
		service, "figures", "{\"hits\": 30, \"flows\": null, \"hits_per_second\": null}");
	json_decref(service);
	free(before);
	free(now);
}

static void test_a_table_has_no_more_rows_than_its_service_says(void **state)
{
	struct shop shop = { .consumers = ROWS + 2 };
	struct snapshot *snapshot = take(&shop, LEVEL_BASIC, 1);
	json_t *service = parse_service(snapshot, 1);

	(void)state;
	assert_int_equal(
		json_array_size(json_object_get(json_object_get(service, "tables"), "consumers")),
		ROWS);
	json_decref(service);
	free(snapshot);
}

static void test_text_has_a_line_for_the_figures_and_one_for_each_row(void **state)
{
	static const char want[] = "    hits 10, flows ?, hits_per_second ?\n"
				   "    path /index.html: packets 7\n"
				   "    consumer pid 0: packets 10, pps ?\n";
	struct shop shop = { .hits = 10, .consumers = 1 };
	struct snapshot *snapshot = take(&shop, LEVEL_BASIC, 1);
	char *text = export_whole(export_text, snapshot);

	(void)state;
	assert_non_null(strstr(text, want));
	free(text);
	free(snapshot);
}

static void test_a_service_without_sample_has_unknown_figures_and_empty_tables(void **state)
{
	const struct service_type silent = {
		.figures = figure_rows, .figures_count = 2, .tables = table_rows, .tables_count = 1
	};
	struct snapshot *snapshot = new_example(LEVEL_BASIC);
	json_t *service;

	(void)state;
	instances_sample(&silent, NULL, 0, snapshot);
	service = parse_service(snapshot, 0);
	assert_json(service, "figures", "{\"hits\": null, \"flows\": null}");
	assert_json(service, "tables", "{\"paths\": []}");
	json_decref(service);
	free(snapshot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_figures_and_tables_stand_under_their_service_in_json),
		cmocka_unit_test(test_a_level_shows_its_figures_and_columns_and_none_above),
		cmocka_unit_test(test_rates_are_of_the_same_service_table_and_row),
		cmocka_unit_test(test_a_table_has_no_more_rows_than_its_service_says),
		cmocka_unit_test(test_text_has_a_line_for_the_figures_and_one_for_each_row),
		cmocka_unit_test(
			test_a_service_without_sample_has_unknown_figures_and_empty_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
