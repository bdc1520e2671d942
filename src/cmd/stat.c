// SPDX-License-Identifier: BSD-2-Clause
/* stat: one snapshot of an instance, from its published statistics. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cmd/command.h"
#include "cmd/headless.h"
#include "cmd/value.h"
#include "stats/published.h"

/* Rates are over a second, and an instance that is kept from its CPU gets some more to publish. */
#define RATES_NS NSEC_PER_SEC
#define PATIENCE_NS (5 * NSEC_PER_SEC)
#define STEP_US 20000

static const struct argument arguments_table[] = {
	{ 0, "format", "text|json|csv", "how to print (text)" },
	{ 'h', "help", NULL, "show this" },
};
#define ARGUMENTS (sizeof(arguments_table) / sizeof(arguments_table[0]))

static int parse(const char **name, int *format, int argc, char **argv, struct err *err)
{
	struct arguments arguments = { .argc = argc, .argv = argv };
	const struct argument *argument;
	const char *value, *word;
	int failed;

	while ((argument = arguments_next(
			&arguments, arguments_table, ARGUMENTS, &value, &failed, err)))
		if (argument->name && !strcmp(argument->name, "format") &&
			value_word("format", output_format_names, value, format, err))
			return -EINVAL;
	if (failed)
		return failed;
	*name = arguments_word(&arguments);
	word = *name ? arguments_word(&arguments) : NULL;
	return word ? err_say(err, -EINVAL, "'%s': one instance at a time", word) : 0;
}

/* Takes a snapshot, and another a second later. Of an instance that ends meanwhile, its last one is the
 * second. */
static int take_two(struct published_reader *reader, struct headless *headless, struct err *err)
{
	uint64_t until = clock_now_ns() + PATIENCE_NS;

	while (!published_take(reader, headless->before)) {
		if (clock_now_ns() > until)
			return err_say(err, -ETIMEDOUT, "%s: it publishes nothing", reader->path);
		usleep(STEP_US);
	}
	*headless->now = *headless->before;
	while (clock_now_ns() < until && published_lives(reader)) {
		published_take(reader, headless->now);
		if (headless->now->monotonic_ns >= headless->before->monotonic_ns + RATES_NS)
			break;
		usleep(STEP_US);
	}
	published_take(reader, headless->now);
	return 0;
}

static int print(const char *name, enum output_format format, struct err *err)
{
	struct published_reader reader = { .fd = -1 };
	struct headless headless = { 0 };
	char path[RUNTIME_PATH_BYTES];
	int ret = published_find(path, name, err);

	if (!ret)
		ret = published_reader_open(&reader, path, err);
	if (!ret)
		ret = headless_init(&headless, format, 1, NULL, err);
	if (!ret)
		ret = take_two(&reader, &headless, err);
	if (!ret)
		ret = headless_print(&headless, headless.now, err);
	published_reader_close(&reader);
	headless_fini(&headless);
	return ret;
}

static int run_stat(int argc, char **argv, struct err *err)
{
	const char *name = NULL;
	int format = FORMAT_TEXT, ret;

	if (parse(&name, &format, argc, argv, err))
		return STATUS_USAGE;
	ret = print(name, (enum output_format)format, err);
	if (!ret)
		return STATUS_DONE;
	return ret == -ENOTUNIQ || ret == -EINVAL ? STATUS_USAGE : STATUS_FAILED;
}

const struct command command_stat = {
	.name = "stat",
	.synopsis = "[NAME] [--format text|json|csv]",
	.summary = "one snapshot of an instance, with rates over a second: needs only read access",
	.arguments = arguments_table,
	.arguments_count = ARGUMENTS,
	.run = run_stat,
};
