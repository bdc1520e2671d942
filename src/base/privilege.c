/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/privilege.h"

#include <cap-ng.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <sys/prctl.h>

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

int privilege_keep(uint64_t set, struct err *err)
{
	const capng_type_t both = CAPNG_EFFECTIVE | CAPNG_PERMITTED;
	capng_select_t select = CAPNG_SELECT_CAPS;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || capng_get_caps_process())
		return err_set(err, -errno, "look at the capabilities");
	/* who may not shrink the bounding set lets it be: no new privileges come from there any more */
	if (capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP))
		select |= CAPNG_SELECT_BOUNDS;
	for (unsigned i = 0; i <= CAP_LAST_CAP; i++) {
		bool keep = set & PRIVILEGE(i) && capng_have_capability(CAPNG_PERMITTED, i);

		capng_update(keep ? CAPNG_ADD : CAPNG_DROP, both, i);
		capng_update(CAPNG_DROP, CAPNG_INHERITABLE | CAPNG_AMBIENT, i);
		if (!(set & PRIVILEGE(i)))
			capng_update(CAPNG_DROP, CAPNG_BOUNDING_SET, i);
	}
	/* what is no longer inheritable is no longer ambient, either */
	if (capng_apply(select))
		return err_set(err, errno ? -errno : -EPERM, "give up capabilities");
	return 0;
}
