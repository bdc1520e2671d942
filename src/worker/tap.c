// SPDX-License-Identifier: BSD-2-Clause
#include "worker/tap.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "worker/reload.h"

int taps_open(struct taps **taps, struct log *log, struct err *err)
{
	struct taps *t = calloc(1, sizeof(*t));
	uint64_t boot_id;
	int ret = readers_draw_boot_id(&boot_id, err);

	if (!t || ret) {
		free(t);
		return ret ? ret : err_set(err, -ENOMEM, "make room for taps");
	}
	t->log = log;
	pthread_mutex_init(&t->lock, NULL);
	for (unsigned i = 0; i < SNAPSHOT_INTERFACES; i++)
		t->interfaces[i].taps = t;
	for (unsigned i = 0; i < TAP_TARGETS; i++)
		readers_init(&t->target[i].readers, "tap", boot_id, log);
	strcpy(t->target[TAP_DROPS].name, SERVICE_DROPS);
	readers_set_name(&t->target[TAP_DROPS].readers, SERVICE_DROPS, "");
	*taps = t;
	return 0;
}

void taps_close(struct taps *taps)
{
	if (!taps)
		return;
	tap_readers_close(taps);
	for (unsigned i = 0; i < TAP_TARGETS; i++) {
		tap_rings_close(taps, i);
		readers_fini(&taps->target[i].readers);
	}
	pthread_mutex_destroy(&taps->lock);
	free(taps);
}

uint32_t taps_wanted(const struct taps *taps)
{
	return taps ? taps->wanted : 0;
}

int pool_judge_tap(
	struct pool *pool, const char *name, const struct service_client *client, struct err *err)
{
	for (unsigned i = 0; i < TAP_TARGETS; i++) {
		struct tap_target *target = &pool->taps->target[i];
		int ret = readers_judge(&target->readers, name, "", client, err);

		if (ret == -ENOENT)
			continue;
		return ret == -EACCES ? err_say(err, ret,
						"packets are shown to root and the daemon's own "
						"user")
				      : ret;
	}
	return err_say(err, -ENOENT, "there is no service '%s'", name);
}

void pool_take_tap(
	struct pool *pool, const char *name, const struct service_client *client, int socket)
{
	for (unsigned i = 0; i < TAP_TARGETS; i++) {
		struct readers *readers = &pool->taps->target[i].readers;

		if (readers_judge(readers, name, "", client, NULL))
			continue;
		readers_take(readers, client, socket);
		return;
	}
	close(socket); /* the service has gone since */
}

/* Targets are called as the services in their slots are. True: one that is looked at is another one now. */
static bool name_targets(struct pool *pool)
{
	bool is_other = false;

	for (unsigned slot = 0; slot < SERVICE_SLOTS; slot++) {
		struct tap_target *target = &pool->taps->target[slot];
		const struct config_service *service = NULL;

		for (unsigned i = 0; i < pool->config->services_count; i++)
			if (pool->config->services[i].slot == slot)
				service = &pool->config->services[i];
		if (!strcmp(target->name, service ? service->name : ""))
			continue;
		snprintf(target->name, sizeof(target->name), "%s", service ? service->name : "");
		readers_set_name(&target->readers, target->name, "");
		is_other |= pool->taps->wanted >> slot & 1;
	}
	return is_other;
}

/* True: rings are of interfaces that have been closed, or lack some that have been opened. */
static bool has_other_interfaces(const struct pool *pool)
{
	for (unsigned i = 0; i < pool->interfaces_count; i++) {
		const struct pool_interface *pi = &pool->interfaces[i];

		if (pool->taps->interfaces[i].opening != pool_interface_opening(pi))
			return true;
	}
	return false;
}

static void log_change(const struct taps *taps, uint32_t before)
{
	for (unsigned i = 0; i < TAP_TARGETS; i++)
		if ((before ^ taps->wanted) >> i & 1)
			log_write(taps->log, LOG_INFO, "tap of %s: packets are%s shown",
				taps->target[i].name, taps->wanted >> i & 1 ? "" : " no longer");
}

static void set_wanted(struct taps *taps, uint32_t wanted)
{
	pthread_mutex_lock(&taps->lock);
	taps->wanted = wanted;
	pthread_mutex_unlock(&taps->lock);
}

/* Rings first, then those who publish into them, then the reader of what the kernel halves show. */
static int begin(struct pool *pool, uint32_t wanted, struct err *err)
{
	struct taps *taps = pool->taps;
	uint32_t fresh = wanted & ~taps->wanted;
	int ret = 0;

	for (unsigned i = 0; !ret && i < TAP_TARGETS; i++)
		if (fresh >> i & 1)
			ret = tap_rings_open(pool, i, err);
	if (ret)
		return ret;
	set_wanted(taps, wanted);
	ret = reload_again(pool, err);
	if (!ret)
		ret = tap_hooks_show(pool, wanted, err);
	if (!ret && wanted)
		ret = tap_readers_open(pool, err);
	return ret;
}

static void change(struct pool *pool, uint32_t wanted)
{
	struct taps *taps = pool->taps;
	uint32_t before = taps->wanted;
	struct err err = { "" };

	if (begin(pool, wanted, &err)) {
		log_write(taps->log, LOG_WARNING, "tap: %s", err.text);
		set_wanted(taps, before & wanted);
		if (reload_again(pool, &err) || tap_hooks_show(pool, taps->wanted, &err))
			log_write(taps->log, LOG_WARNING, "tap: %s", err.text);
	}
	if (!taps->wanted)
		tap_readers_close(taps);
	for (unsigned i = 0; i < TAP_TARGETS; i++) {
		if (taps->wanted >> i & 1)
			continue;
		tap_rings_close(taps, i);
		if (wanted >> i & 1)
			readers_send_away(&taps->target[i].readers);
	}
	log_change(taps, before);
}

static void attend(void *context, bool attended)
{
	(void)context;
	(void)attended;
}

void taps_serve(struct pool *pool)
{
	struct taps *taps = pool->taps;
	bool is_other = name_targets(pool);
	uint32_t wanted = 0;

	/* those who look find their rings ended, and come again */
	if (taps->wanted && (is_other || has_other_interfaces(pool) || tap_hooks_are_other(pool)))
		change(pool, 0);
	for (unsigned i = 0; i < TAP_TARGETS; i++)
		wanted |= (uint32_t)(readers_count(&taps->target[i].readers) > 0) << i;
	if (wanted != taps->wanted)
		change(pool, wanted);
	for (unsigned i = 0; i < TAP_TARGETS; i++)
		if (taps->wanted >> i & 1)
			readers_seat(&taps->target[i].readers, attend, NULL);
}
