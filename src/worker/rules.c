// SPDX-License-Identifier: BSD-2-Clause
#include <stdio.h>
#include <string.h>

#include "worker/rules.h"

static bool is_used(const struct interface *in, const struct config_service *service)
{
	return in->paths[service->slot].used;
}

/* As configured, unless the service leaves no choice. */
static enum path wanted_path(const struct config_service *service)
{
	unsigned needs = service_needs(service->type, service->settings);

	if (needs & SERVICE_NEEDS_WORKER)
		return PATH_USER;
	if (needs & SERVICE_NEEDS_KERNEL_HALF)
		return PATH_KERNEL;
	return (enum path)service->settings->path;
}

bool rules_want_path(const struct interface *in, enum path path)
{
	const struct config *config = in->settings->config;

	for (unsigned i = 0; i < config->services_count; i++)
		if (is_used(in, &config->services[i]) && wanted_path(&config->services[i]) == path)
			return true;
	return false;
}

uint32_t rules_count_kept(const struct interface *in)
{
	const struct config *config = in->settings->config;
	uint32_t kept = 0;

	for (unsigned i = 0; i < config->services_count; i++)
		if (is_used(in, &config->services[i]))
			kept += service_keeps(
				config->services[i].type, config->services[i].settings);
	return kept;
}

uint32_t rules_find_keepers(const struct interface *in)
{
	const struct config *config = in->settings->config;
	uint32_t slots = 0;

	for (unsigned i = 0; i < config->services_count; i++) {
		const struct config_service *service = &config->services[i];

		if (is_used(in, service) && service_keeps(service->type, service->settings))
			slots |= 1u << service->slot;
	}
	return slots;
}

const char *rules_find_reopened(const struct interface *in, const struct interface *next)
{
	const struct config *config = in->settings->config, *other = next->settings->config;

	for (unsigned i = 0; i < config->services_count; i++) {
		const struct config_service *before = &config->services[i];

		for (unsigned k = 0; k < other->services_count; k++) {
			const struct config_service *after = &other->services[k];

			if (before->slot == after->slot && is_used(in, before) &&
				is_used(next, after) && before->type->reopens &&
				before->type->reopens(before->settings, after->settings))
				return after->name;
		}
	}
	return NULL;
}

const char *rules_find_copies(const struct interface *in)
{
	const struct config *config = in->settings->config;

	for (unsigned i = 0; i < config->services_count; i++) {
		const struct config_service *service = &config->services[i];

		if (is_used(in, service) &&
			service_needs(service->type, service->settings) & SERVICE_NEEDS_COPIES)
			return service->name;
	}
	return NULL;
}

bool rules_have_own_hooks(const struct interface *in)
{
	const struct config *config = in->settings->config;
	bool has = false;

	for (unsigned i = 0; i < config->services_count; i++) {
		if (!is_used(in, &config->services[i]))
			continue;
		if (!config->services[i].type->own_hook)
			return false;
		has = true;
	}
	return has;
}

enum service_xdp rules_want_xdp(const struct interface *in)
{
	const struct config *config = in->settings->config;
	enum service_xdp most = SERVICE_XDP_NO;

	for (unsigned i = 0; i < config->services_count; i++) {
		const struct config_service *service = &config->services[i];
		enum service_xdp one = SERVICE_XDP_NO;

		if (is_used(in, service) && service->type->wants_xdp)
			one = service->type->wants_xdp(service->settings, in->link.driver);
		if (one > most)
			most = one;
	}
	return most;
}

void rules_find_services(struct interface *in)
{
	const struct config *config = in->settings->config;

	for (unsigned i = 0; i < config->services_count; i++) {
		const struct option_names *names = &config->services[i].settings->interfaces;

		for (unsigned k = 0; k < names->count; k++)
			if (!strcmp(names->name[k], in->settings->interface->name))
				in->paths[config->services[i].slot].used = true;
	}
}

void rules_choose_halves(struct interface *in, bool has_kernel_half, bool zero_copy)
{
	const struct config *config = in->settings->config;

	for (unsigned i = 0; i < config->services_count; i++) {
		const struct config_service *service = &config->services[i];
		struct interface_path *path = &in->paths[service->slot];
		enum path wanted = wanted_path(service);
		const char *why = (int)wanted == service->settings->path ? "as configured"
				  : wanted == PATH_USER			 ? "only a worker can do it"
							: "only the kernel half can do it";

		if (!path->used)
			continue;
		path->half = wanted == PATH_USER ? HALF_USER : HALF_KERNEL;
		if (!has_kernel_half) {
			path->half = HALF_USER;
			why = "no kernel half with this backend";
		} else if (wanted == PATH_AUTO) {
			path->half = zero_copy ? HALF_USER : HALF_KERNEL;
			why = zero_copy	    ? "zero copy is bound"
			      : in->generic ? "generic XDP"
					    : "native XDP without zero copy";
		}
		if (service->type->own_hook)
			why = service->type->own_hook;
		snprintf(path->why, sizeof(path->why), "%s", why);
	}
}

/* Offers a service nothing any more: its frames are the stack's. */
static void withdraw(struct rule_tables *tables, unsigned place)
{
	for (unsigned port = 0; port < 65536; port++)
		tables->udp_port_services[port] &= (__u8) ~(1u << place);
}

static int compile_access(struct interface *in, struct err *err)
{
	const struct config *config = in->settings->config;
	unsigned slots = 0;
	bool keyed = false;

	for (unsigned i = 0; i < config->services_count; i++) {
		const struct config_service *service = &config->services[i];

		if (!is_used(in, service))
			continue;
		keyed |= service_has_keys(service->type);
		if (service->slot >= slots)
			slots = service->slot + 1;
	}
	access_free(in->access);
	in->access = NULL;
	return access_compile(&in->access, &config->access, slots, keyed, in->access_state, err);
}

struct access_program rules_access(const struct interface *in)
{
	return access_program(in->access);
}

void rules_set_access(
	const struct interface *in, const struct access_rule **rule, struct access_memory *memory)
{
	if (!in->access || !in->access->rule.samples)
		return;
	*rule = &in->access->rule;
	*memory = in->access->memory;
}

int rules_compile(struct interface *in, struct err *err)
{
	const struct config *config = in->settings->config;
	int access = compile_access(in, err);

	if (access)
		return access;
	memset(in->rules, 0, SERVICE_SLOTS * sizeof(*in->rules));
	rule_tables_init(in->own_tables);
	for (unsigned i = 0; i < config->services_count; i++) {
		const struct config_service *service = &config->services[i];
		unsigned slot = service->slot;
		const struct service_compile one = {
			.settings = service->settings,
			.instance = in->settings->instances[slot],
			.place = i,
			.queues = in->settings->service_queues[slot],
			.rule = &in->rules[i],
			.tables = in->own_tables,
		};
		int ret;

		if (!is_used(in, service))
			continue;
		in->rules[i].slot = (uint8_t)slot;
		in->rules[i].half = (uint8_t)in->paths[slot].half;
		ret = service->type->compile(&one, err);
		if (ret)
			return err_where(err, ret, "service %s", service->name);
		if (*in->settings->paused & 1u << slot)
			withdraw(in->own_tables, i);
	}
	return 0;
}
