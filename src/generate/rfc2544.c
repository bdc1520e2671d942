// SPDX-License-Identifier: BSD-2-Clause
#include "generate/rfc2544.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

const char *const rfc2544_names[RFC2544_TESTS + 1] = { "throughput", "latency", "loss",
	"back-to-back", NULL };

/* A run whose sender fell this far behind its rate is done again, so often. */
#define BEHIND 0.01
#define RETRIES 3
#define STEP_PERCENT 10

struct bench {
	const struct rfc2544_settings *settings;
	const struct rfc2544_runner *runner;
	struct rfc2544_results *results;
	struct rfc2544_size *size;
	uint64_t limit_pps; /* 0: as fast as it goes */
	struct figures *figures; /* of the newest run */
};

static bool is_behind(const struct figures *f)
{
	return (double)f->unsent > BEHIND * (double)(f->sent + f->unsent);
}

/* One run at a rate; again when the sender could not keep it. */
static int try(struct bench *b, enum rfc2544_test test, const struct generate_trial *trial,
	struct err *err)
{
	int code = 0;

	for (unsigned i = 0; i <= RETRIES && !code; i++) {
		memset(b->figures, 0, sizeof(*b->figures));
		code = b->runner->run(b->runner->context, test, trial, b->figures, err);
		b->size->trials++;
		b->size->receiver_drops += b->figures->receiver_drops;
		if (!trial->rate_pps || !is_behind(b->figures))
			break;
	}
	return code;
}

static bool passes(const struct bench *b)
{
	return b->figures->sent && figures_loss(b->figures) <= b->settings->loss;
}

static double sent_pps(const struct bench *b)
{
	return figures_rates(b->figures, NULL).tx_pps;
}

static struct generate_trial trial_at(const struct bench *b, uint64_t rate_pps)
{
	return (struct generate_trial){
		.size = b->size->size,
		.rate_pps = rate_pps,
		.duration_ns = b->settings->trial_ns,
	};
}

/* 100 %: what it is, and what is lost there. */
static int find_maximum(struct bench *b, enum rfc2544_test test, struct err *err)
{
	struct generate_trial trial = trial_at(b, b->limit_pps);
	int code = try(b, test, &trial, err);

	if (code)
		return code;
	b->size->max_pps = b->limit_pps ? (double)b->limit_pps : sent_pps(b);
	b->size->max_loss = figures_loss(b->figures);
	return 0;
}

/* The highest rate at which no more is lost than tolerated (§26.1), by halving. */
static int search_throughput(struct bench *b, double *found, struct err *err)
{
	double low = 0, high, step;
	int code = find_maximum(b, RFC2544_THROUGHPUT, err);

	if (code)
		return code;
	high = b->size->max_pps;
	step = b->settings->resolution * high;
	if (passes(b)) {
		*found = sent_pps(b);
		b->size->sender_limit = !b->limit_pps || is_behind(b->figures);
		return 0;
	}
	while (high - low > step && high - low >= 1) {
		double middle = low + (high - low) / 2, sent;
		struct generate_trial trial =
			trial_at(b, middle < 1 ? 1 : (uint64_t)(middle + 0.5));

		code = try(b, RFC2544_THROUGHPUT, &trial, err);
		if (code)
			return code;
		/* what was sent counts, not what was asked for */
		sent = is_behind(b->figures) ? sent_pps(b) : middle;
		if (passes(b)) {
			low = sent > low ? sent : low;
			if (sent < middle) { /* more cannot be sent: that bounds the search, too */
				high = middle;
				b->size->sender_limit = true;
			}
		} else {
			high = sent < high ? sent : high;
			b->size->sender_limit = false;
		}
	}
	*found = low;
	return 0;
}

static int run_throughput(struct bench *b, struct err *err)
{
	double sum = 0, found = 0;
	int code = 0;

	if (b->size->done[RFC2544_THROUGHPUT])
		return 0;
	for (unsigned i = 0; i < b->settings->repeat && !code; i++) {
		code = search_throughput(b, &found, err);
		sum += found;
	}
	if (code)
		return code;
	b->size->throughput_pps = sum / b->settings->repeat;
	b->size->done[RFC2544_THROUGHPUT] = true;
	return 0;
}

static void add_trip(struct round_trip *sum, const struct round_trip *one, bool first)
{
	sum->count += one->count;
	sum->min = first || one->min < sum->min ? one->min : sum->min;
	sum->max = one->max > sum->max ? one->max : sum->max;
	sum->mean += one->mean;
	sum->p50 += one->p50;
	sum->p90 += one->p90;
	sum->p99 += one->p99;
	sum->p999 += one->p999;
	sum->jitter += one->jitter;
}

/* §26.2: at the throughput. The RFC times one frame of a stream and repeats that 20 times; here every packet or
 * one in 64 is timed. */
static int run_latency(struct bench *b, struct err *err)
{
	struct round_trip *sum = &b->size->latency;
	unsigned repeat = b->settings->repeat;
	int code = run_throughput(b, err);

	if (code || b->size->throughput_pps < 1)
		return code;
	for (unsigned i = 0; i < repeat; i++) {
		struct generate_trial trial = trial_at(b, (uint64_t)b->size->throughput_pps);
		struct round_trip trip;

		trial.duration_ns *= 2;
		code = try(b, RFC2544_LATENCY, &trial, err);
		if (code)
			return code;
		trip = counts_round_trip(&b->figures->counts);
		b->size->sampled = b->figures->sampled;
		add_trip(sum, &trip, !i);
	}
	sum->mean /= repeat;
	sum->p50 /= repeat;
	sum->p90 /= repeat;
	sum->p99 /= repeat;
	sum->p999 /= repeat;
	sum->jitter /= repeat;
	b->size->done[RFC2544_LATENCY] = true;
	return 0;
}

static int measure_point(struct bench *b, struct rfc2544_point *point, struct err *err)
{
	double rate = b->size->max_pps * point->percent / 100;

	for (unsigned i = 0; i < b->settings->repeat; i++) {
		struct generate_trial trial = trial_at(b, rate < 1 ? 1 : (uint64_t)rate);
		int code;

		if (point->percent == 100)
			trial.rate_pps = b->limit_pps;
		code = try(b, RFC2544_LOSS, &trial, err);
		if (code)
			return code;
		point->pps += sent_pps(b) / b->settings->repeat;
		point->loss += figures_loss(b->figures) / b->settings->repeat;
	}
	return 0;
}

/* §26.3: from 100 % down by tenths, until two in a row lose nothing. */
static int run_loss(struct bench *b, struct err *err)
{
	struct rfc2544_size *size = b->size;
	unsigned clean = 0;

	if (!size->done[RFC2544_THROUGHPUT] && !b->limit_pps) {
		int code = find_maximum(b, RFC2544_LOSS, err);

		if (code)
			return code;
	} else if (!size->done[RFC2544_THROUGHPUT]) {
		size->max_pps = (double)b->limit_pps;
	}
	for (unsigned percent = 100; percent && clean < 2; percent -= STEP_PERCENT) {
		struct rfc2544_point *point = &size->points[size->points_count];
		int code;

		point->percent = percent;
		code = measure_point(b, point, err);
		if (code)
			return code;
		size->points_count++;
		clean = point->loss > 0 ? 0 : clean + 1;
	}
	size->max_loss = size->points[0].loss;
	size->done[RFC2544_LOSS] = true;
	return 0;
}

static int try_burst(struct bench *b, uint64_t frames, struct err *err)
{
	struct generate_trial trial = trial_at(b, b->limit_pps);

	trial.duration_ns = 0;
	trial.packets = frames;
	return try(b, RFC2544_BACK_TO_BACK, &trial, err);
}

/* The longest burst of which nothing is lost (§26.4): up to what a run of the usual length would send. */
static int search_burst(struct bench *b, double *found, struct err *err)
{
	uint64_t high = (uint64_t)(b->size->max_pps * (double)b->settings->trial_ns / 1e9), low = 0;
	uint64_t step = (uint64_t)(b->settings->resolution * (double)high),
		 middle = high ? high : 1;

	for (high = middle + 1; high - low > (step ? step : 1); middle = low + (high - low) / 2) {
		int code = try_burst(b, middle, err);

		if (code)
			return code;
		if (passes(b))
			low = middle;
		else
			high = middle;
	}
	*found = (double)low;
	return 0;
}

static int run_back_to_back(struct bench *b, struct err *err)
{
	double sum = 0, found = 0;
	int code = 0;

	if (!b->size->done[RFC2544_THROUGHPUT] && !b->size->done[RFC2544_LOSS])
		code = find_maximum(b, RFC2544_BACK_TO_BACK, err);
	for (unsigned i = 0; i < b->settings->repeat && !code; i++) {
		code = search_burst(b, &found, err);
		sum += found;
	}
	if (code)
		return code;
	b->size->burst_frames = sum / b->settings->repeat;
	b->size->done[RFC2544_BACK_TO_BACK] = true;
	return 0;
}

static int run_size(struct bench *b, struct err *err)
{
	static int (*const tests[RFC2544_TESTS])(struct bench *, struct err *) = { run_throughput,
		run_latency, run_loss, run_back_to_back };
	int code = 0;

	for (unsigned test = 0; test < RFC2544_TESTS && !code; test++)
		if (b->settings->wanted[test])
			code = tests[test](b, err);
	return code;
}

int rfc2544_run(const struct rfc2544_settings *settings, const struct rfc2544_runner *runner,
	struct rfc2544_results *results, struct err *err)
{
	struct bench b = { .settings = settings, .runner = runner, .results = results };
	int code = 0;

	memset(results, 0, sizeof(*results));
	b.figures = calloc(1, sizeof(*b.figures));
	if (!b.figures)
		return err_set(err, -ENOMEM, "make room for figures");
	for (unsigned i = 0; i < settings->sizes.count && !code; i++) {
		b.size = &results->size[results->count++];
		b.size->size = settings->sizes.size[i];
		b.limit_pps = settings->max_pps[i];
		code = run_size(&b, err);
		results->engine = b.figures->engine;
		memcpy(results->mode, b.figures->mode, sizeof(results->mode));
		memcpy(results->why, b.figures->why, sizeof(results->why));
	}
	free(b.figures);
	results->complete = !code;
	return code == -EINTR ? 0 : code;
}
