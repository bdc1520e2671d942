// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/clock.h"
#include "fake_io.h"
#include "packet.h"
#include "service/reflect.h"
#include "worker/worker.h"

/* A test that hangs is ended by SIGALRM. */
#define DEADLINE_S 30

/* A worker on a backend made of arrays, with a reflect service in slot 0. */
struct desk {
	struct worker worker;
	struct io_queue io;
	struct reflect_settings settings;
	struct service_rule rules[SERVICE_SLOTS];
	struct rule_tables tables;
	struct rule_state state;
	struct cells expected;
	uint8_t frames[1024][256];
	unsigned used;
};

static int desk_make(void **state)
{
	static const uint8_t mac[6] = OUR_MAC;
	struct desk *d = aligned_alloc(64, (sizeof(*d) + 63) & ~63ul);
	const struct service_type *type = &service_reflect;

	if (!d)
		return -1;
	memset(d, 0, sizeof(*d));
	rule_tables_init(&d->tables);
	option_set_defaults(type->options, type->options_count, &d->settings);
	if (type->compile(&(struct service_compile){ .settings = &d->settings,
				  .queues = 1,
				  .rule = &d->rules[0],
				  .tables = &d->tables },
		    NULL))
		return -1;
	memcpy(d->state.mac, mac, sizeof(mac));
	fake_io_reset(&d->io);
	d->worker = (struct worker){ .ops = &fake_io,
		.io = &d->io,
		.services = d->rules,
		.tables = &d->tables,
		.state = &d->state,
		.batch = IO_BATCH_MAX,
		.cpu = SNAPSHOT_NONE,
		.first_half = true,
		.can_pass = true,
		.name = "test/0" };
	*state = d;
	alarm(DEADLINE_S);
	return 0;
}

static int desk_clear(void **state)
{
	alarm(0);
	free(*state);
	return 0;
}

/* Lets a frame come in; it is to be counted in the given cell. */
static struct io_frame *arrive(
	struct desk *d, const struct packet *packet, unsigned slot, unsigned outcome)
{
	struct io_frame *frame = &d->io.frames[d->io.arrived];
	uint8_t *bytes = d->frames[d->used++];
	uint32_t length = (uint32_t)packet_build(packet, bytes);

	fake_io_arrive(&d->io, bytes, length);
	d->expected.cell[slot][outcome].packets++;
	d->expected.cell[slot][outcome].bytes += length;
	return frame;
}

static void arrive_many(struct desk *d, unsigned count, uint64_t hook_ns)
{
	const struct packet packet = V4();

	for (unsigned i = 0; i < count; i++) {
		struct io_frame *frame = arrive(d, &packet, 0, OUTCOME_TX);

		if (hook_ns) /* else a thread may have it already */
			frame->hook_ns = hook_ns;
	}
}

/* Runs batches of 64, as many as there are. */
static void run_all(struct desk *d)
{
	d->worker.batch = 64;
	while (worker_run_batch(&d->worker) > 0)
		;
}

static void check_cells(const struct desk *d)
{
	assert_memory_equal(d->worker.books.cells.cell, d->expected.cell, sizeof(d->expected.cell));
	assert_int_equal(d->worker.books.lent, 0);
}

static void test_each_frame_is_counted_in_the_cell_of_its_slot_and_outcome(void **state)
{
	const struct packet answered = V4(), other_port = V4(.dport = 9),
			    unsigned_one = V6(.signature = NULL), last_hop = V6(.ttl = 1),
			    fragment = V4(.fragment = 0x2000);
	struct desk *d = *state;

	for (unsigned i = 0; i < 3; i++) {
		arrive(d, &answered, 0, OUTCOME_TX);
		arrive(d, &other_port, SLOT_NONE, OUTCOME_PASS);
		arrive(d, &unsigned_one, SLOT_NONE, OUTCOME_PASS);
		arrive(d, &last_hop, 0, OUTCOME_DROP + DROP_ttl_exceeded);
		arrive(d, &fragment, SLOT_NONE, OUTCOME_PASS);
	}
	assert_int_equal(worker_run_batch(&d->worker), 15);
	check_cells(d);
	for (unsigned i = 0; i < 15; i++)
		assert_int_equal(d->io.frames[i].send, i % 5 == 0);
}

static void test_answers_that_find_no_room_are_counted_as_tx_ring_full(void **state)
{
	const struct packet answered = V4(), passed = V4(.dport = 9);
	struct desk *d = *state;

	d->io.tx_room = 2;
	for (unsigned i = 0; i < 5; i++) {
		arrive(d, &passed, SLOT_NONE, OUTCOME_PASS);
		arrive(d, &answered, 0, i < 2 ? OUTCOME_TX : OUTCOME_DROP + DROP_tx_ring_full);
	}
	assert_int_equal(worker_run_batch(&d->worker), 10);
	check_cells(d);
}

static void test_broken_frames_are_dropped_unread(void **state)
{
	const struct packet packet = V4();
	uint8_t before[256];
	struct desk *d = *state;

	arrive(d, &packet, SLOT_NONE, OUTCOME_DROP + DROP_bad_frame)->broken = true;
	memcpy(before, d->frames[0], sizeof(before));
	assert_int_equal(worker_run_batch(&d->worker), 1);
	check_cells(d);
	assert_false(d->io.frames[0].send);
	assert_memory_equal(d->frames[0], before, sizeof(before));
}

static void test_what_cannot_be_passed_is_dropped_as_not_passable(void **state)
{
	const struct packet answered = V4(), passed = V4(.dport = 9);
	struct desk *d = *state;

	d->worker.can_pass = false;
	arrive(d, &passed, SLOT_NONE, OUTCOME_DROP + DROP_not_passable);
	arrive(d, &answered, 0, OUTCOME_TX);
	assert_int_equal(worker_run_batch(&d->worker), 2);
	check_cells(d);
}

static void read_lent(void *arg)
{
	struct desk *d = arg;

	/* seen between judging and counting */
	d->expected.sequence = d->worker.books.lent;
}

static void test_frames_in_the_workers_hands_are_lent(void **state)
{
	struct desk *d = *state;

	d->io.at_finish = read_lent;
	d->io.arg = d;
	arrive_many(d, 17, 0);
	assert_int_equal(worker_run_batch(&d->worker), 17);
	assert_int_equal(d->expected.sequence, 17);
	assert_int_equal(d->worker.books.lent, 0);
}

static void test_without_frames_the_backend_can_still_push_what_is_to_be_sent(void **state)
{
	struct desk *d = *state;

	assert_int_equal(worker_run_batch(&d->worker), 0);
	assert_int_equal(d->io.finishes, 1);
	d->io.error = -ENETDOWN;
	assert_int_equal(worker_run_batch(&d->worker), -ENETDOWN);
	check_cells(d);
}

static void test_a_batch_is_at_most_as_large_as_configured(void **state)
{
	struct desk *d = *state;

	d->worker.batch = 8;
	arrive_many(d, 20, 0);
	assert_int_equal(worker_run_batch(&d->worker), 8);
	assert_int_equal(worker_run_batch(&d->worker), 8);
	assert_int_equal(worker_run_batch(&d->worker), 4);
	check_cells(d);
}

static void test_level_basic_records_nothing(void **state)
{
	static const struct histogram none;
	struct desk *d = *state;

	arrive_many(d, 100, clock_now_ns());
	run_all(d);
	check_cells(d);
	assert_false(d->io.times_asked);
	assert_memory_equal(&d->worker.latency[0], &none, sizeof(none));
	assert_int_equal(d->worker.books.busy_ns, 0);
	for (unsigned i = 0; i < SNAPSHOT_BATCH_BINS; i++)
		assert_int_equal(d->worker.books.batches[i], 0);
	assert_memory_equal(
		d->worker.books.cells.sizes, d->expected.sizes, sizeof(d->expected.sizes));
}

/* Switches to a level, and lets the worker see it before frames come. */
static uint64_t set_level(struct desk *d, enum level level)
{
	d->state.level = level;
	worker_run_batch(&d->worker);
	return clock_now_ns();
}

static void test_level_detailed_times_one_answer_in_64(void **state)
{
	struct desk *d = *state;
	uint64_t now_ns = set_level(d, LEVEL_DETAILED);

	arrive_many(d, 640, now_ns);
	run_all(d);
	check_cells(d);
	assert_true(d->io.times_asked);
	assert_int_equal(histogram_count(&d->worker.latency[0]), 10);
	assert_int_equal(d->worker.books.batches[6], 10); /* 64 to 127 frames */
	assert_true(d->worker.books.busy_ns > 0);
	assert_int_equal(d->worker.books.cells.sizes[size_bin(106)], 0);
}

static void test_level_detailed_times_all_that_the_kernel_half_has_chosen(void **state)
{
	struct desk *d = *state;
	uint64_t now_ns = set_level(d, LEVEL_DETAILED);

	d->worker.first_half = false;
	arrive_many(d, 100, 0);
	arrive_many(d, 7, now_ns);
	run_all(d);
	assert_int_equal(histogram_count(&d->worker.latency[0]), 7);
}

static void test_level_debug_times_all_and_counts_sizes(void **state)
{
	struct desk *d = *state;
	uint64_t now_ns = set_level(d, LEVEL_DEBUG);

	arrive_many(d, 100, now_ns);
	run_all(d);
	assert_int_equal(histogram_count(&d->worker.latency[0]), 100);
	assert_true(d->worker.latency[0].max <= clock_now_ns() - now_ns);
	assert_int_equal(d->worker.books.cells.sizes[size_bin(106)], 100);
	d->worker.first_half = false; /* the kernel half has counted these */
	arrive_many(d, 10, now_ns);
	run_all(d);
	assert_int_equal(d->worker.books.cells.sizes[size_bin(106)], 100);
}

static void test_only_answers_that_left_are_timed(void **state)
{
	const struct packet passed = V4(.dport = 9);
	struct desk *d = *state;
	uint64_t now_ns = set_level(d, LEVEL_DEBUG);

	d->io.tx_room = 3;
	arrive_many(d, 5, now_ns);
	arrive(d, &passed, SLOT_NONE, OUTCOME_PASS)->hook_ns = now_ns;
	run_all(d);
	assert_int_equal(histogram_count(&d->worker.latency[0]), 3);
}

static void test_times_from_before_a_change_of_level_are_not_recorded(void **state)
{
	struct desk *d = *state;
	uint64_t before_ns = clock_now_ns();

	d->worker.first_half = false;
	set_level(d, LEVEL_DETAILED);
	arrive_many(d, 3, before_ns);
	run_all(d);
	assert_int_equal(histogram_count(&d->worker.latency[0]), 0);
	arrive_many(d, 3, clock_now_ns());
	run_all(d);
	assert_int_equal(histogram_count(&d->worker.latency[0]), 3);
	before_ns = clock_now_ns();
	set_level(d, LEVEL_BASIC);
	run_all(d);
	set_level(d, LEVEL_DETAILED);
	arrive_many(d, 3, before_ns);
	run_all(d);
	assert_int_equal(histogram_count(&d->worker.latency[0]), 3);
}

/* One sample in 64 and every one do not weigh the same. */
static void test_latencies_begin_anew_at_another_rate_of_samples(void **state)
{
	struct desk *d = *state;

	d->worker.first_half = false;
	set_level(d, LEVEL_DETAILED);
	arrive_many(d, 3, clock_now_ns() + NSEC_PER_SEC);
	run_all(d);
	assert_int_equal(histogram_count(&d->worker.latency[0]), 3);
	set_level(d, LEVEL_BASIC);
	run_all(d);
	assert_int_equal(histogram_count(&d->worker.latency[0]), 3);
	set_level(d, LEVEL_DEBUG);
	run_all(d);
	assert_int_equal(histogram_count(&d->worker.latency[0]), 0);
}

static void test_batches_are_counted_by_their_size(void **state)
{
	static const unsigned sizes[] = { 1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 63, 64, 127, 128, 256 };
	static const unsigned bins[SNAPSHOT_BATCH_BINS] = { 1, 2, 2, 2, 2, 2, 2, 2 };
	struct desk *d = *state;

	set_level(d, LEVEL_DETAILED);
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		arrive_many(d, sizes[i], 0);
		assert_int_equal(worker_run_batch(&d->worker), sizes[i]);
	}
	for (unsigned i = 0; i < SNAPSHOT_BATCH_BINS; i++)
		assert_int_equal(d->worker.books.batches[i], bins[i]);
}

static void start(struct desk *d)
{
	struct err err = { 0 };

	if (worker_start(&d->worker, &err))
		fail_msg("%s", err.text);
}

static void stop(struct desk *d)
{
	worker_ask_to_stop(&d->worker);
	worker_join(&d->worker);
	assert_int_equal(d->worker.ended, 1);
	assert_false(d->worker.started);
}

/* Waits until a counter of the other thread has reached a value; the alarm ends a vain wait. */
static void wait_for(const unsigned *counter, unsigned value)
{
	while (__atomic_load_n(counter, __ATOMIC_SEQ_CST) < value)
		sched_yield();
}

static void test_the_thread_answers_until_it_is_stopped(void **state)
{
	struct desk *d = *state;

	d->worker.batch = 8;
	start(d);
	wait_for(&d->io.receives, 2);
	for (unsigned i = 0; i < 50; i++)
		arrive_many(d, 4, 0);
	stop(d);
	check_cells(d);
	assert_int_equal(d->io.back, 200);
	assert_int_equal(d->worker.error, 0);
	assert_true(d->worker.books.beats > 0);
}

static void test_a_waiting_thread_is_woken_by_the_stop(void **state)
{
	struct desk *d = *state;

	d->io.patient = true; /* it would wait for ever */
	start(d);
	wait_for(&d->io.waits, 1);
	stop(d);
	assert_int_equal(d->io.ends_of_wait, 1);
	assert_int_equal(d->worker.error, 0);
}

static void test_a_stopping_thread_takes_what_has_come_and_sees_off_what_it_sent(void **state)
{
	struct desk *d = *state;
	unsigned finishes;

	d->io.patient = true;
	d->io.draining = 5;
	start(d);
	wait_for(&d->io.waits, 1);
	finishes = d->io.finishes;
	arrive_many(d, 300, 0); /* nobody tells the thread */
	stop(d);
	check_cells(d);
	assert_int_equal(d->io.back, 300);
	assert_int_equal(d->io.draining, 0);
	assert_true(d->io.finishes >= finishes + 2 + 5);
}

static void test_a_stopping_thread_gives_a_stuck_backend_a_second(void **state)
{
	struct desk *d = *state;
	uint64_t start_ns = clock_now_ns();

	d->io.draining = UINT_MAX;
	start(d);
	stop(d);
	assert_true(clock_now_ns() - start_ns >= NSEC_PER_SEC);
	assert_int_equal(d->worker.error, 0);
}

static void wait_for_end(const struct desk *d)
{
	while (!__atomic_load_n(&d->worker.ended, __ATOMIC_ACQUIRE))
		sched_yield();
}

static void test_an_error_ends_the_thread_after_the_last_frame(void **state)
{
	struct desk *d = *state;

	d->io.error = -ENODATA;
	arrive_many(d, 30, 0);
	start(d);
	wait_for_end(d);
	check_cells(d);
	assert_int_equal(d->worker.error, -ENODATA);
	stop(d); /* is allowed, and changes nothing */
	assert_int_equal(d->worker.error, -ENODATA);
}

static void test_an_error_while_stopping_is_kept(void **state)
{
	struct desk *d = *state;

	d->io.patient = true;
	start(d);
	wait_for(&d->io.waits, 1);
	__atomic_store_n(&d->io.error, -ENXIO, __ATOMIC_SEQ_CST);
	stop(d);
	assert_int_equal(d->worker.error, -ENXIO);
}

static void test_a_worker_that_was_not_started_can_be_stopped(void **state)
{
	struct desk *d = *state;

	worker_ask_to_stop(&d->worker);
	worker_join(&d->worker);
	assert_int_equal(d->worker.ended, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_make, desk_clear)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_each_frame_is_counted_in_the_cell_of_its_slot_and_outcome),
		TEST(test_answers_that_find_no_room_are_counted_as_tx_ring_full),
		TEST(test_broken_frames_are_dropped_unread),
		TEST(test_what_cannot_be_passed_is_dropped_as_not_passable),
		TEST(test_frames_in_the_workers_hands_are_lent),
		TEST(test_without_frames_the_backend_can_still_push_what_is_to_be_sent),
		TEST(test_a_batch_is_at_most_as_large_as_configured),
		TEST(test_level_basic_records_nothing),
		TEST(test_level_detailed_times_one_answer_in_64),
		TEST(test_level_detailed_times_all_that_the_kernel_half_has_chosen),
		TEST(test_level_debug_times_all_and_counts_sizes),
		TEST(test_only_answers_that_left_are_timed),
		TEST(test_times_from_before_a_change_of_level_are_not_recorded),
		TEST(test_latencies_begin_anew_at_another_rate_of_samples),
		TEST(test_batches_are_counted_by_their_size),
		TEST(test_the_thread_answers_until_it_is_stopped),
		TEST(test_a_waiting_thread_is_woken_by_the_stop),
		TEST(test_a_stopping_thread_takes_what_has_come_and_sees_off_what_it_sent),
		TEST(test_a_stopping_thread_gives_a_stuck_backend_a_second),
		TEST(test_an_error_ends_the_thread_after_the_last_frame),
		TEST(test_an_error_while_stopping_is_kept),
		TEST(test_a_worker_that_was_not_started_can_be_stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
