/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/source.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cmd/command.h"

int source_take(
	struct source *source, const struct argument *argument, const char *value, struct err *err)
{
	struct config_source *config = &source->config;
	const char **field;

	if (argument->name && !strcmp(argument->name, "set")) {
		if (config->set_count == SOURCE_SETS)
			return err_say(err, -EINVAL, "too many --set (at most %d)", SOURCE_SETS);
		source->set[config->set_count++] = value;
		return 1;
	}
	if (argument->letter == 'c')
		field = &config->file;
	else if (argument->letter == 'i')
		field = &config->interface;
	else
		return 0;
	if (*field)
		return err_say(err, -EINVAL, "-%c is given twice", argument->letter);
	*field = value;
	return 1;
}

static void list_services(struct err *err)
{
	for (unsigned i = 0; service_types[i]; i++)
		err_add(err, 0, "%s%s", i ? ", " : "", service_types[i]->name);
}

int source_finish(struct source *source, struct arguments *arguments, struct err *err)
{
	struct config_source *config = &source->config;
	const char *word;

	config->set = source->set;
	if (config->file && config->interface)
		return err_say(err, -EINVAL, "-c and -i exclude each other");
	if (config->interface) {
		config->service = arguments_word(arguments);
		if (!config->service) {
			err_say(err, 0, "-i %s needs a service: ", config->interface);
			list_services(err);
			return -EINVAL;
		}
	} else if (!config->file) {
		config->file = SOURCE_FILE;
	}
	word = arguments_word(arguments);
	return word ? err_say(err, -EINVAL, "unexpected word '%s'", word) : 0;
}

int source_report(const struct config_problems *problems, int code)
{
	for (unsigned i = 0; i < problems->count; i++)
		fprintf(stderr, "ringside: %s\n", problems->lines[i]);
	if (code == -ENOMEM && !problems->count)
		fprintf(stderr, "ringside: configuration: %s\n", strerror(ENOMEM));
	return code == -ENOMEM ? STATUS_FAILED : STATUS_USAGE;
}

void source_print_services(FILE *out)
{
	for (unsigned i = 0; service_types[i]; i++)
		fprintf(out, "  %-19s  %s\n", service_types[i]->name, service_types[i]->summary);
}
