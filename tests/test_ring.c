// SPDX-License-Identifier: BSD-2-Clause
/* The rings of `deliver` alone: a writer, and consumers in other processes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <cmocka.h>

#include "ring_stage.h"

#define PACKETS 10000000u
#define PACKET_BYTES 256

/* What a consumer in another process has to say at its end. */
struct testimony {
	int failed;
	struct ringside_counts counts;
};

static pid_t fork_consumer(struct stage *s, int testimony_fd)
{
	int connection = stage_seat(s);
	pid_t pid = fork();

	if (!pid) {
		struct testimony t = { 0 };
		struct ringside *consumer;

		/* as a stranger has it: nothing of the daemon but what came over the connection */
		stage_close(s);
		t.failed = ringside_open_connection(&consumer, connection, NULL);
		if (write(testimony_fd, "r", 1) != 1)
			_exit(1);
		if (!t.failed)
			t.failed = stage_consume(consumer, PACKET_BYTES, 100, &t.counts);
		_exit(write(testimony_fd, &t, sizeof(t)) == sizeof(t) ? 0 : 1);
	}
	assert_true(pid > 0);
	close(connection);
	return pid;
}

static void await_ready(int testimony_fd)
{
	char ready;

	assert_int_equal(read(testimony_fd, &ready, 1), 1);
}

static void check_testimony(int testimony_fd, pid_t pid, uint64_t published, const char *what)
{
	struct testimony t;
	int status;

	assert_int_equal(read(testimony_fd, &t, sizeof(t)), sizeof(t));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(t.failed, 0);
	print_message("%s: %llu published, %llu received, %llu lost while polling, %llu while "
		      "reading\n",
		what, (unsigned long long)published, (unsigned long long)t.counts.received,
		(unsigned long long)t.counts.lost_polling,
		(unsigned long long)t.counts.lost_reading);
	assert_true(t.counts.received > 0);
	assert_int_equal(t.counts.waiting, 0);
	assert_int_equal(
		t.counts.received + t.counts.lost_polling + t.counts.lost_reading, published);
}

static void flood_copies(uint32_t depth, uint64_t first, unsigned packets)
{
	int testimony[2];
	struct stage s;
	uint64_t random = 7;
	pid_t pid;

	stage_open(&s, depth, PACKET_BYTES, first);
	assert_int_equal(pipe(testimony), 0);
	pid = fork_consumer(&s, testimony[1]);
	await_ready(testimony[0]);
	for (unsigned done = 0, batch; done < packets; done += batch) {
		batch = 1 + stage_random(&random) % 64;
		if (batch > packets - done)
			batch = packets - done;
		stage_publish(&s, 0, batch, PACKET_BYTES);
		if (!(stage_random(&random) % 10000))
			usleep(stage_random(&random) % 2000);
	}
	ring_end(&s.ring[0]);
	audience_wake(&s.audience, 0);
	check_testimony(testimony[0], pid, packets, "copy");
	close(testimony[0]);
	close(testimony[1]);
	stage_close(&s);
}

static void test_each_of_ten_million_packets_is_received_whole_or_counted(void **state)
{
	(void)state;
	flood_copies(256, 1, PACKETS);
}

static void test_sequences_pass_the_ends_of_32_and_64_bits(void **state)
{
	(void)state;
	flood_copies(8, 0xffffffffull - 5000, 100000);
	flood_copies(16, UINT64_MAX - 5000, 100000);
}

/* Frames as a kernel has them that writes into a frame as soon as it has got it back. */
struct frames_area {
	uint8_t *at;
	int fd;
};

#define FRAME_SIZE 512
#define HEADROOM 3 /* odd: the consumer copies from any address */

static struct frames_area open_frames(unsigned count)
{
	struct frames_area area;

	area.fd = memfd_create("frames", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	assert_true(area.fd >= 0);
	assert_int_equal(ftruncate(area.fd, (off_t)count * FRAME_SIZE), 0);
	area.at = mmap(
		NULL, (size_t)count * FRAME_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, area.fd, 0);
	assert_true(area.at != MAP_FAILED);
	return area;
}

static void test_a_shared_frame_is_never_seen_after_it_was_given_back(void **state)
{
	enum { DEPTH = 256, FRAMES = DEPTH + 1, COUNT = PACKETS };
	struct frames_area area = open_frames(FRAMES);
	struct ring_settings settings = stage_settings(DEPTH, PACKET_BYTES);
	uint32_t frames[DEPTH], free_frame = DEPTH;
	unsigned char owned[FRAMES] = { 0 };
	int testimony[2];
	struct stage s = { 0 };
	pid_t pid;

	(void)state;
	for (uint32_t i = 0; i < DEPTH; i++)
		frames[i] = i;
	settings.mode = RINGSIDE_SHARE;
	settings.frames = frames;
	settings.data_bytes = FRAMES * FRAME_SIZE;
	audience_init(&s.audience, settings.boot_id);
	stage_add(&s, &settings, area.fd);
	assert_int_equal(pipe(testimony), 0);
	pid = fork_consumer(&s, testimony[1]);
	await_ready(testimony[0]);
	for (unsigned i = 0; i < COUNT; i++) {
		uint8_t *data = area.at + free_frame * FRAME_SIZE + HEADROOM;
		struct ring_packet packet = stage_packet(s.ring[0].next, data, PACKET_BYTES);

		packet.frame = free_frame;
		packet.offset = free_frame * FRAME_SIZE + HEADROOM;
		free_frame = ring_publish(&s.ring[0], &packet);
		if (i % 64 == 63)
			audience_wake(&s.audience, 0);
	}
	ring_end(&s.ring[0]);
	audience_wake(&s.audience, 0);
	check_testimony(testimony[0], pid, COUNT, "share");
	/* every frame has one owner: a slot, or the free one */
	owned[free_frame]++;
	for (uint32_t i = 0; i < DEPTH; i++)
		owned[ring_frame(&s.ring[0], i)]++;
	for (unsigned i = 0; i < FRAMES; i++)
		assert_int_equal(owned[i], 1);
	stage_close(&s);
	munmap(area.at, FRAMES * FRAME_SIZE);
	close(area.fd);
	close(testimony[0]);
	close(testimony[1]);
}

static void test_a_consumer_gets_what_comes_after_it_in_the_order_of_each_ring(void **state)
{
	const struct ring_settings settings = stage_settings(64, PACKET_BYTES);
	struct ringside_packet packets[64];
	uint64_t next[2] = { 6, 1 };
	struct ringside *consumer;
	struct stage s;
	uint32_t queue;

	(void)state;
	stage_open(&s, 64, PACKET_BYTES, 1);
	stage_add(&s, &settings, -1);
	stage_publish(&s, 0, 5, PACKET_BYTES);
	consumer = stage_consumer(&s, 0);
	assert_int_equal(ringside_rings(consumer), 2);
	assert_int_equal(ringside_boot_id(consumer), 77);
	assert_string_equal(ringside_interface(consumer, 1, &queue), "eth0");
	assert_int_equal(ringside_receive(consumer, packets, 64), 0);
	for (int round = 0; round < 3; round++) {
		int n;

		stage_publish(&s, 0, 20, PACKET_BYTES);
		stage_publish(&s, 1, 10, PACKET_BYTES);
		n = ringside_receive(consumer, packets, 64);
		assert_int_equal(n, 30);
		for (int i = 0; i < n; i++) {
			assert_true(stage_is_whole(&packets[i], PACKET_BYTES));
			assert_int_equal(packets[i].sequence, next[packets[i].ring]++);
		}
	}
	ringside_close(consumer);
	stage_close(&s);
}

static void test_a_flooded_ring_does_not_starve_the_others(void **state)
{
	const struct ring_settings settings = stage_settings(64, PACKET_BYTES);
	struct ringside_packet packets[16];
	unsigned seen[2] = { 0 };
	struct ringside *consumer;
	struct stage s;

	(void)state;
	stage_open(&s, 64, PACKET_BYTES, 1);
	stage_add(&s, &settings, -1);
	consumer = stage_consumer(&s, 0);
	for (int round = 0; round < 10; round++) {
		int n;

		stage_publish(&s, 0, 64, PACKET_BYTES);
		stage_publish(&s, 1, 1, PACKET_BYTES);
		n = ringside_receive(consumer, packets, 16);
		assert_int_equal(n, 16);
		for (int i = 0; i < n; i++)
			seen[packets[i].ring]++;
	}
	assert_true(seen[1] >= 5);
	ringside_close(consumer);
	stage_close(&s);
}

static void test_every_length_comes_whole_and_snap_cuts_it(void **state)
{
	enum { LONGEST = 2000 };
	struct ringside_packet packet;
	struct ringside *whole, *cut;
	struct stage s;

	(void)state;
	stage_open(&s, 2, LONGEST, 1);
	whole = stage_consumer(&s, 0);
	cut = stage_consumer(&s, 20);
	for (int i = 0; i < 5000; i++) {
		stage_publish(&s, 0, 1, LONGEST);
		assert_int_equal(ringside_receive(whole, &packet, 1), 1);
		assert_int_equal(packet.captured, packet.length);
		assert_true(stage_is_whole(&packet, LONGEST));
		assert_int_equal(ringside_receive(cut, &packet, 1), 1);
		assert_int_equal(packet.captured, packet.length < 20 ? packet.length : 20);
		assert_true(stage_is_whole(&packet, LONGEST));
	}
	ringside_close(whole);
	ringside_close(cut);
	stage_close(&s);
}

static void test_who_is_late_is_told_exactly_how_much_it_has_missed(void **state)
{
	struct ringside_packet packets[64];
	struct ringside_counts counts;
	struct ringside *consumer;
	struct stage s;
	int n;

	(void)state;
	stage_open(&s, 32, PACKET_BYTES, 1);
	consumer = stage_consumer(&s, 0);
	stage_publish(&s, 0, 1000, PACKET_BYTES);
	ringside_counts(consumer, 0, &counts);
	assert_int_equal(counts.waiting, 1000);
	n = ringside_receive(consumer, packets, 64);
	assert_true(n > 0);
	assert_int_equal(packets[n - 1].sequence, 1000);
	ringside_counts(consumer, 0, &counts);
	assert_int_equal(counts.received, n);
	assert_int_equal(counts.received + counts.lost_polling, 1000);
	assert_int_equal(counts.lost_reading, 0);
	ringside_close(consumer);
	stage_close(&s);
}

/* A head with one thing wrong must be refused, and no other. */
static int open_with(void (*spoil)(struct ringside_head *head))
{
	struct ringside *consumer = NULL;
	struct stage s;
	int ret;

	stage_open(&s, 64, PACKET_BYTES, 1);
	spoil(s.ring[0].head);
	ret = ringside_open_connection(&consumer, stage_seat(&s), NULL);
	if (!ret)
		ringside_close(consumer);
	stage_close(&s);
	return ret;
}

static void leave_as_it_is(struct ringside_head *head)
{
	(void)head;
}

static void spoil_magic(struct ringside_head *head)
{
	head->magic++;
}

static void spoil_version(struct ringside_head *head)
{
	head->version++;
}

static void spoil_slot_bytes(struct ringside_head *head)
{
	head->slot_bytes = 64;
}

static void spoil_depth(struct ringside_head *head)
{
	head->depth = 63;
}

static void spoil_depth_more(struct ringside_head *head)
{
	head->depth = 1u << 31;
}

static void spoil_data(struct ringside_head *head)
{
	head->data_bytes++;
}

static void spoil_offset(struct ringside_head *head)
{
	head->data_offset = UINT64_MAX;
}

static void spoil_mode(struct ringside_head *head)
{
	head->mode = RINGSIDE_SHARE;
}

static void test_a_head_of_another_layout_is_refused(void **state)
{
	(void)state;
	assert_int_equal(open_with(leave_as_it_is), 0);
	assert_int_equal(open_with(spoil_magic), -EPROTO);
	assert_int_equal(open_with(spoil_version), -EPROTO);
	assert_int_equal(open_with(spoil_slot_bytes), -EPROTO);
	assert_int_equal(open_with(spoil_depth), -EPROTO);
	assert_int_equal(open_with(spoil_depth_more), -EPROTO);
	assert_int_equal(open_with(spoil_data), -EPROTO);
	assert_int_equal(open_with(spoil_offset), -EPROTO);
	assert_int_equal(open_with(spoil_mode), -EPROTO);
}

static void test_a_ring_over_4_gb_is_refused(void **state)
{
	struct ring_settings settings = stage_settings(RING_DEPTH_MAX, 9000);
	struct err err = { 0 };
	struct ring_writer ring;

	(void)state;
	assert_int_equal(ring_open(&ring, &settings, &err), -EFBIG);
	assert_string_equal(
		err.text, "ring 'stage': more than 4 GB of packets: depth 1048576 of 9024 bytes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_of_ten_million_packets_is_received_whole_or_counted),
		cmocka_unit_test(test_sequences_pass_the_ends_of_32_and_64_bits),
		cmocka_unit_test(test_a_shared_frame_is_never_seen_after_it_was_given_back),
		cmocka_unit_test(
			test_a_consumer_gets_what_comes_after_it_in_the_order_of_each_ring),
		cmocka_unit_test(test_a_flooded_ring_does_not_starve_the_others),
		cmocka_unit_test(test_every_length_comes_whole_and_snap_cuts_it),
		cmocka_unit_test(test_who_is_late_is_told_exactly_how_much_it_has_missed),
		cmocka_unit_test(test_a_head_of_another_layout_is_refused),
		cmocka_unit_test(test_a_ring_over_4_gb_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
