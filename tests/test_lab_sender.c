/* SPDX-License-Identifier: BSD-2-Clause */
/* The lab's tester against a reflector that does everything wrong and counts it; needs root. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "cmd/lab_sender.h"
#include "cmd/lab_socket.h"
#include "net/link.h"
#include "net/netns.h"
#include "net/veth.h"

static const struct lab_end end_a = { .mac = { 2, 0, 0, 0, 10, 1 }, .ip = { 198, 18, 0, 1 } };
static const struct lab_end end_b = { .mac = { 2, 0, 0, 0, 11, 2 }, .ip = { 198, 18, 0, 2 } };

struct reflector {
	char netns[2][32];
	pthread_t thread;
	int ready; /* 0: not yet, 1: it reflects, negative: it could not start */
	int stop;
	int deaf_after; /* packets; 0: never */
	int wrong; /* does things wrong */
	int receive_fd, send_fd;
	uint64_t seen, dropped, doubled, unswapped, damaged, swapped_order;
	uint8_t held[LAB_FRAME_MAX];
	int held_length;
};

static void swap(uint8_t *packet)
{
	uint8_t was[38];

	memcpy(was, packet, sizeof(was));
	memcpy(packet, was + 6, 6);
	memcpy(packet + 6, was, 6);
	memcpy(packet + 26, was + 30, 4);
	memcpy(packet + 30, was + 26, 4);
	memcpy(packet + 34, was + 36, 2);
	memcpy(packet + 36, was + 34, 2);
}

static void reflector_send(struct reflector *r, const uint8_t *packet, int length)
{
	while (send(r->send_fd, packet, (size_t)length, 0) < 0 && errno == ENOBUFS)
		;
}

/* What is wrong with a packet follows from its sequence number. */
static void reflector_answer(struct reflector *r, uint8_t *packet, int length)
{
	uint32_t sequence;

	if (!lab_frame_sequence(packet, (uint32_t)length, &sequence))
		return;
	swap(packet);
	switch (r->wrong ? sequence % 100 : 0) {
	case 19: /* behind the next one */
		memcpy(r->held, packet, (size_t)length);
		r->held_length = length;
		return;
	case 49:
		reflector_send(r, packet, length);
		r->doubled++;
		break;
	case 69:
		swap(packet);
		r->unswapped++;
		break;
	case 79:
		packet[length - 1] ^= 1;
		r->damaged++;
		break;
	case 99:
		r->dropped++;
		return;
	}
	reflector_send(r, packet, length);
	if (r->held_length) {
		reflector_send(r, r->held, r->held_length);
		r->swapped_order++;
		r->held_length = 0;
	}
}

static void *reflector_run(void *context)
{
	struct reflector *r = context;
	struct pollfd arrival = { .events = POLLIN };
	int back = netns_enter(r->netns[1], NULL);

	r->receive_fd = lab_socket_receive("vb", NULL);
	r->send_fd = lab_socket_send("vb", NULL);
	arrival.fd = r->receive_fd;
	__atomic_store_n(&r->ready, back < 0 || r->receive_fd < 0 || r->send_fd < 0 ? -1 : 1,
		__ATOMIC_RELEASE);
	while (r->ready > 0 && !__atomic_load_n(&r->stop, __ATOMIC_RELAXED)) {
		uint8_t packet[LAB_FRAME_MAX];
		ssize_t length;

		if (poll(&arrival, 1, 10) <= 0) {
			if (r->held_length) /* nothing came behind it */
				reflector_send(r, r->held, r->held_length);
			r->held_length = 0;
			continue;
		}
		length = recv(r->receive_fd, packet, sizeof(packet), MSG_DONTWAIT);
		if (length <= 0 || (r->deaf_after && r->seen >= (uint64_t)r->deaf_after))
			continue;
		r->seen++;
		reflector_answer(r, packet, (int)length);
	}
	close(r->receive_fd);
	close(r->send_fd);
	netns_leave(back);
	return NULL;
}

static int place_make(void **state)
{
	struct reflector *r = calloc(1, sizeof(*r));
	struct veth_end a = { .name = "va", .netns = r->netns[0] };
	struct veth_end b = { .name = "vb", .netns = r->netns[1] };
	struct err err = { "" };

	*state = r;
	memcpy(a.mac, end_a.mac, 6);
	memcpy(b.mac, end_b.mac, 6);
	for (int i = 0; i < 2; i++) {
		int back;

		snprintf(r->netns[i], sizeof(r->netns[i]), "rs-tester-%d-%c", getpid(), 'a' + i);
		if (netns_add(r->netns[i], &err) || (i && veth_add(&a, &b, 2, &err)))
			goto failed;
		for (int j = 0; i && j < 2; j++) {
			back = netns_enter(r->netns[j], &err);
			if (back < 0 || veth_set_up(j ? "vb" : "va", &err))
				goto failed;
			netns_leave(back);
		}
	}
	return 0;
failed:
	fprintf(stderr, "%s\n", err.text);
	return -1;
}

static void reflector_stop(struct reflector *r)
{
	__atomic_store_n(&r->stop, 1, __ATOMIC_RELAXED);
	pthread_join(r->thread, NULL);
	r->ready = 0;
}

static int place_remove(void **state)
{
	struct reflector *r = *state;

	if (r->ready) /* the test failed */
		reflector_stop(r);
	netns_delete(r->netns[0], NULL);
	netns_delete(r->netns[1], NULL);
	free(r);
	return 0;
}

static void reflector_start(struct reflector *r)
{
	assert_int_equal(pthread_create(&r->thread, NULL, reflector_run, r), 0);
	while (!__atomic_load_n(&r->ready, __ATOMIC_ACQUIRE))
		sched_yield();
	assert_int_equal(r->ready, 1);
}

static struct lab_sender_settings settings(uint32_t length, uint32_t flows)
{
	return (struct lab_sender_settings){ .link = "va",
		.from = end_a,
		.to = end_b,
		.length = length,
		.flows = flows,
		.rate_pps = 20000,
		.duration_ns = NSEC_PER_SEC / 2 };
}

static void send_test_packets(const struct reflector *r, const struct lab_sender_settings *with,
	struct lab_result *result)
{
	int back = netns_enter(r->netns[0], NULL);

	assert_true(back >= 0);
	lab_sender_run(with, result);
	netns_leave(back);
	assert_string_equal(result->err.text, "");
	assert_int_equal(result->code, 0);
	assert_int_equal(result->overrun, 0);
}

static void test_a_perfect_reflector_is_found_perfect(void **state)
{
	static const uint32_t lengths[] = { LAB_FRAME_MIN, 128, LAB_FRAME_MAX };
	struct reflector *r = *state;

	reflector_start(r);
	for (unsigned i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		struct lab_sender_settings with = settings(lengths[i], 16);
		struct lab_result *result = calloc(1, sizeof(*result));
		uint64_t seen = r->seen;
		char line[512];

		send_test_packets(r, &with, result);
		/* half a second at 20 kpps; a busy machine may fall behind */
		assert_in_range(result->sent, 100, 10100);
		assert_int_equal(result->back, result->sent);
		assert_int_equal(result->lost + result->duplicated + result->reordered +
					 result->not_swapped + result->damaged + result->after,
			0);
		assert_int_equal(r->seen - seen, result->sent);
		assert_int_equal(histogram_count(&result->round_trip), result->back);
		lab_result_print(result, line, sizeof(line));
		assert_non_null(strstr(line, ", lost 0, duplicated 0, reordered 0, not swapped 0; "
					     "round trip p50 "));
		free(result);
	}
	reflector_stop(r);
}

static void test_every_fault_of_a_bad_reflector_is_counted(void **state)
{
	struct reflector *r = *state;
	struct lab_sender_settings with = settings(200, 1);
	struct lab_result *result = calloc(1, sizeof(*result));

	r->wrong = 1;
	reflector_start(r);
	send_test_packets(r, &with, result);
	reflector_stop(r);
	assert_true(r->dropped && r->doubled && r->unswapped && r->damaged && r->swapped_order);
	assert_int_equal(result->sent, r->seen);
	assert_int_equal(result->lost, r->dropped);
	assert_int_equal(result->back, r->seen - r->dropped);
	assert_int_equal(result->duplicated, r->doubled);
	assert_int_equal(result->not_swapped, r->unswapped);
	assert_int_equal(result->damaged, r->damaged);
	assert_int_equal(result->reordered, r->swapped_order);
	free(result);
}

struct order_to_give {
	const struct reflector *reflector;
	struct lab_result *result;
};

/* Gives the order to abandon when the reflector has fallen silent. */
static void *abandon(void *context)
{
	struct order_to_give *order = context;

	while (__atomic_load_n(&order->reflector->seen, __ATOMIC_RELAXED) <
		(uint64_t)order->reflector->deaf_after)
		sched_yield();
	__atomic_store_n(&order->result->order, (uint32_t)LAB_ABANDON, __ATOMIC_RELAXED);
	return NULL;
}

static void test_what_was_sent_behind_the_last_answer_is_not_lost_when_broken_off(void **state)
{
	struct reflector *r = *state;
	struct lab_sender_settings with = settings(128, 1);
	struct lab_result *result = calloc(1, sizeof(*result));
	struct order_to_give order = { r, result };
	pthread_t thread;

	with.duration_ns = 0;
	r->deaf_after = 1000;
	reflector_start(r);
	assert_int_equal(pthread_create(&thread, NULL, abandon, &order), 0);
	send_test_packets(r, &with, result);
	pthread_join(thread, NULL);
	reflector_stop(r);
	assert_false(result->completed);
	assert_in_range(result->sent, 1, 1000);
	assert_int_equal(result->back, result->sent);
	assert_int_equal(result->lost, 0);
	free(result);
}

static void test_nobody_takes_packets_for_an_unknown_link(void **state)
{
	struct lab_sender_settings with = settings(128, 1);
	struct lab_result *result = calloc(1, sizeof(*result));

	(void)state;
	with.link = "nowhere";
	lab_sender_run(&with, result);
	assert_true(result->code < 0);
	assert_non_null(strstr(result->err.text, "nowhere: "));
	free(result);
}

#define PLACE(test) cmocka_unit_test_setup_teardown(test, place_make, place_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLACE(test_a_perfect_reflector_is_found_perfect),
		PLACE(test_every_fault_of_a_bad_reflector_is_counted),
		PLACE(test_what_was_sent_behind_the_last_answer_is_not_lost_when_broken_off),
		PLACE(test_nobody_takes_packets_for_an_unknown_link),
	};

	if (unshare(CLONE_NEWNET)) {
		printf("test_lab_sender: needs root: no network namespace: %s\n", strerror(errno));
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
