// SPDX-License-Identifier: BSD-2-Clause
/* Frames that a service's handler finishes in the worker: a worker that knows one more service. */
#include "probe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "worker/worker.c"

#include "fake_io.h"
#include "packet.h"

#define PROBE_PORT 7000
/* Not the service's place in the order of offer. */
#define PROBE_SLOT 5

/* A handler that says what a script has, and what it was given. */
struct handler {
	int outcomes[8];
	unsigned handled, flushed, handled_at_flush;
	uint64_t hook_ns[8], now_ns[8];
	size_t lengths[8];
};

struct desk {
	struct worker worker;
	struct io_queue io;
	struct service_rule rules[SERVICE_SLOTS];
	struct rule_tables tables;
	struct rule_state state;
	struct handler handler;
	uint8_t frames[8][256];
};

static int handle(void *arg, const struct service_frame *frame)
{
	struct handler *h = arg;
	unsigned i = h->handled++;

	h->hook_ns[i] = frame->hook_ns;
	h->now_ns[i] = frame->now_ns;
	h->lengths[i] = (size_t)(frame->frame->end - frame->frame->data);
	if (h->outcomes[i] == OUTCOME_TX)
		frame->frame->data[0] ^= 0xff;
	return h->outcomes[i];
}

static void flush(void *arg)
{
	struct handler *h = arg;

	h->flushed++;
	h->handled_at_flush = h->handled;
}

static int desk_make(void **state)
{
	struct desk *d = aligned_alloc(64, (sizeof(*d) + 63) & ~63ul);

	if (!d)
		return -1;
	memset(d, 0, sizeof(*d));
	d->rules[1].kind = SERVICE_probe;
	d->rules[1].slot = PROBE_SLOT;
	d->rules[1].probe.verdict = VERDICT_HANDLE;
	d->tables.udp_port_services[PROBE_PORT] = 1 << 1;
	fake_io_reset(&d->io);
	d->worker = (struct worker){ .ops = &fake_io,
		.io = &d->io,
		.services = d->rules,
		.tables = &d->tables,
		.state = &d->state,
		.batch = IO_BATCH_MAX,
		.cpu = SNAPSHOT_NONE,
		.can_pass = true,
		.handles = true };
	d->worker.handlers[PROBE_SLOT] =
		(struct worker_handler){ handle, flush, &d->handler };
	*state = d;
	return 0;
}

static int desk_clear(void **state)
{
	free(*state);
	return 0;
}

static uint32_t arrive(struct desk *d, uint16_t port, unsigned payload)
{
	const struct packet packet = V4(.dport = port, .payload = payload);
	uint8_t *bytes = d->frames[d->io.arrived];
	uint32_t length = (uint32_t)packet_build(&packet, bytes);

	fake_io_arrive(&d->io, bytes, length);
	return length;
}

static void check_cell(const struct desk *d, unsigned slot, unsigned outcome, uint64_t packets)
{
	assert_int_equal(d->worker.books.cells.cell[slot][outcome].packets, packets);
}

static uint64_t all_packets(const struct desk *d)
{
	uint64_t sum = 0;

	for (unsigned slot = 0; slot <= SERVICE_SLOTS; slot++)
		for (unsigned i = 0; i < OUTCOMES; i++)
			sum += d->worker.books.cells.cell[slot][i].packets;
	return sum;
}

static void test_a_handler_says_what_became_of_each_frame(void **state)
{
	static const int outcomes[] = { OUTCOME_DELIVER, OUTCOME_DROP + DROP_denied, OUTCOME_TX,
		OUTCOME_PASS, OUTCOME_DELIVER };
	struct desk *d = *state;
	uint8_t first = 0x02; /* of the MAC address */

	memcpy(d->handler.outcomes, outcomes, sizeof(outcomes));
	for (unsigned i = 0; i < 5; i++)
		arrive(d, PROBE_PORT, 20 + i);
	arrive(d, 9, 20);
	assert_int_equal(worker_run_batch(&d->worker), 6);
	check_cell(d, PROBE_SLOT, OUTCOME_DELIVER, 2);
	check_cell(d, PROBE_SLOT, OUTCOME_DROP + DROP_denied, 1);
	check_cell(d, PROBE_SLOT, OUTCOME_TX, 1);
	check_cell(d, PROBE_SLOT, OUTCOME_PASS, 1);
	check_cell(d, SLOT_NONE, OUTCOME_PASS, 1);
	assert_int_equal(all_packets(d), 6);
	for (unsigned i = 0; i < 6; i++) {
		assert_int_equal(d->io.frames[i].send, i == 2);
		assert_int_equal(d->frames[i][0], i == 2 ? first ^ 0xff : first);
	}
}

static void test_a_handler_is_given_whole_frames_with_times_and_flushed_once_a_batch(void **state)
{
	struct desk *d = *state;
	uint32_t lengths[2];

	d->handler.outcomes[0] = d->handler.outcomes[1] = OUTCOME_DELIVER;
	d->state.level = LEVEL_DETAILED;
	lengths[0] = arrive(d, PROBE_PORT, 11);
	lengths[1] = arrive(d, PROBE_PORT, 150);
	d->io.frames[1].hook_ns = 1234;
	assert_int_equal(worker_run_batch(&d->worker), 2);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(d->handler.lengths[i], lengths[i]);
		assert_int_equal(d->handler.hook_ns[i], i ? 1234 : 0);
		assert_true(d->handler.now_ns[i] > 0);
	}
	assert_int_equal(d->handler.now_ns[0], d->handler.now_ns[1]);
	assert_int_equal(d->handler.flushed, 1);
	assert_int_equal(d->handler.handled_at_flush, 2);
	/* a batch with nothing for it */
	arrive(d, 9, 20);
	assert_int_equal(worker_run_batch(&d->worker), 1);
	assert_int_equal(d->handler.flushed, 1);
}

static void test_what_a_handler_passes_where_nothing_can_pass_is_dropped(void **state)
{
	struct desk *d = *state;

	d->worker.can_pass = false;
	d->handler.outcomes[0] = OUTCOME_PASS;
	arrive(d, PROBE_PORT, 20);
	assert_int_equal(worker_run_batch(&d->worker), 1);
	check_cell(d, PROBE_SLOT, OUTCOME_DROP + DROP_not_passable, 1);
	assert_int_equal(all_packets(d), 1);
}

static void test_without_a_handler_a_frame_passes(void **state)
{
	struct desk *d = *state;

	d->worker.handlers[PROBE_SLOT] = (struct worker_handler){ 0 };
	arrive(d, PROBE_PORT, 20);
	assert_int_equal(worker_run_batch(&d->worker), 1);
	check_cell(d, PROBE_SLOT, OUTCOME_PASS, 1);
	assert_int_equal(d->handler.flushed, 0);
}

static void test_delivered_frames_are_timed_as_answers_are(void **state)
{
	struct desk *d = *state;

	d->handler.outcomes[0] = OUTCOME_DELIVER;
	d->handler.outcomes[1] = OUTCOME_DROP + DROP_denied;
	d->state.level = LEVEL_DETAILED;
	assert_int_equal(worker_run_batch(&d->worker), 0); /* recording begins */
	for (unsigned i = 0; i < 2; i++) {
		arrive(d, PROBE_PORT, 20);
		d->io.frames[i].hook_ns = clock_now_ns();
	}
	assert_int_equal(worker_run_batch(&d->worker), 2);
	assert_int_equal(histogram_count(&d->worker.latency[PROBE_SLOT]), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_make, desk_clear)
		TEST(test_a_handler_says_what_became_of_each_frame),
		TEST(test_a_handler_is_given_whole_frames_with_times_and_flushed_once_a_batch),
		TEST(test_what_a_handler_passes_where_nothing_can_pass_is_dropped),
		TEST(test_without_a_handler_a_frame_passes),
		TEST(test_delivered_frames_are_timed_as_answers_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
