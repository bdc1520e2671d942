/* SPDX-License-Identifier: BSD-2-Clause */
/* What systemd is told, and when the watchdog is fed, by an instance of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <poll.h>
#include <unistd.h>

#include "cmd/supervision.h"

/* What is waited for comes at once; what must not come is waited for a few feedings long. */
#define PATIENCE_MS 10000
#define WATCHDOG_USEC "300000"
#define SILENCE_MS 700

/* The instance, and the supervisor that listens. */
struct scene {
	bool frozen; /* atomic: no new snapshots */
	uint32_t state; /* atomic: enum queue_state of the second queue */
	uint64_t sequence;
	struct control_ops ops;
	struct supervision supervision;
	int fd;
	char said[1024];
};

static bool take(void *context, struct snapshot *into, uint64_t sequence)
{
	struct scene *scene = context;

	if (__atomic_load_n(&scene->frozen, __ATOMIC_RELAXED))
		return false;
	memset(into, 0, sizeof(*into));
	into->sequence = sequence > scene->sequence ? sequence + 1 : ++scene->sequence;
	scene->sequence = into->sequence;
	into->monotonic_ns = into->sequence * 1000000000;
	into->totals.flow.rx_packets = into->sequence * 2000;
	into->totals.flow.tx_packets = into->sequence * 1000;
	into->interfaces_count = 1;
	snprintf(into->interfaces[0].name, sizeof(into->interfaces[0].name), "eth0");
	snprintf(into->interfaces[0].state, sizeof(into->interfaces[0].state), "up");
	snprintf(into->interfaces[0].io, sizeof(into->interfaces[0].io), "af_xdp");
	snprintf(into->interfaces[0].xdp, sizeof(into->interfaces[0].xdp), "native");
	into->interfaces[0].zero_copy = 1;
	into->queues_count = 2;
	into->queues[0].state = QUEUE_RUNNING;
	into->queues[1].state = __atomic_load_n(&scene->state, __ATOMIC_RELAXED);
	into->queues[1].queue = 1;
	return true;
}

static int setup(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct scene *scene = calloc(1, sizeof(*scene));
	char name[64];

	assert_non_null(scene);
	scene->ops = (struct control_ops){ .context = scene, .take = take };
	scene->state = QUEUE_RUNNING;
	snprintf(name, sizeof(name), "@ringside-test-%d", getpid());
	memcpy(address.sun_path + 1, name + 1, strlen(name) - 1);
	scene->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(
		bind(scene->fd, (void *)&address,
			(socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))),
		0);
	setenv("NOTIFY_SOCKET", name, 1);
	setenv("WATCHDOG_USEC", WATCHDOG_USEC, 1);
	*state = scene;
	return 0;
}

static int teardown(void **state)
{
	struct scene *scene = *state;

	supervision_close(&scene->supervision);
	close(scene->fd);
	free(scene);
	return 0;
}

/* The next message, or "" when none comes in time. */
static const char *listen_for(struct scene *scene, int ms)
{
	struct pollfd in = { .fd = scene->fd, .events = POLLIN };
	ssize_t bytes = 0;

	if (poll(&in, 1, ms) > 0)
		bytes = recv(scene->fd, scene->said, sizeof(scene->said) - 1, 0);
	assert_true(bytes >= 0);
	scene->said[bytes] = '\0';
	return scene->said;
}

/* Until a message has these words in it. */
static void hears(struct scene *scene, const char *words)
{
	do
		assert_string_not_equal(listen_for(scene, PATIENCE_MS), "");
	while (!strstr(scene->said, words));
}

/* What is on its way, and one that was being made, may still feed. */
static void is_starved(struct scene *scene)
{
	while (*listen_for(scene, 0))
		;
	listen_for(scene, SILENCE_MS);
	for (int i = 0; i < 3; i++)
		assert_null(strstr(listen_for(scene, SILENCE_MS), "WATCHDOG=1"));
}

static void test_a_ready_instance_says_so_first_and_then_how_it_goes(void **state)
{
	struct scene *scene = *state;

	supervision_open(&scene->supervision, &scene->ops, NULL);
	assert_string_equal(listen_for(scene, PATIENCE_MS), "READY=1");
	assert_string_equal(listen_for(scene, PATIENCE_MS),
		"STATUS=eth0 up, af_xdp native zero copy, 2 queues; in ?, out ?\nWATCHDOG=1");
	assert_string_equal(listen_for(scene, PATIENCE_MS),
		"STATUS=eth0 up, af_xdp native zero copy, 2 queues; in 2.00 kpps, out 1.00 kpps\n"
		"WATCHDOG=1");
	assert_null(getenv("NOTIFY_SOCKET"));
	assert_null(getenv("WATCHDOG_USEC"));
	supervision_close(&scene->supervision);
	hears(scene, "STOPPING=1");
}

static void test_a_stalled_worker_starves_the_watchdog_until_it_moves(void **state)
{
	struct scene *scene = *state;

	supervision_open(&scene->supervision, &scene->ops, NULL);
	hears(scene, "WATCHDOG=1");
	__atomic_store_n(&scene->state, QUEUE_STALLED, __ATOMIC_RELAXED);
	is_starved(scene);
	__atomic_store_n(&scene->state, QUEUE_RUNNING, __ATOMIC_RELAXED);
	hears(scene, "WATCHDOG=1");
}

static void test_an_instance_without_new_snapshots_starves_the_watchdog(void **state)
{
	struct scene *scene = *state;

	supervision_open(&scene->supervision, &scene->ops, NULL);
	hears(scene, "WATCHDOG=1");
	__atomic_store_n(&scene->frozen, true, __ATOMIC_RELAXED);
	is_starved(scene);
	__atomic_store_n(&scene->frozen, false, __ATOMIC_RELAXED);
	hears(scene, "WATCHDOG=1");
}

static void test_a_queue_whose_link_is_down_is_no_reason_to_be_killed(void **state)
{
	struct scene *scene = *state;

	scene->state = QUEUE_DOWN;
	supervision_open(&scene->supervision, &scene->ops, NULL);
	for (int i = 0; i < 3; i++)
		hears(scene, "WATCHDOG=1");
}

static void test_a_watchdog_of_another_process_is_not_ours(void **state)
{
	struct scene *scene = *state;

	setenv("WATCHDOG_PID", "1", 1);
	supervision_open(&scene->supervision, &scene->ops, NULL);
	hears(scene, "STATUS=");
	assert_null(strstr(scene->said, "WATCHDOG"));
}

static void test_a_reload_is_announced_with_its_time(void **state)
{
	struct scene *scene = *state;
	unsigned long long usec;

	supervision_open(&scene->supervision, &scene->ops, NULL);
	hears(scene, "STATUS=");
	supervision_reloading(&scene->supervision);
	hears(scene, "RELOADING=1\nMONOTONIC_USEC=");
	assert_int_equal(sscanf(scene->said, "RELOADING=1\nMONOTONIC_USEC=%llu", &usec), 1);
	assert_true(usec > 0);
	supervision_ready(&scene->supervision);
	hears(scene, "READY=1");
}

static void test_nobody_supervises_and_nothing_happens(void **state)
{
	struct scene *scene = *state;

	unsetenv("NOTIFY_SOCKET");
	supervision_open(&scene->supervision, &scene->ops, NULL);
	assert_false(scene->supervision.started);
	supervision_reloading(&scene->supervision);
	supervision_ready(&scene->supervision);
	supervision_close(&scene->supervision);
	assert_string_equal(listen_for(scene, 0), "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_ready_instance_says_so_first_and_then_how_it_goes),
		TEST(a_stalled_worker_starves_the_watchdog_until_it_moves),
		TEST(an_instance_without_new_snapshots_starves_the_watchdog),
		TEST(a_queue_whose_link_is_down_is_no_reason_to_be_killed),
		TEST(a_watchdog_of_another_process_is_not_ours),
		TEST(a_reload_is_announced_with_its_time),
		TEST(nobody_supervises_and_nothing_happens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
