/* SPDX-License-Identifier: BSD-2-Clause */
/* Contradictions: settings that are right one by one and not together. */
#include "config_text.h"

#include <stdlib.h>
#include <string.h>

/* The section under examination, and where problems go. */
struct check {
	const struct config *config;
	const struct config_text *text;
	const struct config_section *section;
	struct config_problems *problems;
};

static const char *const io_words[] = { "auto", "af_xdp", "af_packet", "pcap", "udp" };

static bool is_bad(const struct check *check, const char *key)
{
	const struct option option = { .key = key };
	const struct config_entry *entry = config_section_entry(check->section, &option);

	return entry && entry->is_bad;
}

/* Says of a key what is wrong with it beside another one, unless one of them was reported
 * already. */
static void contradict(
	const struct check *check, const char *key, const char *other, const char *words)
{
	if (!is_bad(check, key) && !is_bad(check, other))
		config_problem(check->problems, "%s: [%s] %s: %s",
			config_section_where(check->section, key), check->section->title, key,
			words);
}

static bool has_xdp(const struct config_interface *interface)
{
	return interface->io == IO_AUTO || interface->io == IO_AF_XDP;
}

static bool is_on(const struct config_service *service, const char *interface)
{
	for (unsigned i = 0; i < service->settings->interfaces.count; i++) {
		if (!strcmp(service->settings->interfaces.name[i], interface))
			return true;
	}
	return false;
}

/* Frames that rings and batch leave for what services keep. */
static void check_frames(const struct check *check, const struct config_interface *interface)
{
	uint64_t kept = 0, wanted;
	char words[160];

	for (unsigned i = 0; i < check->config->services_count; i++) {
		const struct config_service *service = &check->config->services[i];

		if (is_on(service, interface->name))
			kept += service_keeps(service->type, service->settings);
	}
	wanted = CONFIG_FRAMES_MIN + (kept ? kept + interface->batch : 0);
	if (!interface->frames || interface->frames >= wanted)
		return;
	if (!kept) {
		contradict(check, "frames", "io",
			"too few: 2048 to receive into and 2048 to send are needed, 4096");
		return;
	}
	snprintf(words, sizeof(words),
		"too few: 4096 for the rings, %u for a batch and %llu for depths are needed, %llu",
		interface->batch, (unsigned long long)kept, (unsigned long long)wanted);
	contradict(check, "frames", "batch", words);
}

static void check_xdp(const struct check *check, const struct config_interface *interface)
{
	char words[80];

	if (has_xdp(interface)) {
		if (interface->zero_copy == SWITCH_ON && interface->xdp == XDP_GENERIC)
			contradict(check, "zero_copy", "xdp",
				"on contradicts xdp = generic: zero copy needs the driver's XDP");
		check_frames(check, interface);
		return;
	}
	snprintf(words, sizeof(words), "contradicts io = %s, which works without XDP",
		io_words[interface->io]);
	if (interface->xdp != XDP_AUTO)
		contradict(check, "xdp", "io", words);
	if (interface->attach != ATTACH_LINK)
		contradict(check, "attach", "io", words);
	if (interface->zero_copy == SWITCH_ON)
		contradict(check, "zero_copy", "io", words);
}

static void check_pcap(const struct check *check, const struct config_interface *interface)
{
	if (interface->io != IO_PCAP) {
		if (*interface->read)
			contradict(check, "read", "io", "only for io = pcap");
		if (*interface->write)
			contradict(check, "write", "io", "only for io = pcap");
		return;
	}
	if (!*interface->read)
		contradict(check, "io", "read", "pcap needs the file to process: add the key read");
	if (!interface->mac.given)
		contradict(check, "io", "mac",
			"pcap needs the MAC address whose frames are ours: add the key mac");
	if (*interface->read && !strcmp(interface->read, interface->write))
		contradict(check, "write", "read", "the same file as read");
	if (interface->queues.count > 1 || (interface->queues.count && interface->queues.number[0]))
		contradict(check, "queues", "io", "a capture file has one queue, 0");
	if (interface->irq_affinity)
		contradict(check, "irq_affinity", "io", "a capture file has no interrupts");
}

static void check_interface(const struct check *check, const struct config_interface *interface)
{
	char words[80];

	check_xdp(check, interface);
	check_pcap(check, interface);
	if (interface->queues.count && interface->cpus.count &&
		interface->queues.count != interface->cpus.count) {
		snprintf(words, sizeof(words), "%u for %u queues: one per queue is needed",
			interface->cpus.count, interface->queues.count);
		contradict(check, "cpus", "queues", words);
	}
}

static const struct config_interface *find_interface(const struct config *config, const char *name)
{
	for (unsigned i = 0; i < config->interfaces_count; i++) {
		if (!strcmp(config->interfaces[i].name, name))
			return &config->interfaces[i];
	}
	return NULL;
}

/* What the interface's backend lacks; with io = auto that is seen when it is opened. */
static void check_needs(const struct check *check, const struct config_service *service,
	const struct config_interface *interface)
{
	unsigned needs = service_needs(service->type, service->settings), lacks = 0;
	char words[200];

	if (interface->io == IO_PCAP)
		lacks = SERVICE_NEEDS_KERNEL_HALF | SERVICE_NEEDS_DEVICE;
	else if (interface->io == IO_AF_PACKET)
		lacks = SERVICE_NEEDS_KERNEL_HALF | SERVICE_NEEDS_FILTER;
	else if (interface->io == IO_UDP)
		lacks = SERVICE_NEEDS_KERNEL_HALF | SERVICE_NEEDS_FRAMES;
	lacks &= needs;
	if (needs & SERVICE_NEEDS_COPIES && interface->zero_copy == SWITCH_ON) {
		snprintf(words, sizeof(words), "%s needs %s; and [interface %s] has zero_copy = on",
			service->type->name, service_need_words(SERVICE_NEEDS_COPIES),
			interface->name);
		contradict(check, "interfaces", "interfaces", words);
	}
	if (!lacks)
		return;
	snprintf(words, sizeof(words), "%s needs %s, and [interface %s] has io = %s",
		service->type->name, service_need_words(lacks & -lacks), interface->name,
		io_words[interface->io]);
	contradict(check, "interfaces", "interfaces", words);
}

static void check_service_interface(
	const struct check *check, const struct config_service *service, const char *name)
{
	const struct config_interface *interface = find_interface(check->config, name);
	char title[96], words[160];

	snprintf(title, sizeof(title), "interface %s", name);
	if (!config_text_find(check->text, title)) {
		snprintf(words, sizeof(words), "there is no section [%s]: add it (it may be empty)",
			title);
		contradict(check, "interfaces", "interfaces", words);
	}
	if (interface)
		check_needs(check, service, interface);
	if (interface && !has_xdp(interface) && service->settings->path == PATH_KERNEL) {
		snprintf(words, sizeof(words), "kernel needs XDP, and [%s] has io = %s", title,
			io_words[interface->io]);
		contradict(check, "path", "interfaces", words);
	}
}

static void check_service(const struct check *check, const struct config_service *service)
{
	const struct option_names *interfaces = &service->settings->interfaces;
	unsigned needs = service_needs(service->type, service->settings);
	struct err err = { "" };

	if (service->settings->path == PATH_USER && needs & SERVICE_NEEDS_KERNEL_HALF)
		contradict(check, "path", "path", "user, but only the kernel half can do it");
	if (service->settings->path == PATH_KERNEL && needs & SERVICE_NEEDS_WORKER)
		contradict(check, "path", "path", "kernel, but only a worker can do it");
	for (unsigned i = 0; !is_bad(check, "interfaces") && i < interfaces->count; i++)
		check_service_interface(check, service, interfaces->name[i]);
	if (service->type->check && service->type->check(service->settings, &err))
		config_problem(check->problems, "%s: [%s] %s", check->section->where,
			check->section->title, err.text);
}

/* Compiles the services of one interface for a trial: tables can be too small for all of them. */
static void check_tables(
	struct check *check, const struct config_interface *interface, struct rule_tables *tables)
{
	const struct config *config = check->config;

	rule_tables_init(tables);
	for (unsigned i = 0; i < config->services_count; i++) {
		const struct config_service *service = &config->services[i];
		struct service_rule rule = { .kind = SERVICE_NONE };
		const struct service_compile compile = { .settings = service->settings,
			.place = i,
			.queues = 1,
			.rule = &rule,
			.tables = tables };
		struct err err = { "" };
		char title[64];

		if (!is_on(service, interface->name) || !service->type->compile(&compile, &err))
			continue;
		snprintf(title, sizeof(title), "service %s", service->name);
		check->section = config_text_find(check->text, title);
		config_problem(check->problems, "%s: [%s] on %s: %s", check->section->where, title,
			interface->name, err.text);
		return;
	}
}

static void check_access(struct check *check)
{
	struct err err = { "" };

	check->section = config_text_find(check->text, "access");
	if (!check->section)
		return;
	if (access_check(&check->config->access, &err))
		contradict(check, "allow", "deny", err.text);
}

void config_check(const struct config *config, const struct config_text *text,
	struct config_problems *problems)
{
	struct check check = { .config = config, .text = text, .problems = problems };
	struct rule_tables *tables = calloc(1, sizeof(*tables));
	char title[64];

	for (unsigned i = 0; i < config->interfaces_count; i++) {
		snprintf(title, sizeof(title), "interface %s", config->interfaces[i].name);
		check.section = config_text_find(text, title);
		check_interface(&check, &config->interfaces[i]);
		if (tables)
			check_tables(&check, &config->interfaces[i], tables);
	}
	for (unsigned i = 0; i < config->services_count; i++) {
		snprintf(title, sizeof(title), "service %s", config->services[i].name);
		check.section = config_text_find(text, title);
		check_service(&check, &config->services[i]);
	}
	check_access(&check);
	free(tables);
}
