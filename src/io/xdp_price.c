// SPDX-License-Identifier: BSD-2-Clause
#include "io/xdp_price.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "io/xdp_program.h"

#define ROUNDS (XDP_PRICE_COPIES * PRICE_ROUNDS)

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

struct middle {
	double median, low, high;
};

/* The median and where, whatever the distribution is, it lies in 997 of 1000 cases: three standard deviations
 * of a binomial distribution to each side (Conover, Practical Nonparametric Statistics, "confidence interval for a
 * quantile"). Sorts the values. */
static struct middle middle_of(double *values, unsigned count)
{
	unsigned half = count / 2, aside = (unsigned)ceil(1.5 * sqrt(count));

	qsort(values, count, sizeof(*values), compare);
	return (struct middle){
		.median = values[half],
		.low = values[aside < half ? half - aside : 0],
		.high = values[half + aside < count ? half + aside : count - 1],
	};
}

/* What a turn added to the two without statistics of its round; or, of the second of these, to the first. */
static double added(const struct price_log *log, unsigned round, enum price_turn turn)
{
	double ns[PRICE_TURNS];

	for (unsigned i = 0; i < PRICE_TURNS; i++)
		ns[price_turn_of(round * PRICE_TURNS + i)] =
			(double)log->ns[round * PRICE_TURNS + i] / PRICE_TIMED_PACKETS;
	if (turn == PRICE_NONE_AGAIN)
		return ns[turn] - ns[PRICE_NONE];
	return ns[turn] - (ns[PRICE_NONE] + ns[PRICE_NONE_AGAIN]) / 2;
}

static struct middle added_by(const struct price_log *copies, unsigned count, enum price_turn turn)
{
	double values[ROUNDS];

	for (unsigned i = 0; i < count * PRICE_ROUNDS; i++)
		values[i] = added(&copies[i / PRICE_ROUNDS], i % PRICE_ROUNDS, turn);
	return middle_of(values, count * PRICE_ROUNDS);
}

void xdp_price_judge(
	const struct price_log copies[XDP_PRICE_COPIES], struct price price[LEVEL_DEBUG + 1])
{
	const struct middle noise = added_by(copies, XDP_PRICE_COPIES, PRICE_NONE_AGAIN);

	for (unsigned level = 0; level <= LEVEL_DEBUG; level++) {
		enum price_turn turn = PRICE_BASIC + level;
		struct middle all = added_by(copies, XDP_PRICE_COPIES, turn);
		double error_ns = fmax(fabs(noise.low), fabs(noise.high));

		error_ns = fmax(error_ns, fmax(all.high - all.median, all.median - all.low));
		for (unsigned i = 0; i < XDP_PRICE_COPIES; i++)
			error_ns = fmax(
				error_ns, fabs(added_by(&copies[i], 1, turn).median - all.median));
		price[level] = (struct price){ all.median, error_ns };
	}
}

static int run(const struct xdp_program *program, const struct xdp_price_trial *trial,
	struct price_log *log, struct err *err)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = trial->frame, .data_size_in = trial->length,
		/* the last turn ends with the packet after it */
		.repeat = PRICE_ROUNDS * PRICE_TURNS * PRICE_TURN_PACKETS + 1);
	int map = xdp_program_map_fd(program, "price_logs");
	__u32 key = 0;

	if (bpf_prog_test_run_opts(xdp_program_fd(program), &opts) ||
		bpf_map_lookup_elem(map, &key, log))
		return err_set(err, -errno, "run the XDP program by itself");
	if (opts.retval != XDP_TX || log->turn != PRICE_ROUNDS * PRICE_TURNS)
		return err_say(err, -EPROTO, "the XDP program does not answer: %u", opts.retval);
	return 0;
}

int xdp_price_run(const struct xdp_price_trial *trial, struct price_log *log, struct err *err)
{
	const struct xdp_program_settings settings = {
		.queues = 1,
		.services = trial->services,
		.tables = trial->tables,
		.state = &trial->state,
		.priced = true,
	};
	struct xdp_program *program;
	int ret;

	if (trial->stop && __atomic_load_n(trial->stop, __ATOMIC_RELAXED))
		return -ECANCELED;
	ret = xdp_program_open(&program, &settings, err);
	if (ret)
		return ret;
	ret = run(program, trial, log, err);
	xdp_program_close(program);
	return ret;
}
