// SPDX-License-Identifier: BSD-2-Clause
/* Frames that rings keep: a queue's frames against a kernel made of arrays, and its memory as others map it. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <cmocka.h>

#include "fake_kernel.h"
#include "ring_stage.h"

#define FRAME_SIZE 2048
#define BATCH 16
#define DEPTH 8

static struct fake_kernel *open_kernel(uint32_t frames, uint32_t ring_entries)
{
	struct fake_kernel *kernel = malloc(sizeof(*kernel));

	assert_non_null(kernel);
	fake_kernel_init(kernel, frames, FRAME_SIZE, ring_entries, 0);
	return kernel;
}

static void close_kernel(struct fake_kernel *kernel)
{
	fake_kernel_fini(kernel);
	free(kernel);
}

static void test_no_more_frames_are_kept_than_are_free(void **state)
{
	struct fake_kernel *k = open_kernel(40, 32);
	uint32_t kept[16];

	(void)state;
	rings_refill(&k->rings);
	assert_false(rings_keep(&k->rings, kept, 9));
	assert_int_equal(k->rings.frames.owned[OWNER_SERVICE], 0);
	assert_true(rings_keep(&k->rings, kept, 8));
	assert_int_equal(k->rings.frames.owned[OWNER_SERVICE], 8);
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(k->rings.frames.owner[kept[i]], OWNER_SERVICE);
	close_kernel(k);
}

/* Takes a batch: of each three frames one is published, one sent back, one done with. */
static unsigned publish_some(struct fake_kernel *k, struct ring_writer *ring, uint64_t *random)
{
	struct io_frame frames[BATCH];
	unsigned n = rings_receive(&k->rings, frames, BATCH, false), published = 0;

	for (unsigned i = 0; i < n; i++) {
		unsigned choice = stage_random(random) % 3;
		struct ring_packet packet = {
			.data = frames[i].data,
			.offset = (uint32_t)(frames[i].data - k->rings.frames.area),
			.frame = frames[i].handle,
			.length = frames[i].length,
		};

		frames[i].send = choice == 1;
		frames[i].kept = choice == 0;
		if (frames[i].kept) {
			frames[i].given = ring_publish(ring, &packet);
			published++;
		}
	}
	rings_transmit(&k->rings, frames, n);
	return published;
}

/* Each slot's frame is the service's, each is in one slot, and there are as many as ever. */
static void check_slots(const struct fake_kernel *k, const struct ring_writer *ring)
{
	for (unsigned i = 0; i < DEPTH; i++) {
		assert_int_equal(k->rings.frames.owner[ring_frame(ring, i)], OWNER_SERVICE);
		for (unsigned other = 0; other < i; other++)
			assert_int_not_equal(ring_frame(ring, i), ring_frame(ring, other));
	}
	assert_int_equal(k->rings.frames.owned[OWNER_SERVICE], DEPTH);
}

static void test_every_frame_has_one_owner_however_packets_come_and_go(void **state)
{
	struct fake_kernel *k = open_kernel(64, 32);
	struct ring_settings settings = stage_settings(DEPTH, FRAME_SIZE);
	struct ring_writer ring;
	uint32_t kept[DEPTH], owned;
	uint64_t random = 3, published = 0;
	struct err err = { "" };

	(void)state;
	assert_true(rings_keep(&k->rings, kept, DEPTH));
	settings.mode = RINGSIDE_SHARE;
	settings.frames = kept;
	settings.data_bytes = k->rings.frames.bytes;
	assert_int_equal(ring_open(&ring, &settings, &err), 0);
	for (unsigned round = 0; round < 20000; round++) {
		rings_refill(&k->rings);
		fake_kernel_arrive(k, stage_random(&random) % 40);
		published += publish_some(k, &ring, &random);
		fake_kernel_transmit(k, stage_random(&random) % 8);
		fake_kernel_complete(k, stage_random(&random) % 12, true);
		rings_reap(&k->rings);
		owned = 0;
		for (unsigned i = 0; i < FRAME_OWNERS; i++)
			owned += k->rings.frames.owned[i];
		assert_int_equal(owned, 64);
		if (round % 100 == 0)
			check_slots(k, &ring);
	}
	check_slots(k, &ring);
	assert_true(published > 10000);
	assert_int_equal(ring.next, 1 + published);
	ring_close(&ring);
	close_kernel(k);
}

static void test_a_frame_given_that_was_not_kept_aborts(void **state)
{
	struct fake_kernel *k = open_kernel(64, 32);
	struct io_frame frame;
	int status = 0;
	uint32_t kept;
	pid_t child;

	(void)state;
	rings_refill(&k->rings);
	assert_true(rings_keep(&k->rings, &kept, 1));
	fake_kernel_arrive(k, 1);
	assert_int_equal(rings_receive(&k->rings, &frame, 1, false), 1);
	child = fork();
	if (!child) {
		dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
		signal(SIGABRT, SIG_DFL);
		frame.kept = true;
		frame.given = frame.handle == 5 ? 6 : 5; /* the kernel's */
		rings_transmit(&k->rings, &frame, 1);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	close_kernel(k);
}

static void test_sealed_packet_memory_can_only_be_read_by_others(void **state)
{
	struct err err = { "" };
	struct frames frames;
	void *map;

	(void)state;
	assert_int_equal(frames_init(&frames, 16, FRAME_SIZE, PAGES_AUTO, -1, true, &err), 0);
	assert_int_equal(frames_seal(&frames, &err), 0);
	frames.area[5 * FRAME_SIZE] = 'x'; /* our own mapping stays writable */
	assert_true(
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, frames.fd, 0) == MAP_FAILED);
	map = mmap(NULL, frames.bytes, PROT_READ, MAP_SHARED, frames.fd, 0);
	assert_true(map != MAP_FAILED);
	assert_int_equal(((uint8_t *)map)[5 * FRAME_SIZE], 'x');
	assert_int_equal(mprotect(map, frames.bytes, PROT_READ | PROT_WRITE), -1);
	assert_int_equal(pwrite(frames.fd, "x", 1, 0), -1);
	assert_int_equal(ftruncate(frames.fd, 0), -1);
	assert_int_equal(
		fallocate(frames.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096), -1);
	munmap(map, frames.bytes);
	frames_fini(&frames);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_more_frames_are_kept_than_are_free),
		cmocka_unit_test(test_every_frame_has_one_owner_however_packets_come_and_go),
		cmocka_unit_test(test_a_frame_given_that_was_not_kept_aborts),
		cmocka_unit_test(test_sealed_packet_memory_can_only_be_read_by_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
