// SPDX-License-Identifier: BSD-2-Clause
/* rings.c against a kernel made of arrays. Built with RINGSIDE_FRAME_OWNERS, so that a step which a
 * frame's owner may not take aborts. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "fake_kernel.h"

#define FRAME_SIZE 2048
#define BATCH 64

static struct fake_kernel *open_kernel(uint32_t frames, uint32_t ring_entries, uint32_t start)
{
	struct fake_kernel *kernel = malloc(sizeof(*kernel));

	assert_non_null(kernel);
	fake_kernel_init(kernel, frames, FRAME_SIZE, ring_entries, start);
	fake_kernel_check(kernel);
	return kernel;
}

static void close_kernel(struct fake_kernel *kernel)
{
	fake_kernel_check(kernel);
	fake_kernel_fini(kernel);
	free(kernel);
}

static void test_every_free_frame_goes_into_the_fill_ring(void **state)
{
	struct fake_kernel *k = open_kernel(64, 128, 0);

	(void)state;
	rings_refill(&k->rings);
	fake_kernel_check(k);
	assert_int_equal(k->rings.frames.owned[OWNER_FILL], 64);
	assert_int_equal(rings_entries(k->rings.fill.producer, k->rings.fill.consumer), 64);
	rings_refill(&k->rings);
	assert_int_equal(k->rings.frames.owned[OWNER_FILL], 64);
	close_kernel(k);
}

static void test_a_fill_ring_without_room_leaves_frames_free(void **state)
{
	struct fake_kernel *k = open_kernel(64, 16, 0);

	(void)state;
	rings_refill(&k->rings);
	rings_refill(&k->rings);
	fake_kernel_check(k);
	assert_int_equal(k->rings.frames.owned[OWNER_FILL], 16);
	assert_int_equal(k->rings.frames.free_count, 48);
	assert_int_equal(fake_kernel_arrive(k, 5), 5);
	rings_refill(&k->rings);
	assert_int_equal(k->rings.frames.owned[OWNER_FILL], 21);
	close_kernel(k);
}

static void test_frames_are_lent_in_the_order_they_came_and_at_most_a_batch(void **state)
{
	struct fake_kernel *k = open_kernel(256, 256, 0);
	struct io_frame frames[BATCH];

	(void)state;
	rings_refill(&k->rings);
	assert_int_equal(rings_receive(&k->rings, frames, BATCH, false), 0);
	assert_int_equal(fake_kernel_arrive(k, 100), 100);
	assert_int_equal(rings_receive(&k->rings, frames, BATCH, false), BATCH);
	assert_int_equal(k->rings.frames.owned[OWNER_WORKER], BATCH);
	for (unsigned i = 0; i < BATCH; i++) {
		assert_int_equal(fake_kernel_packet(frames[i].data), i);
		assert_int_equal(frames[i].length, fake_kernel_length(i));
		assert_false(frames[i].send || frames[i].sent || frames[i].broken);
	}
	assert_int_equal(rings_transmit(&k->rings, frames, BATCH), 0);
	assert_int_equal(rings_receive(&k->rings, frames, BATCH, false), 100 - BATCH);
	assert_int_equal(fake_kernel_packet(frames[0].data), BATCH);
	rings_transmit(&k->rings, frames, 100 - BATCH);
	assert_int_equal(k->rings.frames.free_count, 100);
	close_kernel(k);
}

static unsigned echo(struct fake_kernel *k, struct io_frame *frames, unsigned max)
{
	unsigned n = rings_receive(&k->rings, frames, max, false);

	for (unsigned i = 0; i < n; i++)
		frames[i].send = true;
	rings_transmit(&k->rings, frames, n);
	return n;
}

static void test_empty_frames_are_lent_while_there_is_room_to_transmit_all_of_them(void **state)
{
	struct fake_kernel *k = open_kernel(128, 32, 0);
	struct io_frame frames[BATCH];
	unsigned count = 0;

	(void)state;
	rings_refill(&k->rings); /* 32 go into the fill ring, 96 stay free */
	/* one by one and in a batch: 32 fit into the tx ring, whoever asks how often */
	while (count < 20 && rings_lend(&k->rings, &frames[count], 1))
		count++;
	assert_int_equal(count, 20);
	assert_int_equal(rings_lend(&k->rings, &frames[count], BATCH - count), 12);
	assert_int_equal(rings_lend(&k->rings, &frames[32], 1), 0);
	for (unsigned i = 0; i < 32; i++) {
		assert_false(frames[i].send || frames[i].sent);
		for (unsigned other = 0; other < i; other++)
			assert_ptr_not_equal(frames[i].data, frames[other].data);
		frames[i].length = 60;
		frames[i].send = true;
	}
	assert_int_equal(rings_transmit(&k->rings, frames, 32), 32);
	for (unsigned i = 0; i < 32; i++)
		assert_true(frames[i].sent);
	assert_int_equal(rings_lend(&k->rings, frames, BATCH), 0); /* the ring is full */
	close_kernel(k);
}

static void test_no_more_empty_frames_are_lent_than_there_are(void **state)
{
	struct fake_kernel *k = open_kernel(40, 32, 0);
	struct io_frame frames[BATCH];

	(void)state;
	rings_refill(&k->rings); /* takes 32 of the 40 */
	assert_int_equal(rings_lend(&k->rings, frames, BATCH), 8);
	assert_int_equal(k->rings.frames.owned[OWNER_WORKER], 8);
	assert_int_equal(rings_transmit(&k->rings, frames, 8), 0); /* none is to be sent */
	assert_int_equal(k->rings.frames.free_count, 8);
	close_kernel(k);
}

static void test_a_full_tx_ring_refuses_exactly_the_overflow_and_keeps_the_order(void **state)
{
	struct fake_kernel *k = open_kernel(128, 32, 0);
	struct io_frame frames[BATCH];
	unsigned expected = 0;

	(void)state;
	rings_refill(&k->rings);
	for (unsigned round = 0; round < 2; round++) {
		assert_int_equal(fake_kernel_arrive(k, 20), 20);
		assert_int_equal(echo(k, frames, BATCH), 20);
		for (unsigned i = 0; i < 20; i++)
			assert_int_equal(frames[i].sent, 20 * round + i < 32);
		rings_refill(&k->rings);
		fake_kernel_check(k);
	}
	assert_int_equal(k->rings.outstanding, 32);
	assert_int_equal(fake_kernel_transmit(k, 100), 32);
	for (; expected < 32; expected++)
		assert_int_equal(k->sent[expected], expected);
	close_kernel(k);
}

static void test_only_frames_to_send_take_room_in_the_tx_ring(void **state)
{
	struct fake_kernel *k = open_kernel(64, 32, 0);
	struct io_frame frames[BATCH];

	(void)state;
	rings_refill(&k->rings);
	fake_kernel_arrive(k, 32);
	assert_int_equal(rings_receive(&k->rings, frames, BATCH, false), 32);
	for (unsigned i = 0; i < 32; i++)
		frames[i].send = i % 3 == 1;
	assert_int_equal(rings_transmit(&k->rings, frames, 32), 11);
	for (unsigned i = 0; i < 32; i++)
		assert_int_equal(frames[i].sent, i % 3 == 1);
	assert_int_equal(fake_kernel_transmit(k, 100), 11);
	for (unsigned i = 0; i < 11; i++)
		assert_int_equal(k->sent[i], 3 * i + 1);
	close_kernel(k);
}

static void test_a_frame_is_not_reused_before_the_kernel_has_sent_it(void **state)
{
	struct fake_kernel *k = open_kernel(32, 32, 0);
	struct io_frame frames[BATCH];

	(void)state;
	rings_refill(&k->rings);
	fake_kernel_arrive(k, 32);
	echo(k, frames, BATCH);
	rings_reap(&k->rings);
	rings_refill(&k->rings);
	assert_int_equal(fake_kernel_arrive(k, 1), 0); /* the kernel has all of them */
	fake_kernel_transmit(k, 32);
	rings_reap(&k->rings);
	rings_refill(&k->rings);
	assert_int_equal(fake_kernel_arrive(k, 1), 0);
	fake_kernel_complete(k, 3, false);
	fake_kernel_check(k);
	assert_int_equal(rings_reap(&k->rings), 3);
	assert_int_equal(k->rings.outstanding, 29);
	rings_refill(&k->rings);
	assert_int_equal(fake_kernel_arrive(k, 10), 3);
	close_kernel(k);
}

static void test_times_are_read_once_and_cleared(void **state)
{
	struct fake_kernel *k = open_kernel(4, 32, 0);
	struct io_frame frames[BATCH];

	(void)state;
	rings_refill(&k->rings);
	k->note_ns = 1000;
	fake_kernel_arrive(k, 2);
	assert_int_equal(rings_receive(&k->rings, frames, BATCH, true), 2);
	assert_int_equal(frames[0].hook_ns, 1000);
	assert_int_equal(frames[1].hook_ns, 1001);
	rings_transmit(&k->rings, frames, 2);
	rings_refill(&k->rings);
	/* the same frames again, now without times */
	k->note_ns = 0;
	assert_int_equal(fake_kernel_arrive(k, 4), 4);
	assert_int_equal(rings_receive(&k->rings, frames, BATCH, true), 4);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(frames[i].hook_ns, 0);
	rings_transmit(&k->rings, frames, 4);
	close_kernel(k);
}

static void test_times_are_left_alone_when_nobody_asks(void **state)
{
	struct fake_kernel *k = open_kernel(2, 32, 0);
	struct io_frame frames[BATCH];
	uint64_t note;

	(void)state;
	rings_refill(&k->rings);
	k->note_ns = 77;
	fake_kernel_arrive(k, 1);
	assert_int_equal(rings_receive(&k->rings, frames, BATCH, false), 1);
	assert_int_equal(frames[0].hook_ns, 0);
	memcpy(&note, frames[0].data - 8, 8);
	assert_int_equal(note, 77);
	rings_transmit(&k->rings, frames, 1);
	close_kernel(k);
}

static void test_entries_are_counted_across_the_wrap_and_never_absurdly(void **state)
{
	const uint32_t low = 5, high = UINT32_MAX - 4;

	(void)state;
	assert_int_equal(rings_entries(&low, &low), 0);
	assert_int_equal(rings_entries(&low, &high), 10);
	assert_int_equal(rings_entries(&high, &low), 0); /* consumed meanwhile: a passing sight */
}

static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* What a worker and a moody kernel may do in any order. */
static void step(struct fake_kernel *k, uint32_t *random, bool stuck)
{
	struct io_frame frames[BATCH];
	unsigned amount = next_random(random) % BATCH + 1, n;
	uint32_t room;

	switch (next_random(random) % 8) {
	case 0:
	case 1:
		fake_kernel_arrive(k, amount);
		break;
	case 2:
	case 3:
		n = rings_receive(&k->rings, frames, amount, next_random(random) % 2);
		fake_kernel_check(k);
		for (unsigned i = 0; i < n; i++)
			frames[i].send = next_random(random) % 4;
		room = fake_kernel_tx_room(k);
		rings_transmit(&k->rings, frames, n);
		fake_kernel_accept(k, frames, n, room);
		break;
	case 4:
		if (!stuck)
			fake_kernel_transmit(k, amount);
		break;
	case 5:
		if (!stuck)
			fake_kernel_complete(k, amount, next_random(random) % 2);
		break;
	case 6:
		rings_reap(&k->rings);
		break;
	default:
		rings_refill(&k->rings);
	}
	fake_kernel_check(k);
}

/* Lets everything come to rest: then every frame waits in the fill ring or is free. */
static void settle(struct fake_kernel *k)
{
	struct io_frame frames[BATCH];
	unsigned n;

	while ((n = rings_receive(&k->rings, frames, BATCH, false)))
		rings_transmit(&k->rings, frames, n);
	while (fake_kernel_transmit(k, BATCH) || fake_kernel_complete(k, BATCH, true) ||
		rings_reap(&k->rings))
		;
	rings_refill(&k->rings);
	fake_kernel_check(k);
	assert_int_equal(k->rings.outstanding, 0);
	assert_int_equal(k->rings.frames.owned[OWNER_FILL] + k->rings.frames.free_count,
		k->rings.frames.count);
}

static void run_randomly(uint32_t frames, uint32_t entries, uint32_t start, uint32_t seed)
{
	struct fake_kernel *k = open_kernel(frames, entries, start);
	uint32_t random = seed;

	for (unsigned i = 0; i < 4000; i++)
		step(k, &random, i / 500 % 3 == 1); /* for a while nothing is sent at all */
	settle(k);
	rings_audit(&k->rings);
	assert_int_equal(k->sent_count, k->accepted_count);
	assert_memory_equal(k->sent, k->accepted, k->sent_count * sizeof(*k->sent));
	assert_true(k->sent_count > 100);
	close_kernel(k);
}

static void test_no_order_of_events_loses_or_doubles_a_frame(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 10; seed++) {
		run_randomly(128, 64, 0, seed);
		run_randomly(64, 64, UINT32_MAX - 500, seed); /* indices wrap soon */
		run_randomly(300, 32, UINT32_MAX - 3, seed); /* more frames than rings hold */
		run_randomly(7, 128, UINT32_MAX / 2 - 9, seed); /* fewer frames than a batch */
	}
}

static void move_wrongly(struct rings *rings)
{
	frames_put(&rings->frames, 0, OWNER_TX);
}

static void free_twice(struct rings *rings)
{
	rings->frames.free[0] = rings->frames.free[1];
	rings_audit(rings);
}

static void lose(struct rings *rings)
{
	rings->frames.free_count--;
	rings_audit(rings);
}

static void fill_with_what_is_free(struct rings *rings)
{
	uint32_t index = 0;

	xsk_ring_prod__reserve(&rings->fill, 1, &index);
	*xsk_ring_prod__fill_addr(&rings->fill, index) = 0;
	xsk_ring_prod__submit(&rings->fill, 1);
	rings_audit(rings);
}

static void forget_what_is_kept(struct rings *rings)
{
	uint32_t frame;

	rings_keep(rings, &frame, 1);
	rings_audit(rings);
	rings->kept = 0;
	rings_audit(rings);
}

/* In a child of its own. */
static int run_alone(void (*act)(struct rings *), struct rings *rings)
{
	int status = 0;
	pid_t child = fork();

	assert_true(child >= 0);
	if (!child) {
		if (!freopen("/dev/null", "w", stderr))
			_exit(1);
		signal(SIGABRT, SIG_DFL); /* not cmocka's handler */
		act(rings);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void test_a_frame_that_is_not_where_it_should_be_aborts(void **state)
{
	static void (*const acts[])(struct rings *) = { move_wrongly, free_twice, lose,
		fill_with_what_is_free, forget_what_is_kept };

	(void)state;
	for (unsigned i = 0; i < sizeof(acts) / sizeof(*acts); i++) {
		struct fake_kernel *k = open_kernel(8, 32, 0);

		assert_int_equal(run_alone(rings_audit, &k->rings), 0);
		assert_int_equal(run_alone(acts[i], &k->rings), SIGABRT);
		close_kernel(k);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_free_frame_goes_into_the_fill_ring),
		cmocka_unit_test(test_a_fill_ring_without_room_leaves_frames_free),
		cmocka_unit_test(test_frames_are_lent_in_the_order_they_came_and_at_most_a_batch),
		cmocka_unit_test(
			test_empty_frames_are_lent_while_there_is_room_to_transmit_all_of_them),
		cmocka_unit_test(test_no_more_empty_frames_are_lent_than_there_are),
		cmocka_unit_test(
			test_a_full_tx_ring_refuses_exactly_the_overflow_and_keeps_the_order),
		cmocka_unit_test(test_only_frames_to_send_take_room_in_the_tx_ring),
		cmocka_unit_test(test_a_frame_is_not_reused_before_the_kernel_has_sent_it),
		cmocka_unit_test(test_times_are_read_once_and_cleared),
		cmocka_unit_test(test_times_are_left_alone_when_nobody_asks),
		cmocka_unit_test(test_entries_are_counted_across_the_wrap_and_never_absurdly),
		cmocka_unit_test(test_no_order_of_events_loses_or_doubles_a_frame),
		cmocka_unit_test(test_a_frame_that_is_not_where_it_should_be_aborts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
