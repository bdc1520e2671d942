// SPDX-License-Identifier: BSD-2-Clause
/* The thread beside the packets: the time in the heads, the cookies' keys, the files. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/privilege.h"
#include "base/thread.h"
#include "service/http_answer.h"
#include "service/http_instance.h"

/* A cookie holds for one to two of these: a client that has not sent its request by then is reset and comes
 * again. Linux's own hold for as long. */
#define KEY_NS (60 * NSEC_PER_SEC)

static void write_heads(struct http_state *state)
{
	uint32_t next = !state->head_now;

	http_write_heads(state->head[next], time(NULL));
	__atomic_store_n(&state->head_now, next, __ATOMIC_RELEASE);
}

static int draw(void *to, size_t bytes)
{
	return getrandom(to, bytes, 0) == (ssize_t)bytes ? 0 : -EIO;
}

static void look_around(struct http_instance *instance)
{
	uint64_t flows = http_program_flows(instance->program);

	pthread_mutex_lock(&instance->lock);
	http_watch_check_root(instance->watch);
	instance->seen.files = http_store_files(instance->store);
	instance->seen.flows = flows;
	pthread_mutex_unlock(&instance->lock);
}

static void second(struct http_instance *instance)
{
	write_heads(http_program_state(instance->program));
	http_keys_tend(&instance->keys, clock_now_ns());
	look_around(instance);
}

static int settle(struct http_instance *instance)
{
	int wait;

	pthread_mutex_lock(&instance->lock);
	wait = http_store_settle(instance->store);
	instance->seen.files = http_store_files(instance->store);
	pthread_mutex_unlock(&instance->lock);
	return wait;
}

static void *keep(void *arg)
{
	struct http_instance *instance = arg;
	const struct itimerspec each_second = {
		.it_value = { .tv_sec = time(NULL) + 1 },
		.it_interval = { .tv_sec = 1 },
	};
	struct pollfd fds[] = {
		{ .fd = instance->stop_fd, .events = POLLIN },
		{ .fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK),
			.events = POLLIN },
		{ .fd = http_watch_fd(instance->watch), .events = POLLIN },
	};

	prctl(PR_SET_NAME, "ringside/http");
	privilege_keep(0, NULL);
	/* when a second of the clock begins, or anew when somebody sets the clock */
	timerfd_settime(fds[1].fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &each_second, NULL);
	while (poll(fds, 3, settle(instance)) < 0 || !fds[0].revents) {
		uint64_t ticks;

		if (fds[1].revents) {
			ssize_t got = read(fds[1].fd, &ticks, sizeof(ticks));

			if (got < 0 && errno == ECANCELED)
				timerfd_settime(fds[1].fd,
					TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET,
					&(struct itimerspec){
						.it_value = { .tv_sec = time(NULL) + 1 },
						.it_interval = { .tv_sec = 1 } },
					NULL);
			second(instance);
		}
		if (fds[2].revents) {
			pthread_mutex_lock(&instance->lock);
			http_watch_take(instance->watch);
			pthread_mutex_unlock(&instance->lock);
		}
	}
	close(fds[1].fd);
	return NULL;
}

int http_keeper_start(struct http_instance *instance, struct err *err)
{
	struct http_state *state = http_program_state(instance->program);
	int ret;

	if (http_keys_init(&instance->keys, state, KEY_NS, clock_now_ns()) ||
		draw(&state->clock_offset, sizeof(state->clock_offset)))
		return err_say(err, -EIO, "the kernel has no random numbers for cookies");
	write_heads(state);
	instance->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (instance->stop_fd < 0)
		return err_set(err, -errno, "make an eventfd");
	ret = thread_start(&instance->keeper, keep, instance);
	instance->keeps = !ret;
	return ret ? err_set(err, ret, "start a thread") : 0;
}

void http_keeper_stop(struct http_instance *instance)
{
	if (instance->keeps) {
		eventfd_write(instance->stop_fd, 1);
		pthread_join(instance->keeper, NULL);
	}
	instance->keeps = false;
	if (instance->stop_fd >= 0)
		close(instance->stop_fd);
	instance->stop_fd = -1;
}
