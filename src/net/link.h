/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Network interfaces as the kernel knows them: by rtnetlink, ethtool and sysfs. All calls speak of
 * the network namespace of the calling thread (net/netns.h enters another).
 */
#ifndef RINGSIDE_LINK_H
#define RINGSIDE_LINK_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct link {
	char name[IFNAMSIZ];
	uint32_t index;
	uint32_t mtu;
	uint8_t mac[6]; /* zeros for lo */
	bool up; /* IFF_UP */
	bool carrier; /* IFF_LOWER_UP: can carry frames */
	bool promiscuous; /* IFF_PROMISC, by whoever */
	uint32_t rx_queues; /* in use now (channels: rx + combined; else sysfs); at least 1 */
	uint32_t tx_queues;
	uint32_t rx_queues_max; /* what the device could have without being made anew */
	uint32_t xdp_program; /* id of the attached XDP program, 0 for none */
	char driver[32]; /* "veth", "ice"; "loopback" for lo; "unknown" when nobody says */
	int numa_node; /* -1: none */
	uint64_t rx_packets; /* by the driver's count; UINT64_MAX: it has none */
};

/* Fills link. -ENODEV when there is none of that name: err then lists the names that exist. */
int link_read(struct link *link, const char *name, struct err *err);

/* Switches the receive VLAN offloads (rx-vlan-hw-parse, rx-vlan-stag-hw-parse), which hide tags
 * from XDP, off. `was` says which were on and can be given to link_vlan_offload_restore(). Returns
 * how many were switched off, or a negative errno when one that is on could not be. */
struct link_vlan_offload {
	bool ctag, stag; /* was on and has been switched off */
};
int link_vlan_offload_off(const char *name, struct link_vlan_offload *was, struct err *err);
int link_vlan_offload_restore(
	const char *name, const struct link_vlan_offload *was, struct err *err);

/* True when the NIC drops tagged frames of VLANs that are not configured here. */
bool link_filters_vlans(const struct link *link);

/* Switches named features (as ethtool -k has them: "tx-checksum-ip-generic") on or off in one
 * request; names that the device does not have are ignored. Returns 0 or a negative errno. */
int link_features_set(
	const char *name, const char *const *features, unsigned count, bool on, struct err *err);

/* Sum of the driver's statistics (ethtool -S) whose names match a shell pattern
 * ("rx_queue_*_xdp_tx_errors"). The handle keeps the indices, so that a read is one ioctl.
 * link_counter_open() returns NULL when the driver has none that match: the value is then unknown,
 * not 0. It keeps a socket of the namespace it was opened in, so it may be read from any thread. */
struct link_counter;
struct link_counter *link_counter_open(const char *name, const char *pattern);
/* The sum; UINT64_MAX when the driver does not answer. */
uint64_t link_counter_read(struct link_counter *counter);
void link_counter_close(struct link_counter *counter);

/* Watches links of one namespace. The descriptor polls readable when something changed. */
struct link_watch;
struct link_event {
	char name[IFNAMSIZ];
	uint32_t index;
	bool gone; /* deleted or moved to another namespace */
	bool up, carrier;
	uint8_t mac[6];
	uint32_t mtu;
};
int link_watch_open(struct link_watch **watch, struct err *err);
int link_watch_fd(const struct link_watch *watch);
/* Takes one event; 0: none waiting, 1: *event is filled; -ENOBUFS: events were lost, read the links
 * anew. */
int link_watch_next(struct link_watch *watch, struct link_event *event);
void link_watch_close(struct link_watch *watch);

#endif
