/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/generate_report.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "generate/settings.h"
#include "stats/units.h"

static const char *const corruptions[CORRUPTIONS] = {
	[CORRUPT_TAGS] = "tags",
	[CORRUPT_ADDRESSES] = "addresses",
	[CORRUPT_DSCP] = "dscp",
	[CORRUPT_HEADERS] = "headers",
	[CORRUPT_PAYLOAD] = "payload",
};

static void put_rate(struct writer *out, double pps, double bps)
{
	char a[UNITS_BYTES], b[UNITS_BYTES];

	writer_format(out, "%s, %s", units_si(a, sizeof(a), pps, "pps"),
		units_si(b, sizeof(b), bps, "b/s"));
}

/* A share in per cent, with as many decimals as tell it from none. */
static const char *percent(char *text, double share)
{
	units_fixed(text, UNITS_FIXED_BYTES, 100 * share, 3);
	return text;
}

void report_line(struct writer *out, const struct figures *now, const struct figures *before)
{
	struct figures_rates rates = figures_rates(now, before);
	struct round_trip trip = counts_round_trip(&now->counts);
	char seconds[UNITS_FIXED_BYTES], p50[UNITS_BYTES], p99[UNITS_BYTES];

	writer_format(out, "%6s s  sent ",
		units_fixed(seconds, sizeof(seconds), (double)now->elapsed_ns / 1e9, 1));
	put_rate(out, rates.tx_pps, rates.tx_bps);
	writer_text(out, "  back ");
	put_rate(out, rates.rx_pps, rates.rx_bps);
	writer_format(out,
		"  lost %" PRIu64 "  late %" PRIu64 "  duplicated %" PRIu64 "  reordered %" PRIu64
		"  corrupted %" PRIu64,
		now->lost, (uint64_t)now->counts.late, (uint64_t)now->counts.duplicated,
		(uint64_t)now->counts.reordered, figures_corrupted(now));
	if (now->unsent)
		writer_format(out, "  unsent %" PRIu64, now->unsent);
	if (trip.count)
		writer_format(out, "  p50 %s  p99 %s", units_ns(p50, sizeof(p50), trip.p50),
			units_ns(p99, sizeof(p99), trip.p99));
	writer_text(out, "\n");
}

static void put_head(struct writer *out, const struct figures *f)
{
	char rate[UNITS_BYTES], seconds[UNITS_FIXED_BYTES];

	writer_format(out, "%" PRIu32 " bytes, ", f->size);
	if (f->rate_pps)
		writer_format(out, "%s asked for, ",
			units_si(rate, sizeof(rate), (double)f->rate_pps, "pps"));
	else
		writer_text(out, "as fast as it goes, ");
	writer_format(out, "%s s, %s engine (%s)\n",
		units_fixed(seconds, sizeof(seconds), (double)f->elapsed_ns / 1e9, 3), f->engine,
		f->mode);
	if (f->why[0]) {
		writer_text(out, "  why         ");
		writer_plain(out, f->why);
		writer_text(out, "\n");
	}
}

static void put_counts(struct writer *out, const struct figures *f)
{
	char text[UNITS_FIXED_BYTES];

	writer_format(out, "  lost        %" PRIu64 " (%s %%)\n", f->lost,
		percent(text, figures_loss(f)));
	if (f->receiver_drops)
		writer_format(out,
			"              of them up to %" PRIu64 " for want of room at this end\n",
			f->receiver_drops);
	writer_format(out,
		"  late        %" PRIu64 "\n  duplicated  %" PRIu64 "\n  reordered   %" PRIu64
		"\n  corrupted   %" PRIu64,
		(uint64_t)f->counts.late, (uint64_t)f->counts.duplicated,
		(uint64_t)f->counts.reordered, figures_corrupted(f));
	for (unsigned i = 0; i < CORRUPTIONS; i++)
		writer_format(out, "%s%s %" PRIu64, i ? ", " : " (", corruptions[i],
			(uint64_t)f->counts.corrupted[i]);
	writer_text(out, ")\n");
	if (f->counts.stray)
		writer_format(out,
			"  stray       %" PRIu64 " (answers nobody waited for any more)\n",
			(uint64_t)f->counts.stray);
}

static void put_trip(struct writer *out, const struct figures *f)
{
	struct round_trip trip = counts_round_trip(&f->counts);
	const struct {
		const char *name;
		uint64_t ns;
	} points[] = { { "min", trip.min }, { "mean", trip.mean }, { "p50", trip.p50 },
		{ "p90", trip.p90 }, { "p99", trip.p99 }, { "p99.9", trip.p999 },
		{ "max", trip.max }, { "jitter", trip.jitter } };
	char text[UNITS_BYTES];

	if (!trip.count)
		return;
	writer_text(out, "  round trip  ");
	for (unsigned i = 0; i < sizeof(points) / sizeof(*points); i++)
		writer_format(out, "%s%s %s", i ? ", " : "", points[i].name,
			units_ns(text, sizeof(text), points[i].ns));
	if (f->sampled > 1)
		writer_format(out, " (of one packet in %" PRIu32 ")\n", f->sampled);
	else
		writer_text(out, " (of every packet)\n");
}

void report_text(struct writer *out, const struct figures *f)
{
	struct figures_rates rates = figures_rates(f, NULL);

	put_head(out, f);
	writer_format(out, "  sent        %" PRIu64 "  ", f->sent);
	put_rate(out, rates.tx_pps, rates.tx_bps);
	if (f->unsent)
		writer_format(out, "; %" PRIu64 " more were due and could not be sent", f->unsent);
	writer_format(out, "\n  received    %" PRIu64 "  ", (uint64_t)f->counts.received);
	put_rate(out, rates.rx_pps, rates.rx_bps);
	writer_text(out, "\n");
	put_counts(out, f);
	put_trip(out, f);
}

static void json_number(struct writer *out, const char *key, double value, unsigned decimals)
{
	char text[UNITS_FIXED_BYTES];

	writer_format(out, "\"%s\": %s", key, units_fixed(text, sizeof(text), value, decimals));
}

static void json_rates(struct writer *out, const struct figures_rates *rates)
{
	json_number(out, "tx_pps", rates->tx_pps, 1);
	writer_text(out, ", ");
	json_number(out, "tx_bps", rates->tx_bps, 1);
	writer_text(out, ", ");
	json_number(out, "rx_pps", rates->rx_pps, 1);
	writer_text(out, ", ");
	json_number(out, "rx_bps", rates->rx_bps, 1);
}

static void json_trip(struct writer *out, const struct figures *f)
{
	struct round_trip trip = counts_round_trip(&f->counts);
	const struct {
		const char *key;
		uint64_t ns;
	} points[] = { { "min", trip.min }, { "mean", trip.mean }, { "p50", trip.p50 },
		{ "p90", trip.p90 }, { "p99", trip.p99 }, { "p999", trip.p999 },
		{ "max", trip.max }, { "jitter", trip.jitter } };

	writer_format(out, "\"rtt_ns\": {\"sampled\": \"1/%" PRIu32 "\", \"count\": %" PRIu64,
		f->sampled, trip.count);
	for (unsigned i = 0; i < sizeof(points) / sizeof(*points); i++) {
		if (trip.count)
			writer_format(out, ", \"%s\": %" PRIu64, points[i].key, points[i].ns);
		else
			writer_format(out, ", \"%s\": null", points[i].key);
	}
	writer_text(out, "}");
}

static void json_corrupted(struct writer *out, const struct figures *f)
{
	writer_format(out, "\"corrupted\": {\"total\": %" PRIu64, figures_corrupted(f));
	for (unsigned i = 0; i < CORRUPTIONS; i++)
		writer_format(out, ", \"%s\": %" PRIu64, corruptions[i],
			(uint64_t)f->counts.corrupted[i]);
	writer_text(out, "}");
}

void report_json(
	struct writer *out, const struct figures *now, const struct figures *before, bool final)
{
	struct figures_rates all = figures_rates(now, NULL), interval = figures_rates(now, before);
	char time[UNITS_BYTES];

	writer_format(out,
		"{\"schema\": 1, \"time\": \"%s\", \"final\": %s, \"size\": %" PRIu32 ", ",
		units_time(time, sizeof(time), (int64_t)clock_read_ns(CLOCK_REALTIME)),
		final ? "true" : "false", now->size);
	if (now->rate_pps)
		writer_format(out, "\"rate_pps\": %" PRIu64, now->rate_pps);
	else
		writer_text(out, "\"rate_pps\": null");
	writer_format(
		out, ", \"engine\": \"%s\", \"mode\": \"%s\", \"why\": ", now->engine, now->mode);
	writer_quoted(out, now->why);
	writer_text(out, ", ");
	json_number(out, "elapsed_s", (double)now->elapsed_ns / 1e9, 3);
	writer_format(out,
		", \"sent\": %" PRIu64 ", \"unsent\": %" PRIu64 ", \"received\": %" PRIu64
		", \"late\": %" PRIu64 ", \"lost\": %" PRIu64 ", \"in_flight\": %" PRIu64
		", \"duplicated\": %" PRIu64 ", \"reordered\": %" PRIu64 ", \"stray\": %" PRIu64
		", \"receiver_drops\": %" PRIu64 ", ",
		now->sent, now->unsent, (uint64_t)now->counts.received, (uint64_t)now->counts.late,
		now->lost, now->in_flight, (uint64_t)now->counts.duplicated,
		(uint64_t)now->counts.reordered, (uint64_t)now->counts.stray, now->receiver_drops);
	json_corrupted(out, now);
	writer_text(out, ", ");
	json_rates(out, &all);
	writer_text(out, ", \"interval\": {");
	json_rates(out, &interval);
	writer_text(out, "}, ");
	json_trip(out, now);
	writer_text(out, "}\n");
}

void report_csv_header(struct writer *out)
{
	writer_text(out, "time,final,size,rate_pps,engine,elapsed_s,sent,unsent,received,late,lost,"
			 "in_flight,"
			 "duplicated,reordered,stray,receiver_drops");
	for (unsigned i = 0; i < CORRUPTIONS; i++)
		writer_format(out, ",corrupted_%s", corruptions[i]);
	writer_text(out, ",tx_pps,tx_bps,rx_pps,rx_bps,rtt_count,rtt_min_ns,rtt_mean_ns,rtt_p50_ns,"
			 "rtt_p90_ns,"
			 "rtt_p99_ns,rtt_p999_ns,rtt_max_ns,rtt_jitter_ns\n");
}

static void csv_number(struct writer *out, double value, unsigned decimals)
{
	char text[UNITS_FIXED_BYTES];

	writer_format(out, ",%s", units_fixed(text, sizeof(text), value, decimals));
}

/* An interval's row has the rates of the interval, the final one those of the whole. */
void report_csv(
	struct writer *out, const struct figures *now, const struct figures *before, bool final)
{
	struct figures_rates rates = figures_rates(now, final ? NULL : before);
	struct round_trip trip = counts_round_trip(&now->counts);
	const uint64_t times[] = { trip.min, trip.mean, trip.p50, trip.p90, trip.p99, trip.p999,
		trip.max, trip.jitter };
	char time[UNITS_BYTES];

	writer_format(out, "%s,%s,%" PRIu32 ",",
		units_time(time, sizeof(time), (int64_t)clock_read_ns(CLOCK_REALTIME)),
		final ? "true" : "false", now->size);
	if (now->rate_pps)
		writer_format(out, "%" PRIu64, now->rate_pps);
	writer_format(out, ",%s", now->engine);
	csv_number(out, (double)now->elapsed_ns / 1e9, 3);
	writer_format(out,
		",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64
		",%" PRIu64 ",%" PRIu64 ",%" PRIu64,
		now->sent, now->unsent, (uint64_t)now->counts.received, (uint64_t)now->counts.late,
		now->lost, now->in_flight, (uint64_t)now->counts.duplicated,
		(uint64_t)now->counts.reordered, (uint64_t)now->counts.stray, now->receiver_drops);
	for (unsigned i = 0; i < CORRUPTIONS; i++)
		writer_format(out, ",%" PRIu64, (uint64_t)now->counts.corrupted[i]);
	csv_number(out, rates.tx_pps, 1);
	csv_number(out, rates.tx_bps, 1);
	csv_number(out, rates.rx_pps, 1);
	csv_number(out, rates.rx_bps, 1);
	writer_format(out, ",%" PRIu64, trip.count);
	for (unsigned i = 0; i < sizeof(times) / sizeof(*times); i++) {
		writer_text(out, ",");
		if (trip.count)
			writer_format(out, "%" PRIu64, times[i]);
	}
	writer_text(out, "\n");
}
