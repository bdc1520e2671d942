/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/command.h"
#include "cmd/doctor_report.h"
#include "cmd/headless.h"
#include "cmd/source.h"

static const struct argument arguments_table[] = {
	{ 'c', "config", "FILE", "look at what this INI file asks for, instead of " SOURCE_FILE },
	{ 0, "set", "SECTION.KEY=VALUE", "set a key behind the file; may be repeated" },
	{ 0, "format", "text|json", "how to print (text)" },
	{ 0, "passive", NULL,
		"bind and attach nothing to interfaces, which makes some NICs reset the link, and "
		"set no rules" },
	{ 0, "fix", NULL, "run the commands that mend, each printed with the one that undoes it" },
	{ 'h', "help", NULL, "show this" },
};
#define ARGUMENTS (sizeof(arguments_table) / sizeof(arguments_table[0]))

struct doctor {
	struct source source;
	bool json, passive, fix;
	const char *interface; /* NULL: a file, or nothing */
	struct config config; /* of the file, or of the interface with the defaults */
	bool has_config;
};

static int take(
	struct doctor *doctor, const struct argument *argument, const char *value, struct err *err)
{
	if (!strcmp(argument->name, "passive"))
		doctor->passive = true;
	else if (!strcmp(argument->name, "fix"))
		doctor->fix = true;
	else if (!strcmp(argument->name, "format")) {
		doctor->json = !strcmp(value, "json");
		if (!doctor->json && strcmp(value, "text"))
			return err_say(
				err, -EINVAL, "--format: '%s' is not one of text, json", value);
	} else
		return source_take(&doctor->source, argument, value, err) < 0 ? -EINVAL : 0;
	return 0;
}

static int parse(struct doctor *doctor, int argc, char **argv, struct err *err)
{
	struct arguments arguments = { .argc = argc, .argv = argv };
	struct config_source *config = &doctor->source.config;
	const struct argument *argument;
	const char *value, *word;
	int failed;

	while ((argument = arguments_next(
			&arguments, arguments_table, ARGUMENTS, &value, &failed, err))) {
		if (take(doctor, argument, value, err))
			return -EINVAL;
	}
	if (failed)
		return failed;
	doctor->interface = arguments_word(&arguments);
	word = doctor->interface ? arguments_word(&arguments) : NULL;
	if (word)
		return err_say(err, -EINVAL, "unexpected word '%s'", word);
	if (doctor->interface && strlen(doctor->interface) >= IFNAMSIZ)
		return err_say(
			err, -EINVAL, "'%s' is too long to be an interface", doctor->interface);
	if (doctor->interface && (config->file || config->set_count))
		return err_say(err, -EINVAL, "IFNAME excludes -c and --set");
	config->set = doctor->source.set;
	return 0;
}

/* An interface as an empty section has it. */
static void make_config(struct doctor *doctor)
{
	struct config_interface *interface = &doctor->config.interfaces[0];

	option_set_defaults(
		config_ringside_options, config_ringside_options_count, &doctor->config);
	option_set_defaults(config_interface_options, config_interface_options_count, interface);
	snprintf(interface->name, sizeof(interface->name), "%s", doctor->interface);
	doctor->config.interfaces_count = 1;
	doctor->has_config = true;
}

/* Reads the file, if there is one: without any, the machine alone is looked at. */
static int read_config(struct doctor *doctor, int *status)
{
	struct config_source *source = &doctor->source.config;
	struct config_problems problems = { 0 };
	int code;

	if (!source->file && !source->set_count && access(SOURCE_FILE, F_OK))
		return 0;
	if (!source->file)
		source->file = SOURCE_FILE;
	code = config_init(&doctor->config, source, &problems);
	doctor->has_config = !code;
	if (code)
		*status = source_report(&problems, code);
	config_problems_fini(&problems);
	return code;
}

static int examine(struct doctor *doctor, struct err *err)
{
	const struct config *config = doctor->has_config ? &doctor->config : NULL;
	struct doctor_report report = { 0 };
	unsigned failed = 0;
	int code = doctor_report_fill(&report, config, doctor->passive);

	if (!code && doctor->fix) {
		failed = doctor_report_fix(&report);
		code = doctor_report_fill(&report, config, doctor->passive);
	}
	if (code)
		err_set(err, code, "keep what was found");
	else if (doctor->json)
		doctor_report_print_json(&report);
	else
		doctor_report_print_text(&report);
	code = code || failed || !report.good ? STATUS_FAILED : STATUS_DONE;
	doctor_report_fini(&report);
	return code;
}

static int run(int argc, char **argv, struct err *err)
{
	struct doctor doctor = { 0 };
	int status = STATUS_USAGE;

	if (parse(&doctor, argc, argv, err))
		return STATUS_USAGE;
	if (doctor.interface)
		make_config(&doctor);
	if (doctor.interface || !read_config(&doctor, &status))
		status = examine(&doctor, err);
	config_fini(&doctor.config);
	return status;
}

const struct command command_doctor = {
	.name = "doctor",
	.synopsis = "[-c FILE | IFNAME] [--format text|json] [--passive] [--fix]",
	.summary = "what kernel, driver and machine can do, what is missing, and what mends it",
	.arguments = arguments_table,
	.arguments_count = ARGUMENTS,
	.run = run,
};
