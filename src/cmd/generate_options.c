/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/generate_options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/option.h"

static const struct generate_sizes default_size = { 1, { 64 } };
static const struct generate_sizes rfc2544_sizes = { 7, { 64, 128, 256, 512, 1024, 1280, 1518 } };
#define REPEAT_MAX 1000
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
	{ 0, "rfc2544", "TEST,...",
		"throughput, latency, loss, back-to-back or all; --rate is 100 % (max)" },
	{ 0, "loss", "PERCENT", "RFC 2544: as much may be lost (0)" },
	{ 0, "resolution", "PERCENT", "RFC 2544: where a search ends (0.1)" },
	{ 0, "trial", "SECONDS", "RFC 2544: of one run (60)" },
	{ 0, "repeat", "N", "RFC 2544: each test, for the mean (1)" },
	{ 0, "plot", "FILE.svg", "RFC 2544: throughput and loss as a picture" },
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
	const char *rfc2544, *loss, *resolution, *trial, *repeat;
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
		{ "io", &words->io }, { "rfc2544", &words->rfc2544 }, { "loss", &words->loss },
		{ "resolution", &words->resolution }, { "trial", &words->trial },
		{ "repeat", &words->repeat }, { "plot", &options->plot } };

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

static int parse_tests(const char *list, bool wanted[RFC2544_TESTS], struct err *err)
{
	char item[32];
	int more;

	while ((more = option_item(&list, item, sizeof(item), err)) > 0) {
		const struct option row = { .choices = rfc2544_names };
		int test = 0;

		if (strcmp(item, "all")) {
			if (option_choice(&row, item, &test, err))
				return -EINVAL;
			wanted[test] = true;
		}
		for (; test < RFC2544_TESTS && !strcmp(item, "all"); test++)
			wanted[test] = true;
	}
	return more;
}

static int parse_rfc2544(
	struct generate_options *options, const struct words *words, struct err *err)
{
	const struct option repeat = { .min = 1, .max = REPEAT_MAX };
	struct rfc2544_settings *rfc2544 = &options->rfc2544;

	options->wants_rfc2544 = words->rfc2544;
	rfc2544->repeat = 1;
	if (!words->rfc2544) {
		if (words->loss || words->resolution || words->trial || words->repeat ||
			options->plot)
			return err_say(err, -EINVAL,
				"--loss, --resolution, --trial, --repeat and --plot belong to "
				"--rfc2544");
		return 0;
	}
	if (parse_tests(words->rfc2544, rfc2544->wanted, err))
		return err_where(err, -EINVAL, "--rfc2544");
	if (seconds(words->trial, "60", &rfc2544->trial_ns, "trial", err))
		return -EINVAL;
	if (traffic_percent(words->loss ? words->loss : "0", &rfc2544->loss, err))
		return err_where(err, -EINVAL, "--loss");
	if (traffic_percent(
		    words->resolution ? words->resolution : "0.1", &rfc2544->resolution, err))
		return err_where(err, -EINVAL, "--resolution");
	if (words->repeat && option_u32(&repeat, words->repeat, &rfc2544->repeat, err))
		return err_where(err, -EINVAL, "--repeat");
	if (!rfc2544->trial_ns || rfc2544->resolution <= 0)
		return err_say(err, -EINVAL, "--trial and --resolution: more than 0");
	return words->duration ? err_say(err, -EINVAL, "--duration: with --rfc2544 it is --trial")
			       : 0;
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
	if (parse_rfc2544(options, &words, err))
		return -EINVAL;
	if (traffic_parse(&options->traffic,
		    options->wants_rfc2544 ? &rfc2544_sizes : &default_size,
		    options->wants_rfc2544 ? "max" : DEFAULT_RATE, &options->settings, err))
		return -EINVAL;
	return parse_words(options, &words, err);
}
