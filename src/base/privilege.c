/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/privilege.h"

#include <cap-ng.h>
#include <ctype.h>
#include <stdio.h>

bool privilege_has(unsigned capability)
{
	if (capng_get_caps_process())
		return false;
	return capng_have_capability(CAPNG_EFFECTIVE, capability);
}

const char *privilege_name(unsigned capability, char name[PRIVILEGE_NAME_BYTES])
{
	const char *bare = capng_capability_to_name(capability);

	snprintf(name, PRIVILEGE_NAME_BYTES, "CAP_%s", bare ? bare : "?");
	for (char *at = name; *at; at++)
		*at = (char)toupper((unsigned char)*at);
	return name;
}
