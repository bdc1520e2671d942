/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/generate_session.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "cmd/generate_report.h"

/* Between two looks at whether the interface is still there, at most. */
#define WATCH_MS 200

int session_open(struct session *s, const struct generate_options *options, struct err *err)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE };
	uint64_t ns = options->interval_ns;
	struct itimerspec every = {
		.it_interval = { (time_t)(ns / NSEC_PER_SEC), (long)(ns % NSEC_PER_SEC) },
	};
	sigset_t set;

	*s = (struct session){ .options = options, .log = options->settings.log, .timer = -1 };
	sigemptyset(&set);
	for (unsigned i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		sigaddset(&set, numbers[i]);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	sigdelset(&set, SIGPIPE); /* the write says so */
	s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	s->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	every.it_value = every.it_interval;
	if (s->signals < 0 || s->timer < 0 || timerfd_settime(s->timer, 0, &every, NULL)) {
		int code = err_set(err, -errno, "wait for signals and time");

		session_close(s);
		return code;
	}
	return 0;
}

void session_close(struct session *s)
{
	generator_close(s->generator);
	if (s->signals >= 0)
		close(s->signals);
	if (s->timer >= 0)
		close(s->timer);
}

int session_write(const char *text, size_t bytes, struct err *err)
{
	while (bytes) {
		ssize_t n = write(STDOUT_FILENO, text, bytes);

		if (n < 0 && errno == EAGAIN) {
			struct pollfd writable = { .fd = STDOUT_FILENO, .events = POLLOUT };

			poll(&writable, 1, -1);
		} else if (n < 0 && errno != EINTR) {
			return err_set(err, -errno, "write to standard output");
		}
		if (n < 0)
			continue;
		text += n;
		bytes -= (size_t)n;
	}
	return 0;
}

static int print(struct session *s, const struct figures *now, const struct figures *before,
	bool final, struct err *err)
{
	char text[REPORT_BYTES];
	struct writer out;

	writer_init(&out, text, sizeof(text));
	if (s->options->format == FORMAT_JSON) {
		report_json(&out, now, before, final);
	} else if (s->options->format == FORMAT_CSV) {
		if (!s->printed)
			report_csv_header(&out);
		report_csv(&out, now, before, final);
	} else if (final) {
		report_text(&out, now);
	} else {
		report_line(&out, now, before);
	}
	s->printed = true;
	return session_write(text, out.length, err);
}

int session_report(struct session *s, const struct figures *figures, struct err *err)
{
	return print(s, figures, NULL, true, err);
}

/* A first signal ends the sending, a second one the waiting. */
static void take_signal(struct session *s)
{
	struct signalfd_siginfo info;

	while (read(s->signals, &info, sizeof(info)) == sizeof(info)) {
		generator_order(s->generator, s->ended ? ORDER_ABANDON : ORDER_FINISH);
		s->ended = true;
	}
}

void session_pause(struct session *s, uint64_t ns)
{
	struct pollfd signals = { .fd = s->signals, .events = POLLIN };

	if (poll(&signals, 1, (int)(ns / NSEC_PER_MSEC)) > 0)
		s->ended = true;
}

static int tick(struct session *s, struct figures *before, bool live, struct err *err)
{
	struct figures now;
	uint64_t ticks;
	int code;

	if (read(s->timer, &ticks, sizeof(ticks)) < 0 || !live)
		return 0;
	generator_sample(s->generator, &now);
	if (!now.elapsed_ns)
		return 0; /* still knocking */
	code = print(s, &now, before->elapsed_ns ? before : NULL, false, err);
	*before = now;
	return code;
}

int session_run(struct session *s, const struct generate_trial *trial, bool live,
	struct figures *figures, struct err *err)
{
	struct figures *before = calloc(1, sizeof(*before));
	struct pollfd fds[] = {
		{ .events = POLLIN },
		{ .fd = s->signals, .events = POLLIN },
		{ .fd = s->timer, .events = POLLIN },
	};
	int code, failed = 0;

	if (!before)
		return err_set(err, -ENOMEM, "make room for figures");
	code = generator_start(s->generator, trial, err);
	fds[0].fd = generator_fd(s->generator);
	while (!code) {
		if (poll(fds, 3, WATCH_MS) < 0 && errno != EINTR)
			failed = err_set(err, -errno, "wait for the end");
		if (fds[0].revents || failed)
			break;
		if (fds[1].revents)
			take_signal(s);
		if (fds[2].revents)
			failed = tick(s, before, live, err);
		generator_watch(s->generator);
	}
	free(before);
	if (code)
		return code;
	if (failed)
		generator_order(s->generator, ORDER_ABANDON);
	code = generator_finish(s->generator, figures, failed ? NULL : err);
	return failed ? failed : code;
}
