/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>

#include "cmd/command.h"
#include "cmd/source.h"
#include "io/io.h"
#include "net/link.h"
#include "net/netns.h"

_Static_assert(CONFIG_BATCH_MAX <= IO_BATCH_MAX, "a batch that the INI allows fits the backends");

static const struct argument arguments_table[] = {
	SOURCE_ARGUMENTS,
	{ 'h', "help", NULL, "show this and the keys of every section" },
};
#define ARGUMENTS (sizeof(arguments_table) / sizeof(arguments_table[0]))

static int parse(struct source *source, int argc, char **argv, struct err *err)
{
	struct arguments arguments = { .argc = argc, .argv = argv };
	const struct argument *argument;
	const char *value;
	int failed;

	while ((argument = arguments_next(
			&arguments, arguments_table, ARGUMENTS, &value, &failed, err))) {
		if (source_take(source, argument, value, err) < 0)
			return -EINVAL;
	}
	return failed ? failed : source_finish(source, &arguments, err);
}

/* Only a warning: the interface may come later, or be on another machine. */
static void warn_of_missing(const struct config_interface *interface, struct err *err)
{
	struct link link;
	int back, code;

	if (interface->io == IO_PCAP)
		return;
	back = netns_enter(interface->netns, err);
	if (back >= 0) {
		code = link_read(&link, interface->name, err);
		netns_leave(back);
		if (!code)
			return;
	}
	fprintf(stderr, "ringside: warning: [interface %s]: %s\n", interface->name, err->text);
	err->text[0] = 0;
}

static int run(int argc, char **argv, struct err *err)
{
	struct config_problems problems = { 0 };
	struct source source = { 0 };
	struct config config;
	int status = STATUS_DONE, code;

	if (parse(&source, argc, argv, err))
		return STATUS_USAGE;
	code = config_init(&config, &source.config, &problems);
	for (unsigned i = 0; !code && i < config.interfaces_count; i++)
		warn_of_missing(&config.interfaces[i], err);
	if (!code)
		code = config_print(&source.config, stdout, &problems);
	if (code == -EIO && !problems.count)
		status = STATUS_FAILED; /* main() says so */
	else if (code)
		status = source_report(&problems, code);
	config_fini(&config);
	config_problems_fini(&problems);
	return status;
}

static void print_keys(FILE *out, const char *title, const struct option *options, unsigned count)
{
	fprintf(out, "\n[%s]\n", title);
	for (unsigned i = 0; i < count; i++)
		fprintf(out, "  %-14s %s%s%s%s\n", options[i].key, options[i].help,
			*options[i].fallback ? " (" : "", options[i].fallback,
			*options[i].fallback ? ")" : "");
}

static void print_more_help(FILE *out)
{
	char title[48];

	fprintf(out, "\nThe keys of an INI file, with their defaults:\n");
	for (const struct config_kind *kind = config_kinds; kind->title; kind++)
		print_keys(out, kind->title, kind->options, kind->options_count);
	for (unsigned i = 0; service_types[i]; i++) {
		snprintf(title, sizeof(title), "service %s", service_types[i]->name);
		print_keys(out, title, service_types[i]->options, service_types[i]->options_count);
	}
}

const struct command command_check = {
	.name = "check",
	.synopsis = "[-c FILE | -i IFNAME SERVICE] [--set SECTION.KEY=VALUE]...",
	.summary = "says what is wrong with a configuration, and prints the effective one",
	.arguments = arguments_table,
	.arguments_count = ARGUMENTS,
	.run = run,
	.print_more_help = print_more_help,
};
