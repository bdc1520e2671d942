// SPDX-License-Identifier: BSD-2-Clause
#include "cmd/instance.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmd/control_path.h"
#include <string.h>

static bool take(void *context, struct snapshot *into, uint64_t sequence)
{
	return pool_take(context, into, sequence);
}

static void set_level(void *context, enum level level, const char *who)
{
	pool_set_level(context, level, who, true);
}

int instance_take_name(struct instance *instance, const struct config *config, struct err *err)
{
	struct err *why = &instance->unpublished;
	char folder[RUNTIME_PATH_BYTES];
	int ret = runtime_make(folder, why);

	if (!ret)
		ret = published_open(&instance->published, folder, config->name, why);
	if (ret != -EADDRINUSE)
		return 0;
	*err = *why;
	return ret;
}

static void publish(struct instance *instance, struct pool *pool, struct log *log)
{
	if (instance->published)
		pool_publish(pool, instance->published);
	else
		log_write(log, LOG_WARNING, "no statistics for other processes: %s",
			instance->unpublished.text);
}

static struct service_client client_of(const struct control_peer *peer, bool looks_on)
{
	struct service_client client = { peer->uid, peer->gid, peer->groups_count, { 0 },
		looks_on };

	_Static_assert(sizeof(client.groups) == sizeof(peer->groups), "as many groups");
	memcpy(client.groups, peer->groups, sizeof(client.groups));
	return client;
}

static int judge_client(
	void *context, const char *name, const struct control_peer *peer, struct err *err)
{
	const struct service_client client = client_of(peer, false);

	return pool_judge_client(context, name, &client, err);
}

static void take_reader(void *context, const char *name, const struct control_peer *peer, int fd)
{
	const struct service_client client = client_of(peer, false);

	pool_take_client(context, name, &client, fd);
}

static void take_onlooker(void *context, const char *name, const struct control_peer *peer, int fd)
{
	const struct service_client client = client_of(peer, true);

	pool_take_client(context, name, &client, fd);
}

/* The effective configuration as `check` prints it; NULL without memory. The caller frees it. */
static char *print_config(const struct config_source *source)
{
	struct config_problems problems = { 0 };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	config_print(source, out, &problems);
	config_problems_fini(&problems);
	fclose(out);
	return text;
}

static int start(struct instance *instance, const struct config *config,
	const struct config_source *source, bool has_socket, struct log *log, struct err *err)
{
	char *text = print_config(source);
	const struct control_settings settings = {
		.path = has_socket ? instance->socket : NULL,
		.listen = config->api.listen.ss_family == AF_UNSPEC ? NULL : &config->api.listen,
		.token_file = *config->api.token_file ? config->api.token_file : NULL,
		.handovers = instance->handovers,
		.handovers_count = 2,
		.config = text,
		.log = log,
	};
	int ret = text ? 0 : err_set(err, -ENOMEM, "print the configuration");

	if (!ret && (settings.path || settings.listen))
		ret = control_start(&instance->control, &instance->ops, &settings, err);
	free(text);
	return ret;
}

int instance_open(struct instance *instance, struct pool *pool, const struct config *config,
	const struct config_source *source, struct log *log, struct err *err)
{
	char folder[RUNTIME_PATH_BYTES];
	int ret = runtime_make(folder, err);

	publish(instance, pool, log);
	instance->ops = (struct control_ops){ pool, take, set_level };
	instance->handovers[0] = (struct control_handover){ "/api/v1/rings", "ringside-ring/1",
		pool, judge_client, take_reader };
	instance->handovers[1] = (struct control_handover){ "/api/v1/taps", "ringside-ring/1", pool,
		judge_client, take_onlooker };
	if (!ret)
		ret = runtime_path(instance->socket, folder, config->name, CONTROL_SUFFIX, err);
	if (ret)
		log_write(log, LOG_WARNING, "no control socket: %s", err->text);
	ret = start(instance, config, source, !ret, log, err);
	if (!ret)
		err->text[0] = '\0';
	return ret;
}

void instance_close(struct instance *instance)
{
	control_stop(instance->control);
	instance->control = NULL;
}

void instance_fini(struct instance *instance)
{
	published_close(instance->published);
	instance->published = NULL;
}
