/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/generate_session.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "cmd/generate_report.h"
#include "generate/target.h"

/* Reports of all sizes. */
#define KEPT_BYTES (GENERATE_SIZES_MAX * REPORT_BYTES)
/* Between two looks at whether the interface is still there, at most. */
#define WATCH_MS 200

static bool wants_screen(const struct generate_options *options)
{
	return !options->no_tui && !options->format_given && !options->wants_rfc2544 &&
	       screen_possible();
}

static int open_screen(struct session *s, struct err *err)
{
	int code;

	s->screen = calloc(1, sizeof(*s->screen));
	s->kept = malloc(KEPT_BYTES);
	if (!s->screen || !s->kept) {
		free(s->screen);
		s->screen = NULL;
		return err_set(err, -ENOMEM, "make room for the screen");
	}
	writer_init(&s->reports, s->kept, KEPT_BYTES);
	log_hold(s->log, true);
	code = screen_open(s->screen, s->options->ascii, s->options->no_color, err);
	if (code) {
		log_hold(s->log, false);
		free(s->screen);
		s->screen = NULL;
		return code;
	}
	s->screen->view.interface = s->options->settings.interface;
	s->screen->view.target = target_text(&s->options->settings, s->target);
	s->screen->view.duration_ns = s->options->duration_ns;
	return 0;
}

int session_open(struct session *s, const struct generate_options *options, struct err *err)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE };
	uint64_t ns = options->interval_ns;
	struct itimerspec every = {
		.it_interval = { (time_t)(ns / NSEC_PER_SEC), (long)(ns % NSEC_PER_SEC) },
	};
	sigset_t set;

	int code;

	*s = (struct session){
		.options = options, .log = options->settings.log, .signals = -1, .timer = -1
	};
	sigemptyset(&set);
	for (unsigned i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		sigaddset(&set, numbers[i]);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	sigdelset(&set, SIGPIPE); /* the write says so */
	s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	s->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	every.it_value = every.it_interval;
	if (s->signals < 0 || s->timer < 0 || timerfd_settime(s->timer, 0, &every, NULL))
		code = err_set(err, -errno, "wait for signals and time");
	else
		code = wants_screen(options) ? open_screen(s, err) : 0;
	if (code)
		session_close(s);
	return code;
}

void session_close(struct session *s)
{
	generator_close(s->generator);
	if (s->screen) {
		screen_close(s->screen);
		log_hold(s->log, false);
		session_write(s->kept, s->reports.length, NULL);
	}
	free(s->screen);
	free(s->kept);
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
	if (s->screen) {
		report_text(&s->reports, figures);
		return 0;
	}
	return print(s, figures, NULL, true, err);
}

/* The first time the sending ends, the second time the waiting. */
static void end(struct session *s)
{
	generator_order(s->generator, s->ended ? ORDER_ABANDON : ORDER_FINISH);
	s->ended = true;
}

static void obey(struct session *s)
{
	struct signalfd_siginfo info;

	if (s->screen) {
		for (unsigned ends = screen_obey(s->screen); ends; ends--)
			end(s);
		screen_draw(s->screen);
		return;
	}
	while (read(s->signals, &info, sizeof(info)) == sizeof(info))
		end(s);
}

static void show(struct session *s, const struct figures *now)
{
	struct generate_view *view = &s->screen->view;
	bool is_sending = now->elapsed_ns > view->now.elapsed_ns;

	view->state = !now->elapsed_ns ? "KNOCKING" : is_sending ? "SENDING" : "WAITING";
	if (now->elapsed_ns < view->now.elapsed_ns) /* the next size */
		memset(&view->now, 0, sizeof(view->now));
	generate_view_add(view, now);
	screen_draw(s->screen);
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
	if (s->screen) {
		show(s, &now);
		return 0;
	}
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
		{ .fd = s->screen ? screen_signals(s->screen) : s->signals, .events = POLLIN },
		{ .fd = s->timer, .events = POLLIN },
		{ .fd = s->screen ? screen_keys(s->screen) : -1, .events = POLLIN },
	};
	int code, failed = 0;

	if (!before)
		return err_set(err, -ENOMEM, "make room for figures");
	code = generator_start(s->generator, trial, err);
	fds[0].fd = generator_fd(s->generator);
	while (!code) {
		if (poll(fds, 4, WATCH_MS) < 0 && errno != EINTR)
			failed = err_set(err, -errno, "wait for the end");
		if (fds[0].revents || failed)
			break;
		if (fds[1].revents | fds[3].revents)
			obey(s);
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
