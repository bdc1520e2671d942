// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "cmd/headless.h"
#include "cmd/snapshot_file.h"
#include "export/export.h"

const char *const output_format_names[] = { "text", "json", "csv", NULL };

static void signal_set(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGHUP);
	sigaddset(set, SIGUSR1);
	sigaddset(set, SIGPIPE);
}

void headless_block_signals(void)
{
	sigset_t set;

	signal_set(&set);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

int headless_init(struct headless *h, enum output_format format, double interval_s, struct log *log,
	struct err *err)
{
	*h = (struct headless){ .format = format, .interval_s = interval_s, .log = log };
	h->buffer = malloc(EXPORT_BYTES);
	h->before = calloc(1, sizeof(*h->before));
	h->now = calloc(1, sizeof(*h->now));
	if (h->buffer && h->before && h->now)
		return 0;
	headless_fini(h);
	return err_set(err, -ENOMEM, "make room for output");
}

void headless_fini(struct headless *h)
{
	free(h->buffer);
	free(h->before);
	free(h->now);
	*h = (struct headless){ 0 };
}

static int write_all(int fd, const char *bytes, size_t size)
{
	while (size) {
		ssize_t n = write(fd, bytes, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			struct pollfd writable = { .fd = fd, .events = POLLOUT };

			poll(&writable, 1, -1);
			continue;
		}
		if (n < 0)
			return -errno;
		bytes += n;
		size -= (size_t)n;
	}
	return 0;
}

int headless_print(struct headless *h, struct snapshot *snapshot, struct err *err)
{
	size_t size = 0;
	int ret;

	snapshot_set_rates(snapshot, h->before->sequence ? h->before : NULL);
	if (h->format == FORMAT_JSON)
		size = export_json(snapshot, h->buffer, EXPORT_BYTES);
	else if (h->format == FORMAT_TEXT)
		size = export_text(snapshot, h->buffer, EXPORT_BYTES);
	else {
		if (!h->printed)
			size = export_csv_header(h->buffer, EXPORT_BYTES);
		size += export_csv(snapshot, h->buffer + size, EXPORT_BYTES - size);
	}
	h->printed = true;
	*h->before = *snapshot;
	if (size >= EXPORT_BYTES)
		return err_say(err, -E2BIG, "print a snapshot: it has %zu bytes", size);
	ret = write_all(STDOUT_FILENO, h->buffer, size);
	return ret ? err_set(err, ret, "write to standard output") : 0;
}

/* SIGUSR1 asks for one snapshot in a file of the working directory. */
static void write_snapshot(struct headless *h, const struct snapshot_source *source)
{
	struct err err = { "" };
	char path[96];

	if (!source->take(source->context, h->now, 0))
		return;
	snapshot_set_rates(h->now, h->before->sequence ? h->before : NULL);
	if (snapshot_file_write(h->now, path, sizeof(path), &err))
		log_write(h->log, LOG_WARNING, "snapshot not written: %s", err.text);
	else
		log_write(h->log, LOG_INFO, "snapshot written to %s", path);
}

/* Returns true when it is time to end. */
static bool take_signal(struct headless *h, const struct snapshot_source *source, int fd)
{
	struct signalfd_siginfo signal;

	if (read(fd, &signal, sizeof(signal)) != sizeof(signal))
		return false;
	if (signal.ssi_signo == SIGINT || signal.ssi_signo == SIGTERM)
		return true;
	if (signal.ssi_signo == SIGUSR1)
		write_snapshot(h, source);
	if (signal.ssi_signo == SIGHUP && h->hangup)
		h->hangup(h->hangup_context);
	return false;
}

static int open_timer(double interval_s)
{
	uint64_t ns = (uint64_t)(interval_s * 1e9);
	struct itimerspec every = {
		.it_value = { .tv_sec = (time_t)(ns / NSEC_PER_SEC),
			.tv_nsec = (long)(ns % NSEC_PER_SEC) },
	};
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);

	every.it_interval = every.it_value;
	if (fd >= 0)
		timerfd_settime(fd, 0, &every, NULL);
	return fd;
}

int headless_run(
	struct headless *h, const struct snapshot_source *source, int wake_fd, struct err *err)
{
	struct pollfd fds[] = {
		{ .fd = wake_fd, .events = POLLIN },
		{ .fd = -1, .events = POLLIN },
		{ .fd = -1, .events = POLLIN },
	};
	int ret = 0;
	sigset_t set;

	signal_set(&set);
	fds[1].fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	fds[2].fd = open_timer(h->interval_s);
	if (fds[1].fd < 0 || fds[2].fd < 0)
		ret = err_set(err, -errno, "wait for signals and time");
	while (!ret && (poll(fds, 3, -1) > 0 || errno == EINTR) && !(fds[0].revents & POLLIN)) {
		uint64_t ticks;

		if (fds[1].revents && take_signal(h, source, fds[1].fd))
			break;
		if (!fds[2].revents || read(fds[2].fd, &ticks, sizeof(ticks)) < 0)
			continue;
		if (source->take(source->context, h->now, h->before->sequence))
			ret = headless_print(h, h->now, err);
	}
	if (fds[1].fd >= 0)
		close(fds[1].fd);
	if (fds[2].fd >= 0)
		close(fds[2].fd);
	return ret;
}
