/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The dashboard on synthetic snapshots, for test_tui.sh: no privileges, no packets.
 * usage: tui_demo [--scene NAME] [--interval S] [--duration S] [--top] [--ascii] [--no-color]
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "cmd/snapshot_file.h"
#include "tui/tui.h"
#include "tui_scenes.h"

/* As if it had run for a while, so that there are peaks and a trouble that began earlier. */
#define AGE_NS (60 * NSEC_PER_SEC)

struct demo {
	const char *scene;
	uint64_t start_ns;
	int level; /* -1: the scene's */
};

static bool take(void *context, struct snapshot *into, uint64_t sequence)
{
	struct demo *demo = context;
	uint64_t elapsed = clock_now_ns() - demo->start_ns + AGE_NS;

	elapsed -= elapsed % (100 * NSEC_PER_MSEC);
	if (1 + elapsed / (100 * NSEC_PER_MSEC) <= sequence)
		return false;
	scene_fill(into, demo->scene, elapsed);
	snapshot_set_rates(into, NULL);
	if (demo->level >= 0) {
		into->level = (uint32_t)demo->level;
		into->debug_left_s = demo->level == LEVEL_DEBUG ? 60 : 0;
		for (unsigned i = 0; i < into->services_count; i++)
			snapshot_set_latency(&into->services[i].latency,
				&into->services[i].histogram, "hook to transmit",
				demo->level == LEVEL_BASIC   ? 0
				: demo->level == LEVEL_DEBUG ? 1
							     : 64);
	}
	return true;
}

static int set_level(void *context, enum level level, struct err *err)
{
	struct demo *demo = context;

	(void)err;
	demo->level = (int)level;
	return 0;
}

static int make_timer(double seconds)
{
	struct itimerspec when = { .it_value.tv_sec = (time_t)seconds,
		.it_value.tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9) };
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);

	if (fd >= 0)
		timerfd_settime(fd, 0, &when, NULL);
	return fd;
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "scene", required_argument, NULL, 's' },
		{ "interval", required_argument, NULL, 'i' },
		{ "duration", required_argument, NULL, 'd' }, { "top", no_argument, NULL, 't' },
		{ "ascii", no_argument, NULL, 'a' }, { "no-color", no_argument, NULL, 'n' },
		{ NULL, 0, NULL, 0 } };
	struct demo demo = { "healthy", clock_now_ns(), -1 };
	struct tui_source source = {
		.snapshots = { &demo, take }, .set_level = set_level, .write = snapshot_file_write
	};
	struct tui_settings settings = { .confirm_quit = true, .wake_fd = -1 };
	struct err err = { "" };
	int option, code;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 's')
			demo.scene = optarg;
		else if (option == 'i')
			settings.interval_s = atof(optarg);
		else if (option == 'd')
			settings.wake_fd = make_timer(atof(optarg));
		else if (option == 't')
			settings.confirm_quit = false;
		else if (option == 'a')
			settings.ascii = true;
		else if (option == 'n')
			settings.no_color = true;
		else
			return 2;
	}
	if (!tui_possible(&err)) {
		printf("no dashboard here: %s\n", err.text);
		return 3;
	}
	code = tui_run(&source, &settings, &err);
	if (code < 0)
		fprintf(stderr, "tui_demo: %s\n", err.text);
	printf("tui_run returned %d\n", code);
	return code < 0;
}
