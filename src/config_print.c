/* SPDX-License-Identifier: BSD-2-Clause */
/* The effective configuration as an INI file: values as they were written, else the defaults. */
#include "config_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Longer lists go on in the next line; single texts and numbers never get so long. */
#define LINE_MAX_CHARACTERS 180

static void print_value(FILE *out, const char *key, const char *value)
{
	size_t column = strlen(key) + 3, left = strlen(value);

	fprintf(out, "%s =%s", key, *value ? " " : "");
	while (left + column > LINE_MAX_CHARACTERS) {
		size_t part = LINE_MAX_CHARACTERS - column;

		while (part && value[part - 1] != ',')
			part--;
		if (!part)
			break;
		fprintf(out, "%.*s\n\t", (int)part, value);
		part += strspn(value + part, " ");
		value += part;
		left -= part;
		column = 0;
	}
	fprintf(out, "%s\n", value);
}

static void print_options(FILE *out, const struct config_section *section,
	const struct option *options, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		const struct config_entry *entry =
			section ? config_section_entry(section, &options[i]) : NULL;

		print_value(out, options[i].key, entry ? entry->value : options[i].fallback);
	}
}

static void print_sections(FILE *out, const struct config *config, const struct config_text *text)
{
	char title[64];

	fprintf(out, "[ringside]\n");
	print_options(out, config_text_find(text, "ringside"), config_ringside_options,
		config_ringside_options_count);
	for (unsigned i = 0; i < config->interfaces_count; i++) {
		snprintf(title, sizeof(title), "interface %s", config->interfaces[i].name);
		fprintf(out, "\n[%s]\n", title);
		print_options(out, config_text_find(text, title), config_interface_options,
			config_interface_options_count);
	}
	for (unsigned i = 0; i < config->services_count; i++) {
		const struct service_type *type = config->services[i].type;

		snprintf(title, sizeof(title), "service %s", config->services[i].name);
		fprintf(out, "\n[%s]\ntype = %s\n", title, type->name);
		print_options(
			out, config_text_find(text, title), type->options, type->options_count);
	}
	fprintf(out, "\n[access]\n");
	print_options(out, config_text_find(text, "access"), config_access_options,
		config_access_options_count);
	fprintf(out, "\n[api]\n");
	print_options(
		out, config_text_find(text, "api"), config_api_options, config_api_options_count);
}

int config_load(struct config *config, const struct config_source *source, char **ini,
	struct config_problems *problems)
{
	struct config_text text;
	size_t size;
	FILE *out = open_memstream(ini, &size);
	int code = config_text_init(&text, source, problems);

	*config = (struct config){ 0 };
	if (!code)
		code = config_build(config, &text, source, problems);
	if (!code && out)
		print_sections(out, config, &text);
	if (!out || fclose(out))
		code = code ? code : -ENOMEM;
	config_text_fini(&text);
	return code;
}

int config_print(const struct config_source *source, FILE *out, struct config_problems *problems)
{
	struct config config;
	char *ini = NULL;
	int code = config_load(&config, source, &ini, problems);

	if (!code)
		fputs(ini, out);
	if (!code && (fflush(out) || ferror(out)))
		code = -EIO;
	free(ini);
	config_fini(&config);
	return code;
}
