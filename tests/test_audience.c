// SPDX-License-Identifier: BSD-2-Clause
/* Consumers of the rings of `deliver`: how they sleep, come, go, and write rubbish. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <cmocka.h>

#include "base/clock.h"
#include "ring_stage.h"

#define PACKET_BYTES 256

static void test_a_sleeping_consumer_is_woken_once_a_sleep(void **state)
{
	struct ringside_packet packet;
	struct ringside *consumer;
	int pipes[2], status;
	struct stage s;
	uint32_t before;
	char byte;
	pid_t pid;

	(void)state;
	stage_open(&s, 64, PACKET_BYTES, 1);
	assert_int_equal(pipe(pipes), 0);
	consumer = stage_consumer(&s, 0);
	pid = fork();
	if (!pid) {
		for (int i = 0; i < 1000; i++)
			if (ringside_wait(consumer, 60000) != 1 ||
				ringside_receive(consumer, &packet, 1) != 1 ||
				write(pipes[1], "x", 1) != 1)
				_exit(1);
		_exit(0);
	}
	for (int i = 0; i < 1000; i++) {
		/* now and then it is still on its way to bed: both ways must do */
		if (i % 2)
			while (!(__atomic_load_n(
					 &s.audience.seat[0]->report->sleep, __ATOMIC_RELAXED) &
				 1))
				sched_yield();
		stage_publish(&s, 0, 1, PACKET_BYTES);
		assert_int_equal(read(pipes[0], &byte, 1), 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	/* awake, or woken already: no system call */
	before = s.audience.seat[0]->wake->word;
	stage_publish(&s, 0, 1, PACKET_BYTES);
	assert_int_equal(s.audience.seat[0]->wake->word, before);
	assert_true(before <= 1000);
	ringside_close(consumer);
	stage_close(&s);
	close(pipes[0]);
	close(pipes[1]);
}

static void test_waiting_ends_with_its_time_and_with_the_daemon(void **state)
{
	struct ringside_packet packets[8];
	struct ringside *consumer, *orphan;
	struct stage s;
	uint64_t start_ns;

	(void)state;
	stage_open(&s, 64, PACKET_BYTES, 1);
	consumer = stage_consumer(&s, 0);
	orphan = stage_consumer(&s, 0);
	start_ns = clock_now_ns();
	assert_int_equal(ringside_wait(consumer, 30), 0);
	assert_true(clock_now_ns() - start_ns >= 30 * NSEC_PER_MSEC);
	stage_publish(&s, 0, 3, PACKET_BYTES);
	ring_end(&s.ring[0]);
	/* what is there comes first */
	assert_int_equal(ringside_wait(consumer, -1), 1);
	assert_int_equal(ringside_receive(consumer, packets, 8), 3);
	assert_int_equal(ringside_receive(consumer, packets, 8), -ESTALE);
	assert_int_equal(ringside_wait(consumer, -1), -ESTALE);
	ringside_close(consumer);
	/* a daemon that was killed has ended no ring, but it has hung up; its packets can be read */
	s.ring[0].head->closed = 0;
	stage_close(&s);
	assert_int_equal(ringside_receive(orphan, packets, 8), 3);
	assert_int_equal(ringside_wait(orphan, -1), -ESTALE);
	assert_int_equal(ringside_receive(orphan, packets, 8), -ESTALE);
	ringside_close(orphan);
}

static void test_a_poller_notices_that_the_daemon_was_killed(void **state)
{
	struct ringside_packet packet;
	struct ringside *consumer;
	struct stage s;
	int n = 0;

	(void)state;
	stage_open(&s, 64, PACKET_BYTES, 1);
	consumer = stage_consumer(&s, 0);
	stage_close(&s);
	for (int i = 0; i < 100000 && !n; i++)
		n = ringside_receive(consumer, &packet, 1);
	assert_int_equal(n, -ESTALE);
	ringside_close(consumer);
}

static void test_a_ring_can_only_be_read(void **state)
{
	struct stage s;
	void *map;
	int fd;

	(void)state;
	stage_open(&s, 64, PACKET_BYTES, 1);
	fd = s.ring[0].fd;
	assert_true(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED);
	assert_int_equal(errno, EPERM);
	map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	assert_true(map != MAP_FAILED);
	assert_int_equal(mprotect(map, 4096, PROT_READ | PROT_WRITE), -1);
	munmap(map, 4096);
	assert_int_equal(pwrite(fd, "x", 1, 0), -1);
	assert_int_equal(ftruncate(fd, 0), -1);
	assert_int_equal(ftruncate(fd, 1 << 30), -1);
	assert_int_equal(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096), -1);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), -1);
	stage_close(&s);
}

static struct audience_row only_row(struct stage *s)
{
	struct audience_row rows[AUDIENCE_SEATS];

	assert_int_equal(audience_rows(&s->audience, rows), 1);
	return rows[0];
}

static void test_lag_and_losses_are_shown_for_each_consumer(void **state)
{
	struct ringside_packet packets[64];
	struct ringside *consumer;
	struct audience_row row;
	struct stage s;

	(void)state;
	stage_open(&s, 32, PACKET_BYTES, 1);
	stage_publish(&s, 0, 5, PACKET_BYTES);
	consumer = stage_consumer(&s, 0);
	row = only_row(&s);
	assert_int_equal(row.lag, 0);
	assert_int_equal(row.pid, getpid());
	assert_string_equal(row.command, "test_audience");
	stage_publish(&s, 0, 10, PACKET_BYTES);
	assert_int_equal(only_row(&s).lag, 10);
	assert_int_equal(ringside_receive(consumer, packets, 4), 4);
	row = only_row(&s);
	assert_int_equal(row.lag, 6);
	assert_int_equal(row.received, 4);
	stage_publish(&s, 0, 500, PACKET_BYTES);
	assert_int_equal(only_row(&s).lag, 506);
	while (ringside_receive(consumer, packets, 64) > 0)
		;
	row = only_row(&s);
	assert_int_equal(row.lag, 0);
	assert_int_equal(row.received + row.lost_polling + row.lost_reading, 510);
	assert_true(row.lost_polling > 0);
	ringside_close(consumer);
	audience_sweep(&s.audience);
	assert_null(s.audience.seat[0]);
	stage_close(&s);
}

/* Everything that a consumer can write, written over and over, while another one reads on. */
static void scribble(int connection, int go)
{
	struct ringside_greeting greeting;
	uint64_t random = 5, *words;
	int fds[2];

	if (ringside_take(connection, &greeting, sizeof(greeting), fds, 2))
		_exit(1);
	words = mmap(NULL, sizeof(struct ringside_report), PROT_READ | PROT_WRITE, MAP_SHARED,
		fds[1], 0);
	if (words == MAP_FAILED || ftruncate(fds[1], 0) == 0 || ftruncate(fds[0], 0) == 0 ||
		mmap(NULL, 64, PROT_READ | PROT_WRITE, MAP_SHARED, fds[0], 0) != MAP_FAILED)
		_exit(2);
	if (write(go, "r", 1) != 1)
		_exit(3);
	for (;;) {
		for (unsigned i = 0; i < sizeof(struct ringside_report) / sizeof(*words); i++)
			words[i] = (uint64_t)stage_random(&random) << 32 | stage_random(&random);
		/* and it talks all the time */
		send(connection, words, 64, MSG_DONTWAIT | MSG_NOSIGNAL);
	}
}

static void test_rubbish_from_one_consumer_changes_nothing_for_the_others(void **state)
{
	struct audience_row rows[AUDIENCE_SEATS];
	struct ringside_packet packets[64];
	struct ringside_counts counts;
	struct ringside *honest;
	int connection, go[2];
	struct stage s;
	char ready;
	uint64_t next = 1;
	pid_t pid;

	(void)state;
	stage_open(&s, 64, PACKET_BYTES, 1);
	honest = stage_consumer(&s, 0);
	connection = stage_seat(&s);
	assert_int_equal(pipe(go), 0);
	pid = fork();
	if (!pid)
		scribble(connection, go[1]);
	close(connection);
	assert_int_equal(read(go[0], &ready, 1), 1);
	for (int i = 0; i < 20000; i++) {
		int n;

		stage_publish(&s, 0, 32, PACKET_BYTES);
		n = ringside_receive(honest, packets, 64);
		assert_int_equal(n, 32);
		for (int k = 0; k < n; k++) {
			assert_true(stage_is_whole(&packets[k], PACKET_BYTES));
			assert_int_equal(packets[k].sequence, next++);
		}
		if (i % 100)
			continue;
		audience_sweep(&s.audience);
		assert_int_equal(audience_rows(&s.audience, rows), 2);
		assert_int_equal(rows[0].lag, 0);
		assert_int_equal(rows[0].received, next - 1);
	}
	ringside_counts(honest, 0, &counts);
	assert_int_equal(counts.received, next - 1);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	audience_sweep(&s.audience);
	assert_int_equal(audience_rows(&s.audience, rows), 1);
	ringside_close(honest);
	stage_close(&s);
	close(go[0]);
	close(go[1]);
}

static void test_figures_that_cannot_be_true_are_unknown(void **state)
{
	struct ringside *consumer;
	struct ringside_report *report;
	struct stage s;

	(void)state;
	stage_open(&s, 64, PACKET_BYTES, 1);
	consumer = stage_consumer(&s, 0);
	/* what the consumer's own mapping would write */
	report = mmap(NULL, sizeof(*report), PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	mprotect(report, sizeof(*report), PROT_READ | PROT_WRITE);
	munmap((void *)s.audience.seat[0]->report, sizeof(*report));
	s.audience.seat[0]->report = report;
	stage_publish(&s, 0, 10, PACKET_BYTES);
	report->ring[0] = (struct ringside_report_ring){ .position = 11, .received = 10 };
	assert_int_equal(only_row(&s).lag, 0);
	report->ring[0].position = 12; /* ahead of the writer */
	assert_true(only_row(&s).lag == UINT64_MAX);
	report->ring[0] = (struct ringside_report_ring){ .position = 11, .received = 11 };
	assert_true(only_row(&s).received == UINT64_MAX);
	report->ring[0] = (struct ringside_report_ring){ .position = 11, .lost_polling = 11 };
	assert_true(only_row(&s).lost_polling == UINT64_MAX);
	report->ring[0] =
		(struct ringside_report_ring){ .position = 11, .lost_reading = 1ull << 63 };
	assert_true(only_row(&s).lost_reading == UINT64_MAX);
	ringside_close(consumer);
	stage_close(&s);
}

static void test_all_seats_can_be_taken_and_are_free_again(void **state)
{
	int connections[AUDIENCE_SEATS], ends[2];
	struct err err = { 0 };
	struct stage s;

	(void)state;
	stage_open(&s, 64, PACKET_BYTES, 1);
	for (int i = 0; i < AUDIENCE_SEATS; i++)
		connections[i] = stage_seat(&s);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	assert_int_equal(audience_seat(&s.audience, ends[0], false, &err), -ENOSPC);
	assert_string_equal(err.text, "all 32 seats are taken");
	close(ends[1]);
	for (int i = 0; i < AUDIENCE_SEATS; i++)
		close(connections[i]);
	audience_sweep(&s.audience);
	close(stage_seat(&s));
	stage_close(&s);
}

static void test_a_new_ring_sends_consumers_to_come_again(void **state)
{
	const struct ring_settings settings = stage_settings(64, PACKET_BYTES);
	struct ringside *consumer;
	struct stage s;

	(void)state;
	stage_open(&s, 64, PACKET_BYTES, 1);
	consumer = stage_consumer(&s, 0);
	stage_add(&s, &settings, -1);
	assert_int_equal(ringside_wait(consumer, -1), -ESTALE);
	ringside_close(consumer);
	consumer = stage_consumer(&s, 0);
	assert_int_equal(ringside_rings(consumer), 2);
	ringside_close(consumer);
	stage_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_sleeping_consumer_is_woken_once_a_sleep),
		cmocka_unit_test(test_waiting_ends_with_its_time_and_with_the_daemon),
		cmocka_unit_test(test_a_poller_notices_that_the_daemon_was_killed),
		cmocka_unit_test(test_a_ring_can_only_be_read),
		cmocka_unit_test(test_lag_and_losses_are_shown_for_each_consumer),
		cmocka_unit_test(test_rubbish_from_one_consumer_changes_nothing_for_the_others),
		cmocka_unit_test(test_figures_that_cannot_be_true_are_unknown),
		cmocka_unit_test(test_all_seats_can_be_taken_and_are_free_again),
		cmocka_unit_test(test_a_new_ring_sends_consumers_to_come_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
