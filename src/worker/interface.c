// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cpu.h"
#include "net/local_address.h"
#include "io/rings.h"
#include "net/netns.h"
#include "service/address.h"
#include "worker/change.h"
#include "worker/interface.h"
#include "worker/ladder.h"
#include "worker/rules.h"
#include "worker/user_half.h"

/* CPUs that are looked at: workers are not spread over more. */
#define CPUS_MAX 1024

static int read_link(struct interface *in, struct err *err)
{
	const struct config_interface *config = in->settings->interface;
	int ret;

	if (config->io == IO_PCAP) {
		snprintf(in->link.name, sizeof(in->link.name), "%s", config->name);
		snprintf(in->link.driver, sizeof(in->link.driver), "libpcap");
		in->link.numa_node = -1;
		in->link.up = in->link.carrier = true;
	} else {
		ret = link_read(&in->link, config->name, err);
		if (ret)
			return ret;
		if (!in->link.up)
			return err_say(err, -ENETDOWN, "the interface is down (ip link set %s up)",
				config->name);
	}
	memcpy(in->own_state->mac, config->mac.given ? config->mac.address : in->link.mac, 6);
	return 0;
}

/* Names of the driver's counters of answers that it could not transmit: veth; mlx5. */
static void open_counters(struct interface *in)
{
	static const char *const patterns[] = { "rx_queue_%u_xdp_tx_errors", "rx%u_xdp_tx_err" };

	for (uint32_t i = 0; in->program && i < in->queues_count; i++)
		for (unsigned k = 0; k < 2 && !in->tx_errors[i]; k++) {
			char name[64];

			snprintf(name, sizeof(name), patterns[k], in->queues[i]);
			/* generic XDP transmits without the driver's XDP code and its counters */
			if (!in->generic)
				in->tx_errors[i] = link_counter_open(in->link.name, name);
			if (!in->tx_errors[i])
				continue;
			in->tx_errors_before[i] = link_counter_read(in->tx_errors[i]);
			if (in->tx_errors_before[i] == UINT64_MAX) {
				link_counter_close(in->tx_errors[i]);
				in->tx_errors[i] = NULL;
			}
		}
}

static void pin_interrupts(struct interface *in)
{
	for (uint32_t i = 0; i < in->queues_count; i++) {
		const struct worker *worker = in->workers[i];
		struct err err = { 0 };
		uint32_t irq;

		if (!worker || worker->cpu == SNAPSHOT_NONE)
			continue;
		if (interrupt_find(in->link.name, in->queues[i], &irq, &err) ||
			interrupt_pin(irq, worker->cpu, &in->pinned[in->pinned_count], &err))
			log_write(in->settings->log, LOG_WARNING, "%s queue %u: interrupt: %s",
				in->link.name, in->queues[i], err.text);
		else
			in->pinned_count++;
	}
}

/* What a Ringside that was killed has left is put back first, or it would be taken for how things were. */
static void restore_leftover(struct interface *in)
{
	struct err err = { 0 };
	char words[128];
	int ret = leftover_restore(&in->link, words, sizeof(words), &err);

	if (ret > 0)
		log_write(in->settings->log, LOG_INFO,
			"%s: put back, as a killed Ringside could not: %s", in->link.name, words);
	else if (ret < 0 && ret != -EBUSY)
		log_write(in->settings->log, LOG_WARNING, "%s: %s", in->link.name, err.text);
}

static void note_changes(struct interface *in)
{
	struct err err = { 0 };

	if (leftover_note(&in->leftover, &in->link, &in->vlan, in->pinned, in->pinned_count, &err))
		log_write(in->settings->log, LOG_WARNING, "%s: %s", in->link.name, err.text);
}

static bool is_listed(uint32_t cpu, const uint32_t *cpus, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (cpus[i] == cpu)
			return true;
	return false;
}

int interface_make_workers(struct interface *in, struct err *err)
{
	const struct config_interface *config = in->settings->interface;
	uint32_t cpus[CPUS_MAX];
	unsigned count = cpu_list(in->link.numa_node, cpus, CPUS_MAX);

	if (count > CPUS_MAX)
		count = CPUS_MAX;
	/* CPU 0 does the house work of most machines: it comes last */
	for (unsigned i = 0; i + 1 < count; i++)
		if (cpus[i] == 0) {
			memmove(&cpus[i], &cpus[i + 1], (count - i - 1) * sizeof(*cpus));
			cpus[count - 1] = 0;
		}
	for (uint32_t i = 0; i < in->queues_count; i++) {
		struct worker *worker;

		if (!in->io[i])
			continue;
		worker = in->workers[i] = aligned_alloc(64, sizeof(*worker));
		if (!worker)
			return err_set(err, -ENOMEM, "make the worker of queue %u", in->queues[i]);
		memset(worker, 0, sizeof(*worker));
		worker->ops = in->ops;
		worker->io = in->io[i];
		worker->services = in->rules;
		worker->tables = in->tables;
		worker->state = in->state;
		worker->log = in->settings->log;
		worker->queue = in->queues[i];
		worker->batch = config->batch;
		worker->first_half = !in->program;
		worker->can_pass = in->ops->can_pass;
		for (unsigned k = 0; k < SERVICE_SLOTS; k++)
			worker->limited |= worker->first_half && in->rules[k].limit_cost;
		if (worker->first_half)
			rules_set_access(in, &worker->access, &worker->access_memory);
		worker->limited |= worker->access && worker->access->cost;
		user_half_get_handlers(in, i, worker->handlers);
		for (unsigned k = 0; k < SERVICE_SLOTS; k++)
			worker->handles |= worker->handlers[k].handle != NULL;
		worker->ring_frames = config->frames > RINGS_RX ? config->frames : RINGS_RX;
		worker->cpu = count ? cpus[i % count] : SNAPSHOT_NONE;
		if (config->cpus.count) {
			worker->cpu = config->cpus.number[i % config->cpus.count];
			if (!is_listed(worker->cpu, cpus, count))
				return err_say(
					err, -EINVAL, "CPU %u: not one we may run on", worker->cpu);
		}
		snprintf(worker->name, sizeof(worker->name), "%.10s/%u", in->link.name,
			in->queues[i]);
	}
	return 0;
}

int interface_open(
	struct interface **interface, const struct interface_settings *settings, struct err *err)
{
	struct interface *in = calloc(1, sizeof(*in));
	int back, ret = -ENOMEM;

	if (!in || !(in->own_tables = malloc(sizeof(*in->own_tables))) ||
		!(in->own_state = calloc(1, sizeof(*in->own_state))) ||
		!(in->access_state = calloc(1, sizeof(*in->access_state))) ||
		!(in->rules = calloc(SERVICE_SLOTS, sizeof(*in->rules)))) {
		free(in ? in->access_state : NULL);
		free(in ? in->own_tables : NULL);
		free(in ? in->own_state : NULL);
		free(in);
		return err_set(err, ret, "%s: open the interface", settings->interface->name);
	}
	in->settings = settings;
	in->own_state->source_every = 1;
	in->zero_copy = -1;
	rules_find_services(in);
	back = netns_enter(settings->interface->netns, err);
	ret = back < 0 ? back : read_link(in, err);
	if (!ret && settings->interface->io != IO_PCAP)
		restore_leftover(in);
	if (!ret)
		ret = ladder_open(in, err);
	if (!ret)
		ret = user_half_open_queues(in, err);
	if (!ret)
		ret = interface_make_workers(in, err);
	if (!ret) {
		interface_set_level(in, settings->level);
		interface_set_addresses(in);
		open_counters(in);
		if (settings->interface->irq_affinity)
			pin_interrupts(in);
		note_changes(in);
	}
	if (back >= 0)
		netns_leave(back);
	if (ret) {
		interface_close(in);
		return err_where(err, ret, "%s", settings->interface->name);
	}
	*interface = in;
	return 0;
}

int interface_start(struct interface *in, struct err *err)
{
	for (uint32_t i = 0; i < in->queues_count; i++) {
		int ret = in->workers[i] ? worker_start(in->workers[i], err) : 0;

		if (ret)
			return err_where(err, ret, "%s queue %u", in->link.name, in->queues[i]);
	}
	user_half_run(in, true);
	return 0;
}

void interface_stop(struct interface *in)
{
	/* the dispatcher is found by the number that the interface has there */
	int back = netns_enter(in->settings->interface->netns, NULL);

	user_half_run(in, false);
	if (in->program)
		xdp_program_detach(in->program);
	if (back >= 0)
		netns_leave(back);
	for (uint32_t i = 0; i < in->queues_count; i++)
		if (in->workers[i])
			worker_ask_to_stop(in->workers[i]);
	for (uint32_t i = 0; i < in->queues_count; i++)
		if (in->workers[i])
			worker_join(in->workers[i]);
}

static void restore(struct interface *in)
{
	struct err err = { 0 };

	if ((in->vlan.ctag || in->vlan.stag) &&
		link_vlan_offload_restore(in->link.name, &in->vlan, &err))
		log_write(in->settings->log, LOG_WARNING, "%s: restore the VLAN offload: %s",
			in->link.name, err.text);
	for (uint32_t i = 0; i < in->pinned_count; i++)
		if (interrupt_restore(&in->pinned[i], &err))
			log_write(
				in->settings->log, LOG_WARNING, "%s: %s", in->link.name, err.text);
	leftover_forget(in->leftover);
}

void interface_close(struct interface *in)
{
	int back;

	if (!in)
		return;
	back = netns_enter(in->settings->interface->netns, NULL);
	user_half_close(in);
	xdp_program_close(in->program);
	ladder_close_queues(in);
	for (uint32_t i = 0; i < in->queues_count; i++) {
		free(in->workers[i]);
		worker_rules_free(in->worker_rules[i]);
		link_counter_close(in->tx_errors[i]);
	}
	if (back >= 0) {
		restore(in);
		netns_leave(back);
	}
	access_free(in->access);
	free(in->access_state);
	free(in->samples_read);
	free(in->own_tables);
	free(in->own_state);
	free(in->rules);
	free(in->gone);
	free(in);
}

void interface_set_addresses(struct interface *in)
{
	struct address list[LOCAL_ADDRESSES_MAX];
	struct err err = { "" };
	int count = local_address_read(list, &err);
	unsigned left_out =
		count < 0 ? 0 : address_set_local(in->tables->addresses, list, (unsigned)count);

	if (count < 0)
		log_write(in->settings->log, LOG_WARNING, "%s: %s", in->link.name, err.text);
	if (left_out && !in->addresses_left_out)
		log_write(in->settings->log, LOG_WARNING,
			"%s: %u addresses of this machine find no room in the table: services with "
			"addresses = local do not see them",
			in->link.name, left_out);
	in->addresses_left_out = left_out > 0;
}

void interface_set_level(struct interface *in, uint32_t level)
{
	rule_state_set_level(in->state, level);
}
