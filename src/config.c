/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config_text.h"

/* What a key that only config.c knows is called: it chooses the table of all others. */
#define TYPE_KEY "type"

/* Accepts anything: find_type() judges it. */
static int parse_type(const struct option *option, const char *text, void *field, struct err *err)
{
	(void)option;
	(void)text;
	(void)field;
	(void)err;
	return 0;
}

static const struct option type_option = { .key = TYPE_KEY, .parse = parse_type };

static void report_unknown_key(const struct config_section *section,
	const struct config_entry *entry, const struct option *options, unsigned count,
	struct config_problems *problems)
{
	const char *nearest = option_nearest(options, count, entry->key);
	bool has_type = config_section_is(section, "service");
	struct err keys = { "" };

	if (!nearest && has_type)
		nearest = option_nearest(&type_option, 1, entry->key);
	if (nearest) {
		config_problem(problems, "%s: unknown key '%s' in [%s]: did you mean '%s'?",
			entry->where, entry->key, section->title, nearest);
		return;
	}
	if (has_type)
		err_add(&keys, 0, TYPE_KEY ", ");
	for (unsigned i = 0; i < count; i++)
		err_add(&keys, 0, "%s%s", i ? ", " : "", options[i].key);
	config_problem(problems, "%s: unknown key '%s' in [%s]: its keys are %s", entry->where,
		entry->key, section->title, keys.text);
}

/* The entry before this one that gives the same key, in the file as well; NULL: none. */
static const struct config_entry *find_first(
	const struct config_section *section, unsigned index, const struct option *option)
{
	for (unsigned i = 0; i < index; i++) {
		if (option_find(option, 1, section->entries[i].key))
			return &section->entries[i];
	}
	return NULL;
}

/* Of a list that goes on over several lines, the first one with which it cannot be parsed; 0: the key's. */
static unsigned find_bad_line(
	const struct config_entry *entry, const struct option *option, void *field)
{
	unsigned low = 0, high = entry->parts_count;

	while (low < high) {
		unsigned middle = (low + high) / 2;
		char *end = &entry->value[entry->parts[middle].offset];
		char kept = *end;
		struct err err = { "" };

		/* what stands before the part, without the comma and the blank behind it */
		*end = '\0';
		end[-2] = '\0';
		if (option->parse(option, entry->value, field, &err))
			high = middle;
		else
			low = middle + 1;
		end[-2] = ',';
		*end = kept;
	}
	return low ? entry->parts[low - 1].line : 0;
}

static void apply_entry(const struct config_section *section, unsigned index,
	const struct option *option, void *settings, struct config_problems *problems)
{
	struct config_entry *entry = &section->entries[index];
	const struct config_entry *first = find_first(section, index, option);
	struct err err = { "" };

	if (first && !entry->is_set)
		config_problem(problems, "%s: key '%s' is given twice in [%s]: first at %s",
			entry->where, entry->key, section->title, first->where);
	if (option->required && !*entry->value)
		return; /* apply() says so */
	if (option->parse(option, entry->value, (char *)settings + option->offset, &err)) {
		unsigned line = find_bad_line(entry, option, (char *)settings + option->offset);
		const char *colon = strrchr(entry->where, ':');

		entry->is_bad = true;
		if (line)
			config_problem(problems, "%.*s:%u: [%s] %s: %s",
				(int)(colon - entry->where), entry->where, line, section->title,
				option->key, err.text);
		else
			config_problem(problems, "%s: [%s] %s: %s", entry->where, section->title,
				option->key, err.text);
	}
}

/* Sets the settings to the defaults and what the section says. */
static void apply(const struct config_section *section, const struct option *options,
	unsigned count, void *settings, struct config_problems *problems)
{
	option_set_defaults(options, count, settings);
	for (unsigned i = 0; section && i < section->count; i++) {
		const struct config_entry *entry = &section->entries[i];
		const struct option *option = option_find(options, count, entry->key);

		if (!option && config_section_is(section, "service"))
			option = option_find(&type_option, 1, entry->key);
		if (option)
			apply_entry(section, i, option, settings, problems);
		else
			report_unknown_key(section, entry, options, count, problems);
	}
	for (unsigned i = 0; section && i < count; i++) {
		const struct config_entry *entry = config_section_entry(section, &options[i]);

		if (options[i].required && (!entry || !*entry->value))
			config_problem(problems, "%s: [%s] %s: required, but %s",
				entry ? entry->where : section->where, section->title,
				options[i].key, entry ? "empty" : "missing");
	}
}

/* Copies a section's name. False, with a problem, when it is not one: too long, or with other
 * characters than the words say. */
static bool take_name(const struct config_section *section, char *name, size_t size,
	const char *allowed, struct config_problems *problems)
{
	if (!*section->name) {
		config_problem(problems, "%s: [%s] has no name: write [%s NAME]", section->where,
			section->title, section->title);
		return false;
	}
	if (strlen(section->name) >= size) {
		config_problem(problems, "%s: [%s]: the name is too long (at most %zu characters)",
			section->where, section->title, size - 1);
		return false;
	}
	for (const char *at = section->name; *at; at++) {
		if (isalnum((unsigned char)*at) || strchr(allowed, *at))
			continue;
		config_problem(problems,
			"%s: [%s]: the name has a character other than letters, digits and %s",
			section->where, section->title, allowed);
		return false;
	}
	memcpy(name, section->name, strlen(section->name) + 1);
	return true;
}

static void take_interface(struct config *config, const struct config_section *section,
	struct config_problems *problems)
{
	struct config_interface *interface = &config->interfaces[config->interfaces_count];

	if (config->interfaces_count == CONFIG_INTERFACES) {
		config_problem(problems, "%s: [%s]: too many interfaces (at most %d)",
			section->where, section->title, CONFIG_INTERFACES);
		return;
	}
	/* whatever the kernel takes, but for blanks, commas (of lists) and quotes (of labels) */
	if (!take_name(
		    section, interface->name, sizeof(interface->name), "._-@+=#!%&~$^", problems))
		return;
	interface->line = section->line;
	config->interfaces_count++;
	apply(section, config_interface_options, config_interface_options_count, interface,
		problems);
}

/* The service's type: the key's value, else the section's name. */
static const struct service_type *find_type(
	const struct config_section *section, struct config_problems *problems)
{
	const struct config_entry *entry = config_section_entry(section, &type_option);
	const char *names[SERVICE_SLOTS + 1] = { NULL },
					  *word = entry ? entry->value : section->name;
	const struct service_type *type = service_find(word);
	struct err has = { "" };

	if (type)
		return type;
	for (unsigned i = 0; service_types[i] && i < SERVICE_SLOTS; i++) {
		names[i] = service_types[i]->name;
		err_add(&has, 0, "%s%s", i ? ", " : "", names[i]);
	}
	if (option_nearest_word(names, word))
		config_problem(problems,
			"%s: [%s] " TYPE_KEY ": unknown type '%s': did you mean '%s'?",
			entry ? entry->where : section->where, section->title, word,
			option_nearest_word(names, word));
	else if (*word)
		config_problem(problems,
			"%s: [%s] " TYPE_KEY
			": service type '%s' is not in this version, which has: %s",
			entry ? entry->where : section->where, section->title, word, has.text);
	else
		config_problem(problems, "%s: [%s] " TYPE_KEY ": empty (%s)",
			entry ? entry->where : section->where, section->title, has.text);
	return NULL;
}

static int take_service(struct config *config, const struct config_section *section,
	struct config_problems *problems)
{
	struct config_service *service = &config->services[config->services_count];

	if (config->services_count == SERVICE_SLOTS) {
		config_problem(problems, "%s: [%s]: too many services (at most %d)", section->where,
			section->title, SERVICE_SLOTS);
		return 0;
	}
	if (!take_name(section, service->name, sizeof(service->name), "._-", problems))
		return 0;
	if (!strcmp(service->name, SERVICE_DROPS)) {
		config_problem(problems,
			"%s: [%s]: '" SERVICE_DROPS
			"' is what ringside tap calls all drops: choose another name",
			section->where, section->title);
		return 0;
	}
	service->type = find_type(section, problems);
	if (!service->type)
		return 0;
	service->line = section->line;
	service->slot = config->services_count;
	service->settings = calloc(1, service->type->settings_size);
	if (!service->settings)
		return -ENOMEM;
	config->services_count++;
	apply(section, service->type->options, service->type->options_count, service->settings,
		problems);
	return 0;
}

/* A section that is none of ours: perhaps a slip, perhaps of another version. */
static void report_unknown_section(
	const struct config_section *section, struct config_problems *problems)
{
	static const char *const kinds[] = { "ringside", "interface", "service", "access", "api",
		NULL };
	char word[64];
	const char *nearest;
	bool has_name;

	snprintf(word, sizeof(word), "%.*s", (int)strcspn(section->title, " "), section->title);
	nearest = option_nearest_word(kinds, word);
	has_name = nearest && !config_text_is_single(nearest);
	if (service_find(section->title))
		config_problem(problems, "%s: unknown section [%s]: did you mean [service %s]?",
			section->where, section->title, section->title);
	else if (nearest)
		config_problem(problems, "%s: unknown section [%s]: did you mean [%s%s%s]?",
			section->where, section->title, nearest, has_name ? " " : "",
			has_name ? (*section->name ? section->name : "NAME") : "");
	else
		config_problem(problems,
			"%s: section [%s] is not in this version, which has [ringside], [interface "
			"NAME], [service NAME], [access] and [api]",
			section->where, section->title);
}

static int take_sections(
	struct config *config, const struct config_text *text, struct config_problems *problems)
{
	int code = 0;

	apply(config_text_find(text, "ringside"), config_ringside_options,
		config_ringside_options_count, config, problems);
	apply(config_text_find(text, "access"), config_access_options, config_access_options_count,
		&config->access, problems);
	apply(config_text_find(text, "api"), config_api_options, config_api_options_count,
		&config->api, problems);
	for (unsigned i = 0; !code && i < text->count; i++) {
		const struct config_section *section = &text->sections[i];

		if (config_section_is(section, "interface"))
			take_interface(config, section, problems);
		else if (config_section_is(section, "service"))
			code = take_service(config, section, problems);
		else if (!config_text_is_single(section->title))
			report_unknown_section(section, problems);
	}
	return code;
}

/* The line of a problem in a file, "FILE:LINE: ..."; those of arguments come behind all lines. */
static unsigned line_of(const char *problem, const char *file)
{
	size_t length = file ? strlen(file) : 0;

	if (!file || strncmp(problem, file, length) || problem[length] != ':')
		return UINT_MAX;
	return (unsigned)strtoul(problem + length + 1, NULL, 10);
}

/* Brings the problems into the order of their lines. */
static void sort_problems(struct config_problems *problems, const char *file)
{
	for (unsigned i = 1; i < problems->count; i++) {
		char *one = problems->lines[i];
		unsigned line = line_of(one, file), k = i;

		for (; k && line_of(problems->lines[k - 1], file) > line; k--)
			problems->lines[k] = problems->lines[k - 1];
		problems->lines[k] = one;
	}
}

int config_build(struct config *config, const struct config_text *text,
	const struct config_source *source, struct config_problems *problems)
{
	int code;

	*config = (struct config){ 0 };
	code = take_sections(config, text, problems);
	if (code)
		return code;
	if (!problems->count && !config->services_count)
		config_problem(problems, "%s: there is no section [service NAME]: nothing to do",
			source->file ? source->file : "arguments");
	config_check(config, text, problems);
	sort_problems(problems, source->file);
	return problems->count ? -EINVAL : 0;
}

int config_init(
	struct config *config, const struct config_source *source, struct config_problems *problems)
{
	struct config_text text;
	int code;

	*config = (struct config){ 0 };
	code = config_text_init(&text, source, problems);
	if (!code)
		code = config_build(config, &text, source, problems);
	config_text_fini(&text);
	return code;
}

void config_fini(struct config *config)
{
	for (unsigned i = 0; i < config->services_count; i++)
		free(config->services[i].settings);
	access_settings_fini(&config->access);
	*config = (struct config){ 0 };
}
