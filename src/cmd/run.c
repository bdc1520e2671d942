// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/person.h"
#include "base/privilege.h"
#include "cmd/command.h"
#include "cmd/hangup.h"
#include "cmd/headless.h"
#include "cmd/instance.h"
#include "cmd/snapshot_file.h"
#include "cmd/source.h"
#include "cmd/supervision.h"
#include "cmd/value.h"
#include "tui/tui.h"
#include "worker/pool.h"

struct run {
	struct source source;
	bool no_tui, format_given, ascii, no_color;
	int format, log_format, level; /* level -1: as configured */
	double interval_s, duration_s; /* duration 0: until told to stop */
	struct config config;
	struct log *log;
	struct pool *pool;
	struct instance instance;
	struct supervision supervision;
	struct headless headless;
	struct hangup hangup;
	int wake_fd; /* an epoll descriptor: the instance's own end, and the duration's */
	int timer_fd;
};

static const struct argument arguments_table[] = {
	SOURCE_ARGUMENTS,
	{ 'n', "no-tui", NULL, "print lines instead of drawing the dashboard" },
	{ 0, "format", "text|json|csv", "how to print (text); implies --no-tui" },
	{ 0, "interval", "SECONDS", "between two lines or frames (1; the dashboard: 0.5)" },
	{ 0, "duration", "SECONDS", "end after so long (0: until told to)" },
	{ 0, "level", "basic|detailed|debug", "what is measured, instead of stats_level" },
	{ 0, "log-format", "text|json", "how events are written to standard error (text)" },
	{ 0, "ascii", NULL, "draw the dashboard with ASCII characters" },
	{ 0, "no-color", NULL, "draw the dashboard without colours" },
	{ 'h', "help", NULL, "show this" },
};
#define ARGUMENTS (sizeof(arguments_table) / sizeof(arguments_table[0]))

static int take(
	struct run *run, const struct argument *argument, const char *value, struct err *err)
{
	static const char *const log_formats[] = { "text", "json", NULL };
	const char *name = argument->name;

	if (!strcmp(name, "no-tui"))
		run->no_tui = true;
	else if (!strcmp(name, "ascii"))
		run->ascii = true;
	else if (!strcmp(name, "no-color"))
		run->no_color = true;
	else if (!strcmp(name, "format")) {
		run->format_given = true;
		return value_word(name, output_format_names, value, &run->format, err);
	} else if (!strcmp(name, "log-format"))
		return value_word(name, log_formats, value, &run->log_format, err);
	else if (!strcmp(name, "level"))
		return value_word(name, level_names, value, &run->level, err);
	else if (!strcmp(name, "interval"))
		return value_seconds(
			name, value, INTERVAL_MIN_S, INTERVAL_MAX_S, &run->interval_s, err);
	else if (!strcmp(name, "duration"))
		return value_seconds(name, value, 0, DURATION_MAX_S, &run->duration_s, err);
	return 0;
}

static int parse(struct run *run, int argc, char **argv, struct err *err)
{
	struct arguments arguments = { .argc = argc, .argv = argv };
	const struct argument *argument;
	const char *value;
	int failed;

	while ((argument = arguments_next(
			&arguments, arguments_table, ARGUMENTS, &value, &failed, err))) {
		int ret = source_take(&run->source, argument, value, err);

		if (!ret)
			ret = take(run, argument, value, err);
		if (ret < 0)
			return ret;
	}
	return failed ? failed : source_finish(&run->source, &arguments, err);
}

/* One descriptor for the ends that come by themselves. */
static int open_wake(struct run *run, struct err *err)
{
	struct epoll_event event = { .events = EPOLLIN };
	uint64_t ns = (uint64_t)(run->duration_s * 1e9);
	const struct itimerspec once = {
		.it_value = { .tv_sec = (time_t)(ns / NSEC_PER_SEC),
			.tv_nsec = (long)(ns % NSEC_PER_SEC) },
	};

	run->wake_fd = epoll_create1(EPOLL_CLOEXEC);
	run->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	if (run->wake_fd < 0 || run->timer_fd < 0 ||
		timerfd_settime(run->timer_fd, 0, &once, NULL) ||
		epoll_ctl(run->wake_fd, EPOLL_CTL_ADD, run->timer_fd, &event) ||
		epoll_ctl(run->wake_fd, EPOLL_CTL_ADD, pool_end_fd(run->pool), &event))
		return err_set(err, -errno, "wait for the end");
	return 0;
}

static bool take_snapshot(void *context, struct snapshot *into, uint64_t sequence)
{
	const struct control_ops *ops = context;

	return ops->take(ops->context, into, sequence);
}

#define WHO_BYTES (PERSON_BYTES + 16)

static void say_who(char who[WHO_BYTES])
{
	char person[PERSON_BYTES];

	person_read(person);
	snprintf(who, WHO_BYTES, "dashboard, %s", person);
}

static int set_level(void *context, enum level level, struct err *err)
{
	const struct control_ops *ops = context;
	char who[WHO_BYTES];

	(void)err; /* from within it cannot fail */
	say_who(who);
	ops->set_level(ops->context, level, who);
	return 0;
}

static int set_service(
	void *context, const char *service, const char *key, const char *value, struct err *err)
{
	const struct control_ops *ops = context;
	char who[WHO_BYTES];

	say_who(who);
	return ops->set_service(ops->context, service, key, value, who, err);
}

static int draw(struct run *run, struct err *err)
{
	const struct tui_source source = { .snapshots = { &run->instance.ops, take_snapshot },
		.set_level = set_level,
		.set_service = set_service,
		.write = snapshot_file_write };
	const struct tui_settings settings = {
		.ascii = run->ascii,
		.no_color = run->no_color,
		.interval_s = run->interval_s,
		.confirm_quit = true,
		.log = run->log,
		.wake_fd = run->wake_fd,
		.hangup = hangup_obey,
		.hangup_context = &run->hangup,
	};
	int ret = tui_run(&source, &settings, err);

	if (ret == 1)
		log_write(run->log, LOG_WARNING, "the terminal is gone: going on without it");
	return ret;
}

/* Until told to end. A dashboard that has lost its terminal goes on as lines. */
static int show(struct run *run, bool tui, struct err *err)
{
	const struct snapshot_source source = { &run->instance.ops, take_snapshot };
	int ret = tui ? draw(run, err) : 1;

	return ret == 1 ? headless_run(&run->headless, &source, run->wake_fd, err) : ret;
}

/* What start-up alone needed is given up; workers and the control thread have nothing at all. */
static void drop_privileges(struct run *run)
{
	struct err err = { "" };

	if (privilege_keep(config_keeps(&run->config), &err))
		log_write(run->log, LOG_WARNING, "runs with all its privileges: %s", err.text);
}

/* Who sits at a terminal is told why there is no dashboard. */
static bool wants_tui(const struct run *run)
{
	struct err why = { 0 };

	if (run->no_tui || run->format_given)
		return false;
	if (tui_possible(&why))
		return true;
	if (isatty(STDOUT_FILENO))
		log_write(run->log, LOG_WARNING, "plain lines instead of the dashboard: %s",
			why.text);
	return false;
}

static int serve(struct run *run, struct err *err)
{
	bool tui = wants_tui(run);
	struct err stop_err = { 0 };
	int ret, stopped;

	headless_block_signals();
	ret = headless_init(&run->headless, (enum output_format)run->format,
		run->interval_s > 0 ? run->interval_s : 1.0, run->log, err);
	if (ret)
		return ret;
	run->headless.hangup = hangup_obey;
	run->headless.hangup_context = &run->hangup;
	ret = instance_take_name(&run->instance, &run->config, err);
	if (!ret)
		ret = pool_start(&run->pool, &run->config, run->log, err);
	if (ret)
		return ret;
	/* what is printed first has its rates from here on, the last report of a dashboard all of them */
	pool_take(run->pool, run->headless.before, 0);
	ret = instance_open(
		&run->instance, run->pool, &run->config, run->hangup.newest, run->log, err);
	drop_privileges(run);
	if (!ret)
		ret = open_wake(run, err);
	if (!ret)
		supervision_open(&run->supervision, &run->instance.ops, run->log);
	run->hangup.pool = run->pool;
	run->hangup.supervision = &run->supervision;
	run->hangup.instance = &run->instance;
	run->hangup.level_given = run->level >= 0;
	if (!ret)
		ret = show(run, tui, err);
	supervision_close(&run->supervision);
	instance_close(&run->instance); /* it reads the pool's snapshots */
	stopped = pool_stop(run->pool, run->headless.now, &stop_err);
	if (!ret && stopped) {
		*err = stop_err;
		ret = stopped;
	}
	if (ret != -EPIPE) {
		stopped = headless_print(&run->headless, run->headless.now, ret ? NULL : err);
		if (!ret)
			ret = stopped;
	}
	if (ret != -EPIPE)
		return ret;
	/* nobody is left to read it: that is an end like another */
	err->text[0] = '\0';
	return 0;
}

static void close_all(struct run *run)
{
	pool_close(run->pool);
	instance_fini(&run->instance);
	headless_fini(&run->headless);
	if (run->wake_fd >= 0)
		close(run->wake_fd);
	if (run->timer_fd >= 0)
		close(run->timer_fd);
	hangup_fini(&run->hangup);
	log_close(run->log);
	config_fini(&run->config);
}

static int run_run(int argc, char **argv, struct err *err)
{
	struct run run = { .level = -1, .wake_fd = -1, .timer_fd = -1 };
	struct config_problems problems = { 0 };
	int status = STATUS_DONE, code;
	char *ini = NULL;

	if (parse(&run, argc, argv, err))
		return STATUS_USAGE;
	code = config_load(&run.config, &run.source.config, &ini, &problems);
	if (code) {
		status = source_report(&problems, code);
		free(ini);
		goto out_close;
	}
	if (run.level >= 0)
		run.config.stats_level = run.level;
	run.log = log_open((enum log_level)run.config.log_level, (enum log_format)run.log_format);
	hangup_init(&run.hangup, &run.source.config, ini, run.config.name, run.log);
	if (!run.log)
		code = err_set(err, -ENOMEM, "open the log");
	if (!code)
		code = serve(&run, err);
	if (code)
		status = STATUS_FAILED;
out_close:
	close_all(&run);
	config_problems_fini(&problems);
	return status;
}

const struct command command_run = {
	.name = "run",
	.synopsis = "[-c FILE | -i IFNAME SERVICE] [--no-tui] [--format text|json|csv] "
		    "[--interval SECONDS] [--duration SECONDS] [--level LEVEL] "
		    "[--set SECTION.KEY=VALUE]...",
	.summary = "runs the services of a configuration; the command when none is named",
	.arguments = arguments_table,
	.arguments_count = ARGUMENTS,
	.run = run_run,
};
