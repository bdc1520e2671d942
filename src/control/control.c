// SPDX-License-Identifier: BSD-2-Clause
#include "control/control.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/privilege.h"
#include "base/runtime.h"
#include "control/server.h"

/* Workers have their CPUs to themselves, as far as there are others. */
static void keep_off_workers(struct control *control, const struct snapshot *snapshot)
{
	uint32_t cpus[SNAPSHOT_QUEUES];
	unsigned count = 0;
	cpu_set_t set;

	for (unsigned i = 0; i < snapshot->queues_count && i < SNAPSHOT_QUEUES; i++)
		if (snapshot->queues[i].cpu < CPU_SETSIZE)
			cpus[count++] = snapshot->queues[i].cpu;
	if (count == control->workers_cpus_count &&
		!memcmp(cpus, control->workers_cpus, count * sizeof(*cpus)))
		return;
	memcpy(control->workers_cpus, cpus, count * sizeof(*cpus));
	control->workers_cpus_count = count;
	if (sched_getaffinity(getpid(), sizeof(set), &set))
		return;
	for (unsigned i = 0; i < count; i++)
		CPU_CLR(cpus[i], &set);
	if (CPU_COUNT(&set))
		sched_setaffinity(0, sizeof(set), &set);
}

static void tick(struct control *control)
{
	uint64_t ticks;

	if (read(control->timer_fd, &ticks, sizeof(ticks)) < 0)
		return;
	samples_tick(&control->samples, &control->ops);
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

static void *control_thread(void *arg)
{
	const struct sched_param parameter = { 0 };
	struct control *control = arg;
	struct epoll_event events[4];

	prctl(PR_SET_NAME, "ringside/api");
	sched_setscheduler(0, SCHED_IDLE, &parameter);
	privilege_keep(0, NULL);
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

static int listen_local(const struct control *control, struct err *err)
{
	const char *path = control->settings.path;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(address.sun_path))
		return err_set(err, -ENAMETOOLONG, "%s", path);
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_set(err, -errno, "make the control socket");
	fchmod(fd, 0600); /* of the file that bind() makes: nobody gets in before it is shared */
	if (unlink(path) && errno != ENOENT)
		goto fail;
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)))
		goto fail;
	if (!runtime_share(path, 0660))
		log_write(control->settings.log, LOG_INFO,
			"%s: there is no group %s: only root may use it", path, RUNTIME_GROUP);
	if (!listen(fd, SOMAXCONN))
		return fd;
fail:
	err_set(err, -errno, "%s", path);
	close(fd);
	return -EIO;
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
	/* those that a crash raises must reach their handler */
	static const int crashes[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS };
	sigset_t blocked, before;
	int ret;

	sigfillset(&blocked);
	for (unsigned i = 0; i < sizeof(crashes) / sizeof(*crashes); i++)
		sigdelset(&blocked, crashes[i]);
	pthread_sigmask(SIG_SETMASK, &blocked, &before);
	ret = -pthread_create(&control->thread, NULL, control_thread, control);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	control->started = !ret;
	return ret ? err_set(err, ret, "start a thread") : 0;
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
	ret = samples_init(&c->samples);
	if (ret) {
		err_set(err, ret, "make room for snapshots");
		goto out_stop;
	}
	samples_tick(&c->samples, ops);
	ret = open_descriptors(c, err);
	if (!ret)
		ret = add_listener(c, listen_local(c, err), true, err);
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
	for (unsigned i = 0; i < control->listeners_count; i++)
		listener_close(&control->listeners[i]);
	if (control->listeners_count)
		unlink(control->settings.path);
	samples_fini(&control->samples);
	if (control->epoll_fd >= 0)
		close(control->epoll_fd);
	if (control->stop_fd >= 0)
		close(control->stop_fd);
	if (control->timer_fd >= 0)
		close(control->timer_fd);
	free(control);
}
