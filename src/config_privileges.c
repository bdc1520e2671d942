/* SPDX-License-Identifier: BSD-2-Clause */
/* What a configuration needs of root's power. */
#include "base/privilege.h"
#include "config.h"

static uint64_t interface_needs(const struct config_interface *interface)
{
	/* PERFMON: the kernel half computes with packet pointers; SYS_ADMIN: to enter a namespace */
	uint64_t needs = *interface->netns ? PRIVILEGE(CAP_SYS_ADMIN) : 0;

	if (interface->io == IO_PCAP)
		return 0;
	if (interface->io == IO_UDP)
		return needs; /* NET_ADMIN only makes its buffers larger */
	needs |= PRIVILEGE(CAP_NET_RAW);
	if (interface->io != IO_AF_PACKET)
		needs |= PRIVILEGE(CAP_NET_ADMIN) | PRIVILEGE(CAP_BPF) | PRIVILEGE(CAP_PERFMON);
	return needs;
}

static uint64_t service_privileges(const struct config_service *service, const void *settings)
{
	return service->type->privileges ? service->type->privileges(settings) : 0;
}

uint64_t config_needs(const struct config *config)
{
	uint64_t needs = 0;

	for (unsigned i = 0; i < config->interfaces_count; i++)
		needs |= interface_needs(&config->interfaces[i]);
	for (unsigned i = 0; i < config->services_count; i++)
		needs |= service_privileges(&config->services[i], config->services[i].settings);
	return needs;
}

uint64_t config_keeps(const struct config *config)
{
	uint64_t keeps = config_needs(config) | PRIVILEGE(CAP_IPC_LOCK);

	for (unsigned i = 0; i < config->interfaces_count; i++) {
		if (config->interfaces[i].irq_affinity)
			keeps |= PRIVILEGE(CAP_DAC_OVERRIDE);
		/* to find the others there, again at the end */
		if (config->interfaces[i].attach == ATTACH_DISPATCHER)
			keeps |= PRIVILEGE(CAP_SYS_ADMIN);
	}
	for (unsigned i = 0; i < config->services_count; i++)
		keeps |= service_privileges(&config->services[i], NULL);
	return keeps;
}
