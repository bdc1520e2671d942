/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/hangup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void hangup_init(struct hangup *hangup, const struct config_source *source, char *ini,
	const char *name, struct log *log)
{
	*hangup = (struct hangup){ .source = source, .first = ini, .log = log };
	snprintf(hangup->name, sizeof(hangup->name), "%s", name);
	hangup->newest = ini ? strdup(ini) : NULL;
}

static void free_config(struct config *config)
{
	if (config)
		config_fini(config);
	free(config);
}

void hangup_fini(struct hangup *hangup)
{
	free_config(hangup->config);
	free(hangup->first);
	free(hangup->newest);
}

static void say_problems(struct hangup *hangup, const struct config_problems *problems, int code)
{
	for (unsigned i = 0; i < problems->count; i++)
		log_write(hangup->log, LOG_ERROR, "%s", problems->lines[i]);
	if (!problems->count)
		log_write(hangup->log, LOG_ERROR, "%s: %s", hangup->source->file, strerror(-code));
}

static struct config *read_again(struct hangup *hangup, char **ini)
{
	struct config *config = calloc(1, sizeof(*config));
	struct config_problems problems = { 0 };
	int code = config ? config_load(config, hangup->source, ini, &problems) : -ENOMEM;

	if (code) {
		say_problems(hangup, &problems, code);
		free_config(config);
		config = NULL;
	}
	config_problems_fini(&problems);
	return config;
}

/* What another run would have to begin with. */
static void name_restart(void *context, const struct config_difference *difference)
{
	const struct hangup *hangup = context;

	if (difference->needs_restart)
		log_write(hangup->log, LOG_WARNING, "[%s] %s = %s needs a restart; it stays %s",
			difference->section, difference->key,
			difference->now ? difference->now : "",
			difference->before && *difference->before ? difference->before : "empty");
}

static void name_change(void *context, const struct config_difference *difference)
{
	const struct hangup *hangup = context;

	if (difference->needs_restart)
		return;
	if (!difference->key)
		log_write(hangup->log, LOG_INFO, "[%s] %s", difference->section,
			difference->now ? "added" : "removed");
	else
		log_write(hangup->log, LOG_INFO, "[%s] %s: %s -> %s", difference->section,
			difference->key, difference->before ? difference->before : "",
			difference->now ? difference->now : "");
}

/* The levels follow the file when it has changed there: what was chosen by key stays otherwise. */
static void follow_level(void *context, const struct config_difference *difference)
{
	struct hangup *hangup = context;

	if (strcmp(difference->section, "ringside") || !difference->key)
		return;
	if (!strcmp(difference->key, "log_level"))
		log_set_level(hangup->log, (enum log_level)hangup->config->log_level);
	if (!strcmp(difference->key, "stats_level") && !hangup->level_given)
		pool_set_level(hangup->pool, (enum level)hangup->config->stats_level,
			"configuration", false);
}

static void adopt(struct hangup *hangup, struct config *config, char *ini)
{
	free_config(hangup->config);
	hangup->config = config;
	config_compare(hangup->newest, ini, follow_level, hangup);
	config_compare(hangup->newest, ini, name_change, hangup);
	config_compare(hangup->first, ini, name_restart, hangup);
	free(hangup->newest);
	hangup->newest = ini;
	instance_set_config(hangup->instance, ini);
}

static int take_over(struct hangup *hangup)
{
	struct err err = { "" };
	struct config *config;
	char *ini = NULL;
	int ret;

	config = read_again(hangup, &ini);
	if (!config) {
		free(ini);
		return -EINVAL;
	}
	/* files and labels carry it */
	snprintf(config->name, sizeof(config->name), "%s", hangup->name);
	ret = pool_reload(hangup->pool, config, &err);
	if (ret) {
		log_write(hangup->log, LOG_ERROR, "%s", err.text);
		free_config(config);
		free(ini);
		return ret;
	}
	adopt(hangup, config, ini);
	return 0;
}

void hangup_obey(void *context)
{
	struct hangup *hangup = context;
	const char *file = hangup->source->file;

	if (!file) {
		log_write(hangup->log, LOG_WARNING, "SIGHUP: there is no file to read again");
		return;
	}
	supervision_reloading(hangup->supervision);
	if (take_over(hangup))
		log_write(hangup->log, LOG_ERROR, "%s: not taken over, nothing has changed", file);
	else
		log_write(hangup->log, LOG_INFO, "%s: read again", file);
	supervision_ready(hangup->supervision);
}
