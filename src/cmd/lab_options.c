/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/lab_options.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/option.h"
#include "cmd/lab_service.h"

const struct argument lab_arguments[LAB_ARGUMENTS] = {
	{ 'n', "no-tui", NULL, "print lines instead of drawing the dashboard" },
	{ 0, "duration", "SECONDS", "end after so much traffic (0: until told to)" },
	{ 0, "format", "text|json|csv", "how to print (text); implies --no-tui" },
	{ 0, "interval", "SECONDS", "between two lines or frames" },
	{ 0, "level", "basic|detailed|debug", "what is measured (detailed)" },
	{ 0, "queues", "N", "of the network interfaces (1)" },
	TRAFFIC_ARGUMENTS,
	{ 0, "connections", "N", "http: of its clients (16)" },
	{ 0, "set", "SECTION.KEY=VALUE", "set a key of the service; may be repeated" },
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

static int parse_queues(const char *text, uint32_t *queues, struct err *err)
{
	const struct option row = { .min = 1, .max = LAB_QUEUES_MAX };

	return option_u32(&row, text, queues, err);
}

/* The values of what is the lab's own, as text, and all that were given. */
struct lab_words {
	const char *duration, *queues, *log_format;
	const struct argument *given[LAB_RUN_WORDS];
	unsigned count;
};

static int take(struct lab_options *options, struct lab_words *words,
	const struct argument *argument, const char *value, struct err *err)
{
	const char *name = argument->name;

	if (words->count == LAB_RUN_WORDS)
		return err_say(err, -EINVAL, "too many arguments");
	words->given[words->count++] = argument;
	if (traffic_take(&options->traffic, name, value))
		return 0;
	if (!strcmp(name, "duration"))
		words->duration = value;
	else if (!strcmp(name, "queues"))
		words->queues = value;
	else if (!strcmp(name, "connections"))
		options->connections_text = value;
	else if (!strcmp(name, "log-format"))
		words->log_format = value;
	return pass_argument(options, name, value, err);
}

static bool is_one_of(const char *name, const char *const *names)
{
	while (*names && strcmp(*names, name) != 0)
		names++;
	return *names;
}

/* Some arguments are for the labs of some services alone. */
static int check_given(
	const struct lab_service *service, const struct lab_words *words, struct err *err)
{
	static const char *const all[] = { "no-tui", "duration", "format", "interval", "level",
		"queues", "set", "log-format", "ascii", "no-color", NULL };

	for (unsigned i = 0; i < words->count; i++) {
		const char *name = words->given[i]->name;

		if (!is_one_of(name, all) && !is_one_of(name, service->takes))
			return err_say(err, -EINVAL, "--%s says nothing about the traffic of %s",
				name, service->name);
	}
	return 0;
}

static int parse_words(struct lab_options *options, const struct lab_words *words, struct err *err)
{
	options->queues = 1;
	if (words->log_format && !strcmp(words->log_format, "json"))
		options->log_format = LOG_JSON;
	if (words->duration && traffic_seconds(words->duration, &options->duration_ns, err))
		return err_where(err, -EINVAL, "--duration");
	if (words->queues && parse_queues(words->queues, &options->queues, err))
		return err_where(err, -EINVAL, "--queues");
	if (check_given(options->service, words, err))
		return -EINVAL;
	return options->service->prepare(options, err);
}

/* The service that a word names; NULL: the first one. */
static int find_service(const char *word, const struct lab_service **service, struct err *err)
{
	const struct lab_service *const *row = lab_services;
	char names[64] = "";

	for (; *row; row++) {
		if (!word || !strcmp((*row)->name, word)) {
			*service = *row;
			return 0;
		}
		snprintf(names + strlen(names), sizeof(names) - strlen(names), " %s", (*row)->name);
	}
	return err_say(err, -EINVAL, "there is no lab of '%s', there is:%s", word, names);
}

int lab_options_read(struct lab_options *options, int argc, char **argv, struct err *err)
{
	struct arguments arguments = { .argc = argc, .argv = argv };
	const struct argument *argument;
	struct lab_words words = { NULL };
	const char *value, *word;
	int failed;

	memset(options, 0, sizeof(*options));
	options->absorber = -1;
	options->run_argc = options->run_own = LAB_RUN_OWN_WORDS;
	while ((argument = arguments_next(
			&arguments, lab_arguments, LAB_ARGUMENTS, &value, &failed, err)))
		if (take(options, &words, argument, value, err))
			return -EINVAL;
	if (failed)
		return failed;
	word = arguments_word(&arguments);
	if (find_service(word, &options->service, err))
		return -EINVAL;
	if (word && (word = arguments_word(&arguments)))
		return err_say(err, -EINVAL, "what is '%s' for?", word);
	return parse_words(options, &words, err);
}

int lab_options_set(struct lab_options *options, struct err *err, const char *format, ...)
{
	char *text = options->own_text + options->own_used;
	size_t left = sizeof(options->own_text) - options->own_used;
	int used = snprintf(text, left, "%s.", options->service->name);
	char **word = options->run_argv + options->run_own;
	va_list values;

	va_start(values, format);
	used += vsnprintf(text + used, left - (size_t)used, format, values);
	va_end(values);
	if ((size_t)used >= left || options->run_argc + 2 > LAB_RUN_WORDS)
		return err_say(err, -EINVAL, "too many arguments");
	memmove(word + 2, word, (size_t)(options->run_argc - options->run_own) * sizeof(*word));
	word[0] = (char *)"--set";
	word[1] = text;
	options->own_used += (size_t)used + 1;
	options->run_own += 2;
	options->run_argc += 2;
	return 0;
}

const char *lab_options_find(const struct lab_options *options, const char *key)
{
	const size_t length = strlen(key);

	for (int i = options->run_argc - 1; i > 0; i--) {
		const char *word = options->run_argv[i];

		if (!strcmp(options->run_argv[i - 1], "--set") && !strncmp(word, key, length) &&
			word[length] == '=')
			return word + length + 1;
	}
	return NULL;
}

void lab_options_make_run(struct lab_options *options, const char *netns)
{
	const char *link = lab_links[LAB_SERVICE];
	const char *const own[LAB_RUN_OWN_WORDS] = { "run", "-i", link, options->service->name,
		"--set", options->run_netns, "--set", options->run_name, "--set",
		"ringside.stats_level=detailed" };

	/* so that two labs, or one beside a real instance, do not meet */
	snprintf(options->run_name, sizeof(options->run_name), "ringside.name=lab-%d", getpid());
	snprintf(options->run_netns, sizeof(options->run_netns), "%s.netns=%s", link, netns);
	for (unsigned i = 0; i < LAB_RUN_OWN_WORDS; i++)
		options->run_argv[i] = (char *)own[i];
	options->run_argv[options->run_argc] = NULL;
}
