/* SPDX-License-Identifier: BSD-2-Clause */
#include "service/service.h"

#include <string.h>

#include "service/signature.h"

const char *const path_names[] = { "auto", "kernel", "user", NULL };

#define SERVICE_DECLARE(name) extern const struct service_type service_##name;
SERVICES(SERVICE_DECLARE)
#undef SERVICE_DECLARE

const struct service_type *const service_types[] = {
#define SERVICE_ADDRESS(name) &service_##name,
	SERVICES(SERVICE_ADDRESS)
#undef SERVICE_ADDRESS
		NULL
};

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
