/* SPDX-License-Identifier: BSD-2-Clause */
#include "service/service.h"

#include <string.h>

#include "service/signature.h"

const char *const path_names[] = { "auto", "kernel", "user", NULL };

#define SERVICE_DECLARE(name) extern const struct service_type service_##name;
SERVICES(SERVICE_DECLARE)
#ifdef RINGSIDE_HTTP
SERVICE_DECLARE(http)
#endif
#undef SERVICE_DECLARE

const struct service_type *const service_types[] = {
#define SERVICE_ADDRESS(name) &service_##name,
	SERVICES(SERVICE_ADDRESS)
#ifdef RINGSIDE_HTTP
		SERVICE_ADDRESS(http)
#endif
#undef SERVICE_ADDRESS
			NULL
};

unsigned service_needs(const struct service_type *type, const void *settings)
{
	return type->needs ? type->needs(settings) : 0;
}

uint32_t service_keeps(const struct service_type *type, const void *settings)
{
	return type->keeps ? type->keeps(settings) : 0;
}

const char *service_need_words(unsigned need)
{
	switch (need) {
	case SERVICE_NEEDS_KERNEL_HALF:
		return "the kernel half (XDP)";
	case SERVICE_NEEDS_WORKER:
		return "a worker (path = auto or user)";
	case SERVICE_NEEDS_FILTER:
		return "a backend that takes frames away from the stack, where AF_PACKET sees "
		       "copies";
	case SERVICE_NEEDS_COPIES:
		return "packets to be copied, or expose_queue = yes: with zero copy it would show "
		       "all traffic of the queue";
	case SERVICE_NEEDS_FRAMES:
		return "whole frames, and not plain UDP sockets";
	default:
		return "a network device";
	}
}

bool service_has_keys(const struct service_type *type)
{
	static const struct service_type *const keyed[] = {
#define SERVICE_KEYED(name) &service_##name,
		KEYED_SERVICES(SERVICE_KEYED)
#undef SERVICE_KEYED
			NULL
	};

	for (unsigned i = 0; keyed[i]; i++)
		if (keyed[i] == type)
			return true;
	return false;
}

void service_compile_ports(const struct option_ports *ports, const struct service_compile *compile)
{
	for (unsigned port = 0; port < 65536; port++)
		if (ports->any || ports->set[port / 8] & 1u << port % 8)
			compile->tables->udp_port_services[port] |= (__u8)(1u << compile->place);
}

void rule_tables_init(struct rule_tables *tables)
{
	memset(tables, 0, sizeof(*tables));
	signature_table_init(tables->signatures);
}

const struct service_type *service_find(const char *name)
{
	for (const struct service_type *const *type = service_types; *type; type++) {
		if (!strcmp((*type)->name, name))
			return *type;
	}
	return NULL;
}
