/* SPDX-License-Identifier: BSD-2-Clause */
/* An interface as it stands: there, up, free for us, its sizes, queues and offloads. */
#include <bpf/bpf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <linux/ethtool.h>

#include "base/cpu.h"
#include "doctor/doctor.h"
#include "net/ethtool.h"
#include "net/interrupt.h"
#include "net/rss.h"

/* In front of a frame in its buffer, and the headers that an MTU does not count. */
#define XDP_HEADROOM_BYTES 256
#define HEADERS_BYTES 22
#define CPUS_MAX 1024

static void look_at_link(const struct subject *subject, struct finding *finding)
{
	const struct link *link = &subject->link;

	if (!subject->found) {
		finding_set(finding, FINDING_FAIL, "%.250s", subject->link_err.text);
		return;
	}
	if (!link->up) {
		finding_set(finding, FINDING_FAIL, "down");
		finding_mend(finding, subject, "ip link set dev %s up", link->name);
		finding_undo(finding, subject, "ip link set dev %s down", link->name);
	} else if (!link->carrier) {
		finding_set(finding, FINDING_WARN, "up, no carrier");
		finding_advise(finding, "a cable, or the other end, which may be down");
	} else {
		finding_set(finding, FINDING_OK, "up, with carrier");
	}
}

static void look_at_foreign(const struct subject *subject, struct finding *finding)
{
	struct bpf_prog_info about = { 0 };
	__u32 size = sizeof(about), id = subject->link.xdp_program;
	int fd;

	if (!id) {
		finding_set(finding, FINDING_OK, "none attached");
		return;
	}
	fd = bpf_prog_get_fd_by_id(id);
	if (fd >= 0) {
		bpf_obj_get_info_by_fd(fd, &about, &size);
		close(fd);
	}
	finding_set(finding, subject_wants_xdp(subject) ? FINDING_FAIL : FINDING_WARN,
		!strcmp(about.name, "ringside") ? "Ringside runs here already (id %u)"
						: "another program is attached (id %u)",
		id);
	if (about.name[0] && strcmp(about.name, "ringside")) {
		size_t length = strlen(finding->value);

		snprintf(finding->value + length, sizeof(finding->value) - length, ", name %s",
			about.name);
	}
	finding_advise(finding,
		"whoever attached it takes it off (ip link set dev IFNAME xdp off, for netlink "
		"attachments)");
}

static void look_at_mtu(const struct subject *subject, struct finding *finding)
{
	uint32_t most = subject->interface->frame_size - XDP_HEADROOM_BYTES - HEADERS_BYTES;
	const struct link *link = &subject->link;

	finding_set(finding, FINDING_OK, "%u", link->mtu);
	if (!subject_wants_xdp(subject) || link->mtu <= most)
		return;
	finding_set(finding, FINDING_WARN, "%u, over the %u that fit a frame of %u bytes",
		link->mtu, most, subject->interface->frame_size);
	finding_mend(finding, subject, "ip link set dev %s mtu %u", link->name, most);
	finding_undo(finding, subject, "ip link set dev %s mtu %u", link->name, link->mtu);
}

static void look_at_queues(const struct subject *subject, struct finding *finding)
{
	const struct option_numbers *wanted = &subject->interface->queues;
	const struct link *link = &subject->link;

	finding_set(
		finding, FINDING_OK, "%u to receive, %u to send", link->rx_queues, link->tx_queues);
	if (link->tx_queues < link->rx_queues) {
		finding->state = FINDING_WARN;
		finding_mend(finding, subject, "ethtool -L %s tx %u", link->name, link->rx_queues);
		finding_undo(finding, subject, "ethtool -L %s tx %u", link->name, link->tx_queues);
	}
	for (unsigned i = 0; i < wanted->count; i++)
		if (wanted->number[i] >= link->rx_queues) {
			finding_set(finding, FINDING_FAIL,
				"queue %u is configured, there are %u, counted from 0",
				wanted->number[i], link->rx_queues);
			finding->mend[0] = finding->undo[0] = '\0';
			return;
		}
}

static void look_at_rss(const struct subject *subject, struct finding *finding)
{
	const struct link *link = &subject->link;
	struct rss rss;

	if (link->rx_queues == 1) {
		finding_set(finding, FINDING_OK, "one queue: nothing to spread");
		return;
	}
	rss_read(link->name, &rss);
	if (!rss.hash_known && !rss.table_known) {
		finding_set(finding, FINDING_UNKNOWN, "the driver does not say");
		return;
	}
	finding_set(finding, FINDING_OK, "UDP is hashed by %s",
		!rss.hash_known	   ? "what the driver does not say"
		: rss.hashes_ports ? "addresses and ports"
				   : "addresses alone");
	if (rss.table_known) {
		size_t length = strlen(finding->value);

		snprintf(finding->value + length, sizeof(finding->value) - length,
			" onto %u of %u queues", rss.queues_used, link->rx_queues);
	}
	if (rss.hash_known && !rss.hashes_ports) {
		finding->state = FINDING_WARN;
		finding_mend(finding, subject, "ethtool -N %s rx-flow-hash udp4 sdfn", link->name);
		finding_undo(finding, subject, "ethtool -N %s rx-flow-hash udp4 sd", link->name);
	}
}

static void look_at_offloads(const struct subject *subject, struct finding *finding)
{
	static const char *const names[] = { "rx-lro", "rx-gro-hw", "rx-gro", "rx-vlan-hw-parse" };
	static const char *const words[] = { "LRO", "hardware GRO", "GRO", "VLAN tags" };
	const char *link = subject->link.name, *merges = NULL;
	struct ethtool_feature state[4];
	struct err err = { "" };

	if (ethtool_features_read(link, names, 4, state, &err)) {
		finding_set(finding, FINDING_UNKNOWN, "%.200s", err.text);
		return;
	}
	finding_set(finding, FINDING_OK, "%s", "");
	for (unsigned i = 0; i < 4; i++) {
		size_t length = strlen(finding->value);

		snprintf(finding->value + length, sizeof(finding->value) - length, "%s%s %s",
			length ? ", " : "", words[i], state[i].known && state[i].on ? "on" : "off");
		if (i < 2 && state[i].known && state[i].on)
			merges = i ? "rx-gro-hw" : "lro";
	}
	if (merges) {
		finding->state = FINDING_WARN;
		finding_mend(finding, subject, "ethtool -K %s %s off", link, merges);
		finding_undo(finding, subject, "ethtool -K %s %s on", link, merges);
	}
}

static void look_at_interrupts(const struct subject *subject, struct finding *finding)
{
	const struct link *link = &subject->link;
	size_t length = 0;

	finding->value[0] = '\0';
	for (uint32_t queue = 0; queue < link->rx_queues; queue++) {
		char cpus[64];
		uint32_t irq;

		if (interrupt_find(link->name, queue, &irq, NULL) ||
			interrupt_cpus(irq, cpus, sizeof(cpus)) || length >= sizeof(finding->value))
			continue;
		length += (size_t)snprintf(finding->value + length, sizeof(finding->value) - length,
			"%squeue %u: CPU %s", length ? ", " : "", queue, cpus);
	}
	if (length)
		finding->state = FINDING_OK;
	else
		finding_set(finding, FINDING_OK, "none of its own (driver %s)", link->driver);
}

static void look_at_numa(const struct subject *subject, struct finding *finding)
{
	const struct option_numbers *wanted = &subject->interface->cpus;
	int node = subject->link.numa_node;
	uint32_t cpus[CPUS_MAX];
	unsigned near = 0, count = cpu_list(node, cpus, CPUS_MAX);
	char path[80];

	if (node < 0) {
		finding_set(finding, FINDING_OK, "no node of its own");
		return;
	}
	for (unsigned i = 0; i < count && i < CPUS_MAX; i++) {
		snprintf(
			path, sizeof(path), "/sys/devices/system/node/node%d/cpu%u", node, cpus[i]);
		near += !access(path, F_OK);
	}
	finding_set(finding, near ? FINDING_OK : FINDING_WARN, "node %d, with %u CPUs to run on",
		node, near);
	for (unsigned i = 0; i < wanted->count; i++) {
		snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/cpu%u", node,
			wanted->number[i]);
		if (access(path, F_OK)) {
			finding_set(finding, FINDING_WARN,
				"node %d, but cpus has CPU %u, which is elsewhere", node,
				wanted->number[i]);
			finding_advise(finding, "cpus = auto");
		}
	}
}

const struct probe doctor_link_probes[] = {
	{ "link", "nothing arrives at a link that is down", look_at_link, false },
	{ "xdp_free", "only one XDP program fits; a foreign one is never touched", look_at_foreign,
		true },
	{ "mtu", "a frame that does not fit its buffer is not answered in user space", look_at_mtu,
		true },
	{ "queues", "answers leave by the queue with the number of the one they came by",
		look_at_queues, true },
	{ "rss", "without the ports in it, all of one tester's packets meet in one queue",
		look_at_rss, true },
	{ "offloads", "packets that the NIC has merged are no packets of the test any more",
		look_at_offloads, true },
	{ "interrupts", "a queue's interrupt on the CPU of its worker halves both",
		look_at_interrupts, true },
	{ "numa", "packet memory on another node costs a trip for each packet", look_at_numa,
		true },
	{ NULL, NULL, NULL, false },
};
