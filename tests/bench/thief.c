/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Takes a part of its CPU away from whoever else is on it, evenly and in short pieces, until SIGTERM: so that a thread which would
 * wait for packets becomes the limit itself. The pieces must be short against the time in which a receive ring fills; a
 * cgroup's quota is a millisecond at least (min_cfs_quota_period in the kernel's core.c), in which 2000 packets come.
 *
 * usage: thief BUSY_US PERIOD_US     of each period; needs CAP_SYS_NICE
 */
#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

static uint64_t now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

int main(int argc, char **argv)
{
	const struct sched_param first = { .sched_priority = 1 };
	uint64_t busy_ns, period_ns, next_ns;

	if (argc != 3)
		return 2;
	busy_ns = strtoull(argv[1], NULL, 10) * 1000;
	period_ns = strtoull(argv[2], NULL, 10) * 1000;
	if (sched_setscheduler(0, SCHED_FIFO, &first)) {
		fprintf(stderr, "thief: %s\n", strerror(errno));
		return 1;
	}
	prctl(PR_SET_TIMERSLACK, 1);
	for (next_ns = now_ns();; next_ns += period_ns) {
		const struct timespec due = { (time_t)(next_ns / 1000000000),
			(long)(next_ns % 1000000000) };

		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
		while (now_ns() - next_ns < busy_ns)
			;
	}
}
