/* SPDX-License-Identifier: BSD-2-Clause */
#include "tui/settings.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stats/units.h"
#include "tui/rows.h"

#define PATH_BYTES 512
#define INTERVAL_MIN_S 0.1
#define INTERVAL_MAX_S 10

/* FOLDER/ringside, made when asked. Not in a home that is somebody else's, as sudo leaves it: files of
 * root's would be in the way there. */
static bool find_folder(char folder[PATH_BYTES], bool make)
{
	const char *given = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	struct stat base;
	int length;

	if (given && *given == '/')
		length = snprintf(folder, PATH_BYTES, "%s", given);
	else if (home && *home == '/')
		length = snprintf(folder, PATH_BYTES, "%s/.config", home);
	else
		return false;
	if (length + sizeof("/ringside/top.conf.XXXXXX") > PATH_BYTES)
		return false;
	if (make) {
		if (!(given && *given == '/') && (stat(home, &base) || base.st_uid != geteuid()))
			return false;
		mkdir(folder, 0700);
	}
	strcat(folder, "/ringside");
	return !make || !mkdir(folder, 0755) || !access(folder, W_OK);
}

static void read_sort(struct view *view, const char *key, const char *value)
{
	for (enum page page = 0; page < PAGES; page++) {
		const char *const *sorts = rows_kind(page)->sorts;

		if (strcmp(key + strlen("sort_"), page_names[page]) != 0)
			continue;
		for (uint8_t i = 0; sorts[i]; i++)
			if (!strcmp(sorts[i], value))
				view->state[page].sort = i;
	}
}

static void read_setting(struct view *view, const char *key, const char *value)
{
	if (!strcmp(key, "interval")) {
		double seconds = strtod(value, NULL);

		if (seconds >= INTERVAL_MIN_S && seconds <= INTERVAL_MAX_S)
			view->interval_s = seconds;
	} else if (!strcmp(key, "units")) {
		view->bytes = !strcmp(value, "bytes");
	} else if (!strcmp(key, "graph")) {
		for (unsigned i = 0; graph_names[i]; i++)
			if (!strcmp(graph_names[i], value))
				view->graph = (enum graph_metric)i;
	} else if (!strcmp(key, "graph_style")) {
		for (unsigned i = 0; style_names[i]; i++)
			if (!strcmp(style_names[i], value))
				view->style = i;
	} else if (!strncmp(key, "sort_", strlen("sort_"))) {
		read_sort(view, key, value);
	}
}

void settings_read(struct view *view)
{
	char path[PATH_BYTES], line[128], key[32], value[64];
	FILE *file;

	if (!find_folder(path, false))
		return;
	strcat(path, "/top.conf");
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, " %31[a-z_] = %63[^\n]", key, value) == 2)
			read_setting(view, key, value);
	if (file)
		fclose(file);
}

static void print_settings(const struct view *view, FILE *file)
{
	char interval[UNITS_FIXED_BYTES];

	fprintf(file, "# ringside top: written when a setting changes\n");
	fprintf(file, "interval = %s\n",
		units_fixed(interval, sizeof(interval), view->interval_s, 1));
	fprintf(file, "units = %s\n", view->bytes ? "bytes" : "bits");
	fprintf(file, "graph = %s\n", graph_names[view->graph]);
	fprintf(file, "graph_style = %s\n", style_names[view->style]);
	for (enum page page = 0; page < PAGES; page++)
		fprintf(file, "sort_%s = %s\n", page_names[page],
			rows_kind(page)->sorts[view->state[page].sort]);
}

/* Beside it first, so that no reader and no crash ever sees half of it. */
void settings_write(const struct view *view)
{
	char path[PATH_BYTES], temporary[PATH_BYTES];
	FILE *file;
	int fd;

	if (!find_folder(path, true))
		return;
	strcpy(temporary, path);
	strcat(path, "/top.conf");
	strcat(temporary, "/top.conf.XXXXXX");
	fd = mkostemp(temporary, O_CLOEXEC);
	file = fd < 0 ? NULL : fdopen(fd, "w");
	if (!file) {
		if (fd >= 0)
			close(fd);
		return;
	}
	print_settings(view, file);
	if (fclose(file) || rename(temporary, path))
		unlink(temporary);
}
