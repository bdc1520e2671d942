/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "stats/metric.h"
#include "stats/snapshot.h"

#define ASSERT_NAN(value) assert_true(isnan(value))
#define ASSERT_NEAR(value, want) assert_true(fabs((value) - (want)) <= 1e-9 * fabs(want))

/* A moment after so many milliseconds, with two queues and a service. */
static struct snapshot *new_snapshot(uint64_t sequence, uint64_t ms)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));

	assert_non_null(snapshot);
	snapshot->sequence = sequence;
	snapshot->monotonic_ns = 5000000000 + ms * 1000000;
	snapshot->interfaces_count = 1;
	snapshot->queues_count = 2;
	snapshot->services_count = 1;
	strcpy(snapshot->interfaces[0].name, "eth0");
	strcpy(snapshot->services[0].name, "reflect");
	snapshot->queues[1].queue = 1;
	return snapshot;
}

static void set_flow(struct snapshot_flow *flow, uint64_t packets)
{
	flow->rx_packets = packets;
	flow->rx_bytes = packets * 100;
	flow->tx_packets = packets / 2;
	flow->tx_bytes = packets * 50;
}

static void assert_flow_unknown(const struct snapshot_flow *flow)
{
	ASSERT_NAN(flow->rx_pps);
	ASSERT_NAN(flow->rx_bps);
	ASSERT_NAN(flow->tx_pps);
	ASSERT_NAN(flow->tx_bps);
}

static void rates_are_over_the_measured_interval(void **state)
{
	struct snapshot *before = new_snapshot(1, 0), *now = new_snapshot(2, 2500);

	(void)state;
	set_flow(&before->queues[1].flow, 1000);
	set_flow(&now->queues[1].flow, 11000);
	set_flow(&now->services[0].flow, 5000);
	before->queues[1].busy_ns = 1000;
	now->queues[1].busy_ns = 1000 + 625000000;
	snapshot_add_up(before);
	snapshot_add_up(now);
	snapshot_set_rates(now, before);
	assert_int_equal(now->interval_ns, 2500000000);
	ASSERT_NEAR(now->queues[1].flow.rx_pps, 4000.0);
	ASSERT_NEAR(now->queues[1].flow.rx_bps, 3200000.0);
	ASSERT_NEAR(now->queues[1].flow.tx_pps, 2000.0);
	ASSERT_NEAR(now->queues[1].flow.tx_bps, 1600000.0);
	ASSERT_NEAR(now->queues[1].busy_percent, 25.0);
	ASSERT_NEAR(now->totals.flow.rx_pps, 4000.0);
	ASSERT_NEAR(now->totals.flow.tx_bps, 1600000.0);
	ASSERT_NEAR(now->services[0].flow.rx_pps, 2000.0);
	ASSERT_NEAR(now->queues[0].flow.rx_pps, 0.0);
	free(before);
	free(now);
}

static void rates_of_the_first_snapshot_are_unknown(void **state)
{
	struct snapshot *now = new_snapshot(1, 0);

	(void)state;
	now->interval_ns = 7;
	snapshot_set_rates(now, NULL);
	assert_int_equal(now->interval_ns, 0);
	assert_flow_unknown(&now->totals.flow);
	assert_flow_unknown(&now->queues[0].flow);
	assert_flow_unknown(&now->queues[1].flow);
	assert_flow_unknown(&now->services[0].flow);
	ASSERT_NAN(now->queues[0].busy_percent);
	free(now);
}

static void rates_against_another_run_or_the_same_moment_are_unknown(void **state)
{
	struct snapshot *before = new_snapshot(9, 0), *now = new_snapshot(9, 1000);

	(void)state;
	snapshot_set_rates(now, before);
	assert_int_equal(now->interval_ns, 0);
	assert_flow_unknown(&now->totals.flow);
	before->sequence = 8;
	before->monotonic_ns = now->monotonic_ns;
	snapshot_set_rates(now, before);
	assert_int_equal(now->interval_ns, 0);
	assert_flow_unknown(&now->queues[0].flow);
	free(before);
	free(now);
}

static void a_counter_that_went_backwards_has_an_unknown_rate(void **state)
{
	struct snapshot *before = new_snapshot(1, 0), *now = new_snapshot(2, 1000);

	(void)state;
	set_flow(&before->queues[0].flow, 1000);
	set_flow(&now->queues[0].flow, 1000);
	now->queues[0].flow.rx_packets = 999;
	before->queues[0].busy_ns = 1;
	snapshot_set_rates(now, before);
	ASSERT_NAN(now->queues[0].flow.rx_pps);
	ASSERT_NEAR(now->queues[0].flow.rx_bps, 0.0);
	ASSERT_NAN(now->queues[0].busy_percent);
	free(before);
	free(now);
}

static void a_rate_from_or_to_an_unknown_count_is_unknown(void **state)
{
	struct snapshot *before = new_snapshot(1, 0), *now = new_snapshot(2, 1000);

	(void)state;
	before->queues[0].flow.rx_packets = SNAPSHOT_UNKNOWN;
	now->queues[0].flow.tx_packets = SNAPSHOT_UNKNOWN;
	now->queues[0].flow.tx_bytes = before->queues[0].flow.tx_bytes = SNAPSHOT_UNKNOWN;
	snapshot_set_rates(now, before);
	ASSERT_NAN(now->queues[0].flow.rx_pps);
	ASSERT_NAN(now->queues[0].flow.tx_pps);
	ASSERT_NAN(now->queues[0].flow.tx_bps);
	ASSERT_NEAR(now->queues[0].flow.rx_bps, 0.0);
	free(before);
	free(now);
}

static void busy_time_never_exceeds_the_interval(void **state)
{
	struct snapshot *before = new_snapshot(1, 0), *now = new_snapshot(2, 1000);

	(void)state;
	now->queues[0].busy_ns = 1000100000;
	snapshot_set_rates(now, before);
	ASSERT_NEAR(now->queues[0].busy_percent, 100.0);
	free(before);
	free(now);
}

static void a_queue_is_compared_with_itself_when_rows_have_moved(void **state)
{
	struct snapshot *before = new_snapshot(1, 0), *now = new_snapshot(2, 1000);

	(void)state;
	set_flow(&before->queues[0].flow, 100);
	set_flow(&before->services[0].flow, 100);
	now->interfaces_count = 2;
	strcpy(now->interfaces[0].name, "new0");
	strcpy(now->interfaces[1].name, "eth0");
	now->queues[1] = now->queues[0];
	now->queues[1].interface = 1;
	set_flow(&now->queues[1].flow, 300);
	now->services_count = 2;
	now->services[1] = now->services[0];
	strcpy(now->services[0].name, "new");
	set_flow(&now->services[1].flow, 500);
	snapshot_set_rates(now, before);
	assert_flow_unknown(&now->queues[0].flow);
	assert_flow_unknown(&now->services[0].flow);
	ASSERT_NEAR(now->queues[1].flow.rx_pps, 200.0);
	ASSERT_NEAR(now->services[1].flow.rx_pps, 400.0);
	free(before);
	free(now);
}

static void totals_are_the_sums_of_the_queues(void **state)
{
	struct snapshot *snapshot = new_snapshot(1, 0);

	(void)state;
	snapshot->totals.flow.rx_packets = 99; /* replaced, not added to */
	for (unsigned i = 0; i < 2; i++) {
		struct snapshot_queue *queue = &snapshot->queues[i];

		set_flow(&queue->flow, 1000 + i);
		for (unsigned k = 0; k < DROPS; k++)
			queue->drop[k] = 1ull << k;
		queue->pass_packets = 7;
		queue->in_flight_packets = 5;
	}
	snapshot->queues[0].unaccounted_packets = 3;
	snapshot->queues[1].unaccounted_packets = -4;
	snapshot_add_up(snapshot);
	assert_int_equal(snapshot->totals.flow.rx_packets, 2001);
	assert_int_equal(snapshot->totals.flow.rx_bytes, 200100);
	assert_int_equal(snapshot->totals.flow.tx_packets, 1000);
	assert_int_equal(snapshot->totals.flow.tx_bytes, 100050);
	assert_int_equal(snapshot->totals.drop_packets, 2 * ((1 << DROPS) - 1));
	assert_int_equal(snapshot->totals.pass_packets, 14);
	assert_int_equal(snapshot->totals.in_flight_packets, 10);
	assert_int_equal(snapshot->totals.unaccounted_packets, -1);
	free(snapshot);
}

static void a_total_with_an_unknown_term_is_unknown(void **state)
{
	struct snapshot *snapshot = new_snapshot(1, 0);

	(void)state;
	snapshot->queues[0].flow.rx_packets = SNAPSHOT_UNKNOWN;
	snapshot->queues[0].in_flight_packets = SNAPSHOT_UNKNOWN;
	snapshot->queues[0].unaccounted_packets = SNAPSHOT_BALANCE_UNKNOWN;
	snapshot->queues[1].drop[DROP_rx_dropped] = SNAPSHOT_UNKNOWN;
	snapshot->queues[1].flow.rx_packets = 5;
	snapshot->queues[1].unaccounted_packets = 5;
	snapshot->queues[1].pass_packets = 5;
	snapshot_add_up(snapshot);
	assert_true(snapshot->totals.flow.rx_packets == SNAPSHOT_UNKNOWN);
	assert_true(snapshot->totals.in_flight_packets == SNAPSHOT_UNKNOWN);
	assert_true(snapshot->totals.unaccounted_packets == SNAPSHOT_BALANCE_UNKNOWN);
	assert_true(snapshot->totals.drop_packets == SNAPSHOT_UNKNOWN);
	assert_int_equal(snapshot->totals.pass_packets, 5);
	assert_int_equal(snapshot->totals.flow.tx_packets, 0);
	free(snapshot);
}

static void failures_that_the_driver_does_not_count_leave_the_drops_known(void **state)
{
	struct snapshot *snapshot = new_snapshot(1, 0);

	(void)state;
	snapshot->queues[0].drop[DROP_tx_failed] = SNAPSHOT_UNKNOWN;
	snapshot->queues[0].drop[DROP_denied] = 2;
	snapshot->queues[1].drop[DROP_tx_failed] = 3;
	snapshot_add_up(snapshot);
	assert_int_equal(snapshot->totals.drop_packets, 5);
	free(snapshot);
}

static void a_service_counts_only_its_own_reasons(void **state)
{
	struct snapshot *snapshot = new_snapshot(1, 0);
	struct snapshot_service *service = &snapshot->services[0];

	(void)state;
	for (unsigned i = 0; i < DROPS; i++)
		service->drop[i] = i < DROPS_OF_SERVICE ? 1 : 100;
	assert_int_equal(snapshot_service_drops(service), DROPS_OF_SERVICE);
	service->drop[DROP_denied] = SNAPSHOT_UNKNOWN;
	assert_true(snapshot_service_drops(service) == SNAPSHOT_UNKNOWN);
	free(snapshot);
}

static void a_latency_has_the_figures_of_its_histogram(void **state)
{
	struct histogram *histogram = calloc(1, sizeof(*histogram));
	struct snapshot_latency latency;

	(void)state;
	assert_non_null(histogram);
	for (uint64_t value = 1; value <= 60; value++)
		histogram_add(histogram, value);
	snapshot_set_latency(&latency, histogram, "hook to transmit", 64);
	assert_string_equal(latency.what, "hook to transmit");
	assert_int_equal(latency.sampled, 64);
	assert_int_equal(latency.count, 60);
	assert_int_equal(latency.min, 1);
	assert_int_equal(latency.p50, 30);
	assert_int_equal(latency.p90, 54);
	assert_int_equal(latency.p99, 60);
	assert_int_equal(latency.p999, 60);
	assert_int_equal(latency.max, 60);
	ASSERT_NEAR(latency.mean, 30.5);
	free(histogram);
}

static void assert_figures_unknown(const struct snapshot_latency *latency)
{
	assert_true(latency->min == SNAPSHOT_UNKNOWN && latency->max == SNAPSHOT_UNKNOWN);
	assert_true(latency->p50 == SNAPSHOT_UNKNOWN && latency->p90 == SNAPSHOT_UNKNOWN);
	assert_true(latency->p99 == SNAPSHOT_UNKNOWN && latency->p999 == SNAPSHOT_UNKNOWN);
	ASSERT_NAN(latency->mean);
}

static void a_latency_without_values_is_unknown_and_not_zero(void **state)
{
	struct histogram *histogram = calloc(1, sizeof(*histogram));
	struct snapshot_latency latency;

	(void)state;
	assert_non_null(histogram);
	snapshot_set_latency(&latency, histogram, "a", 1);
	assert_int_equal(latency.count, 0);
	assert_figures_unknown(&latency);
	histogram_add(histogram, 5);
	snapshot_set_latency(&latency, histogram, latency.what, 0);
	assert_string_equal(latency.what, "a");
	assert_true(latency.count == SNAPSHOT_UNKNOWN);
	assert_figures_unknown(&latency);
	snapshot_set_latency(&latency, NULL, "a", 64);
	assert_int_equal(latency.sampled, 0);
	assert_true(latency.count == SNAPSHOT_UNKNOWN);
	free(histogram);
}

static void every_state_reason_and_bin_has_its_words(void **state)
{
	(void)state;
	for (unsigned i = 0; i < QUEUE_STATES; i++)
		assert_non_null(queue_state_names[i]);
	for (unsigned i = 0; i < DROPS; i++) {
		assert_non_null(drop_names[i]);
		assert_non_null(drop_texts[i].meaning);
		assert_non_null(drop_texts[i].advice);
		/* with what text puts beside them */
		assert_true(strlen(drop_names[i]) + strlen(drop_texts[i].meaning) < 86);
		assert_true(strlen(drop_texts[i].advice) < 96);
	}
	for (unsigned i = 0; i < SNAPSHOT_BATCH_BINS; i++)
		assert_non_null(batch_bin_names[i]);
	for (unsigned i = 0; i < SIZE_BINS; i++)
		assert_non_null(size_bin_names[i]);
	assert_string_equal(drop_names[DROP_rx_ring_full], "rx_ring_full");
	assert_string_equal(level_names[LEVEL_DEBUG], "debug");
	assert_null(level_names[LEVEL_DEBUG + 1]);
}

static void the_names_of_size_bins_are_where_size_bin_puts_them(void **state)
{
	(void)state;
	for (unsigned bytes = 1; bytes < 4096; bytes++) {
		unsigned bin = size_bin(bytes), low = 0, high = 0;

		if (sscanf(size_bin_names[bin], "%u-%u", &low, &high) == 2)
			assert_true(bytes >= low && bytes <= high);
		else
			assert_true(bin ? bytes >= low : bytes <= low);
	}
}

static void metrics_have_unique_names_and_whole_sentences(void **state)
{
	(void)state;
	for (unsigned i = 0; i < metrics_count; i++) {
		const struct metric *metric = &metrics[i];
		bool is_array = metric->kind == METRIC_DROPS || metric->kind == METRIC_BINS;

		assert_non_null(metric->name);
		assert_non_null(metric->unit);
		assert_int_equal(metric->help[strlen(metric->help) - 1], '.');
		assert_true(is_array ? metric->bins && metric->bin_names : !metric->bins);
		for (unsigned k = 0; k < i; k++)
			if (metrics[k].scope == metric->scope)
				assert_string_not_equal(metrics[k].name, metric->name);
	}
}

static void every_drop_reason_has_words(void **state)
{
	(void)state;
	for (unsigned i = 0; i < DROPS; i++)
		if (!drop_texts[i].meaning || !drop_texts[i].advice)
			fail_msg("%s says neither what it means nor what to do", drop_names[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_drop_reason_has_words),
		cmocka_unit_test(rates_are_over_the_measured_interval),
		cmocka_unit_test(rates_of_the_first_snapshot_are_unknown),
		cmocka_unit_test(rates_against_another_run_or_the_same_moment_are_unknown),
		cmocka_unit_test(a_counter_that_went_backwards_has_an_unknown_rate),
		cmocka_unit_test(a_rate_from_or_to_an_unknown_count_is_unknown),
		cmocka_unit_test(busy_time_never_exceeds_the_interval),
		cmocka_unit_test(a_queue_is_compared_with_itself_when_rows_have_moved),
		cmocka_unit_test(totals_are_the_sums_of_the_queues),
		cmocka_unit_test(a_total_with_an_unknown_term_is_unknown),
		cmocka_unit_test(failures_that_the_driver_does_not_count_leave_the_drops_known),
		cmocka_unit_test(a_service_counts_only_its_own_reasons),
		cmocka_unit_test(a_latency_has_the_figures_of_its_histogram),
		cmocka_unit_test(a_latency_without_values_is_unknown_and_not_zero),
		cmocka_unit_test(every_state_reason_and_bin_has_its_words),
		cmocka_unit_test(the_names_of_size_bins_are_where_size_bin_puts_them),
		cmocka_unit_test(metrics_have_unique_names_and_whole_sentences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
