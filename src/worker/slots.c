// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "worker/slots.h"

static const struct config_service *find(
	const struct config *config, const struct config_service *like)
{
	for (unsigned i = 0; i < config->services_count; i++)
		if (config->services[i].type == like->type &&
			!strcmp(config->services[i].name, like->name))
			return &config->services[i];
	return NULL;
}

static uint32_t slots_of(const struct config *config)
{
	uint32_t slots = 0;

	for (unsigned i = 0; i < config->services_count; i++)
		slots |= 1u << config->services[i].slot;
	return slots;
}

int slots_assign(const struct pool *pool, struct config *config, struct err *err)
{
	const uint32_t all = (1u << SERVICE_SLOTS) - 1, running = slots_of(pool->config);
	uint32_t taken = running;

	for (unsigned i = 0; i < config->services_count; i++) {
		struct config_service *service = &config->services[i];
		const struct config_service *before = find(pool->config, service);
		uint32_t fresh = all & ~taken & ~(pool->used_slots | running), free = all & ~taken;

		if (!before && !free)
			return err_say(err, -ENOSPC,
				"%d services at most, those that are to be removed among them: "
				"remove them first, then add others",
				SERVICE_SLOTS);
		service->slot =
			before ? before->slot : (unsigned)__builtin_ctz(fresh ? fresh : free);
		taken |= 1u << service->slot;
	}
	return 0;
}

/* All that the slot has counted becomes 0 when the past is added to it, and that much more is nobody's. */
static void move_cells(struct cells *past, const struct cells *now, unsigned slot)
{
	for (unsigned i = 0; i < OUTCOMES; i++) {
		const struct cell moved = now->cell[slot][i];

		past->cell[SLOT_NONE][i].packets += moved.packets;
		past->cell[SLOT_NONE][i].bytes += moved.bytes;
		past->cell[slot][i].packets -= moved.packets;
		past->cell[slot][i].bytes -= moved.bytes;
	}
}

static void clear_cells(struct pool_interface *pi, struct books *now, unsigned slot)
{
	uint32_t queues = pi->interface ? pi->interface->queues_count : 0;

	if (queues > pi->past_queues)
		pi->past_queues = queues;
	for (uint32_t i = 0; i < pi->past_queues; i++) {
		struct books *past = &pi->past[i];

		books_read(pi->interface, i, past, now);
		move_cells(&past->kernel, &now->kernel, slot);
		move_cells(&past->worker, &now->worker, slot);
		move_cells(&past->direct, &now->direct, slot);
	}
}

/* Nobody writes to them: the slot has no rule. */
static void clear_latencies(struct pool_interface *pi, unsigned slot)
{
	struct interface *in = pi->interface;

	memset(pi->past_latency[slot], 0, sizeof(pi->past_latency[slot]));
	if (in && in->program)
		xdp_program_forget_latency(in->program, slot);
	for (uint32_t i = 0; in && i < in->queues_count; i++)
		if (in->workers[i])
			memset(&in->workers[i]->latency[slot], 0,
				sizeof(in->workers[i]->latency[slot]));
}

void slots_clear_retired(struct pool *pool, const struct config *config)
{
	uint32_t running = slots_of(pool->config);
	uint32_t again = slots_of(config) & pool->used_slots & ~running;
	struct books *now = calloc(1, sizeof(*now));

	pool->used_slots |= running | slots_of(config);
	for (unsigned slot = 0; now && slot < SERVICE_SLOTS; slot++)
		for (unsigned k = 0; again & 1u << slot && k < pool->interfaces_count; k++) {
			clear_cells(&pool->interfaces[k], now, slot);
			clear_latencies(&pool->interfaces[k], slot);
		}
	free(now);
}
