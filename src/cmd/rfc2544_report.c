/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/rfc2544_report.h"

#include <inttypes.h>

#include "base/clock.h"
#include "stats/units.h"

static double bits(const struct rfc2544_size *size, double pps)
{
	return pps * 8 * (size->size - ETHERNET_FCS);
}

static void put_number(struct writer *out, double value, unsigned decimals)
{
	char text[UNITS_FIXED_BYTES];

	writer_text(out, units_fixed(text, sizeof(text), value, decimals));
}

static void put_percent(struct writer *out, double share)
{
	put_number(out, 100 * share, 3);
	writer_text(out, " %");
}

static const char *asked(const struct figures *f, char *text)
{
	return f->rate_pps ? units_si(text, UNITS_BYTES, (double)f->rate_pps, "pps") : "max";
}

void rfc2544_trial_text(struct writer *out, enum rfc2544_test test, const struct figures *f)
{
	struct figures_rates rates = figures_rates(f, NULL);
	char rate[UNITS_BYTES], sent[UNITS_BYTES], back[UNITS_BYTES];

	writer_format(out,
		"%5" PRIu32 " bytes  %-12s  %10s  sent %" PRIu64 " (%s)  back %s  lost %" PRIu64
		" (",
		f->size, rfc2544_names[test], asked(f, rate), f->sent,
		units_si(sent, sizeof(sent), rates.tx_pps, "pps"),
		units_si(back, sizeof(back), rates.rx_pps, "pps"), f->lost);
	put_percent(out, figures_loss(f));
	writer_text(out, ")");
	if (f->unsent)
		writer_format(out, "  unsent %" PRIu64, f->unsent);
	writer_text(out, "\n");
}

void rfc2544_trial_json(struct writer *out, enum rfc2544_test test, const struct figures *f)
{
	struct figures_rates rates = figures_rates(f, NULL);
	char time[UNITS_BYTES];

	writer_format(out,
		"{\"schema\": 1, \"time\": \"%s\", \"final\": false, \"trial\": {\"test\": \"%s\", "
		"\"size\": %" PRIu32 ", \"rate_pps\": ",
		units_time(time, sizeof(time), (int64_t)clock_read_ns(CLOCK_REALTIME)),
		rfc2544_names[test], f->size);
	if (f->rate_pps)
		writer_format(out, "%" PRIu64, f->rate_pps);
	else
		writer_text(out, "null");
	writer_format(out,
		", \"sent\": %" PRIu64 ", \"unsent\": %" PRIu64 ", \"received\": %" PRIu64
		", \"late\": %" PRIu64 ", \"lost\": %" PRIu64 ", \"receiver_drops\": %" PRIu64
		", \"tx_pps\": ",
		f->sent, f->unsent, (uint64_t)f->counts.received, (uint64_t)f->counts.late, f->lost,
		f->receiver_drops);
	put_number(out, rates.tx_pps, 1);
	writer_text(out, ", \"rx_pps\": ");
	put_number(out, rates.rx_pps, 1);
	writer_text(out, "}}\n");
}

static void text_throughput(struct writer *out, const struct rfc2544_results *results)
{
	char a[UNITS_BYTES], b[UNITS_BYTES];

	writer_text(out, "\nThroughput (26.1)\n   size            rate              bits   of max  "
			 "loss at max\n");
	for (unsigned i = 0; i < results->count; i++) {
		const struct rfc2544_size *size = &results->size[i];

		if (!size->done[RFC2544_THROUGHPUT])
			continue;
		writer_format(out, "  %5" PRIu32 "  %14s  %16s  ", size->size,
			units_si(a, sizeof(a), size->throughput_pps, "pps"),
			units_si(b, sizeof(b), bits(size, size->throughput_pps), "b/s"));
		put_number(
			out, size->max_pps > 0 ? 100 * size->throughput_pps / size->max_pps : 0, 1);
		writer_text(out, " %  ");
		put_percent(out, size->max_loss);
		writer_text(out, size->sender_limit ? "  (all that could be sent)\n" : "\n");
	}
}

static void text_latency(struct writer *out, const struct rfc2544_results *results)
{
	char text[UNITS_BYTES];

	writer_text(out, "\nLatency, round trip at the throughput (26.2)\n"
			 "   size       min      mean       p50       p90       p99     p99.9      "
			 " max    jitter\n");
	for (unsigned i = 0; i < results->count; i++) {
		const struct rfc2544_size *size = &results->size[i];
		const struct round_trip *trip = &size->latency;
		const uint64_t times[] = { trip->min, trip->mean, trip->p50, trip->p90, trip->p99,
			trip->p999, trip->max, trip->jitter };

		if (!size->done[RFC2544_LATENCY])
			continue;
		writer_format(out, "  %5" PRIu32, size->size);
		for (unsigned k = 0; k < sizeof(times) / sizeof(*times); k++)
			writer_format(out, " %9s", units_ns(text, sizeof(text), times[k]));
		if (size->sampled > 1)
			writer_format(out, "  (1 in %" PRIu32 ")", size->sampled);
		writer_text(out, "\n");
	}
}

static void text_loss(struct writer *out, const struct rfc2544_results *results)
{
	char text[UNITS_BYTES];

	writer_text(out, "\nFrame loss rate (26.3)\n   size  of max            rate  loss\n");
	for (unsigned i = 0; i < results->count; i++) {
		const struct rfc2544_size *size = &results->size[i];

		for (unsigned k = 0; k < size->points_count; k++) {
			const struct rfc2544_point *point = &size->points[k];

			writer_format(out, "  %5" PRIu32 "  %4u %%  %14s  ", size->size,
				point->percent, units_si(text, sizeof(text), point->pps, "pps"));
			put_percent(out, point->loss);
			writer_text(out, "\n");
		}
	}
}

static void text_back_to_back(struct writer *out, const struct rfc2544_results *results)
{
	writer_text(out, "\nBack-to-back frames (26.4)\n   size  longest burst without loss\n");
	for (unsigned i = 0; i < results->count; i++) {
		const struct rfc2544_size *size = &results->size[i];

		if (!size->done[RFC2544_BACK_TO_BACK])
			continue;
		writer_format(out, "  %5" PRIu32 "  ", size->size);
		put_number(out, size->burst_frames, 0);
		writer_text(out, " frames\n");
	}
}

static bool any(const struct rfc2544_results *results, enum rfc2544_test test)
{
	for (unsigned i = 0; i < results->count; i++)
		if (results->size[i].done[test] ||
			(test == RFC2544_LOSS && results->size[i].points_count))
			return true;
	return false;
}

void rfc2544_text(struct writer *out, const struct rfc2544_results *results)
{
	static void (*const tables[RFC2544_TESTS])(
		struct writer *, const struct rfc2544_results *) = { text_throughput, text_latency,
		text_loss, text_back_to_back };
	uint64_t drops = 0;

	writer_format(out, "\nRFC 2544, %s engine (%s)%s\n",
		results->engine ? results->engine : "no", results->mode,
		results->complete ? "" : ", broken off");
	for (unsigned test = 0; test < RFC2544_TESTS; test++)
		if (any(results, (enum rfc2544_test)test))
			tables[test](out, results);
	for (unsigned i = 0; i < results->count; i++)
		drops += results->size[i].receiver_drops;
	if (drops)
		writer_format(out,
			"\nThis end had no room for %" PRIu64
			" answers: part of the loss is its own.\n",
			drops);
}

static void json_key(struct writer *out, const char *key, double value, unsigned decimals)
{
	writer_format(out, ", \"%s\": ", key);
	put_number(out, value, decimals);
}

static void json_loss(struct writer *out, const struct rfc2544_size *size)
{
	writer_text(out, ", \"loss\": [");
	for (unsigned i = 0; i < size->points_count; i++) {
		writer_format(out, "%s{\"percent\": %u", i ? ", " : "", size->points[i].percent);
		json_key(out, "tx_pps", size->points[i].pps, 1);
		json_key(out, "loss_percent", 100 * size->points[i].loss, 3);
		writer_text(out, "}");
	}
	writer_text(out, "]");
}

static void json_latency(struct writer *out, const struct rfc2544_size *size)
{
	const struct round_trip *trip = &size->latency;

	writer_format(out,
		", \"latency\": {\"sampled\": \"1/%" PRIu32 "\", \"count\": %" PRIu64
		", \"min\": %" PRIu64 ", \"mean\": %" PRIu64 ", \"p50\": %" PRIu64
		", \"p90\": %" PRIu64 ", \"p99\": %" PRIu64 ", \"p999\": %" PRIu64
		", \"max\": %" PRIu64 ", \"jitter\": %" PRIu64 "}",
		size->sampled, trip->count, trip->min, trip->mean, trip->p50, trip->p90, trip->p99,
		trip->p999, trip->max, trip->jitter);
}

static void json_size(struct writer *out, const struct rfc2544_size *size)
{
	writer_format(out, "{\"size\": %" PRIu32 ", \"trials\": %u, \"receiver_drops\": %" PRIu64,
		size->size, size->trials, size->receiver_drops);
	json_key(out, "max_pps", size->max_pps, 1);
	if (size->done[RFC2544_THROUGHPUT]) {
		writer_text(out, ", \"throughput\": {\"pps\": ");
		put_number(out, size->throughput_pps, 1);
		json_key(out, "bps", bits(size, size->throughput_pps), 1);
		writer_format(
			out, ", \"sender_limit\": %s}", size->sender_limit ? "true" : "false");
	}
	if (size->done[RFC2544_LATENCY])
		json_latency(out, size);
	if (size->points_count)
		json_loss(out, size);
	if (size->done[RFC2544_BACK_TO_BACK])
		json_key(out, "back_to_back_frames", size->burst_frames, 1);
	writer_text(out, "}");
}

void rfc2544_json(struct writer *out, const struct rfc2544_settings *settings,
	const struct rfc2544_results *results)
{
	char time[UNITS_BYTES];

	writer_format(out,
		"{\"schema\": 1, \"time\": \"%s\", \"final\": true, \"complete\": %s, \"engine\": "
		"\"%s\", "
		"\"mode\": \"%s\", \"why\": ",
		units_time(time, sizeof(time), (int64_t)clock_read_ns(CLOCK_REALTIME)),
		results->complete ? "true" : "false", results->engine ? results->engine : "",
		results->mode);
	writer_quoted(out, results->why);
	json_key(out, "trial_s", (double)settings->trial_ns / 1e9, 3);
	writer_format(out, ", \"repeat\": %u", settings->repeat);
	json_key(out, "resolution_percent", 100 * settings->resolution, 3);
	json_key(out, "loss_percent", 100 * settings->loss, 3);
	writer_text(out, ", \"rfc2544\": [");
	for (unsigned i = 0; i < results->count; i++) {
		writer_text(out, i ? ", " : "");
		json_size(out, &results->size[i]);
	}
	writer_text(out, "]}\n");
}

static void csv_row(struct writer *out, const char *test, const struct rfc2544_size *size)
{
	writer_format(out, "%s,%" PRIu32, test, size->size);
}

static void csv_number(struct writer *out, double value, unsigned decimals)
{
	writer_text(out, ",");
	put_number(out, value, decimals);
}

static void csv_size(struct writer *out, const struct rfc2544_size *size)
{
	const struct round_trip *trip = &size->latency;

	if (size->done[RFC2544_THROUGHPUT]) {
		csv_row(out, "throughput", size);
		csv_number(
			out, size->max_pps > 0 ? 100 * size->throughput_pps / size->max_pps : 0, 3);
		csv_number(out, size->throughput_pps, 1);
		csv_number(out, bits(size, size->throughput_pps), 1);
		writer_text(out, ",,,,,,,,,,\n");
	}
	if (size->done[RFC2544_LATENCY]) {
		csv_row(out, "latency", size);
		writer_text(out, ",");
		csv_number(out, size->throughput_pps, 1);
		csv_number(out, bits(size, size->throughput_pps), 1);
		writer_format(out,
			",,,%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64
			",%" PRIu64 ",%" PRIu64 "\n",
			trip->min, trip->mean, trip->p50, trip->p90, trip->p99, trip->p999,
			trip->max, trip->jitter);
	}
	for (unsigned i = 0; i < size->points_count; i++) {
		csv_row(out, "loss", size);
		writer_format(out, ",%u", size->points[i].percent);
		csv_number(out, size->points[i].pps, 1);
		csv_number(out, bits(size, size->points[i].pps), 1);
		csv_number(out, 100 * size->points[i].loss, 3);
		writer_text(out, ",,,,,,,,,\n");
	}
	if (size->done[RFC2544_BACK_TO_BACK]) {
		csv_row(out, "back-to-back", size);
		writer_text(out, ",,,,");
		csv_number(out, size->burst_frames, 1);
		writer_text(out, ",,,,,,,,\n");
	}
}

void rfc2544_csv(struct writer *out, const struct rfc2544_results *results)
{
	writer_text(out,
		"test,size,percent_of_max,pps,bps,loss_percent,burst_frames,rtt_min_ns,rtt_mean_ns,"
		"rtt_p50_ns,rtt_p90_ns,rtt_p99_ns,rtt_p999_ns,rtt_max_ns,rtt_jitter_ns\n");
	for (unsigned i = 0; i < results->count; i++)
		csv_size(out, &results->size[i]);
}
