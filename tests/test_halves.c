// SPDX-License-Identifier: BSD-2-Clause
/* What one half leaves to the other: rates, sockets, and what the levels record. */
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/cpu.h"
#include "halves.h"
#include "io/af_xdp.h"
#include "io/rings.h"

#define RATE_LIMITED (OUTCOME_DROP + DROP_rate_limited)

static struct halves *open_with_kernel(const char *lines)
{
	struct halves *halves = halves_open(lines, NULL);

	if (!halves->kernel) {
		halves_close(halves);
		skip();
	}
	return halves;
}

/* Sends frames until the limit is reached, and one more; returns how many were let through. */
static unsigned send_burst(struct halves *halves, struct xdp_program *program, int let_through)
{
	const struct packet packet = V4();
	uint8_t frame[PACKET_BYTES_MAX];
	size_t length = packet_build(&packet, frame);
	struct judged judged;
	unsigned count = 0;

	for (;;) {
		if (program)
			halves_run_kernel(program, frame, length, &judged);
		else
			halves_run_user(halves, frame, length, &judged);
		assert_int_equal(judged.slot, 0);
		if (judged.outcome == RATE_LIMITED)
			break;
		assert_int_equal(judged.outcome, let_through);
		assert_true(++count < 10000);
	}
	assert_memory_equal(judged.frame, frame, length); /* what is dropped is not written to */
	return count;
}

/* At 10 packets a second the burst is 64 packets on top of the one that is due. */
static void check_burst(struct halves *halves, struct xdp_program *program, int let_through)
{
	uint64_t start_ns = clock_now_ns();
	unsigned count = send_burst(halves, program, let_through);
	uint64_t more = (clock_now_ns() - start_ns) / (NSEC_PER_SEC / 10) + 1;

	assert_in_range(count, 65, 65 + more);
}

static void test_both_halves_let_the_same_burst_through_and_drop_the_rest(void **state)
{
	struct halves *halves = open_with_kernel("max_pps = 10");

	(void)state;
	check_burst(halves, NULL, OUTCOME_TX);
	check_burst(halves, halves->kernel, OUTCOME_TX);
	halves_close(halves);
}

static void test_the_limit_is_charged_in_the_kernel_also_for_what_it_hands_over(void **state)
{
	struct halves *halves = open_with_kernel("max_pps = 10");

	(void)state;
	check_burst(halves, halves->handover, OUTCOME_PASS);
	halves_close(halves);
}

static void test_the_worker_does_not_charge_what_the_kernel_has_charged(void **state)
{
	struct halves *halves = halves_open("max_pps = 10", NULL);
	const struct packet packet = V4();
	uint8_t frame[PACKET_BYTES_MAX];
	size_t length = packet_build(&packet, frame);

	(void)state;
	halves->worker.first_half = halves->worker.limited = false;
	for (unsigned i = 0; i < 1000; i++) {
		struct judged judged;

		halves_run_user(halves, frame, length, &judged);
		assert_int_equal(judged.outcome, OUTCOME_TX);
	}
	halves_close(halves);
}

static void test_what_is_not_answered_costs_no_token(void **state)
{
	struct halves *halves = halves_open("max_pps = 10", NULL);
	const struct packet others[] = { V4(.signature = NULL), V4(.ttl = 1), V4(.dport = 9) };

	(void)state;
	for (unsigned i = 0; i < 600; i++) {
		uint8_t frame[PACKET_BYTES_MAX];
		size_t length = packet_build(&others[i % 3], frame);

		assert_true(halves_agree(halves, "not answered", frame, length));
	}
	check_burst(halves, NULL, OUTCOME_TX);
	if (halves->kernel)
		check_burst(halves, halves->kernel, OUTCOME_TX);
	halves_close(halves);
}

/* A loopback of our own, where no frames come. */
static void make_namespace(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd;

	if (unshare(CLONE_NEWNET))
		skip();
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &request), 0);
	close(fd);
}

static struct io_queue *add_socket(struct halves *halves)
{
	const struct io_queue_settings settings = {
		.interface = "lo",
		.ifindex = 1,
		.frames = RINGS_FRAMES_MIN,
		.frame_size = 4096,
		.batch = 64,
		.numa_node = -1,
	};
	struct io_queue *queue = NULL;
	struct err err = { 0 };

	if (io_af_xdp.open(&queue, &settings, &err))
		fail_msg("%s", err.text);
	if (xdp_program_set_socket(halves->handover, 0, af_xdp_fd(queue), &err))
		fail_msg("%s", err.text);
	return queue;
}

static void test_with_a_socket_frames_are_handed_over_unwritten(void **state)
{
	struct halves *halves = open_with_kernel("");
	const struct packet answered = V4(), passed = V4(.dport = 9), dropped = V6(.ttl = 1);
	uint8_t frame[PACKET_BYTES_MAX];
	struct io_queue *queue;
	struct judged judged;
	size_t length;

	(void)state;
	make_namespace();
	queue = add_socket(halves);
	length = packet_build(&answered, frame);
	halves_run_kernel(halves->handover, frame, length, &judged);
	assert_int_equal(judged.outcome, OUTCOME_REDIRECT);
	assert_int_equal(judged.slot, 0);
	assert_int_equal(judged.length, length);
	assert_memory_equal(judged.frame, frame, length);
	length = packet_build(&passed, frame);
	halves_run_kernel(halves->handover, frame, length, &judged);
	assert_int_equal(judged.outcome, OUTCOME_PASS);
	length = packet_build(&dropped, frame);
	halves_run_kernel(halves->handover, frame, length, &judged);
	assert_int_equal(judged.outcome, OUTCOME_DROP + DROP_ttl_exceeded);
	io_af_xdp.close(queue);
	halves_close(halves);
}

static void set_level(struct xdp_program *program, enum level level, uint32_t every)
{
	xdp_program_state(program)->level = level;
	xdp_program_state(program)->sample_every = every;
}

/* The test run's output begins with what the program has put in front of the frame. */
static void test_the_time_of_arrival_is_noted_in_front_of_what_is_handed_over(void **state)
{
	struct halves *halves = open_with_kernel("");
	const struct packet packet = V4();
	uint64_t before_ns, noted_ns;
	uint8_t frame[PACKET_BYTES_MAX];
	size_t length = packet_build(&packet, frame);
	struct io_queue *queue;
	struct judged judged;

	(void)state;
	make_namespace();
	set_level(halves->handover, LEVEL_DEBUG, 1);
	halves_run_kernel(halves->handover, frame, length, &judged);
	assert_int_equal(judged.outcome, OUTCOME_PASS);
	assert_int_equal(judged.length, length); /* the stack must not see a time */
	queue = add_socket(halves);
	before_ns = clock_now_ns();
	halves_run_kernel(halves->handover, frame, length, &judged);
	assert_int_equal(judged.outcome, OUTCOME_REDIRECT);
	assert_int_equal(judged.length, length + sizeof(noted_ns));
	memcpy(&noted_ns, judged.frame, sizeof(noted_ns));
	assert_in_range(noted_ns, before_ns, clock_now_ns());
	assert_memory_equal(judged.frame + sizeof(noted_ns), frame, length);
	io_af_xdp.close(queue);
	halves_close(halves);
}

/* Runs frames at a level; returns how many latencies the kernel half has recorded. */
static uint64_t count_latencies(struct halves *halves, unsigned frames)
{
	static __u64 buckets[HISTOGRAM_BUCKETS];
	const struct packet packet = V4();
	uint8_t frame[PACKET_BYTES_MAX];
	size_t length = packet_build(&packet, frame);
	__u64 sum = 0, max = 0, count = 0;
	struct judged judged;

	for (unsigned i = 0; i < frames; i++) {
		halves_run_kernel(halves->kernel, frame, length, &judged);
		assert_int_equal(judged.outcome, OUTCOME_TX);
	}
	memset(buckets, 0, sizeof(buckets));
	assert_int_equal(xdp_program_add_latency(halves->kernel, 0, buckets, &sum, &max), 0);
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
		count += buckets[i];
	assert_true(max <= sum && (sum > 0) == (count > 0));
	return count;
}

static void test_the_kernel_half_records_what_the_level_asks_for(void **state)
{
	struct halves *halves = open_with_kernel("");
	struct cells cells = { 0 };

	(void)state;
	assert_int_equal(count_latencies(halves, 200), 0);
	set_level(halves->kernel, LEVEL_DETAILED, SAMPLE_DETAILED);
	assert_int_equal(count_latencies(halves, 640), 10);
	assert_int_equal(xdp_program_add_cells(halves->kernel, 0, &cells), 0);
	assert_int_equal(cells.sizes[size_bin(106)], 0);
	set_level(halves->kernel, LEVEL_DEBUG, 1);
	assert_int_equal(count_latencies(halves, 100), 110);
	memset(&cells, 0, sizeof(cells));
	assert_int_equal(xdp_program_add_cells(halves->kernel, 0, &cells), 0);
	assert_int_equal(cells.sizes[size_bin(106)], 100);
	halves_close(halves);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_halves_let_the_same_burst_through_and_drop_the_rest),
		cmocka_unit_test(
			test_the_limit_is_charged_in_the_kernel_also_for_what_it_hands_over),
		cmocka_unit_test(test_the_worker_does_not_charge_what_the_kernel_has_charged),
		cmocka_unit_test(test_what_is_not_answered_costs_no_token),
		cmocka_unit_test(test_with_a_socket_frames_are_handed_over_unwritten),
		cmocka_unit_test(test_the_time_of_arrival_is_noted_in_front_of_what_is_handed_over),
		cmocka_unit_test(test_the_kernel_half_records_what_the_level_asks_for),
	};

	/* each CPU has its own books, and so its own samples */
	cpu_pin((uint32_t)sched_getcpu(), NULL);
	if (cmocka_run_group_tests(tests, NULL, NULL))
		return 1;
	return halves_exit_status();
}
