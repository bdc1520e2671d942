// SPDX-License-Identifier: BSD-2-Clause
#include "cmd/instance.h"

#include <errno.h>
#include <string.h>

#include "cmd/control_path.h"

static bool take(void *context, struct snapshot *into, uint64_t sequence)
{
	const struct instance *instance = context;

	return pool_take(instance->pool, into, sequence);
}

/* For the control thread, which is of idle priority: were it kept from its CPU while it held the pool's
 * lock, the watcher would wait. */
static bool take_published(void *context, struct snapshot *into, uint64_t sequence)
{
	struct instance *instance = context;

	(void)sequence; /* the reader knows */
	return published_take(&instance->reader, into);
}

static void set_level(void *context, enum level level, const char *who)
{
	const struct instance *instance = context;

	pool_set_level(instance->pool, level, who, true);
}

static int set_service_state(
	void *context, const char *service, bool paused, const char *who, struct err *err)
{
	const struct instance *instance = context;
	int ret = pool_set_service_state(instance->pool, service, paused, err);

	if (!ret)
		log_write(instance->log, LOG_INFO, "service %s: %s (%s)", service,
			paused ? "paused" : "goes on", who);
	return ret;
}

static int set_service(void *context, const char *service, const char *key, const char *value,
	const char *who, struct err *err)
{
	const struct instance *instance = context;
	int ret = pool_set_service(instance->pool, service, key, value, err);

	if (!ret)
		log_write(instance->log, LOG_INFO, "service %s: %s = %s (%s)", service, key, value,
			who);
	return ret;
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

static int judge(void *context, const char *name, const struct control_peer *peer, struct err *err)
{
	const struct instance_door *door = context;
	const struct service_client client = client_of(peer, door->looks_on);

	return door->judge(door->pool, name, &client, err);
}

static void take_socket(void *context, const char *name, const struct control_peer *peer, int fd)
{
	const struct instance_door *door = context;
	const struct service_client client = client_of(peer, door->looks_on);

	door->take(door->pool, name, &client, fd);
}

static void open_doors(struct instance *instance, struct pool *pool)
{
	static const char *const prefixes[INSTANCE_DOORS] = { "/api/v1/rings", "/api/v1/taps",
		"/api/v1/packets" };

	instance->doors[0] =
		(struct instance_door){ pool, false, pool_judge_client, pool_take_client };
	instance->doors[1] =
		(struct instance_door){ pool, true, pool_judge_client, pool_take_client };
	instance->doors[2] = (struct instance_door){ pool, false, pool_judge_tap, pool_take_tap };
	for (unsigned i = 0; i < INSTANCE_DOORS; i++)
		instance->handovers[i] = (struct control_handover){ prefixes[i], "ringside-ring/2",
			&instance->doors[i], judge, take_socket };
}

static int start(struct instance *instance, const struct config *config, const char *ini,
	bool has_socket, struct err *err)
{
	const struct control_settings settings = {
		.path = has_socket ? instance->socket : NULL,
		.listen = config->api.listen.ss_family == AF_UNSPEC ? NULL : &config->api.listen,
		.token_file = *config->api.token_file ? config->api.token_file : NULL,
		.handovers = instance->handovers,
		.handovers_count = INSTANCE_DOORS,
		.config = ini ? ini : "",
		.log = instance->log,
	};
	struct control_ops ops = instance->ops;

	if (!settings.path && !settings.listen)
		return 0;
	if (instance->reader.fd >= 0)
		ops.take = take_published;
	return control_start(&instance->control, &ops, &settings, err);
}

static void open_reader(struct instance *instance, const char *folder, const char *name)
{
	char path[RUNTIME_PATH_BYTES];

	instance->reader.fd = -1;
	if (instance->published && !runtime_path(path, folder, name, PUBLISHED_SUFFIX, NULL))
		published_reader_open(&instance->reader, path, NULL);
}

int instance_open(struct instance *instance, struct pool *pool, const struct config *config,
	const char *ini, struct log *log, struct err *err)
{
	char folder[RUNTIME_PATH_BYTES];
	int ret = runtime_make(folder, err);

	instance->pool = pool;
	instance->log = log;
	publish(instance, pool, log);
	open_reader(instance, folder, config->name);
	instance->ops =
		(struct control_ops){ instance, take, set_level, set_service_state, set_service };
	open_doors(instance, pool);
	if (!ret)
		ret = runtime_path(instance->socket, folder, config->name, CONTROL_SUFFIX, err);
	if (ret)
		log_write(log, LOG_WARNING, "no control socket: %s", err->text);
	ret = start(instance, config, ini, !ret, err);
	if (!ret)
		err->text[0] = '\0';
	return ret;
}

void instance_set_config(struct instance *instance, const char *ini)
{
	if (instance->control && control_set_config(instance->control, ini))
		log_write(instance->log, LOG_WARNING,
			"the API shows the configuration before this one");
}

void instance_close(struct instance *instance)
{
	control_stop(instance->control);
	instance->control = NULL;
	published_reader_close(&instance->reader);
}

void instance_fini(struct instance *instance)
{
	published_close(instance->published);
	instance->published = NULL;
}
