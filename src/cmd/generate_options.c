/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/generate_options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/option.h"

#define DEFAULT_SIZE 64
#define DEFAULT_RATE "10kpps"
#define INTERVAL_MIN_NS (10 * NSEC_PER_MSEC)
/* Packets that are waited for are kept: with more, memory would be the limit. */
#define WAIT_MAX_NS (60 * NSEC_PER_SEC)

const struct argument generate_arguments[GENERATE_ARGUMENTS] = {
	{ 'i', "interface", "IFNAME", "send and receive here" },
	{ 0, "netns", "NAME", "in this network namespace" },
	{ 0, "to", "MAC|IP", "the far end; an IP address is resolved by the kernel" },
	{ 0, "from", "IP", "source address (the kernel's choice)" },
	TRAFFIC_ARGUMENTS,
	{ 0, "io", "auto|af_xdp|af_packet", "of the paced engine (auto: the best there is)" },
	{ 0, "duration", "SECONDS", "of sending (10); 0: until told to end" },
	{ 0, "deadline", "SECONDS", "an answer that takes longer is late (1)" },
	{ 0, "wait", "SECONDS", "one that takes longer is lost; waited for at the end (2)" },
	{ 0, "patience", "SECONDS",
		"for a first answer, before anything is counted (5); 0: do not ask" },
	{ 0, "format", "text|json|csv", "how to print (text); implies --no-tui" },
	{ 0, "interval", "SECONDS", "between two lines or frames (1)" },
	{ 'n', "no-tui", NULL, "print lines instead of drawing a screen" },
	{ 0, "ascii", NULL, "draw the screen with ASCII characters" },
	{ 0, "no-color", NULL, "draw the screen without colours" },
	{ 0, "log-format", "text|json", "how events are written to standard error (text)" },
	{ 'h', "help", NULL, "show this" },
};

/* Texts that need others before they can be judged. */
struct words {
	const char *duration, *deadline, *wait, *patience, *interval, *format, *log_format, *io;
};

static int take(struct generate_options *options, struct words *words, const char *name,
	const char *value, struct err *err)
{
	const struct {
		const char *name, **value;
	} rows[] = { { "netns", &options->netns }, { "to", &options->to },
		{ "from", &options->from }, { "duration", &words->duration },
		{ "deadline", &words->deadline }, { "wait", &words->wait },
		{ "patience", &words->patience }, { "interval", &words->interval },
		{ "format", &words->format }, { "log-format", &words->log_format },
		{ "io", &words->io } };

	if (traffic_take(&options->traffic, name, value))
		return 0;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (!strcmp(name, rows[i].name))
			*rows[i].value = value;
	if (!strcmp(name, "interface")) {
		if (!*value || strlen(value) >= sizeof(options->settings.interface))
			return err_say(err, -EINVAL, "-i: '%s' is no name of an interface", value);
		strcpy(options->settings.interface, value);
	}
	options->no_tui |= !strcmp(name, "no-tui");
	options->ascii |= !strcmp(name, "ascii");
	options->no_color |= !strcmp(name, "no-color");
	return 0;
}

static int seconds(
	const char *text, const char *fallback, uint64_t *ns, const char *name, struct err *err)
{
	return traffic_seconds(text ? text : fallback, ns, err)
		       ? err_where(err, -EINVAL, "--%s", name)
		       : 0;
}

static int choice(
	const char *text, const char *const *names, int *value, const char *name, struct err *err)
{
	const struct option row = { .choices = names };

	if (!text)
		return 0;
	return option_choice(&row, text, value, err) ? err_where(err, -EINVAL, "--%s", name) : 0;
}

static int parse_words(struct generate_options *options, const struct words *words, struct err *err)
{
	static const char *const logs[] = { "text", "json", NULL };
	static const char *const ios[] = { "auto", "af_xdp", "af_packet", NULL };
	struct generate_settings *settings = &options->settings;
	int format = FORMAT_TEXT, log = LOG_TEXT;

	if (seconds(words->duration, "10", &options->duration_ns, "duration", err) ||
		seconds(words->interval, "1", &options->interval_ns, "interval", err) ||
		seconds(words->wait, "2", &settings->wait_ns, "wait", err) ||
		seconds(words->deadline, "1", &settings->deadline_ns, "deadline", err) ||
		seconds(words->patience, "5", &settings->patience_ns, "patience", err) ||
		choice(words->format, output_format_names, &format, "format", err) ||
		choice(words->log_format, logs, &log, "log-format", err) ||
		choice(words->io, ios, &settings->io, "io", err))
		return -EINVAL;
	if (options->interval_ns < INTERVAL_MIN_NS)
		return err_say(err, -EINVAL, "--interval: at least 0.01 seconds");
	if (!settings->wait_ns || settings->wait_ns > WAIT_MAX_NS)
		return err_say(err, -EINVAL, "--wait: more than 0 and at most 60 seconds");
	if (!words->deadline && settings->deadline_ns > settings->wait_ns)
		settings->deadline_ns = settings->wait_ns;
	if (!settings->deadline_ns || settings->deadline_ns > settings->wait_ns)
		return err_say(err, -EINVAL, "--deadline: more than 0 and at most --wait");
	options->format = (enum output_format)format;
	options->format_given = words->format;
	options->log_format = (enum log_format)log;
	return 0;
}

static int check_words(struct arguments *arguments, struct err *err)
{
	const char *word = arguments_word(arguments);

	if (!word)
		return err_say(err, -EINVAL, "what for? There is: generate reflect");
	if (strcmp(word, "reflect"))
		return err_say(
			err, -EINVAL, "there is no test traffic for '%s', only for reflect", word);
	word = arguments_word(arguments);
	return word ? err_say(err, -EINVAL, "what is '%s' for?", word) : 0;
}

int generate_options_read(struct generate_options *options, int argc, char **argv, struct err *err)
{
	struct arguments arguments = { .argc = argc, .argv = argv };
	const struct argument *argument;
	struct words words = { NULL };
	const char *value;
	int failed;

	memset(options, 0, sizeof(*options));
	while ((argument = arguments_next(
			&arguments, generate_arguments, GENERATE_ARGUMENTS, &value, &failed, err)))
		if (take(options, &words, argument->name, value, err))
			return -EINVAL;
	if (failed)
		return failed;
	if (check_words(&arguments, err))
		return -EINVAL;
	if (!options->settings.interface[0])
		return err_say(err, -EINVAL, "which interface? -i IFNAME");
	if (!options->to)
		return err_say(err, -EINVAL, "to whom? --to MAC or --to IP");
	if (traffic_parse(&options->traffic, DEFAULT_SIZE, DEFAULT_RATE, &options->settings, err))
		return -EINVAL;
	return parse_words(options, &words, err);
}
