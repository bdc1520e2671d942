/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "stats/histogram.h"

#define TOP (1ull << (HISTOGRAM_SUB_BITS + HISTOGRAM_OCTAVES))

static struct histogram *new_histogram(void)
{
	struct histogram *histogram = calloc(1, sizeof(*histogram));

	assert_non_null(histogram);
	return histogram;
}

/* xorshift64*: the same values on every machine, unlike random() */
static uint64_t next_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 2685821657736338717ull;
}

/* Of any magnitude below the top with equal probability. */
static uint64_t next_value(uint64_t *state)
{
	return next_random(state) >> (64 - 36 + next_random(state) % 36);
}

static void every_bucket_begins_and_ends_where_its_octave_says(void **state)
{
	unsigned index = 0;

	(void)state;
	for (uint64_t value = 0; value < 64; value++, index++) {
		assert_int_equal(histogram_index(value), index);
		assert_int_equal(histogram_lowest(index), value);
	}
	for (unsigned octave = 0; octave < HISTOGRAM_OCTAVES; octave++) {
		uint64_t width = 1ull << octave, lowest = 64 * width;

		for (unsigned i = 0; i < 64; i++, index++, lowest += width) {
			assert_int_equal(index, 64 * (octave + 1) + i);
			assert_int_equal(histogram_lowest(index), lowest);
			assert_int_equal(histogram_index(lowest), index);
			assert_int_equal(histogram_index(lowest + width - 1), index);
			assert_int_equal(histogram_index(lowest - 1), index - 1);
		}
		assert_int_equal(lowest, 128 * width);
	}
	assert_int_equal(index, HISTOGRAM_BUCKETS);
}

static void values_beyond_the_last_octave_are_counted_in_the_last_bucket(void **state)
{
	struct histogram *histogram = new_histogram();

	(void)state;
	assert_int_equal(histogram_index(TOP - 1), HISTOGRAM_BUCKETS - 1);
	assert_int_equal(histogram_index(TOP), HISTOGRAM_BUCKETS - 1);
	assert_int_equal(histogram_index(UINT64_MAX), HISTOGRAM_BUCKETS - 1);
	histogram_add(histogram, TOP * 5);
	assert_int_equal(histogram->bucket[HISTOGRAM_BUCKETS - 1], 1);
	assert_int_equal(histogram->max, TOP * 5);
	assert_int_equal(histogram->sum, TOP * 5);
	free(histogram);
}

/* What a single value reads back as. */
static void check_error(uint64_t value)
{
	unsigned index = histogram_index(value);
	uint64_t lowest = histogram_lowest(index), next = histogram_lowest(index + 1);
	uint64_t middle = lowest + (next - 1 - lowest) / 2;
	uint64_t error = middle > value ? middle - value : value - middle;

	assert_true(lowest <= value && value < next);
	assert_true(error * 50 <= value);
}

static void no_value_is_off_by_more_than_two_percent(void **state)
{
	uint64_t random = 1;

	(void)state;
	for (uint64_t value = 0; value < 1 << 20; value++)
		check_error(value);
	for (unsigned i = 0; i < 1000000; i++)
		check_error(next_value(&random));
	for (unsigned bit = 7; bit < 36; bit++)
		for (int beside = -2; beside <= 2; beside++)
			check_error((1ull << bit) + (uint64_t)beside);
}

static int compare_values(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void percentiles_agree_with_the_sorted_values_to_two_percent(void **state)
{
	static const uint32_t ppms[] = { 0, 1, 10000, 250000, 500000, 900000, 990000, 999000,
		999999, 1000000 };
	static const unsigned counts[] = { 1, 2, 3, 10, 999, 1000, 1001, 100000 };
	uint64_t random = 42;

	(void)state;
	for (unsigned i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		unsigned count = counts[i];
		uint64_t *values = calloc(count, sizeof(*values));
		struct histogram *histogram = new_histogram();

		assert_non_null(values);
		for (unsigned k = 0; k < count; k++) {
			values[k] = next_value(&random);
			histogram_add(histogram, values[k]);
		}
		qsort(values, count, sizeof(*values), compare_values);
		assert_int_equal(histogram_count(histogram), count);
		assert_int_equal(histogram->max, values[count - 1]);
		assert_int_equal(
			histogram_min(histogram), histogram_lowest(histogram_index(values[0])));
		for (unsigned k = 0; k < sizeof(ppms) / sizeof(ppms[0]); k++) {
			uint64_t rank = ((uint64_t)count * ppms[k] + 999999) / 1000000;
			uint64_t want = values[rank ? rank - 1 : 0];
			uint64_t got = histogram_percentile(histogram, count, ppms[k]);

			assert_true((got > want ? got - want : want - got) * 50 <= want);
			assert_true(got <= histogram->max);
		}
		free(histogram);
		free(values);
	}
}

static void percentile_is_exact_for_huge_counts(void **state)
{
	struct histogram *histogram = new_histogram();

	(void)state;
	histogram->bucket[10] = 1ull << 62;
	histogram->bucket[20] = 1ull << 62;
	histogram->max = 20;
	assert_int_equal(histogram_percentile(histogram, 1ull << 63, 500000), 10);
	assert_int_equal(histogram_percentile(histogram, 1ull << 63, 500001), 20);
	free(histogram);
}

static void an_empty_histogram_has_only_zeros(void **state)
{
	struct histogram *histogram = new_histogram();

	(void)state;
	assert_int_equal(histogram_count(histogram), 0);
	assert_int_equal(histogram_min(histogram), 0);
	assert_int_equal(histogram_percentile(histogram, 0, 500000), 0);
	free(histogram);
}

static void merging_two_histograms_is_adding_all_values_to_one(void **state)
{
	struct histogram *a = new_histogram(), *b = new_histogram(), *both = new_histogram();
	uint64_t random = 7;

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		uint64_t value = next_value(&random);

		histogram_add(i % 3 ? a : b, value);
		histogram_add(both, value);
	}
	histogram_merge(a, b);
	assert_memory_equal(a, both, sizeof(*a));
	free(a);
	free(b);
	free(both);
}

static void subtracting_leaves_what_was_added_in_between(void **state)
{
	struct histogram *before = new_histogram(), *now = new_histogram();
	struct histogram *between = new_histogram(), *into = new_histogram();
	uint64_t random = 9;

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		uint64_t value = next_value(&random) & (TOP / 4 - 1);

		histogram_add(now, value);
		histogram_add(i < 10000 ? before : between, value);
	}
	/* the newest is the highest, so that its exact value is known to be of the interval */
	histogram_add(now, TOP / 2);
	histogram_add(between, TOP / 2);
	histogram_subtract(into, now, before);
	assert_memory_equal(into, between, sizeof(*into));
	histogram_merge(into, before);
	assert_memory_equal(into, now, sizeof(*into));
	histogram_subtract(now, now, now);
	memset(into, 0, sizeof(*into));
	assert_memory_equal(now, into, sizeof(*into));
	free(before);
	free(now);
	free(between);
	free(into);
}

static void after_subtracting_an_old_maximum_does_not_come_back(void **state)
{
	struct histogram *before = new_histogram(), *now = new_histogram(), *into = new_histogram();

	(void)state;
	histogram_add(before, 1000000);
	histogram_merge(now, before);
	histogram_add(now, 1000);
	histogram_subtract(into, now, before);
	assert_int_equal(histogram_count(into), 1);
	assert_int_equal(into->sum, 1000);
	assert_int_equal(into->max, histogram_lowest(histogram_index(1000) + 1) - 1);
	assert_true(histogram_percentile(into, 1, 1000000) <= into->max);
	free(before);
	free(now);
	free(into);
}

static void a_histogram_that_was_reset_gives_no_huge_difference(void **state)
{
	struct histogram *before = new_histogram(), *now = new_histogram(), *into = new_histogram();

	(void)state;
	histogram_add(before, 100);
	histogram_add(before, 100);
	histogram_add(now, 100);
	histogram_subtract(into, now, before);
	assert_int_equal(histogram_count(into), 0);
	assert_int_equal(into->sum, 0);
	assert_int_equal(into->max, 0);
	free(before);
	free(now);
	free(into);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_bucket_begins_and_ends_where_its_octave_says),
		cmocka_unit_test(values_beyond_the_last_octave_are_counted_in_the_last_bucket),
		cmocka_unit_test(no_value_is_off_by_more_than_two_percent),
		cmocka_unit_test(percentiles_agree_with_the_sorted_values_to_two_percent),
		cmocka_unit_test(percentile_is_exact_for_huge_counts),
		cmocka_unit_test(an_empty_histogram_has_only_zeros),
		cmocka_unit_test(merging_two_histograms_is_adding_all_values_to_one),
		cmocka_unit_test(subtracting_leaves_what_was_added_in_between),
		cmocka_unit_test(after_subtracting_an_old_maximum_does_not_come_back),
		cmocka_unit_test(a_histogram_that_was_reset_gives_no_huge_difference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
