// SPDX-License-Identifier: BSD-2-Clause
/* The searches of RFC 2544 against a far end that is arithmetic: it forwards so many packets a second and holds a
 * queue of so many. */
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "cmd/rfc2544_report.h"
#include "generate/plot.h"
#include "generate/rfc2544.h"

#define SECOND 1000000000ull

struct device {
	double capacity, queue, fastest; /* packets a second; packets; what the sender can do */
	unsigned runs, runs_max; /* runs_max: then the user has had enough; 0: never */
	unsigned slow; /* runs yet in which the sender is at half of its rate */
	uint64_t latency_ns;
	enum rfc2544_test tests[256];
	uint64_t rates[256];
};

static int run(void *context, enum rfc2544_test test, const struct generate_trial *trial,
	struct figures *f, struct err *err)
{
	struct device *d = context;
	double rate = trial->rate_pps ? fmin((double)trial->rate_pps, d->fastest) : d->fastest;
	double seconds = (double)trial->duration_ns / 1e9, sent, passed;

	(void)err;
	if (d->runs_max && d->runs == d->runs_max)
		return -EINTR;
	assert_true(d->runs < 256);
	d->tests[d->runs] = test;
	d->rates[d->runs++] = trial->rate_pps;
	if (d->slow) {
		d->slow--;
		rate /= 2;
	}
	if (trial->packets)
		seconds = (double)trial->packets / rate;
	sent = trial->packets ? (double)trial->packets : floor(rate * seconds);
	passed = fmin(sent, floor(d->capacity * seconds + d->queue));
	f->size = trial->size;
	f->rate_pps = trial->rate_pps;
	f->elapsed_ns = (uint64_t)(seconds * 1e9);
	f->sent = (uint64_t)sent;
	if (trial->rate_pps && !trial->packets)
		f->unsent = (uint64_t)fmax(0, (double)trial->rate_pps * seconds - sent);
	f->counts.received = (uint64_t)passed;
	f->lost = f->sent - f->counts.received;
	f->engine = "fake";
	f->sampled = 1;
	for (unsigned i = 0; i < 10; i++)
		generate_time(&f->counts.times, d->latency_ns);
	return 0;
}

static struct rfc2544_settings settings(enum rfc2544_test test, uint64_t max_pps)
{
	struct rfc2544_settings s = {
		.sizes = { 1, { 64 } },
		.max_pps = { max_pps },
		.resolution = 0.001,
		.trial_ns = 2 * SECOND,
		.repeat = 1,
	};

	s.wanted[test] = true;
	return s;
}

static struct rfc2544_size measure(struct device *d, const struct rfc2544_settings *s)
{
	struct rfc2544_runner runner = { .run = run, .context = d };
	static struct rfc2544_results results;
	struct err err = { "" };

	assert_int_equal(rfc2544_run(s, &runner, &results, &err), 0);
	assert_true(results.complete);
	assert_int_equal(results.count, s->sizes.count);
	return results.size[0];
}

static void test_the_throughput_is_found_within_the_resolution(void **state)
{
	(void)state;
	for (double capacity = 1; capacity < 1e6; capacity *= 3.7) {
		struct device d = { .capacity = capacity, .fastest = 1e6 };
		struct rfc2544_settings s = settings(RFC2544_THROUGHPUT, 1000000);
		struct rfc2544_size size = measure(&d, &s);

		assert_true(size.throughput_pps <= capacity);
		assert_true(size.throughput_pps >= capacity - 0.001 * 1e6 - 1);
		assert_false(size.sender_limit);
		assert_true(fabs(size.max_loss - (1 - floor(2 * capacity) / 2e6)) < 1e-9);
		assert_true(d.runs <= 12);
	}
}

static void test_a_far_end_that_keeps_up_needs_one_run(void **state)
{
	struct device d = { .capacity = 2e6, .fastest = 1.5e6 };
	struct rfc2544_settings s = settings(RFC2544_THROUGHPUT, 0);
	struct rfc2544_size size = measure(&d, &s);

	(void)state;
	assert_int_equal(d.runs, 1);
	assert_true(fabs(size.throughput_pps - 1.5e6) < 1);
	assert_true(size.sender_limit);
}

static void test_tolerated_loss_raises_the_throughput(void **state)
{
	struct device d = { .capacity = 90000, .fastest = 1e5 };
	struct rfc2544_settings s = settings(RFC2544_THROUGHPUT, 0);
	struct rfc2544_size size;

	(void)state;
	s.loss = 0.05;
	size = measure(&d, &s);
	assert_true(fabs(size.throughput_pps - 90000 / 0.95) < 110);
}

static void test_a_run_in_which_the_sender_was_slow_is_done_again(void **state)
{
	struct device d = { .capacity = 50000, .fastest = 1e5, .slow = 2 };
	struct rfc2544_settings s = settings(RFC2544_THROUGHPUT, 100000);
	struct rfc2544_size size = measure(&d, &s);

	(void)state;
	assert_int_equal(d.rates[0], 100000);
	assert_int_equal(d.rates[1], 100000);
	assert_int_equal(d.rates[2], 100000);
	assert_int_equal(d.rates[3], 50000);
	assert_true(size.throughput_pps <= 50000 && size.throughput_pps >= 49900);
}

static void test_a_sender_that_never_reaches_the_rate_is_said_to_be_the_limit(void **state)
{
	struct device d = { .capacity = 1e6, .fastest = 7e5 };
	struct rfc2544_settings s = settings(RFC2544_THROUGHPUT, 1000000);
	struct rfc2544_size size = measure(&d, &s);

	(void)state;
	assert_true(size.sender_limit);
	assert_true(fabs(size.throughput_pps - 7e5) < 1);
}

static void test_loss_goes_down_by_tenths_until_two_are_clean(void **state)
{
	struct device d = { .capacity = 65000, .fastest = 1e5 };
	struct rfc2544_settings s = settings(RFC2544_LOSS, 100000);
	struct rfc2544_size size = measure(&d, &s);

	(void)state;
	assert_int_equal(size.points_count, 6);
	for (unsigned i = 0; i < 6; i++) {
		double rate = 1e4 * (10 - i);

		assert_int_equal(size.points[i].percent, 100 - 10 * i);
		assert_true(fabs(size.points[i].loss - fmax(0, 1 - 65000 / rate)) < 1e-9);
	}
	assert_true(size.max_loss == size.points[0].loss);
}

static void test_loss_ends_at_a_tenth(void **state)
{
	struct device d = { .capacity = 10, .fastest = 1e5 };
	struct rfc2544_settings s = settings(RFC2544_LOSS, 0);

	(void)state;
	assert_int_equal(measure(&d, &s).points_count, 10);
}

static void test_the_longest_burst_is_what_the_queue_holds(void **state)
{
	struct device d = { .capacity = 50000, .queue = 1000, .fastest = 1e5 };
	struct rfc2544_settings s = settings(RFC2544_BACK_TO_BACK, 0);
	struct rfc2544_size size = measure(&d, &s);

	(void)state;
	/* N at 100 kpps: half of them leave meanwhile */
	assert_true(fabs(size.burst_frames - 2000) <= 201);
	d = (struct device){ .capacity = 1e6, .fastest = 1e5 };
	assert_true(measure(&d, &s).burst_frames == 2e5); /* all that a run can send */
}

static void test_latency_is_at_the_throughput_and_twice_as_long(void **state)
{
	struct device d = { .capacity = 40000, .fastest = 1e5, .latency_ns = 12345 };
	struct rfc2544_settings s = settings(RFC2544_LATENCY, 0);
	struct rfc2544_size size;

	(void)state;
	s.repeat = 3;
	size = measure(&d, &s);
	assert_int_equal(d.tests[d.runs - 1], RFC2544_LATENCY);
	assert_int_equal(d.tests[d.runs - 3], RFC2544_LATENCY);
	assert_int_equal(d.tests[d.runs - 4], RFC2544_THROUGHPUT);
	assert_int_equal(d.rates[d.runs - 1], (uint64_t)size.throughput_pps);
	assert_int_equal(size.latency.min, 12345);
	assert_int_equal(size.latency.max, 12345);
	assert_int_equal(size.latency.mean, 12345);
	assert_int_equal(size.latency.count, 30);
}

static void test_what_was_measured_before_it_was_broken_off_is_there(void **state)
{
	struct device d = { .capacity = 65000, .fastest = 1e5, .runs_max = 4 };
	struct rfc2544_runner runner = { .run = run, .context = &d };
	struct rfc2544_settings s = settings(RFC2544_LOSS, 100000);
	static struct rfc2544_results results;
	struct err err = { "" };

	(void)state;
	assert_int_equal(rfc2544_run(&s, &runner, &results, &err), 0);
	assert_false(results.complete);
	assert_false(results.size[0].done[RFC2544_LOSS]);
	assert_int_equal(results.size[0].points_count, 4);
}

static const char *reports(void)
{
	struct device d = { .capacity = 65000, .queue = 10, .fastest = 1e5, .latency_ns = 1000 };
	struct rfc2544_runner runner = { .run = run, .context = &d };
	struct rfc2544_settings s = settings(RFC2544_THROUGHPUT, 0);
	static struct rfc2544_results results;
	static char text[RFC2544_REPORT_BYTES];
	struct writer out;
	struct err err = { "" };
	FILE *file;

	for (unsigned test = 0; test < RFC2544_TESTS; test++)
		s.wanted[test] = true;
	s.sizes = (struct generate_sizes){ 2, { 64, 1518 } };
	assert_int_equal(rfc2544_run(&s, &runner, &results, &err), 0);
	writer_init(&out, text, sizeof(text));
	rfc2544_text(&out, &results);
	rfc2544_json(&out, &s, &results);
	rfc2544_csv(&out, &results);
	assert_true(out.length < sizeof(text));
	file = fmemopen(text + out.length, sizeof(text) - out.length, "w");
	plot_write(file, &results);
	fclose(file);
	return text;
}

static void test_csv_has_as_many_columns_in_each_row(void **state)
{
	const char *row = strstr(reports(), "test,size,");
	unsigned rows = 0;

	(void)state;
	for (; *row && *row != '<'; row = strchr(row, '\n') + 1, rows++) {
		unsigned commas = 0;

		for (const char *c = row; *c != '\n'; c++)
			commas += *c == ',';
		assert_int_equal(commas, 14);
	}
	assert_true(rows > 8);
}

static void test_the_picture_has_both_lines_and_all_sizes(void **state)
{
	const char *svg = strstr(reports(), "<svg");

	(void)state;
	assert_non_null(svg);
	assert_non_null(strstr(svg, "polyline class=\"rate\""));
	assert_non_null(strstr(svg, "polyline class=\"loss\""));
	assert_non_null(strstr(svg, ">64</text>"));
	assert_non_null(strstr(svg, ">1518</text>"));
	assert_non_null(strstr(svg, "</svg>"));
	assert_null(strstr(svg, "nan"));
	assert_null(strstr(svg, "?"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_throughput_is_found_within_the_resolution),
		cmocka_unit_test(test_a_far_end_that_keeps_up_needs_one_run),
		cmocka_unit_test(test_tolerated_loss_raises_the_throughput),
		cmocka_unit_test(test_a_run_in_which_the_sender_was_slow_is_done_again),
		cmocka_unit_test(test_a_sender_that_never_reaches_the_rate_is_said_to_be_the_limit),
		cmocka_unit_test(test_loss_goes_down_by_tenths_until_two_are_clean),
		cmocka_unit_test(test_loss_ends_at_a_tenth),
		cmocka_unit_test(test_the_longest_burst_is_what_the_queue_holds),
		cmocka_unit_test(test_latency_is_at_the_throughput_and_twice_as_long),
		cmocka_unit_test(test_what_was_measured_before_it_was_broken_off_is_there),
		cmocka_unit_test(test_csv_has_as_many_columns_in_each_row),
		cmocka_unit_test(test_the_picture_has_both_lines_and_all_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
