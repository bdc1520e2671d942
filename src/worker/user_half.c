// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>

#include "worker/user_half.h"

static int map_fd(const struct service_interface *place, const char *name)
{
	return place->program ? xdp_program_map_fd(place->program, name) : -ENOENT;
}

static void describe(struct interface *in)
{
	in->place = (struct service_interface){
		.name = in->link.name,
		.netns = in->settings->interface->netns,
		.ifindex = in->link.index,
		.mtu = in->link.mtu,
		.queues = in->queues_count,
		.generic = in->generic,
		.log = in->settings->log,
		.tables = in->tables,
		.program = in->program,
		.map_fd = map_fd,
	};
}

static unsigned unmet(unsigned needs, const struct io_ops *ops)
{
	unsigned has = SERVICE_NEEDS_WORKER;

	if (ops == &io_af_xdp)
		has |= SERVICE_NEEDS_KERNEL_HALF;
	if (ops != &io_af_packet)
		has |= SERVICE_NEEDS_FILTER;
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

int user_half_open(struct interface *in, struct err *err)
{
	const struct config *config = in->settings->config;

	describe(in);
	for (unsigned i = 0; i < config->services_count; i++) {
		const struct config_service *service = &config->services[i];
		const struct service_type *type = service->type;
		struct interface_service *is = &in->services[service->slot];
		int ret = 0;

		if (!in->paths[service->slot].used)
			continue;
		is->part = in->settings->instances[service->slot];
		if (type->open_interface)
			ret = type->open_interface(
				in->settings->instances[service->slot], &in->place, &is->part, err);
		if (ret) {
			user_half_close(in);
			return err_where(err, ret, "service %s", service->name);
		}
		is->type = type;
	}
	return 0;
}

static int open_queue(struct interface *in, unsigned slot, uint32_t i, struct err *err)
{
	const struct service_type *type = in->services[slot].type;
	struct service_queue queue = { &in->place, in->queues[i], i };
	struct worker *worker = in->workers[i];
	void *handler = in->services[slot].part;
	int ret = 0;

	if (type->open_queue)
		ret = type->open_queue(in->services[slot].part, &queue, &handler, err);
	if (ret)
		return err_where(err, ret, "queue %u", in->queues[i]);
	worker->handlers[slot] =
		(struct worker_handler){ type->handle, type->flush, handler, type->close_queue };
	worker->handles = true;
	return 0;
}

int user_half_open_queues(struct interface *in, struct err *err)
{
	for (unsigned slot = 0; slot < SERVICE_SLOTS; slot++) {
		const struct service_type *type = in->services[slot].type;

		for (uint32_t i = 0; type && type->handle && i < in->queues_count; i++) {
			int ret = in->workers[i] ? open_queue(in, slot, i, err) : 0;

			if (ret)
				return ret;
		}
	}
	return 0;
}

void user_half_close(struct interface *in)
{
	for (unsigned slot = 0; slot < SERVICE_SLOTS; slot++) {
		struct interface_service *is = &in->services[slot];

		for (uint32_t i = 0; i < in->queues_count; i++) {
			struct worker_handler *handler =
				in->workers[i] ? &in->workers[i]->handlers[slot] : NULL;

			if (handler && handler->close)
				handler->close(handler->handler);
			if (handler)
				*handler = (struct worker_handler){ 0 };
		}
		if (is->type && is->type->close_interface)
			is->type->close_interface(is->part);
		*is = (struct interface_service){ 0 };
	}
}
