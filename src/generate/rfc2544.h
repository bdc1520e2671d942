/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The four tests of RFC 2544 §26.1–26.4 as a sequence of runs. This file only decides which run comes next and
 * what its figures mean; who runs them is the caller's business, so that the searches can be tested without a
 * network.
 */
#ifndef RINGSIDE_RFC2544_H
#define RINGSIDE_RFC2544_H

#include "base/err.h"
#include "generate/figures.h"
#include "generate/settings.h"

enum rfc2544_test {
	RFC2544_THROUGHPUT,
	RFC2544_LATENCY,
	RFC2544_LOSS,
	RFC2544_BACK_TO_BACK,
	RFC2544_TESTS
};
extern const char *const rfc2544_names[RFC2544_TESTS + 1]; /* "throughput", ...; NULL at the end */

struct rfc2544_settings {
	bool wanted[RFC2544_TESTS];
	struct generate_sizes sizes;
	uint64_t max_pps[GENERATE_SIZES_MAX]; /* 100 % for each size; 0: as fast as it goes */
	double loss; /* tolerated, a share: 0 as the RFC has it */
	double resolution; /* where a search ends, a share of 100 % */
	uint64_t
		trial_ns; /* a run takes so long, the latency's twice as long (RFC 2544 §24, §26.2) */
	unsigned repeat; /* every test; its means are reported */
};

/* Loss at a rate (§26.3). */
struct rfc2544_point {
	unsigned percent; /* of 100 % */
	double pps; /* as it was sent */
	double loss;
};
#define RFC2544_POINTS 10

struct rfc2544_size {
	uint32_t size;
	bool done[RFC2544_TESTS];
	double max_pps; /* what 100 % was */
	double max_loss; /* the loss there; with throughput or loss */
	double throughput_pps;
	bool sender_limit; /* the far end might do more: this is what could be sent */
	struct round_trip
		latency; /* at the throughput; means of all repetitions, the lowest min, the highest max */
	uint32_t sampled;
	unsigned points_count;
	struct rfc2544_point points[RFC2544_POINTS];
	double burst_frames; /* the longest without loss (§26.4) */
	unsigned trials;
	uint64_t receiver_drops; /* answers that this end had no room for, in all runs */
};

struct rfc2544_results {
	bool complete; /* false: it was broken off */
	unsigned count;
	struct rfc2544_size size[GENERATE_SIZES_MAX];
	const char *engine; /* of the last run */
	char mode[64], why[FIGURES_WHY];
};

struct rfc2544_runner {
	/* One run. -EINTR: the user has had enough. */
	int (*run)(void *context, enum rfc2544_test test, const struct generate_trial *trial,
		struct figures *figures, struct err *err);
	void *context;
};

/* Runs all that is wanted, size by size; results hold what there is also when it fails. -EINTR is no failure: 0,
 * with results that are not complete. */
int rfc2544_run(const struct rfc2544_settings *settings, const struct rfc2544_runner *runner,
	struct rfc2544_results *results, struct err *err);

#endif
