// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "worker/access_books.h"
#include "worker/instances.h"
#include "worker/reload.h"
#include "worker/roster.h"
#include "worker/slots.h"
#include "worker/swap.h"
#include "worker/watch.h"

/* What a pool will be. */
struct plan {
	struct pool *pool;
	const struct config *config;
	uint32_t service_queues[SERVICE_SLOTS];
	const struct service_type *types[SERVICE_SLOTS];
	void *instances[SERVICE_SLOTS];
	uint32_t paused;
	uint32_t reloaded; /* instances that have the new settings already */
	uint32_t gates; /* instances whose gates are prepared */
	unsigned interfaces_before;
	/* by interface of the pool */
	struct interface_settings settings[SNAPSHOT_INTERFACES];
	struct swap
		*swaps[SNAPSHOT_INTERFACES]; /* NULL: none is needed, or it is to be opened again */
	bool opens_again[SNAPSHOT_INTERFACES];
	struct err why[SNAPSHOT_INTERFACES];
};

static const struct config_service *service_in_slot(const struct config *config, unsigned slot)
{
	for (unsigned i = 0; i < config->services_count; i++)
		if (config->services[i].slot == slot)
			return &config->services[i];
	return NULL;
}

static void plan_settings(struct plan *plan, unsigned index)
{
	struct interface_settings *settings = &plan->settings[index];

	*settings = plan->pool->interfaces[index].settings;
	settings->config = plan->config;
	settings->service_queues = plan->service_queues;
	settings->instances = plan->instances;
	settings->paused = &plan->paused;
}

/* Instances of services that are new. */
static int open_instances(struct plan *plan, struct err *err)
{
	for (unsigned i = 0; i < plan->config->services_count; i++) {
		const struct config_service *service = &plan->config->services[i];
		int ret;

		if (plan->types[service->slot])
			continue;
		ret = instances_open_one(
			plan->config, service, plan->pool->log, plan->types, plan->instances, err);
		if (ret)
			return ret;
	}
	return 0;
}

static int prepare_interface(struct plan *plan, unsigned index, struct err *err)
{
	struct pool_interface *pi = &plan->pool->interfaces[index];
	int ret;

	plan_settings(plan, index);
	if (!pi->interface || !roster_uses(plan->config, pi->config.name))
		return 0;
	ret = swap_prepare(&plan->swaps[index], pi->interface, &plan->settings[index], err);
	if (ret != -ESTALE)
		return ret;
	plan->opens_again[index] = true;
	plan->why[index] = *err;
	err->text[0] = '\0';
	return 0;
}

/* An interface that no service was on, or that is new: opened beside the others. */
static int open_interface(struct plan *plan, const struct config_interface *config, struct err *err)
{
	struct pool *pool = plan->pool;
	struct interface_settings settings = pool->interfaces[0].settings;
	struct pool_interface *pi;
	unsigned index = pool->interfaces_count;
	int ret = roster_add(pool, config, &settings, &pi, err);

	if (ret)
		return ret;
	plan_settings(plan, index);
	pi->settings = plan->settings[index];
	pi->settings.interface = &pi->config;
	return watch_open_interface(pool, pi, err);
}

static int prepare_interfaces(struct plan *plan, struct err *err)
{
	struct pool *pool = plan->pool;
	int ret = 0;

	for (unsigned i = 0; !ret && i < plan->interfaces_before; i++)
		ret = prepare_interface(plan, i, err);
	for (unsigned i = 0; !ret && i < plan->config->interfaces_count; i++) {
		const struct config_interface *config = &plan->config->interfaces[i];

		if (roster_uses(plan->config, config->name) && !roster_find(pool, config->name))
			ret = open_interface(plan, config, err);
	}
	return ret;
}

/* Services that go on get their new settings; on failure those that have them already, the old ones. */
static int reload_instances(
	struct plan *plan, const struct config *config, uint32_t slots, struct err *err)
{
	for (unsigned i = 0; i < config->services_count; i++) {
		const struct config_service *service = &config->services[i];
		void *instance = plan->pool->instances[service->slot];
		int ret;

		if (!(slots & 1u << service->slot) || !service->type->reload)
			continue;
		ret = service->type->reload(instance, service->settings, err);
		if (ret)
			return err_where(err, ret, "service %s", service->name);
		plan->reloaded |= 1u << service->slot;
	}
	return 0;
}

static uint32_t slots_that_go_on(const struct plan *plan)
{
	uint32_t slots = 0;

	if (plan->config == plan->pool->config)
		return 0;
	for (unsigned i = 0; i < plan->config->services_count; i++)
		if (plan->pool->types[plan->config->services[i].slot])
			slots |= 1u << plan->config->services[i].slot;
	return slots;
}

/* The gates of services that go on, after all else: there the programs are that they put others in the place of. */
static int prepare_gates(struct plan *plan, uint32_t slots, struct err *err)
{
	for (unsigned slot = 0; slot < SERVICE_SLOTS; slot++) {
		const struct service_type *type = plan->types[slot];
		int ret;

		if (!(slots & 1u << slot) || !type->gate)
			continue;
		ret = type->gate->prepare(plan->instances[slot], &plan->config->access, err);
		if (ret)
			return ret;
		plan->gates |= 1u << slot;
	}
	return 0;
}

static void abort_gates(struct plan *plan)
{
	for (unsigned slot = 0; slot < SERVICE_SLOTS; slot++)
		if (plan->gates & 1u << slot)
			plan->types[slot]->gate->abort(plan->instances[slot]);
}

static int prepare(struct plan *plan, struct err *err)
{
	struct pool *pool = plan->pool;
	int ret = 0;

	memcpy(plan->types, pool->types, sizeof(plan->types));
	memcpy(plan->instances, pool->instances, sizeof(plan->instances));
	plan->interfaces_before = pool->interfaces_count;
	roster_count_queues(plan->config, plan->service_queues);
	ret = reload_instances(plan, plan->config, slots_that_go_on(plan), err);
	if (!ret)
		ret = open_instances(plan, err);
	if (!ret)
		ret = prepare_interfaces(plan, err);
	if (!ret)
		ret = prepare_gates(plan, slots_that_go_on(plan), err);
	return ret;
}

static void undo(struct plan *plan)
{
	struct pool *pool = plan->pool;

	abort_gates(plan);
	for (unsigned i = 0; i < SNAPSHOT_INTERFACES; i++)
		swap_abort(plan->swaps[i]);
	while (pool->interfaces_count > plan->interfaces_before) {
		struct pool_interface *pi = &pool->interfaces[pool->interfaces_count - 1];

		if (pi->interface)
			watch_close_interface(pi);
		roster_drop_newest(pool);
	}
	for (unsigned slot = 0; slot < SERVICE_SLOTS; slot++)
		if (!pool->types[slot])
			instances_close_one(plan->types, plan->instances, slot);
	reload_instances(plan, pool->config, plan->reloaded, NULL);
}

static void adopt_settings(struct plan *plan, unsigned index)
{
	struct pool *pool = plan->pool;
	struct interface_settings *settings = &pool->interfaces[index].settings;

	settings->config = pool->config;
	settings->service_queues = pool->service_queues;
	settings->instances = pool->instances;
	settings->paused = &pool->paused;
}

static void open_again(struct pool *pool, struct pool_interface *pi, const char *why)
{
	struct err err = { "" };

	log_write(pool->log, LOG_WARNING, "%s; it is opened again", why);
	watch_close_interface(pi);
	if (watch_open_interface(pool, pi, &err))
		log_write(pool->log, LOG_WARNING, "%s; trying again", err.text);
}

/* What is closed can be opened by other keys. */
static void take_section(struct pool_interface *pi, const struct config *config)
{
	for (unsigned i = 0; i < config->interfaces_count; i++)
		if (!strcmp(config->interfaces[i].name, pi->config.name))
			pi->config = config->interfaces[i];
}

/* From here on nothing is undone: an interface that fails is opened again. */
static void change_interface(struct plan *plan, unsigned index)
{
	struct pool *pool = plan->pool;
	struct pool_interface *pi = &pool->interfaces[index];
	struct err err = { "" };

	if (plan->opens_again[index]) {
		open_again(pool, pi, plan->why[index].text);
	} else if (plan->swaps[index] && swap_commit(plan->swaps[index], &err)) {
		open_again(pool, pi, err.text);
	} else if (pi->interface && !roster_uses(pool->config, pi->config.name)) {
		log_write(pool->log, LOG_INFO, "%s: closed, no service uses it any more",
			pi->config.name);
		watch_close_interface(pi);
	}
	if (pi->unused)
		take_section(pi, pool->config);
	pi->unused = !roster_uses(pool->config, pi->config.name);
	if (pi->unused)
		snprintf(pi->failure, sizeof(pi->failure), "no service uses it");
	else if (pi->interface)
		watch_note_paths(pi);
	else
		pi->retry_ns = 0;
}

static void close_removed_instances(struct plan *plan)
{
	struct pool *pool = plan->pool;

	pthread_mutex_lock(&pool->clients_lock);
	for (unsigned slot = 0; slot < SERVICE_SLOTS; slot++)
		if (!service_in_slot(pool->config, slot))
			instances_close_one(pool->types, pool->instances, slot);
	pthread_mutex_unlock(&pool->clients_lock);
}

static void pause_instances(struct plan *plan, uint32_t before)
{
	for (unsigned slot = 0; slot < SERVICE_SLOTS; slot++) {
		const struct service_type *type = plan->pool->types[slot];
		uint32_t bit = 1u << slot;

		if (type && type->pause && (before ^ plan->paused) & bit)
			type->pause(plan->pool->instances[slot], plan->paused & bit);
	}
}

static void commit_gates(struct plan *plan)
{
	for (unsigned slot = 0; slot < SERVICE_SLOTS; slot++)
		if (plan->gates & 1u << slot)
			plan->types[slot]->gate->commit(plan->instances[slot],
				access_books_keep_place, plan->pool->access_books);
}

static void change(struct plan *plan)
{
	struct pool *pool = plan->pool;
	uint32_t paused = pool->paused;

	pool->config = plan->config;
	pool->paused = plan->paused;
	pthread_mutex_lock(&pool->clients_lock);
	memcpy(pool->types, plan->types, sizeof(pool->types));
	memcpy(pool->instances, plan->instances, sizeof(pool->instances));
	pthread_mutex_unlock(&pool->clients_lock);
	memcpy(pool->service_queues, plan->service_queues, sizeof(pool->service_queues));
	for (unsigned i = 0; i < pool->interfaces_count; i++)
		adopt_settings(plan, i);
	if (access_books_follow(pool->access_books, &pool->config->access))
		log_write(pool->log, LOG_WARNING,
			"no memory: what the prefixes of [access] have counted is lost");
	commit_gates(plan);
	for (unsigned i = 0; i < plan->interfaces_before; i++)
		change_interface(plan, i);
	close_removed_instances(plan);
	pause_instances(plan, paused);
}

static int take_over(
	struct pool *pool, const struct config *config, uint32_t paused, struct err *err)
{
	struct plan *plan = calloc(1, sizeof(*plan));
	int ret;

	if (!plan)
		return err_set(err, -ENOMEM, "make room for another configuration");
	plan->pool = pool;
	plan->config = config;
	plan->paused = paused;
	slots_clear_retired(pool, config);
	ret = prepare(plan, err);
	if (ret)
		undo(plan);
	else
		change(plan);
	free(plan);
	return ret;
}

int reload_again(struct pool *pool, struct err *err)
{
	return take_over(pool, pool->config, pool->paused, err);
}

static int set_key(struct pool *pool, const struct config_service *service, const char *key,
	const char *value, struct err *err)
{
	const struct service_type *type = service->type;
	int ret = type->set ? type->set(pool->instances[service->slot], key, value, err) : -ENOENT;

	if (ret == -ENOENT)
		return err_say(err, ret, "service %s has no %s", service->name, key);
	return ret ? err_where(err, ret, "service %s", service->name) : 0;
}

static int set_service(struct pool *pool, const struct pool_request *request)
{
	for (unsigned i = 0; i < pool->config->services_count; i++) {
		const struct config_service *service = &pool->config->services[i];
		uint32_t bit = 1u << service->slot;

		if (strcmp(service->name, request->service))
			continue;
		if (request->key)
			return set_key(pool, service, request->key, request->value, request->err);
		if (!(pool->paused & bit) == !request->paused)
			return 0;
		return take_over(pool, pool->config, pool->paused ^ bit, request->err);
	}
	return err_say(request->err, -ENOENT, "there is no service '%s'", request->service);
}

int reload_serve(struct pool *pool, struct pool_request *request)
{
	uint32_t kept = 0;
	int ret;

	if (request->service)
		return set_service(pool, request);
	ret = slots_assign(pool, request->config, request->err);
	if (ret)
		return ret;
	for (unsigned i = 0; i < request->config->services_count; i++)
		kept |= 1u << request->config->services[i].slot;
	return take_over(pool, request->config, pool->paused & kept, request->err);
}
