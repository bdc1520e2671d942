/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A configuration as text, before it is understood: sections, keys and values, each with the place
 * where it was written. Made from an INI file or the quick start's arguments, and --set. Private to
 * config*.c.
 */
#ifndef RINGSIDE_CONFIG_TEXT_H
#define RINGSIDE_CONFIG_TEXT_H

#include "config.h"

/* Where a list goes on in another line. */
struct config_part {
	size_t offset; /* in the value */
	unsigned line;
};

struct config_entry {
	char *key, *value;
	size_t length; /* of the value */
	unsigned parts_count;
	struct config_part *parts; /* of a list of several lines, those behind the first */
	char *where; /* "FILE:LINE" or "--set ARGUMENT" */
	bool is_set; /* from --set: acts behind the file's, the last one wins */
	bool is_bad; /* the value was reported: what would follow from it need not be */
};

struct config_section {
	char *title; /* "interface eth0": the kind, a blank, the name */
	const char *name; /* in the title: "eth0", or "" */
	char *where;
	unsigned line; /* 0 when there is no file */
	unsigned count;
	struct config_entry *entries;
};

struct config_text {
	unsigned count;
	struct config_section *sections;
};

/* Reads what the source names and adds the --set arguments. Lists every problem; returns 0, a
 * negative errno when there is no text to go on with, or -ENOMEM. */
int config_text_init(struct config_text *text, const struct config_source *source,
	struct config_problems *problems);
void config_text_fini(struct config_text *text);

/* Reads an INI file (config_ini.c). */
int config_ini_read(struct config_text *text, const char *path, struct config_problems *problems);

/* Appends a section whose title has been brought into shape, and an entry to the newest section;
 * NULL: no memory. Pointers to earlier ones are no longer valid. Texts are copied. */
struct config_section *config_text_add(
	struct config_text *text, const char *title, const char *where, unsigned line);
struct config_entry *config_section_add(
	struct config_section *section, const char *key, const char *value, const char *where);

/* Appends another line to a list. False: no memory. */
bool config_entry_append(struct config_entry *entry, const char *text, unsigned line);

/* True for the titles of sections that have no name: "ringside". */
bool config_text_is_single(const char *title);

/* The section with that title, or NULL. */
struct config_section *config_text_find(const struct config_text *text, const char *title);
/* True when the section is of that kind: the first word of its title. */
bool config_section_is(const struct config_section *section, const char *kind);
/* The entry whose value is in force, or NULL when the key is not given. */
const struct config_entry *config_section_entry(
	const struct config_section *section, const struct option *option);
/* Where a key was given; where the section begins when it was not. */
const char *config_section_where(const struct config_section *section, const char *key);

/* Appends a problem; beyond a hundred only says that there are more. */
void config_problem(struct config_problems *problems, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Understands the text: config_init() without the reading. */
int config_build(struct config *config, const struct config_text *text,
	const struct config_source *source, struct config_problems *problems);

/* Says what contradicts what, in settings that are right one by one (config_check.c). */
void config_check(const struct config *config, const struct config_text *text,
	struct config_problems *problems);

#endif
