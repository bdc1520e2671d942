// SPDX-License-Identifier: BSD-2-Clause
/* The books against a kernel half and a backend that say what a script has: one entry a reading. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "worker/books.h"

#define READINGS 8
#define FRAME_BYTES 100

/* Stand-ins for what io/xdp_program.c and net/link_counter.c read. */
struct xdp_program {
	struct cell redirect[READINGS], pass[READINGS];
	unsigned last, reading;
};

struct link_counter {
	uint64_t value;
};

int xdp_program_add_cells(struct xdp_program *program, uint32_t queue, struct cells *sum)
{
	const struct cell *redirect = &program->redirect[program->reading];

	(void)queue;
	sum->cell[SLOT_NONE][OUTCOME_PASS].packets += program->pass[program->reading].packets;
	sum->cell[SLOT_NONE][OUTCOME_PASS].bytes += program->pass[program->reading].bytes;
	program->reading += program->reading < program->last;
	sum->cell[0][OUTCOME_REDIRECT].packets += redirect->packets;
	sum->cell[0][OUTCOME_REDIRECT].bytes += redirect->bytes;
	return 0;
}

uint64_t link_counter_read(struct link_counter *counter)
{
	return counter->value;
}

/* What the worker has judged and the backend holds at each reading. */
struct io_queue {
	struct worker *worker;
	struct io_gauges gauges[READINGS];
	uint64_t judged[READINGS], lent[READINGS];
	unsigned last, reading;
};

static void read_gauges(struct io_queue *q, struct io_gauges *gauges)
{
	struct worker_books *books = &q->worker->books;

	*gauges = q->gauges[q->reading];
	books->cells.cell[0][OUTCOME_TX] =
		(struct cell){ q->judged[q->reading], q->judged[q->reading] * FRAME_BYTES };
	books->lent = q->lent[q->reading];
	q->reading += q->reading < q->last;
}

static const struct io_ops scripted_io = { .name = "scripted", .read_gauges = read_gauges };

struct office {
	struct worker worker;
	struct io_queue io;
	struct xdp_program program;
	struct link_counter counter;
	struct interface in;
	struct books past, books;
	bool final;
};

static int office_make(void **state)
{
	struct office *o = aligned_alloc(64, (sizeof(*o) + 63) & ~63ul);

	if (!o)
		return -1;
	memset(o, 0, sizeof(*o));
	o->io.worker = &o->worker;
	o->in.ops = &scripted_io;
	o->in.program = &o->program;
	o->in.queues_count = 1;
	o->in.io[0] = &o->io;
	o->in.workers[0] = &o->worker;
	*state = o;
	return 0;
}

static int office_clear(void **state)
{
	free(*state);
	return 0;
}

static void add_handed_over(struct office *o, unsigned reading, uint64_t packets)
{
	o->program.redirect[reading] = (struct cell){ packets, packets * FRAME_BYTES };
	o->program.last = reading;
}

static void settle(struct office *o)
{
	books_settle(&o->in, 0, &o->past, o->final, &o->books);
}

static void check_settled(
	const struct office *o, uint64_t redirect, uint64_t in_flight, int64_t unaccounted)
{
	assert_int_equal(o->books.redirect.packets, redirect);
	assert_int_equal(o->books.redirect.bytes, redirect * FRAME_BYTES);
	assert_int_equal(o->books.in_flight, in_flight);
	assert_int_equal(o->books.unaccounted, unaccounted);
}

static void test_cells_are_added_up_over_all_slots(void **state)
{
	struct cells cells = { 0 };
	struct cell tx = { 0 }, drops = { 0 }, passed = { 0 }, all = { 1000, 1000 };

	(void)state;
	for (unsigned slot = 0; slot <= SERVICE_SLOTS; slot++)
		for (unsigned i = 0; i < OUTCOMES; i++)
			cells.cell[slot][i] = (struct cell){ 1ull << i, 10ull << i };
	cells_sum(&cells, OUTCOME_TX, &tx);
	assert_int_equal(tx.packets, 9 << OUTCOME_TX);
	assert_int_equal(tx.bytes, 90 << OUTCOME_TX);
	cells_sum_drops(&cells, &drops);
	assert_int_equal(drops.packets, 9 * ((1 << (OUTCOME_DROP + DROPS)) - (1 << OUTCOME_DROP)));
	cells_sum_passed(&cells, &passed);
	assert_int_equal(passed.packets, 9 * ((1ull << OUTCOME_PASS) + (1ull << OUTCOME_DELIVER) +
						     (1ull << (OUTCOME_SPARE + DROPS_OF_SERVICE)) -
						     (1ull << OUTCOME_SPARE)));
	cells_sum_all(&cells, &all);
	assert_int_equal(all.packets, 1000 + 9 * 0xffffffffull);
	assert_int_equal(all.bytes, 1000 + 90 * 0xffffffffull);
}

static void test_a_sum_with_an_unknown_term_is_unknown(void **state)
{
	uint64_t sum = 3;

	(void)state;
	add_known(&sum, 4);
	assert_int_equal(sum, 7);
	add_known(&sum, UINT64_MAX);
	assert_int_equal(sum, UINT64_MAX);
	add_known(&sum, 1);
	assert_int_equal(sum, UINT64_MAX);
	assert_int_equal(known(UINT64_MAX), 0);
	assert_int_equal(known(5), 5);
}

/* Takes the kernel half away: 20 judged, 4 in the ring, 3 in hands, 9 dropped, that is 36. */
static void go_direct(struct office *o)
{
	o->in.program = NULL;
	o->io.gauges[0] = (struct io_gauges){ .received = 36, .in_flight = 4, .rx_dropped = 9 };
	o->io.judged[0] = 20;
	o->io.lent[0] = 3;
}

static void check_received(const struct office *o, uint64_t received, int64_t unaccounted)
{
	assert_int_equal(o->books.received.packets, received);
	assert_int_equal(o->books.received.bytes, 20 * FRAME_BYTES);
	check_settled(o, 0, 7, unaccounted);
}

static void test_without_a_kernel_half_the_backend_counts_first(void **state)
{
	struct office *o = *state;
	const struct cells none = { 0 };

	go_direct(o);
	settle(o);
	assert_int_equal(o->books.direct.cell[0][OUTCOME_TX].packets, 20);
	assert_int_equal(o->books.direct_gauges.rx_dropped, 9);
	assert_int_equal(o->books.direct_lent, 3);
	assert_memory_equal(&o->books.worker, &none, sizeof(none));
	assert_memory_equal(&o->books.kernel, &none, sizeof(none));
	check_received(o, 36, 0);
}

static void test_a_backend_that_does_not_count_has_received_what_there_is(void **state)
{
	struct office *o = *state;

	go_direct(o);
	o->io.gauges[0].received = UINT64_MAX;
	settle(o);
	check_received(o, 36, 0);
}

static void test_what_a_backend_received_and_lost_is_unaccounted_for(void **state)
{
	struct office *o = *state;

	go_direct(o);
	o->io.gauges[0].received = 40;
	settle(o);
	check_received(o, 40, 4);
}

static void test_while_a_backend_receives_its_count_is_that_of_one_instant(void **state)
{
	struct office *o = *state;

	go_direct(o);
	o->io.gauges[0].received = 30;
	o->io.gauges[1] = o->io.gauges[0];
	o->io.gauges[1].received = 50;
	o->io.judged[1] = 20;
	o->io.lent[1] = 3;
	o->io.last = 1;
	settle(o);
	check_received(o, 36, 0);
}

static void test_books_go_on_from_what_was_counted_before(void **state)
{
	struct office *o = *state;

	o->past.worker.cell[0][OUTCOME_TX].packets = 1000;
	o->past.kernel.cell[0][OUTCOME_REDIRECT] = (struct cell){ 1007, 1007 * FRAME_BYTES };
	o->past.gauges.rx_ring_full = 7;
	o->past.busy_ns = 50;
	o->past.batches[2] = 5;
	o->past.lent = 99; /* long given back */
	o->worker.books.busy_ns = 8;
	o->worker.books.batches[2] = 6;
	o->io.judged[0] = 10;
	o->io.gauges[0].rx_ring_full = 2;
	add_handed_over(o, 0, 12);
	settle(o);
	assert_int_equal(o->books.worker.cell[0][OUTCOME_TX].packets, 1010);
	assert_int_equal(o->books.gauges.rx_ring_full, 9);
	assert_int_equal(o->books.busy_ns, 58);
	assert_int_equal(o->books.batches[2], 11);
	check_settled(o, 1019, 0, 0);
}

static void test_of_an_interface_that_is_away_the_past_is_left(void **state)
{
	struct office *o = *state;

	o->past.worker.cell[0][OUTCOME_TX].packets = 10;
	o->past.kernel.cell[0][OUTCOME_REDIRECT] = (struct cell){ 10, 10 * FRAME_BYTES };
	o->past.tx_errors = 3;
	books_settle(NULL, 0, &o->past, false, &o->books);
	check_settled(o, 10, 0, 0);
	assert_int_equal(o->books.tx_errors, 3);
	books_settle(&o->in, 1, &o->past, false, &o->books); /* it has fewer queues than it had */
	check_settled(o, 10, 0, 0);
}

static void test_what_the_kernel_does_not_say_stays_unknown(void **state)
{
	struct office *o = *state;

	o->past.gauges.rx_dropped = 7;
	o->io.gauges[0] = (struct io_gauges){ .rx_dropped = UINT64_MAX, .tx_invalid = UINT64_MAX };
	o->io.judged[0] = 5;
	add_handed_over(o, 0, 5);
	settle(o);
	assert_int_equal(o->books.gauges.rx_dropped, UINT64_MAX);
	assert_int_equal(o->books.gauges.tx_invalid, UINT64_MAX);
	check_settled(o, 5, 0, 0);
}

static void test_the_drivers_errors_are_counted_since_the_opening(void **state)
{
	struct office *o = *state;

	books_read(&o->in, 0, &o->past, &o->books);
	assert_int_equal(o->books.tx_errors, UINT64_MAX);
	o->in.tx_errors[0] = &o->counter;
	o->in.tx_errors_before[0] = 40;
	o->counter.value = 45;
	o->past.tx_errors = 100;
	books_read(&o->in, 0, &o->past, &o->books);
	assert_int_equal(o->books.tx_errors, 105);
}

static void test_frames_in_every_place_are_accounted_for(void **state)
{
	struct office *o = *state;

	o->io.gauges[0] = (struct io_gauges){
		.in_flight = 3, .rx_ring_full = 4, .rx_dropped = 5, .fill_ring_empty = 1000
	};
	o->io.judged[0] = 6;
	o->io.lent[0] = 2;
	add_handed_over(o, 0, 20);
	settle(o);
	check_settled(o, 20, 5, 0);
}

static void test_a_frame_that_is_nowhere_is_unaccounted_for(void **state)
{
	struct office *o = *state;

	o->io.judged[0] = 19;
	add_handed_over(o, 0, 20);
	settle(o);
	check_settled(o, 20, 0, 1);
}

static void test_a_frame_that_comes_from_nowhere_is_unaccounted_for(void **state)
{
	struct office *o = *state;

	o->io.judged[0] = 22;
	add_handed_over(o, 0, 20);
	settle(o);
	check_settled(o, 20, 0, -2);
}

static void test_frames_on_their_way_into_the_ring_are_waited_for(void **state)
{
	struct office *o = *state;

	o->io.judged[0] = o->io.judged[1] = 15;
	o->io.judged[2] = 18;
	o->io.gauges[2].in_flight = 2;
	o->io.last = 2;
	add_handed_over(o, 0, 20);
	settle(o);
	check_settled(o, 20, 2, 0);
}

static void test_while_frames_come_the_count_is_that_of_one_instant(void **state)
{
	struct office *o = *state;

	o->io.judged[0] = 21;
	o->io.gauges[0].in_flight = 4;
	add_handed_over(o, 0, 20);
	add_handed_over(o, 1, 30);
	settle(o);
	check_settled(o, 25, 4, 0);
}

/* It was in the ring when the gauges were read, and judged when the cells were. */
static void test_a_frame_that_moved_on_meanwhile_is_not_counted_twice(void **state)
{
	struct office *o = *state;

	o->io.judged[0] = 20;
	o->io.gauges[0].in_flight = 3;
	add_handed_over(o, 0, 21);
	settle(o);
	check_settled(o, 21, 1, 0);
}

/* A service's own hook behind the kernel half's: what it has answered at each reading. */
struct own_hook {
	uint64_t answered[READINGS];
	unsigned last, reading;
};

static void read_own(void *part, uint32_t queue, struct hook_books *books)
{
	struct own_hook *hook = part;

	(void)queue;
	books->own[OUTCOME_TX].packets += hook->answered[hook->reading];
	books->own[OUTCOME_TX].bytes += hook->answered[hook->reading] * FRAME_BYTES;
	books->made.packets += hook->answered[hook->reading] / 5;
	hook->reading += hook->reading < hook->last;
}

/* One turn of the sampler: what the first hook has passed and the second answered, at its two readings. */
static void check_passed(struct office *o, struct own_hook *hook, const uint64_t passed[2],
	const uint64_t answered[2], uint64_t shown)
{
	const struct cell *cell = &o->books.kernel.cell[SLOT_NONE][OUTCOME_PASS];

	for (unsigned i = 0; i < 2; i++) {
		o->program.pass[i] = (struct cell){ passed[i], passed[i] * FRAME_BYTES };
		hook->answered[i] = answered[i];
	}
	o->program.reading = hook->reading = 0;
	o->program.last = hook->last = 1;
	settle(o);
	assert_int_equal(cell->packets, shown);
	assert_int_equal(cell->bytes, shown * FRAME_BYTES);
	assert_int_equal(o->books.made[1].packets, answered[1] / 5);
}

/* Of frames between the two hooks nobody knows yet whether they pass. */
static void test_what_has_passed_never_goes_back(void **state)
{
	static const struct service_type type = { .name = "own", .read_books = read_own };
	struct own_hook hook = { 0 };
	struct office *o = *state;

	o->in.services[1].type = &type;
	o->in.services[1].part = &hook;
	check_passed(o, &hook, (uint64_t[]){ 10, 12 }, (uint64_t[]){ 7, 10 }, 0);
	check_passed(o, &hook, (uint64_t[]){ 20, 24 }, (uint64_t[]){ 15, 20 }, 0);
	/* five of them have passed; of those that come meanwhile it is not known */
	check_passed(o, &hook, (uint64_t[]){ 30, 35 }, (uint64_t[]){ 25, 25 }, 5);
	check_passed(o, &hook, (uint64_t[]){ 40, 50 }, (uint64_t[]){ 25, 40 }, 5);
	/* nothing moves any more: what is not there has passed */
	check_passed(o, &hook, (uint64_t[]){ 50, 50 }, (uint64_t[]){ 41, 41 }, 9);
	check_passed(o, &hook, (uint64_t[]){ 50, 50 }, (uint64_t[]){ 41, 41 }, 9);
	/* one that has only come to the first hook while the second rests, and gets to that later */
	check_passed(o, &hook, (uint64_t[]){ 50, 51 }, (uint64_t[]){ 41, 41 }, 9);
	check_passed(o, &hook, (uint64_t[]){ 51, 51 }, (uint64_t[]){ 42, 42 }, 9);
	/* one that needs longer than anybody waits: the next that passes is not seen, and the end is right */
	check_passed(o, &hook, (uint64_t[]){ 52, 52 }, (uint64_t[]){ 42, 42 }, 10);
	check_passed(o, &hook, (uint64_t[]){ 52, 52 }, (uint64_t[]){ 43, 43 }, 10);
	check_passed(o, &hook, (uint64_t[]){ 52, 52 }, (uint64_t[]){ 43, 43 }, 10);
	check_passed(o, &hook, (uint64_t[]){ 53, 53 }, (uint64_t[]){ 43, 43 }, 10);
	check_passed(o, &hook, (uint64_t[]){ 53, 53 }, (uint64_t[]){ 44, 44 }, 10);
	o->final = true;
	check_passed(o, &hook, (uint64_t[]){ 53, 53 }, (uint64_t[]){ 44, 44 }, 9);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, office_make, office_clear)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_cells_are_added_up_over_all_slots),
		TEST(test_a_sum_with_an_unknown_term_is_unknown),
		TEST(test_without_a_kernel_half_the_backend_counts_first),
		TEST(test_a_backend_that_does_not_count_has_received_what_there_is),
		TEST(test_what_a_backend_received_and_lost_is_unaccounted_for),
		TEST(test_while_a_backend_receives_its_count_is_that_of_one_instant),
		TEST(test_books_go_on_from_what_was_counted_before),
		TEST(test_of_an_interface_that_is_away_the_past_is_left),
		TEST(test_what_the_kernel_does_not_say_stays_unknown),
		TEST(test_the_drivers_errors_are_counted_since_the_opening),
		TEST(test_frames_in_every_place_are_accounted_for),
		TEST(test_a_frame_that_is_nowhere_is_unaccounted_for),
		TEST(test_a_frame_that_comes_from_nowhere_is_unaccounted_for),
		TEST(test_frames_on_their_way_into_the_ring_are_waited_for),
		TEST(test_while_frames_come_the_count_is_that_of_one_instant),
		TEST(test_a_frame_that_moved_on_meanwhile_is_not_counted_twice),
		TEST(test_what_has_passed_never_goes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
