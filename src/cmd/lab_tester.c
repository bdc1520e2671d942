/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/lab_tester.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>

#include "export/writer.h"
#include "generate/generator.h"
#include "stats/units.h"

/* Between two looks at the order. */
#define LOOK_MS 20

/* The service was gone before the end: what was sent behind the last answer is not its loss. */
static void cut(struct lab_trip *trip)
{
	struct figures *f = &trip->figures;
	uint64_t end = f->last_answered + 1; /* 0: none was */

	if (end > f->sent)
		return;
	trip->after = f->sent - end;
	f->sent = end;
	f->lost = end - figures_answered(f);
}

static int work(
	struct generator *generator, const struct generate_trial *trial, struct lab_trip *trip)
{
	struct lab_result *result = &trip->result;
	struct pollfd over = { .fd = generator_fd(generator), .events = POLLIN };
	int code = generator_start(generator, trial, &result->err);

	if (code)
		return code;
	while (poll(&over, 1, LOOK_MS) <= 0) {
		if (lab_order(result) != ORDER_GO)
			generator_order(generator, lab_order(result));
		generator_watch(generator);
	}
	code = generator_finish(generator, &trip->figures, &result->err);
	result->answered = figures_answered(&trip->figures) || trip->figures.counts.knocks;
	if (lab_order(result) == ORDER_ABANDON) {
		cut(trip);
		if (code == -ENODEV || code == -ETIMEDOUT)
			code = 0;
	}
	return code;
}

void lab_tester_run(const struct generate_settings *settings, const struct generate_trial *trial,
	struct lab_result *result)
{
	struct generator *generator;

	result->code = generator_open(&generator, settings, trial->rate_pps, &result->err);
	if (result->code)
		return;
	result->code = work(generator, trial, (struct lab_trip *)result);
	generator_close(generator);
	if (result->code == -ETIMEDOUT)
		err_say(&result->err, result->code, "%s: no test packet has come back within %u s",
			settings->interface, LAB_PATIENCE_S);
}

static void put_trip(struct writer *out, const struct figures *f)
{
	struct round_trip trip = counts_round_trip(&f->counts);
	const struct {
		const char *name;
		uint64_t ns;
	} points[] = { { "p50", trip.p50 }, { "p90", trip.p90 }, { "p99", trip.p99 },
		{ "p99.9", trip.p999 }, { "max", trip.max } };
	char text[UNITS_BYTES];

	for (unsigned i = 0; trip.count && i < sizeof(points) / sizeof(*points); i++)
		writer_format(out, "%s %s %s", i ? "," : "; round trip", points[i].name,
			units_ns(text, sizeof(text), points[i].ns));
}

void lab_trip_print(const struct lab_result *result, char *line, size_t size)
{
	const struct lab_trip *trip = (const struct lab_trip *)result;
	const struct figures *f = &trip->figures;
	struct writer out;

	writer_init(&out, line, size);
	writer_format(&out,
		"sent %" PRIu64 ", received %" PRIu64 ", lost %" PRIu64 ", late %" PRIu64
		", duplicated %" PRIu64 ", reordered %" PRIu64 ", corrupted %" PRIu64,
		f->sent, (uint64_t)f->counts.received, f->lost, (uint64_t)f->counts.late,
		(uint64_t)f->counts.duplicated, (uint64_t)f->counts.reordered,
		figures_corrupted(f));
	if (f->receiver_drops)
		writer_format(&out, ", missed by the tester itself %" PRIu64, f->receiver_drops);
	if (f->unsent)
		writer_format(&out, ", could not be sent %" PRIu64, f->unsent);
	put_trip(&out, f);
	if (f->counts.knocks)
		writer_format(&out, " (behind %" PRIu64 " answered to begin with)",
			(uint64_t)f->counts.knocks);
	if (trip->after)
		writer_format(&out, " (%" PRIu64 " more behind the last answer)", trip->after);
}
