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
	*h = (struct headless){ .format = format,
		.interval_s = interval_s,
		.log = log,
		.terminal = isatty(STDOUT_FILENO),
		.patience_ms = -1 };
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

/* What a pipe that poll() finds writable takes without blocking (pipe(7)). Standard output's own O_NONBLOCK would be
 * everybody's who has it. */
#define PART_BYTES 4096
/* What the last records wait for a reader that stands still. */
#define PATIENCE_MS 1000

/* Writes what standard output takes at once. A terminal that has hung up takes nothing any more, which is no failure:
 * the service is not its. */
static int write_part(struct headless *h, struct err *err)
{
	size_t size = h->size - h->written < PART_BYTES ? h->size - h->written : PART_BYTES;
	ssize_t n = write(STDOUT_FILENO, h->buffer + h->written, size);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (n < 0 && errno == EIO && h->terminal) {
		h->mute = true;
		h->size = h->written = 0;
		return 0;
	}
	if (n < 0)
		return err_set(err, -errno, "write to standard output");
	h->written += (size_t)n;
	if (h->written == h->size)
		h->size = h->written = 0;
	return 0;
}

/* Makes a snapshot's record, to be written. */
static int make_record(struct headless *h, struct snapshot *snapshot, struct err *err)
{
	size_t size = 0;

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
	h->size = h->mute ? 0 : size;
	return 0;
}

/* Writes all, for a reader who takes some of it now and then. */
static int flush(struct headless *h, struct err *err)
{
	struct pollfd out = { .fd = STDOUT_FILENO, .events = POLLOUT };
	int ret = 0;

	while (!ret && h->size) {
		int ready = poll(&out, 1, h->patience_ms);

		if (!ready)
			return err_say(err, -ETIMEDOUT,
				"write to standard output: its reader stands still");
		if (ready > 0)
			ret = write_part(h, err);
	}
	return ret;
}

int headless_print(struct headless *h, struct snapshot *snapshot, struct err *err)
{
	int ret = flush(h, err);

	if (!ret)
		ret = make_record(h, snapshot, err);
	return ret ? ret : flush(h, err);
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

/* A record an interval; one that is due while the last one still waits for its reader is left out. */
static int take_record(
	struct headless *h, const struct snapshot_source *source, int timer_fd, struct err *err)
{
	uint64_t ticks;

	if (read(timer_fd, &ticks, sizeof(ticks)) < 0 || h->size ||
		!source->take(source->context, h->now, h->before->sequence))
		return 0;
	return make_record(h, h->now, err);
}

int headless_run(
	struct headless *h, const struct snapshot_source *source, int wake_fd, struct err *err)
{
	enum { WAKE, SIGNAL, TIMER, OUT, FDS };
	struct pollfd fds[FDS] = {
		[WAKE] = { .fd = wake_fd, .events = POLLIN },
		[SIGNAL] = { .fd = -1, .events = POLLIN },
		[TIMER] = { .fd = -1, .events = POLLIN },
		[OUT] = { .events = POLLOUT },
	};
	int ret = 0;
	sigset_t set;

	signal_set(&set);
	fds[SIGNAL].fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	fds[TIMER].fd = open_timer(h->interval_s);
	if (fds[SIGNAL].fd < 0 || fds[TIMER].fd < 0)
		ret = err_set(err, -errno, "wait for signals and time");
	while (!ret) {
		fds[OUT].fd = h->size ? STDOUT_FILENO : -1;
		if (poll(fds, FDS, -1) < 0)
			continue;
		if ((fds[WAKE].revents & POLLIN) ||
			(fds[SIGNAL].revents && take_signal(h, source, fds[SIGNAL].fd)))
			break;
		if (fds[TIMER].revents)
			ret = take_record(h, source, fds[TIMER].fd, err);
		else if (fds[OUT].revents)
			ret = write_part(h, err);
	}
	if (fds[SIGNAL].fd >= 0)
		close(fds[SIGNAL].fd);
	if (fds[TIMER].fd >= 0)
		close(fds[TIMER].fd);
	h->patience_ms = PATIENCE_MS;
	return ret ? ret : flush(h, err);
}
