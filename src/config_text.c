/* SPDX-License-Identifier: BSD-2-Clause */
#include "config_text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define PROBLEMS_MAX 100

void config_problem(struct config_problems *problems, const char *format, ...)
{
	char **lines, *line;
	va_list args;
	int length;

	if (problems->count > PROBLEMS_MAX)
		return;
	lines = realloc(problems->lines, (problems->count + 1) * sizeof(*lines));
	if (!lines)
		return;
	problems->lines = lines;
	va_start(args, format);
	length = problems->count < PROBLEMS_MAX
			 ? vasprintf(&line, format, args)
			 : asprintf(&line, "more than %d problems: the others are not shown",
				   PROBLEMS_MAX);
	va_end(args);
	if (length >= 0)
		lines[problems->count++] = line;
}

void config_problems_fini(struct config_problems *problems)
{
	for (unsigned i = 0; i < problems->count; i++)
		free(problems->lines[i]);
	free(problems->lines);
	*problems = (struct config_problems){ 0 };
}

struct config_section *config_text_add(
	struct config_text *text, const char *title, const char *where, unsigned line)
{
	struct config_section *sections, *section;

	sections = realloc(text->sections, (text->count + 1) * sizeof(*sections));
	if (!sections)
		return NULL;
	text->sections = sections;
	section = &sections[text->count];
	*section = (struct config_section){ .line = line };
	section->title = strdup(title);
	section->where = strdup(where);
	text->count++; /* config_text_fini() frees what there is */
	if (!section->title || !section->where)
		return NULL;
	section->name = strchr(section->title, ' ');
	section->name = section->name ? section->name + 1 : "";
	return section;
}

struct config_entry *config_section_add(
	struct config_section *section, const char *key, const char *value, const char *where)
{
	struct config_entry *entries, *entry;

	entries = realloc(section->entries, (section->count + 1) * sizeof(*entries));
	if (!entries)
		return NULL;
	section->entries = entries;
	entry = &entries[section->count++];
	*entry = (struct config_entry){ 0 };
	entry->key = strdup(key);
	entry->value = strdup(value);
	entry->where = strdup(where);
	entry->length = strlen(value);
	return entry->key && entry->value && entry->where ? entry : NULL;
}

/* Lists may have thousands of lines: none of them is looked at again when the next one comes. */
bool config_entry_append(struct config_entry *entry, const char *text, unsigned line)
{
	size_t added = strlen(text);
	char *value = realloc(entry->value, entry->length + added + 2);
	struct config_part *parts = entry->parts;
	unsigned count = entry->parts_count;

	if (!value)
		return false;
	entry->value = value;
	if (!(count & (count - 1)))
		parts = realloc(parts, (count ? 2 * count : 1) * sizeof(*parts));
	if (!parts)
		return false;
	entry->parts = parts;
	value[entry->length++] = ' ';
	entry->parts[entry->parts_count++] = (struct config_part){ entry->length, line };
	memcpy(value + entry->length, text, added + 1);
	entry->length += added;
	return true;
}

void config_text_fini(struct config_text *text)
{
	for (unsigned i = 0; i < text->count; i++) {
		struct config_section *section = &text->sections[i];

		for (unsigned k = 0; k < section->count; k++) {
			free(section->entries[k].key);
			free(section->entries[k].value);
			free(section->entries[k].parts);
			free(section->entries[k].where);
		}
		free(section->entries);
		free(section->title);
		free(section->where);
	}
	free(text->sections);
	*text = (struct config_text){ 0 };
}

bool config_text_is_single(const char *title)
{
	static const char *const titles[] = { "ringside", "access", "api" };

	for (unsigned i = 0; i < sizeof(titles) / sizeof(*titles); i++)
		if (!strcmp(titles[i], title))
			return true;
	return false;
}

struct config_section *config_text_find(const struct config_text *text, const char *title)
{
	for (unsigned i = 0; i < text->count; i++) {
		if (!strcmp(text->sections[i].title, title))
			return &text->sections[i];
	}
	return NULL;
}

bool config_section_is(const struct config_section *section, const char *kind)
{
	size_t length = strlen(kind);

	return !strncmp(section->title, kind, length) &&
	       (!section->title[length] || section->title[length] == ' ');
}

const struct config_entry *config_section_entry(
	const struct config_section *section, const struct option *option)
{
	for (unsigned i = section->count; i-- > 0;) {
		if (option_find(option, 1, section->entries[i].key))
			return &section->entries[i];
	}
	return NULL;
}

const char *config_section_where(const struct config_section *section, const char *key)
{
	const struct option option = { .key = key };
	const struct config_entry *entry = config_section_entry(section, &option);

	return entry ? entry->where : section->where;
}

/* The section that a --set argument means: its whole title, or a name that only one section has. */
static struct config_section *find_meant(struct config_text *text, const char *words,
	const char *arg, struct config_problems *problems)
{
	struct config_section *found = config_text_find(text, words);
	const char *near[2 * (CONFIG_INTERFACES + SERVICE_SLOTS) + 4] = { "ringside", "access",
		"api" };
	unsigned count = 3;

	for (unsigned i = 0; !found && i < text->count; i++) {
		struct config_section *section = &text->sections[i];

		if (*section->name && !strcmp(section->name, words)) {
			for (unsigned k = i + 1; k < text->count; k++) {
				if (strcmp(text->sections[k].name, words))
					continue;
				config_problem(problems,
					"--set %s: both [%s] and [%s] have this name: write the "
					"whole title",
					arg, section->title, text->sections[k].title);
				return NULL;
			}
			found = section;
		}
		if (*section->name && count + 3 < sizeof(near) / sizeof(near[0])) {
			near[count++] = section->name;
			near[count++] = section->title;
		}
	}
	if (!found && option_nearest_word(near, words))
		config_problem(problems, "--set %s: there is no section '%s': did you mean '%s'?",
			arg, words, option_nearest_word(near, words));
	else if (!found)
		config_problem(problems, "--set %s: there is no section '%s'", arg, words);
	return found;
}

/* What the INI could not carry would not read back when it is printed. */
static bool is_plain(const char *value)
{
	for (const char *at = value; *at; at++) {
		if ((unsigned char)*at < 0x20 || *at == 0x7f)
			return false;
		if (*at == ';' && (at == value || at[-1] == ' '))
			return false;
	}
	return true;
}

/* Takes "SECTION.KEY=VALUE". The words are a copy that is cut into its parts. */
static int set_split(
	struct config_text *text, char *words, const char *arg, struct config_problems *problems)
{
	char *value = strchr(words, '='), *key, where[64 + CONFIG_TEXT_BYTES];
	struct config_section *section;
	struct config_entry *entry;

	snprintf(where, sizeof(where), "--set %s", arg);
	if (!value) {
		config_problem(problems, "%s: no '=' (SECTION.KEY=VALUE)", where);
		return 0;
	}
	*value++ = 0;
	key = strrchr(words, '.');
	if (!key) {
		config_problem(problems, "%s: no '.' before '=' (SECTION.KEY=VALUE)", where);
		return 0;
	}
	*key++ = 0;
	value = option_trim(value);
	if (!is_plain(value)) {
		config_problem(
			problems, "%s: the value has a comment or a control character", where);
		return 0;
	}
	words = option_trim(words);
	if (config_text_is_single(words) && !config_text_find(text, words) &&
		!config_text_add(text, words, "--set", 0))
		return -ENOMEM;
	section = find_meant(text, words, arg, problems);
	if (!section)
		return 0;
	entry = config_section_add(section, option_trim(key), value, where);
	if (!entry)
		return -ENOMEM;
	entry->is_set = true;
	return 0;
}

/* "-i IFNAME SERVICE" as the sections that an INI would have. */
static int quick_start(struct config_text *text, const struct config_source *source)
{
	char where[128], title[128];
	struct config_section *section;

	snprintf(where, sizeof(where), "-i %.48s %.48s", source->interface, source->service);
	snprintf(title, sizeof(title), "interface %.48s", source->interface);
	if (!config_text_add(text, title, where, 0))
		return -ENOMEM;
	snprintf(title, sizeof(title), "service %.48s", source->service);
	section = config_text_add(text, title, where, 0);
	if (!section || !config_section_add(section, "interfaces", source->interface, where))
		return -ENOMEM;
	return 0;
}

int config_text_init(struct config_text *text, const struct config_source *source,
	struct config_problems *problems)
{
	int code;

	*text = (struct config_text){ 0 };
	if (source->file)
		code = config_ini_read(text, source->file, problems);
	else
		code = quick_start(text, source);
	for (unsigned i = 0; !code && i < source->set_count; i++) {
		char *words = strdup(source->set[i]);

		code = words ? set_split(text, words, source->set[i], problems) : -ENOMEM;
		free(words);
	}
	return code;
}
