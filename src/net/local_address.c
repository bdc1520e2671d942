/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/local_address.h"

#include <errno.h>
#include <ifaddrs.h>
#include <string.h>

int local_address_read(struct address list[LOCAL_ADDRESSES_MAX], struct err *err)
{
	struct ifaddrs *all;
	int count = 0;

	if (getifaddrs(&all))
		return err_set(err, -errno, "read the addresses of this machine");
	for (const struct ifaddrs *one = all; one && count < LOCAL_ADDRESSES_MAX;
		one = one->ifa_next) {
		const struct sockaddr *socket = one->ifa_addr;
		struct address *address = &list[count];

		if (!socket || (socket->sa_family != AF_INET && socket->sa_family != AF_INET6))
			continue;
		*address = (struct address){ .is_ipv6 = socket->sa_family == AF_INET6 };
		if (address->is_ipv6)
			memcpy(address->word,
				&((const struct sockaddr_in6 *)(const void *)socket)->sin6_addr,
				sizeof(address->word));
		else
			address->word[1] =
				((const struct sockaddr_in *)(const void *)socket)->sin_addr.s_addr;
		count++;
	}
	freeifaddrs(all);
	return count;
}
