// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>

#include "net/netns.h"
#include "worker/user_half.h"

static int map_fd(const struct service_interface *place, const char *name)
{
	return place->program ? xdp_program_map_fd(place->program, name) : -ENOENT;
}

static int enter(const struct service_interface *place, struct err *err)
{
	return netns_enter(place->netns, err);
}

static void describe(const struct interface *in, struct service_interface *place)
{
	*place = (struct service_interface){
		.name = in->settings->interface->name,
		.netns = in->settings->interface->netns,
		.ifindex = in->link.index,
		.mtu = in->link.mtu,
		.queues = in->queues_count,
		.driver = in->link.driver,
		.mac = in->own_state->mac,
		.generic = in->generic,
		.log = in->settings->log,
		.tables = in->tables,
		.enter = enter,
		.leave = netns_leave,
		.program = in->program,
		.map_fd = map_fd,
	};
}

static unsigned unmet(unsigned needs, const struct io_ops *ops)
{
	unsigned has = SERVICE_NEEDS_WORKER | SERVICE_NEEDS_COPIES;

	if (ops == &io_af_xdp)
		has |= SERVICE_NEEDS_KERNEL_HALF;
	if (ops != &io_af_packet)
		has |= SERVICE_NEEDS_FILTER;
	if (ops != &io_udp_socket)
		has |= SERVICE_NEEDS_FRAMES;
	if (ops != &io_pcap_file)
		has |= SERVICE_NEEDS_DEVICE;
	return needs & ~has;
}

int user_half_refuse(const struct interface *in, const struct io_ops *ops, struct err *err)
{
	const struct config *config = in->settings->config;

	for (unsigned i = 0; i < config->services_count; i++) {
		const struct config_service *service = &config->services[i];
		unsigned need = unmet(service_needs(service->type, service->settings), ops);

		if (in->paths[service->slot].used && need)
			return err_say(err, -EOPNOTSUPP, "service %s needs %s, not %s",
				service->name, service_need_words(need & -need), ops->name);
	}
	return 0;
}

static int open_part(struct interface *in, const struct config_service *service, struct err *err)
{
	const struct service_type *type = service->type;
	struct interface_service *is = &in->services[service->slot];
	int ret = 0;

	is->place = malloc(sizeof(*is->place));
	if (!is->place)
		return err_set(err, -ENOMEM, "make room");
	describe(in, is->place);
	is->part = in->settings->instances[service->slot];
	if (type->open_interface)
		ret = type->open_interface(is->part, is->place, &is->part, err);
	if (ret) {
		free(is->place);
		return ret;
	}
	is->type = type;
	return 0;
}

int user_half_open(struct interface *in, struct err *err)
{
	const struct config *config = in->settings->config;

	for (unsigned i = 0; i < config->services_count; i++) {
		const struct config_service *service = &config->services[i];
		int ret;

		if (!in->paths[service->slot].used || in->services[service->slot].type)
			continue;
		ret = open_part(in, service, err);
		if (ret)
			return err_where(err, ret, "service %s", service->name);
	}
	return 0;
}

/* What keep() needs to know of a queue. */
struct keeper {
	const struct io_ops *ops;
	struct io_queue *queue;
};

static int keep(const struct service_queue *queue, uint32_t *frames, unsigned count,
	struct service_memory *memory)
{
	const struct keeper *keeper = queue->io;
	struct io_memory of_queue;
	int ret = keeper->ops->keep ? keeper->ops->keep(keeper->queue, frames, count, &of_queue)
				    : -EOPNOTSUPP;

	if (!ret)
		*memory = (struct service_memory){ of_queue.fd, of_queue.area, of_queue.bytes };
	return ret;
}

static int open_queue(
	struct interface *in, struct interface_service *is, uint32_t i, struct err *err)
{
	struct keeper keeper = { in->ops, in->io[i] };
	const struct service_queue queue = { is->place, in->queues[i], i, &keeper, keep };
	int ret = 0;

	is->handlers[i] = is->part;
	if (is->type->open_queue)
		ret = is->type->open_queue(is->part, &queue, &is->handlers[i], err);
	if (ret)
		return err_where(err, ret, "queue %u", in->queues[i]);
	is->is_open[i] = true;
	return 0;
}

int user_half_open_queues(struct interface *in, struct err *err)
{
	for (unsigned slot = 0; slot < SERVICE_SLOTS; slot++) {
		struct interface_service *is = &in->services[slot];

		for (uint32_t i = 0; is->type && is->type->handle && i < in->queues_count; i++) {
			int ret = in->io[i] && !is->is_open[i] ? open_queue(in, is, i, err) : 0;

			if (ret)
				return ret;
		}
	}
	return 0;
}

void user_half_run(struct interface *in, bool run)
{
	for (unsigned slot = 0; slot < SERVICE_SLOTS; slot++) {
		const struct interface_service *is = &in->services[slot];

		if (is->type && is->type->run_interface)
			is->type->run_interface(is->part, run);
	}
}

void user_half_get_handlers(
	const struct interface *in, uint32_t index, struct worker_handler handlers[SERVICE_SLOTS])
{
	for (unsigned slot = 0; slot < SERVICE_SLOTS; slot++) {
		const struct interface_service *is = &in->services[slot];

		handlers[slot] = (struct worker_handler){ 0 };
		if (is->type && is->is_open[index])
			handlers[slot] = (struct worker_handler){ is->type->handle, is->type->flush,
				is->handlers[index] };
	}
}

void user_half_update(struct interface *in)
{
	for (unsigned slot = 0; slot < SERVICE_SLOTS; slot++)
		if (in->services[slot].type)
			describe(in, in->services[slot].place);
}

static void close_queue(struct interface_service *is, uint32_t i)
{
	if (is->is_open[i] && is->type->close_queue)
		is->type->close_queue(is->handlers[i]);
	is->is_open[i] = false;
}

void user_half_close_new_queues(struct interface *in, const struct interface *other)
{
	for (unsigned slot = 0; slot < SERVICE_SLOTS; slot++)
		for (uint32_t i = 0; i < in->queues_count; i++)
			if (!other->services[slot].is_open[i])
				close_queue(&in->services[slot], i);
}

void user_half_close_slot(struct interface *in, unsigned slot)
{
	struct interface_service *is = &in->services[slot];

	if (!is->type)
		return;
	for (uint32_t i = 0; i < in->queues_count; i++)
		close_queue(is, i);
	if (is->type->close_interface)
		is->type->close_interface(is->part);
	free(is->place);
	*is = (struct interface_service){ 0 };
}

void user_half_close(struct interface *in)
{
	for (unsigned slot = 0; slot < SERVICE_SLOTS; slot++)
		user_half_close_slot(in, slot);
}
