/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/lab_options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/option.h"
#include "cmd/lab_tester.h"
#include "generate/frame.h"

#define DEFAULT_RATE "50kpps"
static const struct generate_sizes default_size = { 1, { 128 } };
/* Several for each queue, so that hashing leaves none without. */
#define FLOWS_PER_QUEUE 8
_Static_assert(FLOWS_PER_QUEUE *LAB_QUEUES_MAX <= GENERATE_FLOWS_MAX, "flows for every queue");
/* Of a new veth pair. */
#define MTU 1500

const struct argument lab_arguments[LAB_ARGUMENTS] = {
	{ 'n', "no-tui", NULL, "print lines instead of drawing the dashboard" },
	{ 0, "duration", "SECONDS", "end after so much test traffic (0: until told to)" },
	{ 0, "format", "text|json|csv", "how to print (text); implies --no-tui" },
	{ 0, "interval", "SECONDS", "between two lines or frames" },
	{ 0, "level", "basic|detailed|debug", "what is measured" },
	{ 0, "queues", "N", "of the network interfaces (1)" },
	TRAFFIC_ARGUMENTS,
	{ 0, "set", "SECTION.KEY=VALUE", "set a key of the reflector; may be repeated" },
	{ 0, "log-format", "text|json", "how events are written to standard error (text)" },
	{ 0, "ascii", NULL, "draw the dashboard with ASCII characters" },
	{ 0, "no-color", NULL, "draw the dashboard without colours" },
	{ 'h', "help", NULL, "show this" },
};

static int pass_on(struct lab_options *options, const char *word, struct err *err)
{
	if (options->run_argc >= LAB_RUN_WORDS)
		return err_say(err, -EINVAL, "too many arguments");
	options->run_argv[options->run_argc++] = (char *)word;
	return 0;
}

/* Arguments that `run` has too, and judges. */
static int pass_argument(
	struct lab_options *options, const char *name, const char *value, struct err *err)
{
	static const char *const words[] = { "--no-tui", "--format", "--interval", "--level",
		"--set", "--log-format", "--ascii", "--no-color" };

	for (unsigned i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (strcmp(words[i] + 2, name) != 0)
			continue;
		if (pass_on(options, words[i], err))
			return -EINVAL;
		return value ? pass_on(options, value, err) : 0;
	}
	return 0;
}

static int parse_number(
	const char *text, uint32_t min, uint32_t max, uint32_t *value, struct err *err)
{
	const struct option row = { .min = min, .max = max };

	return option_u32(&row, text, value, err);
}

/* The values of what is the lab's own, as text. */
struct lab_words {
	const char *duration, *queues, *log_format;
};

static int take(struct lab_options *options, struct lab_words *words, const char *name,
	const char *value, struct err *err)
{
	if (traffic_take(&options->traffic, name, value))
		return 0;
	if (!strcmp(name, "duration"))
		words->duration = value;
	else if (!strcmp(name, "queues"))
		words->queues = value;
	else if (!strcmp(name, "log-format"))
		words->log_format = value;
	return pass_argument(options, name, value, err);
}

/* The reflector has to know what it is sent. */
static int pass_traffic(struct lab_options *options, struct err *err)
{
	const struct generate_settings *settings = &options->settings;
	char *text = options->run_signatures;
	size_t size = sizeof(options->run_signatures), used;
	int code = 0;

	if (options->traffic.port) {
		snprintf(options->run_ports, sizeof(options->run_ports), "reflect.ports=%u",
			settings->port);
		code = pass_on(options, "--set", err) || pass_on(options, options->run_ports, err);
	}
	if (!options->traffic.signature || code)
		return code ? -EINVAL : 0;
	used = (size_t)snprintf(text, size, "reflect.signatures=0x");
	for (unsigned i = 0; i < SIGNATURE_TEXT; i++)
		used += (size_t)snprintf(
			text + used, size - used, "%02x", (uint8_t)settings->signature[i]);
	snprintf(text + used, size - used, "@%u", settings->signature_at);
	return pass_on(options, "--set", err) || pass_on(options, text, err) ? -EINVAL : 0;
}

static int parse_traffic(struct lab_options *options, struct err *err)
{
	struct generate_settings *settings = &options->settings;
	struct traffic *traffic = &options->traffic;
	uint32_t min, max, size;

	if (traffic_parse(traffic, &default_size, DEFAULT_RATE, settings, err))
		return -EINVAL;
	traffic_fit(traffic, settings);
	size = traffic->sizes.size[0];
	min = frame_size_min(settings);
	max = frame_size_max(settings, MTU);
	if (traffic->sizes.count > 1 || size < min || size > max)
		return err_say(
			err, -EINVAL, "--size: one from %u to %u bytes, FCS included", min, max);
	options->trial.size = size;
	options->trial.rate_pps = traffic_pps(&traffic->wanted, size);
	if (!traffic->flows && options->queues > 1)
		settings->flows = FLOWS_PER_QUEUE * options->queues;
	settings->deadline_ns = NSEC_PER_SEC;
	settings->wait_ns = 2 * NSEC_PER_SEC;
	settings->patience_ns = LAB_PATIENCE_S * NSEC_PER_SEC;
	return pass_traffic(options, err);
}

static int parse_words(struct lab_options *options, const struct lab_words *words, struct err *err)
{
	options->queues = 1;
	if (words->log_format && !strcmp(words->log_format, "json"))
		options->log_format = LOG_JSON;
	if (words->duration && traffic_seconds(words->duration, &options->trial.duration_ns, err))
		return err_where(err, -EINVAL, "--duration");
	if (words->queues && parse_number(words->queues, 1, LAB_QUEUES_MAX, &options->queues, err))
		return err_where(err, -EINVAL, "--queues");
	return parse_traffic(options, err);
}

int lab_options_read(struct lab_options *options, int argc, char **argv, struct err *err)
{
	struct arguments arguments = { .argc = argc, .argv = argv };
	const struct argument *argument;
	struct lab_words words = { NULL };
	const char *value, *word;
	int failed;

	memset(options, 0, sizeof(*options));
	options->run_argc = LAB_RUN_OWN_WORDS;
	while ((argument = arguments_next(
			&arguments, lab_arguments, LAB_ARGUMENTS, &value, &failed, err)))
		if (take(options, &words, argument->name, value, err))
			return -EINVAL;
	if (failed)
		return failed;
	word = arguments_word(&arguments);
	if (word && strcmp(word, "reflect") != 0)
		return err_say(
			err, -EINVAL, "there is no test traffic for '%s', only for reflect", word);
	if (word && (word = arguments_word(&arguments)))
		return err_say(err, -EINVAL, "what is '%s' for?", word);
	return parse_words(options, &words, err);
}

void lab_options_make_run(struct lab_options *options, const char *link, const char *netns)
{
	const char *const own[LAB_RUN_OWN_WORDS] = { "run", "-i", link, "reflect", "--set",
		options->run_netns, "--set", options->run_name };

	/* so that two labs, or one beside a real instance, do not meet */
	snprintf(options->run_name, sizeof(options->run_name), "ringside.name=lab-%d", getpid());
	snprintf(options->run_netns, sizeof(options->run_netns), "%s.netns=%s", link, netns);
	for (unsigned i = 0; i < LAB_RUN_OWN_WORDS; i++)
		options->run_argv[i] = (char *)own[i];
	options->run_argv[options->run_argc] = NULL;
}
