// SPDX-License-Identifier: BSD-2-Clause
/* top: the dashboard of an instance in another process, from its published statistics. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "cmd/command.h"
#include "cmd/control_path.h"
#include "cmd/headless.h"
#include "cmd/replay.h"
#include "cmd/snapshot_file.h"
#include "cmd/value.h"
#include "control/client.h"
#include "stats/published.h"
#include "stats/recording.h"
#include "tui/tui.h"

/* An instance that has just taken its name gets so long to publish something. */
#define STARTING_NS NSEC_PER_SEC
#define STARTING_STEP_US 10000

struct top {
	const char *name; /* NULL: the only one */
	const char *record, *replay; /* files, or NULL */
	bool no_tui, format_given, ascii, no_color;
	int format;
	double interval_s, duration_s; /* 0: not given; until told to stop */
	bool lines; /* no dashboard */
	struct published_reader reader;
	struct headless headless;
	struct log *log;
	int wake_fd, timer_fd;
	struct recording *recording; /* written or read; NULL: neither */
	struct replay replayed;
	char ended[64];
	int end_fd; /* an eventfd: the instance has ended, and nobody waits for another */
};

static const struct argument arguments_table[] = {
	{ 'n', "no-tui", NULL, "print lines instead of drawing the dashboard" },
	{ 0, "format", "text|json|csv", "how to print (text); implies --no-tui" },
	{ 0, "interval", "SECONDS", "between two lines or frames (1; the dashboard: 0.5)" },
	{ 0, "duration", "SECONDS", "end after so long (0: until told to)" },
	{ 0, "ascii", NULL, "draw with ASCII characters" },
	{ 0, "no-color", NULL, "draw without colours" },
	{ 0, "record", "FILE", "also keep what is seen in a file" },
	{ 0, "replay", "FILE", "show a recording instead of an instance" },
	{ 'h', "help", NULL, "show this" },
};
#define ARGUMENTS (sizeof(arguments_table) / sizeof(arguments_table[0]))

static int take(
	struct top *top, const struct argument *argument, const char *value, struct err *err)
{
	const char *name = argument->name;

	if (!strcmp(name, "no-tui"))
		top->no_tui = true;
	else if (!strcmp(name, "ascii"))
		top->ascii = true;
	else if (!strcmp(name, "no-color"))
		top->no_color = true;
	else if (!strcmp(name, "record"))
		top->record = value;
	else if (!strcmp(name, "replay"))
		top->replay = value;
	else if (!strcmp(name, "format")) {
		top->format_given = true;
		return value_word(name, output_format_names, value, &top->format, err);
	} else if (!strcmp(name, "interval"))
		return value_seconds(
			name, value, INTERVAL_MIN_S, INTERVAL_MAX_S, &top->interval_s, err);
	else if (!strcmp(name, "duration"))
		return value_seconds(name, value, 0, DURATION_MAX_S, &top->duration_s, err);
	return 0;
}

static int parse(struct top *top, int argc, char **argv, struct err *err)
{
	struct arguments arguments = { .argc = argc, .argv = argv };
	const struct argument *argument;
	const char *value, *word;
	int failed;

	while ((argument = arguments_next(
			&arguments, arguments_table, ARGUMENTS, &value, &failed, err)))
		if (take(top, argument, value, err))
			return -EINVAL;
	if (failed)
		return failed;
	top->name = arguments_word(&arguments);
	word = top->name ? arguments_word(&arguments) : NULL;
	if (word)
		return err_say(err, -EINVAL, "'%s': one instance at a time", word);
	if (top->replay && (top->name || top->record))
		return err_say(err, -EINVAL, "--replay shows a file: no instance, no --record");
	return 0;
}

/* Opens the instance's statistics, once there are some. */
static int open_reader(struct top *top, struct err *err)
{
	uint64_t until = clock_now_ns() + STARTING_NS;
	char path[RUNTIME_PATH_BYTES];
	int ret = published_find(path, top->name, err);

	while (!ret) {
		ret = published_reader_open(&top->reader, path, err);
		if (ret != -EAGAIN || clock_now_ns() > until)
			break;
		usleep(STARTING_STEP_US);
		ret = 0;
	}
	return ret;
}

static int open_source(struct top *top, struct err *err)
{
	int ret;

	if (top->replay) {
		ret = recording_open(&top->recording, top->replay, err);
		top->replayed.recording = top->recording;
		return ret;
	}
	ret = open_reader(top, err);
	if (!ret && top->record)
		ret = recording_create(&top->recording, top->record, err);
	return ret;
}

/* Follows an instance that was started again. True: its first snapshot is newer than any other's. */
static bool follow(struct top *top)
{
	struct published_reader next;

	if (!published_is_replaced(&top->reader) ||
		published_reader_open(&next, top->reader.path, NULL))
		return false;
	published_reader_close(&top->reader);
	top->reader = next;
	return true;
}

/* What can't be kept is said once, and looking goes on. */
static void record(struct top *top, const struct snapshot *snapshot)
{
	struct err err = { "" };

	if (!top->record || !top->recording || !recording_add(top->recording, snapshot, &err))
		return;
	log_write(top->log, LOG_WARNING, "the recording ends here: %s", err.text);
	recording_close(top->recording);
	top->recording = NULL;
}

static bool take_published(struct top *top, struct snapshot *into)
{
	if (!published_take(&top->reader, into))
		return false;
	record(top, into);
	return true;
}

static bool take_snapshot(void *context, struct snapshot *into, uint64_t sequence)
{
	struct top *top = context;
	/* asked before: what was published before its end is still to be had */
	bool lives = published_lives(&top->reader);

	/* it knows what was taken, also across a restart, where sequences begin anew; 0 takes again what
	 * there is */
	if (!sequence)
		top->reader.generation = 0;
	if (take_published(top, into))
		return true;
	if (lives)
		return false;
	if (follow(top))
		return take_published(top, into);
	if (top->lines)
		eventfd_write(top->end_fd, 1);
	return false;
}

static int set_level(void *context, enum level level, struct err *err)
{
	const struct top *top = context;
	char path[RUNTIME_PATH_BYTES];

	control_path_beside(path, top->reader.path);
	return client_put(path, "/api/v1/stats-level", level_names[level], "ringside top", err);
}

static int set_service(
	void *context, const char *service, const char *key, const char *value, struct err *err)
{
	const struct top *top = context;
	char path[RUNTIME_PATH_BYTES], resource[256];

	/* they become a path */
	if (strpbrk(service, " /\r\n%?#") || strpbrk(key, " \r\n%?#"))
		return err_say(err, -EINVAL, "%s/%s is no key", service, key);
	snprintf(resource, sizeof(resource), "/api/v1/services/%s/%s", service, key);
	control_path_beside(path, top->reader.path);
	return client_put(path, resource, value, "ringside top", err);
}

/* Asked for each frame: one system call. */
static const char *say_ended(void *context)
{
	struct top *top = context;

	if (published_lives(&top->reader))
		return NULL;
	snprintf(top->ended, sizeof(top->ended), "The instance (pid %u) has ended",
		top->reader.header->pid);
	return top->ended;
}

static int open_wake(struct top *top, struct err *err)
{
	struct epoll_event event = { .events = EPOLLIN };
	uint64_t ns = (uint64_t)(top->duration_s * 1e9);
	const struct itimerspec once = {
		.it_value = { .tv_sec = (time_t)(ns / NSEC_PER_SEC),
			.tv_nsec = (long)(ns % NSEC_PER_SEC) },
	};

	top->wake_fd = epoll_create1(EPOLL_CLOEXEC);
	top->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	top->end_fd = eventfd(0, EFD_CLOEXEC);
	if (top->wake_fd < 0 || top->timer_fd < 0 || top->end_fd < 0 ||
		timerfd_settime(top->timer_fd, 0, &once, NULL) ||
		epoll_ctl(top->wake_fd, EPOLL_CTL_ADD, top->timer_fd, &event) ||
		epoll_ctl(top->wake_fd, EPOLL_CTL_ADD, top->end_fd, &event))
		return err_set(err, -errno, "wait for the end");
	return 0;
}

static int draw(struct top *top, struct err *err)
{
	const struct tui_source live = { .snapshots = { top, take_snapshot },
		.set_level = set_level,
		.set_service = set_service,
		.ended = say_ended,
		.write = snapshot_file_write };
	const struct tui_source recorded = { .snapshots = { &top->replayed, replay_take },
		.ended = replay_ended,
		.write = snapshot_file_write,
		.recorded = true };
	const struct tui_settings settings = {
		.ascii = top->ascii,
		.no_color = top->no_color,
		.interval_s = top->interval_s,
		.log = top->log,
		.wake_fd = top->wake_fd,
	};
	int ret = tui_run(top->replay ? &recorded : &live, &settings, err);

	if (ret >= 0 && top->replayed.failed)
		ret = err_say(err, -EPROTO, "%s", top->replayed.err.text);
	/* a terminal that is gone takes with it whoever looked at it */
	return ret < 0 ? ret : 0;
}

/* A recording has no time to wait for: all of it, at once. */
static int print_recording(struct top *top, struct err *err)
{
	struct snapshot *snapshot = malloc(sizeof(*snapshot));
	int ret = snapshot ? 0 : err_set(err, -ENOMEM, "read a recording");

	while (!ret && (ret = recording_next(top->recording, snapshot, err)) == 1)
		ret = headless_print(&top->headless, snapshot, err);
	free(snapshot);
	return ret;
}

static int print(struct top *top, struct err *err)
{
	const struct snapshot_source source = { top, take_snapshot };
	int ret;

	headless_block_signals();
	if (top->replay) {
		ret = print_recording(top, err);
	} else {
		/* what is printed first has its rates from here on */
		take_snapshot(top, top->headless.before, 0);
		ret = headless_run(&top->headless, &source, top->wake_fd, err);
	}
	if (ret == -EPIPE) {
		err->text[0] = '\0';
		return 0;
	}
	return ret;
}

static int show(struct top *top, struct err *err)
{
	int ret;

	top->lines = top->no_tui || top->format_given || !tui_possible(NULL);
	top->log = log_open(LOG_INFO, LOG_TEXT);
	if (!top->log)
		return err_set(err, -ENOMEM, "open the log");
	ret = headless_init(&top->headless, (enum output_format)top->format,
		top->interval_s > 0 ? top->interval_s : 1.0, top->log, err);
	if (!ret)
		ret = open_wake(top, err);
	if (ret)
		return ret;
	return top->lines ? print(top, err) : draw(top, err);
}

static void close_all(struct top *top)
{
	const int fds[] = { top->wake_fd, top->timer_fd, top->end_fd };

	for (unsigned i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	recording_close(top->recording);
	free(top->replayed.next);
	published_reader_close(&top->reader);
	headless_fini(&top->headless);
	log_close(top->log);
}

static int run_top(int argc, char **argv, struct err *err)
{
	struct top top = { .wake_fd = -1, .timer_fd = -1, .end_fd = -1, .reader.fd = -1 };
	int status = STATUS_DONE, ret;

	if (parse(&top, argc, argv, err))
		return STATUS_USAGE;
	ret = open_source(&top, err);
	if (ret)
		status = ret == -ENOTUNIQ || ret == -EINVAL ? STATUS_USAGE : STATUS_FAILED;
	else if (show(&top, err))
		status = STATUS_FAILED;
	close_all(&top);
	return status;
}

const struct command command_top = {
	.name = "top",
	.synopsis = "[NAME] [--no-tui] [--format text|json|csv] [--interval SECONDS] "
		    "[--duration SECONDS] [--record FILE | --replay FILE] [--ascii] "
		    "[--no-color]",
	.summary = "the dashboard of an instance, in another process: needs only read access",
	.arguments = arguments_table,
	.arguments_count = ARGUMENTS,
	.run = run_top,
};
