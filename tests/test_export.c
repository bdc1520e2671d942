/* SPDX-License-Identifier: BSD-2-Clause */
#include "example.h"

#define CSV_COLUMNS_MAX 128

/* clang-format off */
static const char json_basic[] =
	"{\"schema\": 1, \"name\": \"ringside\", \"version\": \"0.1.0\", "
	"\"time\": \"2026-11-20T12:00:00.250Z\", \"uptime_s\": 12.000, "
	"\"interval_s\": 1.000, \"stats_level\": \"basic\", \"final\": false, "
	"\"totals\": {\"rx_packets\": 3000, \"rx_bytes\": 180000, \"tx_packets\": 2980, "
	"\"tx_bytes\": 178800, \"made_packets\": 0, \"drop_packets\": 12, \"pass_packets\": 3, "
	"\"delivered_packets\": 0, "
	"\"in_flight_packets\": 5, \"unaccounted_packets\": 0, \"rx_pps\": 22310000.0, "
	"\"rx_bps\": 10708800000.0, \"tx_pps\": null, \"tx_bps\": null, "
	"\"drop\": {\"rate_limited\": 4, \"ttl_exceeded\": 0, \"bad_checksum\": 0, \"denied\": 0, \"not_acknowledged\": 0, \"bad_sequence\": 0, \"truncated\": 0, \"bad_magic\": 0, \"bad_length\": 0, \"fragment\": 0, \"cpu_ring_full\": 0, \"rx_ring_full\": 8, \"rx_dropped\": 0, \"tx_ring_full\": 0, \"tx_failed\": 0, \"bad_frame\": 0, \"not_passable\": 0}}, "
	"\"interfaces\": [{\"name\": \"eth0\", \"driver\": \"veth\", \"state\": \"up\", "
	"\"mtu\": 1500, \"io\": \"af_xdp\", \"xdp\": \"native\", \"zero_copy\": false, "
	"\"poll\": \"interrupt\", \"why\": \"zero copy: Operation not supported\", "
	"\"kernel\": {\"rx_packets\": 3000, \"rx_bytes\": 180000, \"pass\": 3, \"deliver\": 0, "
	"\"drop\": 4, \"tx\": 2993, \"tx_errors\": null, \"redirect\": 0}, "
	"\"queues\": [{\"queue\": 0, \"cpu\": 1, \"state\": \"running\", "
	"\"zero_copy\": false, \"rx_packets\": 3000, \"rx_bytes\": 180000, "
	"\"tx_packets\": 2980, \"tx_bytes\": 178800, \"made_packets\": 0, \"pass_packets\": 3, "
	"\"delivered_packets\": 0, "
	"\"in_flight_packets\": 5, \"unaccounted_packets\": 0, \"rx_pps\": 22310000.0, "
	"\"rx_bps\": 10708800000.0, \"tx_pps\": 22309999.0, \"tx_bps\": 10708799520.0, "
	"\"drop\": {\"rx_ring_full\": 8, \"rx_dropped\": 0, \"tx_ring_full\": 0, "
	"\"tx_failed\": null, \"bad_frame\": 0, \"not_passable\": 0}}, {\"queue\": 1, "
	"\"cpu\": null, \"state\": \"down\", \"zero_copy\": false, \"rx_packets\": 0, "
	"\"rx_bytes\": 0, \"tx_packets\": 0, \"tx_bytes\": 0, \"made_packets\": 0, \"pass_packets\": 0, "
	"\"delivered_packets\": 0, "
	"\"in_flight_packets\": 0, \"unaccounted_packets\": 0, \"rx_pps\": 0.0, "
	"\"rx_bps\": 0.0, \"tx_pps\": 0.0, \"tx_bps\": 0.0, "
	"\"drop\": {\"rx_ring_full\": 0, \"rx_dropped\": 0, \"tx_ring_full\": 0, "
	"\"tx_failed\": 0, \"bad_frame\": 0, \"not_passable\": 0}}]}], "
	"\"services\": [{\"name\": \"reflect\", \"type\": \"reflect\", "
	"\"state\": \"running\", \"interfaces\": [{\"name\": \"eth0\", "
	"\"path\": \"kernel\", \"why\": \"native XDP without zero copy\"}], "
	"\"rx_packets\": 2997, \"rx_bytes\": 179820, \"tx_packets\": 2977, "
	"\"tx_bytes\": 178620, \"made_packets\": 0, \"pass_packets\": 0, \"delivered_packets\": 0, \"rx_pps\": 22309999.5, \"rx_bps\": 10708799760.0, "
	"\"tx_pps\": 22309998.5, \"tx_bps\": 10708799280.0, "
	"\"drop\": {\"rate_limited\": 4, \"ttl_exceeded\": 0, \"bad_checksum\": 0, "
	"\"denied\": 0, \"not_acknowledged\": 0, \"bad_sequence\": 0, "
	"\"truncated\": 0, \"bad_magic\": 0, \"bad_length\": 0, \"fragment\": 0, \"cpu_ring_full\": 0}, "
	"\"spared\": {\"rate_limited\": 0, \"ttl_exceeded\": 0, \"bad_checksum\": 0, \"denied\": 0, \"not_acknowledged\": 0, \"bad_sequence\": 0, "
	"\"truncated\": 0, \"bad_magic\": 0, \"bad_length\": 0, \"fragment\": 0, \"cpu_ring_full\": 0}, \"figures\": {}, \"tables\": {}}]}\n";

static const char json_debug[] =
	"{\"schema\": 1, \"name\": \"ringside\", \"version\": \"0.1.0\", "
	"\"time\": \"2026-11-20T12:00:00.250Z\", \"uptime_s\": 12.000, "
	"\"interval_s\": 1.000, \"stats_level\": \"debug\", \"debug_left_s\": 42, "
	"\"final\": false, \"totals\": {\"rx_packets\": 3000, \"rx_bytes\": 180000, "
	"\"tx_packets\": 2980, \"tx_bytes\": 178800, \"made_packets\": 0, \"drop_packets\": 12, "
	"\"pass_packets\": 3, \"delivered_packets\": 0, "
	"\"in_flight_packets\": 5, \"unaccounted_packets\": 0, "
	"\"rx_pps\": 22310000.0, \"rx_bps\": 10708800000.0, \"tx_pps\": null, \"tx_bps\": null, "
	"\"drop\": {\"rate_limited\": 4, \"ttl_exceeded\": 0, \"bad_checksum\": 0, \"denied\": 0, \"not_acknowledged\": 0, \"bad_sequence\": 0, \"truncated\": 0, \"bad_magic\": 0, \"bad_length\": 0, \"fragment\": 0, \"cpu_ring_full\": 0, \"rx_ring_full\": 8, \"rx_dropped\": 0, \"tx_ring_full\": 0, \"tx_failed\": 0, \"bad_frame\": 0, \"not_passable\": 0}}, \"interfaces\": [{\"name\": \"eth0\", \"driver\": \"veth\", "
	"\"state\": \"up\", \"mtu\": 1500, \"io\": \"af_xdp\", \"xdp\": \"native\", "
	"\"zero_copy\": false, \"poll\": \"interrupt\", "
	"\"why\": \"zero copy: Operation not supported\", "
	"\"kernel\": {\"rx_packets\": 3000, \"rx_bytes\": 180000, \"pass\": 3, \"deliver\": 0, "
	"\"drop\": 4, \"tx\": 2993, \"tx_errors\": null, \"redirect\": 0}, "
	"\"queues\": [{\"queue\": 0, \"cpu\": 1, \"state\": \"running\", "
	"\"zero_copy\": false, \"rx_packets\": 3000, \"rx_bytes\": 180000, "
	"\"tx_packets\": 2980, \"tx_bytes\": 178800, \"made_packets\": 0, \"pass_packets\": 3, "
	"\"delivered_packets\": 0, "
	"\"in_flight_packets\": 5, \"unaccounted_packets\": 0, \"rx_pps\": 22310000.0, "
	"\"rx_bps\": 10708800000.0, \"tx_pps\": 22309999.0, \"tx_bps\": 10708799520.0, "
	"\"busy_percent\": 71.3, \"busy_ns\": 712600000, \"drop\": {\"rx_ring_full\": 8, "
	"\"rx_dropped\": 0, \"tx_ring_full\": 0, \"tx_failed\": null, \"bad_frame\": 0, "
	"\"not_passable\": 0}, \"latency_ns\": {\"what\": \"hook to TX submission\", "
	"\"sampled\": \"1/64\", \"count\": 60, \"min\": 1, \"mean\": 30.5, \"p50\": 30, "
	"\"p90\": 54, \"p99\": 60, \"p999\": 60, \"max\": 60}, \"batches\": [10, 11, 12, "
	"13, 14, 15, 16, 17], \"rx_ring\": 5, \"tx_ring\": 6, \"fill_ring\": 2000, "
	"\"completion_ring\": 7, \"ring_size\": 2048, \"wakeups\": 100, "
	"\"empty_polls\": 9, \"fill_ring_empty\": 1, \"sizes\": [20, 21, 22, 23, 24, 25, "
	"26]}, {\"queue\": 1, \"cpu\": null, \"state\": \"down\", \"zero_copy\": false, "
	"\"rx_packets\": 0, \"rx_bytes\": 0, \"tx_packets\": 0, \"tx_bytes\": 0, \"made_packets\": 0, "
	"\"pass_packets\": 0, \"delivered_packets\": 0, "
	"\"in_flight_packets\": 0, \"unaccounted_packets\": 0, "
	"\"rx_pps\": 0.0, \"rx_bps\": 0.0, \"tx_pps\": 0.0, \"tx_bps\": 0.0, "
	"\"busy_percent\": 0.0, \"busy_ns\": 0, \"drop\": {\"rx_ring_full\": 0, "
	"\"rx_dropped\": 0, \"tx_ring_full\": 0, \"tx_failed\": 0, \"bad_frame\": 0, "
	"\"not_passable\": 0}, \"latency_ns\": {\"what\": null, \"sampled\": null, "
	"\"count\": null, \"min\": null, \"mean\": null, \"p50\": null, \"p90\": null, "
	"\"p99\": null, \"p999\": null, \"max\": null}, \"batches\": [0, 0, 0, 0, 0, 0, 0, "
	"0], \"rx_ring\": 0, \"tx_ring\": 0, \"fill_ring\": 0, \"completion_ring\": 0, "
	"\"ring_size\": 0, \"wakeups\": 0, \"empty_polls\": 0, \"fill_ring_empty\": 0, "
	"\"sizes\": [0, 0, 0, 0, 0, 0, 0]}]}], \"services\": [{\"name\": \"reflect\", "
	"\"type\": \"reflect\", \"state\": \"running\", "
	"\"interfaces\": [{\"name\": \"eth0\", \"path\": \"kernel\", "
	"\"why\": \"native XDP without zero copy\"}], \"rx_packets\": 2997, "
	"\"rx_bytes\": 179820, \"tx_packets\": 2977, \"tx_bytes\": 178620, \"made_packets\": 0, \"pass_packets\": 0, \"delivered_packets\": 0, "
	"\"rx_pps\": 22309999.5, \"rx_bps\": 10708799760.0, \"tx_pps\": 22309998.5, "
	"\"tx_bps\": 10708799280.0, \"drop\": {\"rate_limited\": 4, \"ttl_exceeded\": 0, "
	"\"bad_checksum\": 0, \"denied\": 0, \"not_acknowledged\": 0, \"bad_sequence\": 0, "
	"\"truncated\": 0, \"bad_magic\": 0, \"bad_length\": 0, \"fragment\": 0, \"cpu_ring_full\": 0}, "
	"\"spared\": {\"rate_limited\": 0, \"ttl_exceeded\": 0, \"bad_checksum\": 0, \"denied\": 0, \"not_acknowledged\": 0, \"bad_sequence\": 0, "
	"\"truncated\": 0, \"bad_magic\": 0, \"bad_length\": 0, \"fragment\": 0, \"cpu_ring_full\": 0}, "
	"\"latency_ns\": {\"what\": \"hook to transmit\", \"sampled\": \"1/64\", "
	"\"count\": 60, \"min\": 1, \"mean\": 30.5, \"p50\": 30, \"p90\": 54, \"p99\": 60, "
	"\"p999\": 60, \"max\": 60}, \"latency_histogram\": [], \"figures\": {}, \"tables\": {}}]}\n";

static const char text_basic[] =
	"2026-11-20T12:00:00.250Z  rx 22.31 Mpps 10.71 Gb/s  tx ? ?  drop 12\n"
	"  received 3000 = sent 2980 + dropped 12 + passed on 3 + in flight 5; unaccounted 0\n"
	"  ringside                         rx pps  rx b/s  tx pps  tx b/s      rx      tx    drop\n"
	"  eth0: up, veth, af_xdp native copy, interrupt\n"
	"    zero copy: Operation not supported\n"
	"    queue 0   cpu 1    running     22.31M  10.71G  22.31M  10.71G   3.00k   2.98k      12\n"
	"    queue 1            down             0       0       0       0       0       0       0\n"
	"  reflect              running     22.31M  10.71G  22.31M  10.71G   3.00k   2.98k       4\n"
	"    eth0: answered by the kernel half, native XDP without zero copy\n"
	"  drop rate_limited 4: more packets than max_pps or source_pps allow\n"
	"    intended; raise the limit if these packets should be answered\n"
	"  drop rx_ring_full 8: the worker is too slow: its RX ring was full\n"
	"    spread the traffic over more queues, or give the worker a CPU of its own\n";

static const char text_debug[] =
	"2026-11-20T12:00:00.250Z  rx 22.31 Mpps 10.71 Gb/s  tx ? ?  drop 12\n"
	"  received 3000 = sent 2980 + dropped 12 + passed on 3 + in flight 5; unaccounted 0\n"
	"  ringside                         rx pps  rx b/s  tx pps  tx b/s      rx      tx    drop  busy\n"
	"  eth0: up, veth, af_xdp native copy, interrupt\n"
	"    zero copy: Operation not supported\n"
	"    queue 0   cpu 1    running     22.31M  10.71G  22.31M  10.71G   3.00k   2.98k      12   71%\n"
	"    queue 1            down             0       0       0       0       0       0       0    0%\n"
	"  reflect              running     22.31M  10.71G  22.31M  10.71G   3.00k   2.98k       4\n"
	"    eth0: answered by the kernel half, native XDP without zero copy\n"
	"  drop rate_limited 4: more packets than max_pps or source_pps allow\n"
	"    intended; raise the limit if these packets should be answered\n"
	"  drop rx_ring_full 8: the worker is too slow: its RX ring was full\n"
	"    spread the traffic over more queues, or give the worker a CPU of its own\n"
	"  latency                                     count    min   mean    p50    p90    p99   p999    max\n"
	"    eth0:0 hook to TX submission 1/64            60    1ns   30ns   30ns   54ns   60ns   60ns   60ns\n"
	"    reflect hook to transmit 1/64                60    1ns   30ns   30ns   54ns   60ns   60ns   60ns\n"
	"  level debug falls back to detailed in 42 s\n";

static const char csv_header[] =
	"time,kind,name,rx_packets,rx_bytes,tx_packets,tx_bytes,made_packets,drop_packets,pass_packets,"
	"delivered_packets,in_flight_packets,unaccounted_packets,rx_pps,rx_bps,tx_pps,tx_bps,busy_percent,"
	"busy_ns,drop_rx_ring_full,drop_rx_dropped,drop_tx_ring_full,drop_tx_failed,"
	"drop_bad_frame,drop_not_passable,latency_ns_sampled,latency_ns_count,"
	"latency_ns_min,latency_ns_mean,latency_ns_p50,latency_ns_p90,latency_ns_p99,"
	"latency_ns_p999,latency_ns_max,batches_1,batches_2-3,batches_4-7,batches_8-15,"
	"batches_16-31,batches_32-63,batches_64-127,batches_128+,rx_ring,tx_ring,fill_ring,"
	"completion_ring,ring_size,wakeups,empty_polls,fill_ring_empty,sizes_64,"
	"sizes_65-127,sizes_128-255,sizes_256-511,sizes_512-1023,sizes_1024-1518,"
	"sizes_1519+,drop_rate_limited,drop_ttl_exceeded,drop_bad_checksum,drop_denied,"
	"drop_not_acknowledged,drop_bad_sequence,"
	"drop_truncated,drop_bad_magic,drop_bad_length,drop_fragment,drop_cpu_ring_full,"
	"spared_rate_limited,spared_ttl_exceeded,spared_bad_checksum,spared_denied,"
	"spared_not_acknowledged,spared_bad_sequence,"
	"spared_truncated,spared_bad_magic,spared_bad_length,spared_fragment,spared_cpu_ring_full\n";

static const char csv_detailed[] =
	"2026-11-20T12:00:00.250Z,totals,ringside,3000,180000,2980,178800,0,12,3,0,5,0,"
	"22310000.0,10708800000.0,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,\n"
	"2026-11-20T12:00:00.250Z,queue,eth0:0,3000,180000,2980,178800,0,,3,0,5,0,22310000.0,"
	"10708800000.0,22309999.0,10708799520.0,71.3,712600000,8,0,0,,0,0,1/64,60,1,30.5,"
	"30,54,60,60,60,10,11,12,13,14,15,16,17,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,\n"
	"2026-11-20T12:00:00.250Z,queue,eth0:1,0,0,0,0,0,,0,0,0,0,0.0,0.0,0.0,0.0,0.0,0,0,0,0,"
	"0,0,0,,,,,,,,,,0,0,0,0,0,0,0,0,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,\n"
	"2026-11-20T12:00:00.250Z,service,reflect,2997,179820,2977,178620,0,,0,0,,,22309999.5,"
	"10708799760.0,22309998.5,10708799280.0,,,,,,,,,1/64,60,1,30.5,30,54,60,60,60,,,,,,"
	",,,,,,,,,,,,,,,,,,4,0,0,0,0,0,0,0,"
	"0,0,0,0,0,0,0,0,0,0,0,0,0,0\n";
/* clang-format on */

static void assert_output(size_t (*export)(const struct snapshot *, char *, size_t),
	struct snapshot *snapshot, const char *want)
{
	char *got = export_whole(export, snapshot);

	assert_string_equal(got, want);
	free(got);
	free(snapshot);
}

static void json_of_level_basic_is_the_golden_one(void **state)
{
	(void)state;
	assert_output(export_json, new_example(LEVEL_BASIC), json_basic);
}

static void json_of_level_debug_is_the_golden_one(void **state)
{
	(void)state;
	assert_output(export_json, new_example(LEVEL_DEBUG), json_debug);
}

static void text_of_level_basic_is_the_golden_one(void **state)
{
	(void)state;
	assert_output(export_text, new_example(LEVEL_BASIC), text_basic);
}

static void text_of_level_debug_is_the_golden_one(void **state)
{
	(void)state;
	assert_output(export_text, new_example(LEVEL_DEBUG), text_debug);
}

static void csv_is_the_golden_one(void **state)
{
	char header[8192];

	(void)state;
	assert_true(export_csv_header(header, sizeof(header)) < sizeof(header));
	assert_string_equal(header, csv_header);
	assert_output(export_csv, new_example(LEVEL_DETAILED), csv_detailed);
}

static void the_final_text_says_so(void **state)
{
	struct snapshot *snapshot = new_example(LEVEL_BASIC);
	char *text;

	(void)state;
	text = export_whole(export_text, snapshot);
	assert_null(strstr(text, "final"));
	free(text);
	snapshot->final = 1;
	text = export_whole(export_text, snapshot);
	assert_non_null(strstr(text, "  final\n"));
	free(text);
	free(snapshot);
}

/* The exporters must read and write exactly these bytes: the sanitizers see one too many. */
static void assert_cut(
	size_t (*export)(const struct snapshot *, char *, size_t), const struct snapshot *snapshot)
{
	char *whole = export_whole(export, snapshot);
	size_t length = strlen(whole);

	assert_int_equal(export(snapshot, NULL, 0), length);
	for (size_t size = 1; size <= length + 1;
		size += size < 200 || size + 50 > length ? 1 : 37) {
		char *cut = malloc(size);

		assert_non_null(cut);
		memset(cut, 'x', size);
		assert_int_equal(export(snapshot, cut, size), length);
		assert_int_equal(strlen(cut), size - 1);
		assert_memory_equal(cut, whole, size - 1);
		free(cut);
	}
	free(whole);
}

static void a_cut_buffer_has_the_text_so_far_and_tells_the_whole_size(void **state)
{
	struct snapshot *snapshot = new_example(LEVEL_DEBUG);

	(void)state;
	assert_cut(export_json, snapshot);
	assert_cut(export_text, snapshot);
	assert_cut(export_csv, snapshot);
	free(snapshot);
}

/* Splits a line that has no quotes, in place; returns how many fields it had. */
static unsigned split_csv(char *line, char *fields[CSV_COLUMNS_MAX])
{
	unsigned count = 0;
	char *field;

	while ((field = strsep(&line, ",")) && count < CSV_COLUMNS_MAX)
		fields[count++] = field;
	return count;
}

static const char *csv_field(char *header[], char *row[], unsigned columns, const char *name)
{
	for (unsigned i = 0; i < columns; i++)
		if (!strcmp(header[i], name))
			return row[i];
	fail_msg("no column %s", name);
	return NULL;
}

static void csv_rows_of_every_level_have_the_columns_of_the_header(void **state)
{
	(void)state;
	for (enum level level = LEVEL_BASIC; level <= LEVEL_DEBUG; level++) {
		struct snapshot *snapshot = new_example(level);
		char *text = export_whole(export_csv, snapshot), *rest = text, *line;
		char names[8192], *header[CSV_COLUMNS_MAX], *row[CSV_COLUMNS_MAX];
		unsigned columns, lines = 0;

		export_csv_header(names, sizeof(names));
		columns = split_csv(strtok(names, "\n"), header);
		for (unsigned i = 0; i < columns; i++)
			for (unsigned k = 0; k < i; k++)
				assert_string_not_equal(header[i], header[k]);
		while (*(line = strsep(&rest, "\n"))) {
			lines++;
			assert_int_equal(split_csv(line, row), columns);
			if (strcmp(csv_field(header, row, columns, "name"), "eth0:0"))
				continue;
			assert_string_equal(csv_field(header, row, columns, "rx_packets"), "3000");
			assert_string_equal(csv_field(header, row, columns, "drop_tx_failed"), "");
			assert_string_equal(csv_field(header, row, columns, "drop_denied"), "");
			assert_string_equal(csv_field(header, row, columns, "latency_ns_p99"),
				level >= LEVEL_DETAILED ? "60" : "");
			assert_string_equal(csv_field(header, row, columns, "sizes_1519+"),
				level >= LEVEL_DEBUG ? "26" : "");
		}
		assert_int_equal(lines, 4);
		free(text);
		free(snapshot);
	}
}

static unsigned count_lines_with(const char *text, const char *word)
{
	unsigned count = 0;

	while ((text = strstr(text, word))) {
		count++;
		text++;
	}
	return count;
}

static void text_counts_queues_without_traffic_beyond_sixteen(void **state)
{
	struct snapshot *snapshot = new_example(LEVEL_BASIC);
	char *text;

	(void)state;
	for (unsigned i = 0; i < 40; i++)
		snapshot->queues[i] = (struct snapshot_queue){ .queue = i, .state = QUEUE_RUNNING };
	snapshot->queues[3].flow.rx_pps = 1;
	snapshot->queues[5].state = QUEUE_STALLED;
	snapshot->queues[7].flow = (struct snapshot_flow){ .rx_packets = 1, .rx_pps = NAN };
	snapshot->queues_count = 16;
	text = export_whole(export_text, snapshot);
	assert_int_equal(count_lines_with(text, "\n    queue "), 16);
	free(text);
	snapshot->queues_count = 40;
	text = export_whole(export_text, snapshot);
	assert_int_equal(count_lines_with(text, "\n    queue "), 3);
	assert_non_null(strstr(text, "\n    37 queues without traffic\n"));
	free(text);
	free(snapshot);
}

static void text_keeps_to_a_hundred_columns(void **state)
{
	(void)state;
	for (enum level level = LEVEL_BASIC; level <= LEVEL_DEBUG; level++) {
		struct snapshot *snapshot = new_example(level);
		char *text, *rest, *line;

		for (unsigned i = 0; i < DROPS; i++)
			snapshot->queues[0].drop[i] = snapshot->services[0].drop[i] = 123456;
		rest = text = export_whole(export_text, snapshot);
		while ((line = strsep(&rest, "\n")))
			if (strlen(line) > 100)
				fail_msg("%s", line);
		free(text);
		free(snapshot);
	}
}

static void test_the_histogram_has_the_groups_that_are_not_empty(void **state)
{
	struct snapshot *snapshot = new_example(LEVEL_DETAILED);
	struct histogram *histogram = &snapshot->services[0].histogram;
	static char json[EXPORT_BYTES];

	(void)state;
	memset(histogram, 0, sizeof(*histogram));
	histogram_add(histogram, 0);
	histogram_add(histogram, 99);
	histogram_add(histogram, 100);
	histogram_add(histogram, 199);
	histogram_add(histogram, 1ull << 40); /* in the last bucket, from 68 s on */
	export_json(snapshot, json, sizeof(json));
	assert_non_null(strstr(json,
		"\"latency_histogram\": [{\"from_ns\": 0, \"to_ns\": 1, \"packets\": 1}, "
		"{\"from_ns\": 50, \"to_ns\": 100, \"packets\": 1}, "
		"{\"from_ns\": 100, \"to_ns\": 200, \"packets\": 2}, "
		"{\"from_ns\": 50000000000, \"to_ns\": 100000000000, \"packets\": 1}], "));
	snapshot->services[0].latency.sampled = 0;
	export_json(snapshot, json, sizeof(json));
	assert_non_null(strstr(json, "\"latency_histogram\": null, "));
	free(snapshot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_histogram_has_the_groups_that_are_not_empty),
		cmocka_unit_test(json_of_level_basic_is_the_golden_one),
		cmocka_unit_test(json_of_level_debug_is_the_golden_one),
		cmocka_unit_test(text_of_level_basic_is_the_golden_one),
		cmocka_unit_test(text_of_level_debug_is_the_golden_one),
		cmocka_unit_test(csv_is_the_golden_one),
		cmocka_unit_test(the_final_text_says_so),
		cmocka_unit_test(a_cut_buffer_has_the_text_so_far_and_tells_the_whole_size),
		cmocka_unit_test(csv_rows_of_every_level_have_the_columns_of_the_header),
		cmocka_unit_test(text_counts_queues_without_traffic_beyond_sixteen),
		cmocka_unit_test(text_keeps_to_a_hundred_columns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
