// SPDX-License-Identifier: BSD-2-Clause
#include "cmd/instance.h"

static bool take(void *context, struct snapshot *into, uint64_t sequence)
{
	return pool_take(context, into, sequence);
}

static void set_level(void *context, enum level level, const char *who)
{
	pool_set_level(context, level, who, true);
}

void instance_open(
	struct instance *instance, struct pool *pool, const struct config *config, struct log *log)
{
	const struct control_settings settings = { .path = instance->socket, .log = log };
	char folder[RUNTIME_PATH_BYTES];
	struct err err = { "" };
	int ret = runtime_make(folder, &err);

	instance->ops = (struct control_ops){ pool, take, set_level };
	if (!ret)
		ret = runtime_path(instance->socket, folder, config->name, ".sock", &err);
	if (!ret)
		ret = control_start(&instance->control, &instance->ops, &settings, &err);
	if (ret)
		log_write(log, LOG_WARNING, "no control socket: %s", err.text);
}

void instance_close(struct instance *instance)
{
	control_stop(instance->control);
	instance->control = NULL;
}
