/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/command.h"
#include "cmd/generate_options.h"
#include "cmd/generate_rfc2544.h"
#include "cmd/generate_session.h"
#include "generate/frame.h"
#include "generate/target.h"
#include "net/link.h"
#include "net/netns.h"

/* The highest rate of all sizes; 0: as fast as it goes. */
static uint64_t highest_rate(const struct traffic *traffic)
{
	uint64_t highest = 0;

	for (unsigned i = 0; i < traffic->sizes.count; i++) {
		uint64_t pps = traffic_pps(&traffic->wanted, traffic->sizes.size[i]);

		if (!pps)
			return 0;
		if (pps > highest)
			highest = pps;
	}
	return highest;
}

static int no_answer(const struct generate_settings *settings, int code, struct err *err)
{
	char text[TARGET_TEXT];

	if (code != -ETIMEDOUT)
		return code;
	return err_say(err, code,
		"%s: no answer from %s within %.1f s: is a reflector running there, on "
		"port %u, with this signature?",
		settings->interface, target_text(settings, text),
		(double)settings->patience_ns / 1e9, settings->port);
}

/* One run for each size. */
static int run_sizes(struct session *session, struct err *err)
{
	const struct generate_options *options = session->options;
	const struct traffic *traffic = &options->traffic;
	struct figures *figures = malloc(sizeof(*figures));
	int code = figures ? 0 : err_set(err, -ENOMEM, "make room for figures");

	for (unsigned i = 0; i < traffic->sizes.count && !session->ended && !code; i++) {
		const struct generate_trial trial = {
			.size = traffic->sizes.size[i],
			.rate_pps = traffic_pps(&traffic->wanted, traffic->sizes.size[i]),
			.duration_ns = options->duration_ns,
		};

		code = session_run(session, &trial, true, figures, err);
		if (!code)
			code = session_report(session, figures, err);
		if (!code && figures->sent && !figures_answered(figures))
			code = -ETIMEDOUT;
	}
	free(figures);
	return code;
}

/* Before anything is done to the interface. */
static int check_sizes(const struct generate_options *options, struct err *err)
{
	const struct generate_sizes *sizes = &options->traffic.sizes;
	struct link link;
	int code = link_read(&link, options->settings.interface, err);

	for (unsigned i = 0; i < sizes->count && !code; i++)
		code = frame_check_size(&options->settings, link.mtu, sizes->size[i], err);
	return code;
}

static int work(struct generate_options *options, struct err *err)
{
	struct session session;
	int code = session_open(&session, options, err);

	if (code)
		return code;
	code = generator_open(
		&session.generator, &options->settings, highest_rate(&options->traffic), err);
	if (!code)
		code = options->wants_rfc2544 ? generate_rfc2544(&session, err)
					      : run_sizes(&session, err);
	session_close(&session);
	return no_answer(&options->settings, code, err);
}

static int run(int argc, char **argv, struct err *err)
{
	struct generate_options options;
	int back, code;

	if (generate_options_read(&options, argc, argv, err)) {
		err_where(err, 0, "generate");
		return STATUS_USAGE;
	}
	back = netns_enter(options.netns, err);
	if (back < 0)
		return STATUS_FAILED;
	code = target_find(&options.settings, options.to, options.from, err);
	if (!code) {
		traffic_fit(&options.traffic, &options.settings);
		code = check_sizes(&options, err);
	}
	if (!code) {
		options.settings.log = log_open(LOG_INFO, options.log_format);
		code = work(&options, err);
		log_close(options.settings.log);
	}
	netns_leave(back);
	if (code == -EPIPE) { /* nobody reads any more: as head(1) ends its writers */
		err->text[0] = '\0';
		code = 0;
	}
	return code ? STATUS_FAILED : STATUS_DONE;
}

const struct command command_generate = {
	.name = "generate",
	.synopsis = "reflect -i IFNAME [--netns NAME] --to MAC|IP [--from IP] [--port PORT]\n"
		    "[--signature TEXT[@OFFSET]] [--size BYTES,...] [--rate RATE] [--duration "
		    "SECONDS]\n"
		    "[--flows N] [--vlan ID[:PRIO][,ID[:PRIO]]] [--dscp N] [--ipv6]\n"
		    "[--format text|json|csv] ...",
	.summary = "send test packets and measure what comes back",
	.arguments = generate_arguments,
	.arguments_count = GENERATE_ARGUMENTS,
	.run = run,
};
