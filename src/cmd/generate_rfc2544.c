/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/generate_rfc2544.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "cmd/rfc2544_report.h"
#include "generate/plot.h"

/* Between two runs, for the far end to settle: 5 s (RFC 2544 §23), or less when runs are short. */
#define PAUSE_NS (5 * NSEC_PER_SEC)
#define PAUSE_SHARE 12

static int print_trial(struct session *session, enum rfc2544_test test,
	const struct figures *figures, struct err *err)
{
	char text[1024];
	struct writer out;

	writer_init(&out, text, sizeof(text));
	if (session->options->format == FORMAT_JSON)
		rfc2544_trial_json(&out, test, figures);
	else if (session->options->format == FORMAT_TEXT)
		rfc2544_trial_text(&out, test, figures);
	return session_write(text, out.length, err);
}

static int run_trial(void *context, enum rfc2544_test test, const struct generate_trial *trial,
	struct figures *figures, struct err *err)
{
	struct session *session = context;
	uint64_t pause = session->options->rfc2544.trial_ns / PAUSE_SHARE;
	int code = session_run(session, trial, false, figures, err);

	if (code)
		return code;
	if (session->ended)
		return -EINTR;
	if (figures->sent && !figures_answered(figures) && !session->answered)
		return -ETIMEDOUT;
	session->answered = true;
	code = print_trial(session, test, figures, err);
	if (!code)
		session_pause(session, pause < PAUSE_NS ? pause : PAUSE_NS);
	return code ? code : session->ended ? -EINTR : 0;
}

static int print_results(struct session *session, const struct rfc2544_settings *settings,
	const struct rfc2544_results *results, struct err *err)
{
	char *text = malloc(RFC2544_REPORT_BYTES);
	struct writer out;
	int code;

	if (!text)
		return err_set(err, -ENOMEM, "make room for the report");
	writer_init(&out, text, RFC2544_REPORT_BYTES);
	if (session->options->format == FORMAT_JSON)
		rfc2544_json(&out, settings, results);
	else if (session->options->format == FORMAT_CSV)
		rfc2544_csv(&out, results);
	else
		rfc2544_text(&out, results);
	code = session_write(text, out.length, err);
	free(text);
	return code;
}

static int draw(const char *name, const struct rfc2544_results *results, struct err *err)
{
	FILE *file = fopen(name, "we");
	int failed;

	if (!file)
		return err_set(err, -errno, "write %s", name);
	plot_write(file, results);
	failed = ferror(file);
	if (fclose(file) || failed)
		return err_say(err, -EIO, "%s could not be written", name);
	return 0;
}

int generate_rfc2544(struct session *session, struct err *err)
{
	const struct rfc2544_runner runner = { .run = run_trial, .context = session };
	struct rfc2544_settings settings = session->options->rfc2544;
	const struct traffic *traffic = &session->options->traffic;
	struct rfc2544_results *results = calloc(1, sizeof(*results));
	int code;

	if (!results)
		return err_set(err, -ENOMEM, "make room for results");
	settings.sizes = traffic->sizes;
	for (unsigned i = 0; i < settings.sizes.count; i++)
		settings.max_pps[i] = traffic_pps(&traffic->wanted, settings.sizes.size[i]);
	code = rfc2544_run(&settings, &runner, results, err);
	if (!code)
		code = print_results(session, &settings, results, err);
	if (!code && session->options->plot)
		code = draw(session->options->plot, results, err);
	free(results);
	return code;
}
