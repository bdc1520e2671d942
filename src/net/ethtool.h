/* SPDX-License-Identifier: BSD-2-Clause */
/* Questions to a driver by SIOCETHTOOL, in the calling thread's namespace; for the files of
 * net/. */
#ifndef RINGSIDE_ETHTOOL_H
#define RINGSIDE_ETHTOOL_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/ethtool.h>

#include "base/err.h"

/* A socket that ethtool_call() works on; it stays in the namespace it was opened in. Or -errno. */
int ethtool_open(void);
/* One request; its first 32 bits are the command. Returns the ioctl's result or a negative
 * errno. */
int ethtool_call(int fd, const char *link, void *request);

/*
 * Memory that ends where an unreadable page begins. The kernel writes as many strings or statistics
 * as the driver has by then, whatever room was said to be there (before 6.19): if there are more
 * than asked about a moment before, it must meet a fault (-EFAULT), not our heap.
 */
struct ethtool_buffer {
	void *start; /* aligned to 8 bytes */
	void *map;
	size_t map_bytes;
};
int ethtool_buffer_open(struct ethtool_buffer *buffer, size_t bytes);
void ethtool_buffer_close(struct ethtool_buffer *buffer);

/* The names of a string set (ETH_SS_STATS, ETH_SS_FEATURES). text points at count names of
 * ETH_GSTRING_LEN bytes, which need not be terminated. ethtool_strings_close() ends it. */
struct ethtool_strings {
	uint32_t count;
	const char (*text)[ETH_GSTRING_LEN];
	struct ethtool_buffer buffer;
};
int ethtool_strings_open(struct ethtool_strings *strings, int fd, const char *link, uint32_t set);
void ethtool_strings_close(struct ethtool_strings *strings);

/* One feature of a device; known: it has one of that name. */
struct ethtool_feature {
	bool known, on, fixed;
};

/* Reads features by their names (as ethtool -k has them) into state[]. 0 or a negative errno. */
int ethtool_features_read(const char *link, const char *const *names, unsigned count,
	struct ethtool_feature *state, struct err *err);
/* Switches them, all in one request, then looks whether it was done. A name that the device lacks
 * is passed over; one that stays at the other value is -EOPNOTSUPP. */
int ethtool_features_write(
	const char *link, const char *const *names, unsigned count, bool on, struct err *err);

/* The driver's name and bus address ("0000:00:03.0", empty for virtual devices). */
int ethtool_driver_read(const char *link, struct ethtool_drvinfo *driver);

#endif
