/* SPDX-License-Identifier: BSD-2-Clause */
/* What a driver says of its XDP features, by the netdev family of generic netlink (Linux 6.3). */
#ifndef RINGSIDE_NETDEV_H
#define RINGSIDE_NETDEV_H

#include <stdint.h>

#include "base/err.h"

/* Bits of xdp_features: include/uapi/linux/netdev.h, which Debian 12 does not have. */
#define NETDEV_XDP_NATIVE 1u /* programs run in the driver */
#define NETDEV_XDP_ZERO_COPY 8u /* an AF_XDP socket may be bound with zero copy */

struct netdev_features {
	uint64_t xdp; /* NETDEV_XDP_* */
	uint32_t
		zero_copy_segments; /* frames that one packet may span with zero copy; 0: unknown */
};

/* Asks in the calling thread's namespace. -EOPNOTSUPP: the kernel has no such family. */
int netdev_features_read(uint32_t ifindex, struct netdev_features *features, struct err *err);

/* The features in words, each behind a blank: " native redirect zero-copy". */
void netdev_features_print(const struct netdev_features *features, char *text, unsigned size);

#endif
