// SPDX-License-Identifier: BSD-2-Clause
#include "io/xdp_price.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "io/xdp_program.h"

/* A call of so many runs takes one or two milliseconds: long against the call itself. */
#define RUNS 20000
#define ROUNDS 7

#define NO_STATISTICS (LEVEL_DEBUG + 1)
#define CASES (NO_STATISTICS + 1)

struct programs {
	struct xdp_program *counting, *uncounted;
};

static int load(const struct xdp_price_trial *trial, bool uncounted, struct xdp_program **program,
	struct err *err)
{
	const struct xdp_program_settings settings = {
		.queues = 1,
		.services = trial->services,
		.tables = trial->tables,
		.state = &trial->state,
		.uncounted = uncounted,
	};

	return xdp_program_open(program, &settings, err);
}

/* By this thread's own time, for a call gives the CPU away when others want it; the kernel's figure is in whole
 * nanoseconds. */
static int time_runs(const struct xdp_program *program, const struct xdp_price_trial *trial,
	double *ns, struct err *err)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = trial->frame, .data_size_in = trial->length,
		.repeat = RUNS);
	uint64_t start_ns = clock_read_ns(CLOCK_THREAD_CPUTIME_ID);

	if (trial->stop && __atomic_load_n(trial->stop, __ATOMIC_RELAXED))
		return -ECANCELED;
	if (bpf_prog_test_run_opts(xdp_program_fd(program), &opts))
		return err_set(err, -errno, "run the XDP program by itself");
	if (opts.retval != XDP_TX)
		return err_say(err, -EPROTO, "the XDP program does not answer: %u", opts.retval);
	*ns = (double)(clock_read_ns(CLOCK_THREAD_CPUTIME_ID) - start_ns) / RUNS;
	return 0;
}

/* What each level adds in one round: what the machine does beside is mostly the same for all of it. */
static int time_round(const struct programs *programs, const struct xdp_price_trial *trial,
	double added[LEVEL_DEBUG + 1], struct err *err)
{
	struct rule_state *state = xdp_program_state(programs->counting);
	double none;
	int ret = time_runs(programs->uncounted, trial, &none, err);

	for (unsigned level = 0; !ret && level <= LEVEL_DEBUG; level++) {
		rule_state_set_level(state, level);
		ret = time_runs(programs->counting, trial, &added[level], err);
		added[level] -= none;
	}
	return ret;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static int time_rounds(const struct programs *programs, const struct xdp_price_trial *trial,
	double ns[LEVEL_DEBUG + 1], struct err *err)
{
	double added[LEVEL_DEBUG + 1], all[LEVEL_DEBUG + 1][ROUNDS];
	int ret = 0;

	for (unsigned round = 0; !ret && round < ROUNDS; round++) {
		ret = time_round(programs, trial, added, err);
		for (unsigned level = 0; !ret && level <= LEVEL_DEBUG; level++)
			all[level][round] = added[level];
	}
	for (unsigned level = 0; !ret && level <= LEVEL_DEBUG; level++) {
		qsort(all[level], ROUNDS, sizeof(all[level][0]), compare);
		/* below 0 by the measurement's own noise */
		ns[level] = fmax(all[level][ROUNDS / 2], 0);
	}
	return ret;
}

int xdp_price_measure(
	const struct xdp_price_trial *trial, double ns[LEVEL_DEBUG + 1], struct err *err)
{
	struct programs programs = { NULL, NULL };
	int ret;

	for (unsigned level = 0; level <= LEVEL_DEBUG; level++)
		ns[level] = NAN;
	ret = load(trial, false, &programs.counting, err);
	if (!ret)
		ret = load(trial, true, &programs.uncounted, err);
	if (!ret)
		ret = time_rounds(&programs, trial, ns, err);
	xdp_program_close(programs.counting);
	xdp_program_close(programs.uncounted);
	return ret;
}
