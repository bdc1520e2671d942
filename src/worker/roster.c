// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <string.h>

#include "net/netns.h"
#include "worker/roster.h"

static bool is_on(const struct config_service *service, const char *interface)
{
	const struct option_names *names = &service->settings->interfaces;

	for (unsigned i = 0; i < names->count; i++)
		if (!strcmp(names->name[i], interface))
			return true;
	return false;
}

bool roster_uses(const struct config *config, const char *interface)
{
	for (unsigned i = 0; i < config->services_count; i++)
		if (is_on(&config->services[i], interface))
			return true;
	return false;
}

static uint32_t queues_of(const struct config_interface *ci)
{
	struct link link = { .rx_queues = 1 };
	int back;

	if (ci->queues.count)
		return ci->queues.count;
	if (ci->io == IO_PCAP || ci->io == IO_AF_PACKET || ci->io == IO_UDP)
		return 1;
	back = netns_enter(ci->netns, NULL);
	if (back < 0)
		return 1;
	if (link_read(&link, ci->name, NULL))
		link.rx_queues = 1;
	netns_leave(back);
	return link.rx_queues;
}

void roster_count_queues(const struct config *config, uint32_t queues[SERVICE_SLOTS])
{
	for (unsigned s = 0; s < config->services_count; s++) {
		uint32_t sum = 0;

		for (unsigned i = 0; i < config->interfaces_count; i++)
			if (is_on(&config->services[s], config->interfaces[i].name))
				sum += queues_of(&config->interfaces[i]);
		queues[config->services[s].slot] = sum ? sum : 1;
	}
}

struct pool_interface *roster_find(struct pool *pool, const char *name)
{
	for (unsigned i = 0; i < pool->interfaces_count; i++)
		if (!strcmp(pool->interfaces[i].config.name, name))
			return &pool->interfaces[i];
	return NULL;
}

static int open_watch(struct pool_interface *pi, struct err *err)
{
	int back, ret;

	if (pi->config.io == IO_PCAP)
		return 0;
	back = netns_enter(pi->config.netns, err);
	if (back < 0)
		return err_where(err, back, "%s", pi->config.name);
	ret = link_watch_open(&pi->watch, err);
	netns_leave(back);
	return ret;
}

int roster_add(struct pool *pool, const struct config_interface *config,
	const struct interface_settings *settings, struct pool_interface **interface,
	struct err *err)
{
	struct pool_interface *pi = &pool->interfaces[pool->interfaces_count];

	if (pool->interfaces_count == SNAPSHOT_INTERFACES)
		return err_say(err, -ENOSPC,
			"%s: no room for another interface beside those that were used since the "
			"start",
			config->name);
	*pi = (struct pool_interface){ .config = *config, .settings = *settings };
	pi->settings.interface = &pi->config;
	pool->interfaces_count++;
	*interface = pi;
	return open_watch(pi, err);
}

void roster_drop_newest(struct pool *pool)
{
	struct pool_interface *pi = &pool->interfaces[--pool->interfaces_count];

	link_watch_close(pi->watch);
	memset(pi, 0, sizeof(*pi));
}
