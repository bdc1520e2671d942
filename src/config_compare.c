/* SPDX-License-Identifier: BSD-2-Clause */
/* What changes from one effective configuration to another. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A line of a printed configuration. */
struct line {
	const char *section;
	char *key, *value; /* NULL: the section's title */
};

struct lines {
	char *text; /* cut into the pieces that the lines point to */
	unsigned count;
	struct line *list;
};

/* "key = value", whose value goes on in lines that begin with a tab. */
static void take_line(struct lines *lines, const char **section, char *text)
{
	struct line *last = lines->count ? &lines->list[lines->count - 1] : NULL;
	char *equals;

	if (*text == '\t' && last && last->value) {
		/* the newline has become a NUL: what follows is moved over it and the tab */
		memmove(last->value + strlen(last->value), text + 1, strlen(text + 1) + 1);
		return;
	}
	if (*text == '[') {
		text[strcspn(text, "]")] = '\0';
		*section = text + 1;
		lines->list[lines->count++] = (struct line){ .section = *section };
		return;
	}
	equals = strstr(text, " =");
	if (!equals || !*section)
		return;
	*equals = '\0';
	lines->list[lines->count++] =
		(struct line){ *section, text, equals + 2 + (equals[2] == ' ') };
}

static int lines_init(struct lines *lines, const char *ini)
{
	const char *section = NULL;
	unsigned newlines = 1;
	char *rest, *line;

	for (const char *at = ini; *at; at++)
		newlines += *at == '\n';
	lines->count = 0;
	lines->text = strdup(ini);
	lines->list = calloc(newlines, sizeof(*lines->list));
	if (!lines->text || !lines->list)
		return -ENOMEM;
	for (rest = lines->text; (line = strsep(&rest, "\n"));)
		take_line(lines, &section, line);
	return 0;
}

static void lines_fini(struct lines *lines)
{
	free(lines->text);
	free(lines->list);
}

static const struct line *find(const struct lines *lines, const char *section, const char *key)
{
	for (unsigned i = 0; i < lines->count; i++) {
		const struct line *line = &lines->list[i];

		if (!strcmp(line->section, section) &&
			(key ? line->key && !strcmp(line->key, key) : !line->key))
			return line;
	}
	return NULL;
}

/* Services change while they run, and so do the levels; the rest is looked at when it is opened. */
static bool needs_restart(const char *section, const char *key)
{
	if (!strncmp(section, "service ", strlen("service ")) || !strcmp(section, "access") || !key)
		return false;
	return strcmp(section, "ringside") ||
	       (strcmp(key, "stats_level") && strcmp(key, "log_level"));
}

/* The lines of one that the other has not, or has otherwise. */
static void compare(const struct lines *one, const struct lines *other, bool backwards,
	void (*each)(void *, const struct config_difference *), void *context)
{
	for (unsigned i = 0; i < one->count; i++) {
		const struct line *line = &one->list[i];
		const struct line *match = find(other, line->section, line->key);
		const char *value = line->key ? line->value : line->section;
		struct config_difference difference = { line->section, line->key, NULL, value,
			needs_restart(line->section, line->key) };

		/* keys of a section that is not there go without saying */
		if (line->key && !find(other, line->section, NULL))
			continue;
		if (match && (backwards || !line->key || !strcmp(match->value, line->value)))
			continue;
		if (match)
			difference.before = match->value;
		if (backwards) {
			difference.before = value;
			difference.now = NULL;
		}
		each(context, &difference);
	}
}

int config_compare(const char *before, const char *now,
	void (*each)(void *context, const struct config_difference *difference), void *context)
{
	struct lines old, new;
	int code = lines_init(&old, before);

	if (lines_init(&new, now))
		code = -ENOMEM;
	if (!code) {
		compare(&new, &old, false, each, context);
		compare(&old, &new, true, each, context);
	}
	lines_fini(&old);
	lines_fini(&new);
	return code;
}
