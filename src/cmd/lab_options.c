/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/lab_options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/option.h"
#include "cmd/lab_sender.h"

#define DEFAULT_PPS 50000
#define DEFAULT_LENGTH 128
#define DURATION_MAX_S 1000000000ull

const struct argument lab_arguments[LAB_ARGUMENTS] = {
	{ 'n', "no-tui", NULL, "print lines instead of drawing the dashboard" },
	{ 0, "duration", "SECONDS", "end after so much test traffic (0: until told to)" },
	{ 0, "format", "text|json|csv", "how to print (text); implies --no-tui" },
	{ 0, "interval", "SECONDS", "between two lines or frames" },
	{ 0, "level", "basic|detailed|debug", "what is measured" },
	{ 0, "queues", "N", "of the network interfaces (1)" },
	{ 0, "rate", "RATE", "of the test traffic: 50kpps, 100Mbps, max (50kpps)" },
	{ 0, "size", "BYTES", "of a test packet, without FCS (128)" },
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

/* A number of seconds with decimals, whatever the locale's point is. */
static int parse_duration(const char *text, uint64_t *ns, struct err *err)
{
	uint64_t unit = NSEC_PER_SEC, seconds = 0;
	const char *at = text;

	*ns = 0;
	for (; *at >= '0' && *at <= '9' && seconds < DURATION_MAX_S; at++)
		seconds = 10 * seconds + (uint64_t)(*at - '0');
	if (at > text && *at == '.')
		while (*++at >= '0' && *at <= '9')
			*ns += (uint64_t)(*at - '0') * (unit /= 10);
	*ns += seconds * NSEC_PER_SEC;
	if (at == text || *at || seconds > DURATION_MAX_S)
		return err_say(err, -EINVAL, "'%s' is not a number of seconds", text);
	return 0;
}

static int parse_number(
	const char *text, uint32_t min, uint32_t max, uint32_t *value, struct err *err)
{
	const struct option row = { .min = min, .max = max };

	return option_u32(&row, text, value, err);
}

/* "50k", "2.5Mpps", "100Mbps" (layer 2 without FCS), "max". */
static int parse_rate(const char *text, uint32_t length, uint64_t *pps, struct err *err)
{
	const struct option row = { .min = 1 };
	size_t end = strlen(text);
	char bits[32];

	if (!strcmp(text, "max")) {
		*pps = LAB_RATE_MAX;
		return 0;
	}
	if (end < 4 || end >= sizeof(bits) || strcmp(text + end - 3, "bps") != 0)
		return option_pps(&row, text, pps, err);
	memcpy(bits, text, end - 3);
	bits[end - 3] = '\0';
	if (option_pps(&row, bits, pps, NULL))
		return err_say(err, -EINVAL, "not a rate: '%s' (50kpps, 100Mbps, max)", text);
	*pps /= 8ull * length;
	return *pps ? 0 : err_say(err, -EINVAL, "'%s' is less than a packet a second", text);
}

/* The values of what is the lab's own, as text: a rate in bits needs the size first. */
struct lab_words {
	const char *duration, *queues, *rate, *size, *log_format;
};

static int take(struct lab_options *options, struct lab_words *words, const char *name,
	const char *value, struct err *err)
{
	if (!strcmp(name, "duration"))
		words->duration = value;
	else if (!strcmp(name, "queues"))
		words->queues = value;
	else if (!strcmp(name, "rate"))
		words->rate = value;
	else if (!strcmp(name, "size"))
		words->size = value;
	else if (!strcmp(name, "log-format"))
		words->log_format = value;
	return pass_argument(options, name, value, err);
}

static int parse_words(struct lab_options *options, const struct lab_words *words, struct err *err)
{
	options->queues = 1;
	options->length = DEFAULT_LENGTH;
	options->rate_pps = DEFAULT_PPS;
	if (words->log_format && !strcmp(words->log_format, "json"))
		options->log_format = LOG_JSON;
	if (words->duration && parse_duration(words->duration, &options->duration_ns, err))
		return err_where(err, -EINVAL, "--duration");
	if (words->queues && parse_number(words->queues, 1, LAB_QUEUES_MAX, &options->queues, err))
		return err_where(err, -EINVAL, "--queues");
	if (words->size &&
		parse_number(words->size, LAB_FRAME_MIN, LAB_FRAME_MAX, &options->length, err))
		return err_where(err, -EINVAL, "--size");
	if (words->rate && parse_rate(words->rate, options->length, &options->rate_pps, err))
		return err_where(err, -EINVAL, "--rate");
	return 0;
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
