// SPDX-License-Identifier: BSD-2-Clause
#include "control/control.h"

#include <errno.h>
#include <jansson.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/confine.h"
#include "base/cpu.h"
#include "base/privilege.h"
#include "base/thread.h"
#include "control/server.h"

/* Workers have their CPUs to themselves, as far as there are others. */
static void keep_off_workers(struct control *control, const struct snapshot *snapshot)
{
	uint32_t cpus[SNAPSHOT_QUEUES];
	unsigned count = 0;

	for (unsigned i = 0; i < snapshot->queues_count && i < SNAPSHOT_QUEUES; i++)
		if (snapshot->queues[i].cpu < CPU_SETSIZE)
			cpus[count++] = snapshot->queues[i].cpu;
	if (count == control->workers_cpus_count &&
		!memcmp(cpus, control->workers_cpus, count * sizeof(*cpus)))
		return;
	memcpy(control->workers_cpus, cpus, count * sizeof(*cpus));
	control->workers_cpus_count = count;
	cpu_keep_off(cpus, count);
}

static void tick(struct control *control)
{
	uint64_t ticks;

	if (read(control->timer_fd, &ticks, sizeof(ticks)) < 0)
		return;
	samples_tick(&control->samples, &control->ops);
	stream_tick(control);
	keep_off_workers(control, control->samples.bases[0]);
	listener_expire(control, clock_now_ns());
}

/* Until when libmicrohttpd has nothing to do, in ms; -1: for ever. */
static int next_timeout(const struct control *control)
{
	int wait_ms = -1;

	for (unsigned i = 0; i < control->listeners_count; i++) {
		MHD_UNSIGNED_LONG_LONG ms;

		if (MHD_get_timeout(control->listeners[i].daemon, &ms) != MHD_YES)
			continue;
		if (ms > 1000)
			ms = 1000;
		if (wait_ms < 0 || (int)ms < wait_ms)
			wait_ms = (int)ms;
	}
	return wait_ms;
}

/* What libmicrohttpd and this folder call once they run. No bpf() is among them, nothing that opens a
 * file or makes a socket: whoever takes over the thread by a request has a copy of the snapshots. */
static const struct confine_rule calls[] = {
	{ .call = __NR_epoll_wait },
	{ .call = __NR_epoll_pwait },
	{ .call = __NR_epoll_ctl },
	{ .call = __NR_accept4 },
	{ .call = __NR_recvfrom },
	{ .call = __NR_recvmsg },
	{ .call = __NR_sendto },
	{ .call = __NR_sendmsg },
	{ .call = __NR_writev },
	{ .call = __NR_shutdown },
	{ .call = __NR_close },
	{ .call = __NR_fcntl },
	{ .call = __NR_getpeername },
	{ .call = __NR_getsockopt },
	{ .call = __NR_setsockopt },
	{ .call = __NR_sched_getaffinity },
	{ .call = __NR_sched_setaffinity },
	{ .call = CONFINE_END },
};

static void confine(struct control *control)
{
	static const struct confine_rule *const lists[] = { calls, NULL };
	struct err err = { "" };

	/* read files, which the first answer and the first object would do */
	tzset();
	json_object_seed(0);
	if (privilege_keep(0, &err) || confine_thread(lists, &err))
		log_write(control->settings.log, LOG_WARNING, "the API runs unconfined: %s",
			err.text);
}

static void *control_thread(void *arg)
{
	const struct sched_param parameter = { 0 };
	struct control *control = arg;
	struct epoll_event events[4];

	prctl(PR_SET_NAME, "ringside/api");
	sched_setscheduler(0, SCHED_IDLE, &parameter);
	confine(control);
	for (;;) {
		int count = epoll_wait(control->epoll_fd, events, 4, next_timeout(control));

		for (int i = 0; i < count; i++) {
			if (events[i].data.fd == control->stop_fd)
				return NULL;
			if (events[i].data.fd == control->timer_fd)
				tick(control);
		}
		for (unsigned i = 0; i < control->listeners_count; i++)
			MHD_run(control->listeners[i].daemon);
	}
}

static int watch(struct control *control, int fd, struct err *err)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	if (fd < 0 || epoll_ctl(control->epoll_fd, EPOLL_CTL_ADD, fd, &event))
		return err_set(err, -errno, "wait for requests");
	return 0;
}

static int open_descriptors(struct control *control, struct err *err)
{
	const struct itimerspec second = { { .tv_sec = 1 }, { .tv_sec = 1 } };
	int ret;

	control->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	control->stop_fd = eventfd(0, EFD_CLOEXEC);
	control->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (control->epoll_fd < 0 || control->timer_fd < 0 ||
		timerfd_settime(control->timer_fd, 0, &second, NULL))
		return err_set(err, -errno, "wait for requests");
	ret = watch(control, control->stop_fd, err);
	return ret ? ret : watch(control, control->timer_fd, err);
}

static int add_listener(struct control *control, int fd, bool local, struct err *err)
{
	struct listener *listener = &control->listeners[control->listeners_count];
	int ret;

	if (fd < 0)
		return fd;
	ret = listener_open(listener, control, fd, local, err);
	if (ret) {
		close(fd);
		return ret;
	}
	control->listeners_count++;
	return watch(control,
		MHD_get_daemon_info(listener->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd, err);
}

static int start_thread(struct control *control, struct err *err)
{
	int ret = thread_start(&control->thread, control_thread, control);

	control->started = !ret;
	return ret ? err_set(err, ret, "start a thread") : 0;
}

static int open_listeners(struct control *control, struct err *err)
{
	const struct control_settings *settings = &control->settings;
	int ret = 0;

	if (settings->token_file)
		ret = token_read(&control->token, settings->token_file, err);
	if (!ret && settings->path)
		ret = add_listener(control,
			sockets_local(control->settings.path, control->settings.log, err), true,
			err);
	if (!ret && settings->listen)
		ret = add_listener(control, sockets_tcp(settings->listen, err), false, err);
	return ret;
}

int control_set_config(struct control *control, const char *config)
{
	char *copy = strdup(config), *old;

	if (!copy)
		return -ENOMEM;
	pthread_mutex_lock(&control->lock);
	old = control->config;
	control->config = copy;
	pthread_mutex_unlock(&control->lock);
	free(old);
	return 0;
}

int control_start(struct control **control, const struct control_ops *ops,
	const struct control_settings *settings, struct err *err)
{
	struct control *c = calloc(1, sizeof(*c));
	int ret;

	if (!c)
		return err_set(err, -ENOMEM, "make room for the control socket");
	c->ops = *ops;
	c->settings = *settings;
	c->epoll_fd = c->stop_fd = c->timer_fd = -1;
	pthread_mutex_init(&c->lock, NULL);
	ret = samples_init(&c->samples);
	if (!ret)
		ret = control_set_config(c, settings->config);
	if (ret) {
		err_set(err, ret, "make room for the control socket");
		goto out_stop;
	}
	samples_tick(&c->samples, ops);
	ret = open_descriptors(c, err);
	if (!ret)
		ret = open_listeners(c, err);
	if (!ret)
		ret = start_thread(c, err);
	if (ret)
		goto out_stop;
	*control = c;
	return 0;
out_stop:
	control_stop(c);
	return ret;
}

void control_stop(struct control *control)
{
	if (!control)
		return;
	if (control->started) {
		eventfd_write(control->stop_fd, 1);
		pthread_join(control->thread, NULL);
	}
	stream_end_all(control);
	for (unsigned i = 0; i < control->listeners_count; i++)
		listener_close(&control->listeners[i]);
	if (control->listeners_count && control->settings.path)
		unlink(control->settings.path);
	samples_fini(&control->samples);
	free(control->config);
	pthread_mutex_destroy(&control->lock);
	if (control->epoll_fd >= 0)
		close(control->epoll_fd);
	if (control->stop_fd >= 0)
		close(control->stop_fd);
	if (control->timer_fd >= 0)
		close(control->timer_fd);
	free(control);
}
