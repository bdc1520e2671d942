// SPDX-License-Identifier: BSD-2-Clause
/* Other rules for a worker that runs: what came by the old ones is judged by them, and nothing else. */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "fake_io.h"
#include "packet.h"
#include "service/reflect.h"
#include "worker/change.h"

/* A test that hangs is ended by SIGALRM. */
#define DEADLINE_S 30
#define OLD_PORT 3842
#define NEW_PORT 3900
#define OLD_SLOT 2
#define NEW_SLOT 6

/* A worker with a service on one port, and rules with another service on another port. */
struct desk {
	struct worker worker;
	struct io_queue io;
	struct service_rule rules[2][SERVICE_SLOTS];
	struct rule_tables tables[2];
	struct rule_state state;
	struct worker_rules next;
	uint8_t frames[4096][256];
};

static int compile(struct desk *d, unsigned which, uint16_t port, unsigned slot)
{
	const struct service_type *type = &service_reflect;
	struct reflect_settings *settings = calloc(1, sizeof(*settings));
	struct service_compile one = { .settings = settings,
		.queues = 1,
		.rule = &d->rules[which][0],
		.tables = &d->tables[which] };
	int ret;

	if (!settings)
		return -1;
	option_set_defaults(type->options, type->options_count, settings);
	rule_tables_init(&d->tables[which]);
	d->rules[which][0].slot = (uint8_t)slot;
	ret = type->compile(&one, NULL);
	d->tables[which].udp_port_services[OLD_PORT] = 0;
	d->tables[which].udp_port_services[port] = 1;
	free(settings);
	return ret;
}

static int desk_make(void **state)
{
	static const uint8_t mac[6] = OUR_MAC;
	struct desk *d = aligned_alloc(64, (sizeof(*d) + 63) & ~63ul);

	if (!d)
		return -1;
	memset(d, 0, sizeof(*d));
	if (compile(d, 0, OLD_PORT, OLD_SLOT) || compile(d, 1, NEW_PORT, NEW_SLOT))
		return -1;
	memcpy(d->state.mac, mac, sizeof(mac));
	fake_io_reset(&d->io);
	d->worker.ops = &fake_io;
	d->worker.io = &d->io;
	d->worker.services = d->rules[0];
	d->worker.tables = &d->tables[0];
	d->worker.state = &d->state;
	d->worker.batch = 64;
	d->worker.ring_frames = 1000;
	d->worker.cpu = SNAPSHOT_NONE;
	d->worker.started = true; /* but for a test that starts it */
	d->worker.wake_fd = -1;
	d->next = (struct worker_rules){
		.services = d->rules[1], .tables = &d->tables[1], .state = &d->state
	};
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

static void arrive(struct desk *d, uint16_t port, unsigned count)
{
	const struct packet packet = V4(.dport = port);

	for (unsigned i = 0; i < count; i++) {
		uint8_t *bytes = d->frames[d->io.arrived];

		fake_io_arrive(&d->io, bytes, (uint32_t)packet_build(&packet, bytes));
	}
}

/* How many frames were answered by each service and how many by none, since the start. */
static void check_counts(const struct desk *d, uint64_t old, uint64_t new, uint64_t none)
{
	const struct cells *cells = &d->worker.books.cells;

	assert_int_equal(cells->cell[OLD_SLOT][OUTCOME_TX].packets, old);
	assert_int_equal(cells->cell[NEW_SLOT][OUTCOME_TX].packets, new);
	assert_int_equal(cells->cell[SLOT_NONE][OUTCOME_DROP + DROP_not_passable].packets, none);
}

static void test_until_the_old_rules_are_forgotten_both_are_obeyed(void **state)
{
	struct desk *d = *state;

	arrive(d, OLD_PORT, 3);
	arrive(d, NEW_PORT, 2);
	assert_int_equal(worker_run_batch(&d->worker), 5);
	check_counts(d, 3, 0, 2);
	change_begin(&d->worker, &d->next);
	assert_false(change_taken(&d->worker));
	arrive(d, OLD_PORT, 3);
	arrive(d, NEW_PORT, 2);
	arrive(d, 9, 1);
	assert_int_equal(worker_run_batch(&d->worker), 6);
	assert_true(change_taken(&d->worker));
	check_counts(d, 6, 2, 3);
	/* however long it takes */
	assert_int_equal(worker_run_batch(&d->worker), 0);
	arrive(d, OLD_PORT, 1);
	assert_int_equal(worker_run_batch(&d->worker), 1);
	check_counts(d, 7, 2, 3);
	assert_false(change_over(&d->worker));
}

static void test_the_old_rules_go_once_the_ring_was_empty(void **state)
{
	struct desk *d = *state;

	change_begin(&d->worker, &d->next);
	worker_run_batch(&d->worker);
	change_end(&d->worker);
	arrive(d, OLD_PORT, 70); /* more than a batch: all of it was in the ring */
	assert_int_equal(worker_run_batch(&d->worker), 64);
	assert_false(change_over(&d->worker));
	assert_int_equal(worker_run_batch(&d->worker), 6);
	assert_false(change_over(&d->worker));
	check_counts(d, 70, 0, 0);
	assert_int_equal(worker_run_batch(&d->worker), 0);
	assert_true(change_over(&d->worker));
	arrive(d, OLD_PORT, 1);
	arrive(d, NEW_PORT, 1);
	assert_int_equal(worker_run_batch(&d->worker), 2);
	check_counts(d, 70, 1, 1);
}

static void test_in_a_flood_they_go_after_as_many_frames_as_a_ring_holds(void **state)
{
	struct desk *d = *state;
	unsigned batches = 0;

	change_begin(&d->worker, &d->next);
	worker_run_batch(&d->worker);
	change_end(&d->worker);
	arrive(d, OLD_PORT, 2000);
	for (; !change_over(&d->worker); batches++)
		assert_int_equal(worker_run_batch(&d->worker), 64);
	assert_int_equal(batches, (1000 + 63) / 64);
	check_counts(d, 64 * batches, 0, 0);
}

static void test_a_worker_that_has_ended_holds_nobody_up(void **state)
{
	struct desk *d = *state;

	d->worker.started = false;
	change_begin(&d->worker, &d->next);
	assert_true(change_taken(&d->worker));
	change_end(&d->worker);
	assert_true(change_over(&d->worker));
}

static void wait_for(const struct worker *w, bool (*is_done)(const struct worker *))
{
	while (!is_done(w))
		sched_yield();
}

/* It sleeps without end unless it is woken. */
static void test_a_sleeping_thread_takes_a_change_at_once_and_sleeps_again(void **state)
{
	struct desk *d = *state;
	unsigned waits;

	d->io.patient = true;
	d->worker.started = false;
	assert_int_equal(worker_start(&d->worker, NULL), 0);
	for (unsigned i = 0; i < 20; i++) {
		change_begin(&d->worker, &d->next);
		wait_for(&d->worker, change_taken);
		change_end(&d->worker);
		wait_for(&d->worker, change_over);
	}
	/* a descriptor that nobody lowers would end every wait from here on */
	do {
		waits = __atomic_load_n(&d->io.waits, __ATOMIC_SEQ_CST);
		usleep(20000);
	} while (__atomic_load_n(&d->io.waits, __ATOMIC_SEQ_CST) != waits);
	worker_ask_to_stop(&d->worker);
	worker_join(&d->worker);
	d->worker.started = false;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_make, desk_clear)
		TEST(test_until_the_old_rules_are_forgotten_both_are_obeyed),
		TEST(test_the_old_rules_go_once_the_ring_was_empty),
		TEST(test_in_a_flood_they_go_after_as_many_frames_as_a_ring_holds),
		TEST(test_a_worker_that_has_ended_holds_nobody_up),
		TEST(test_a_sleeping_thread_takes_a_change_at_once_and_sleeps_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
