/* SPDX-License-Identifier: BSD-2-Clause */
/* What the driver says it can do, and what it then does. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor/doctor.h"
#include "io/io.h"
#include "io/xdp_program.h"
#include "net/netdev.h"
#include "net/ntuple.h"

static bool read_features(const struct subject *subject, struct netdev_features *features)
{
	return !netdev_features_read(subject->link.index, features, NULL);
}

static void look_at_driver(const struct subject *subject, struct finding *finding)
{
	struct netdev_features features;
	struct err err = { "" };
	char words[128];

	if (netdev_features_read(subject->link.index, &features, &err)) {
		finding_set(finding, FINDING_UNKNOWN, "%s: %.200s", subject->link.driver, err.text);
		return;
	}
	netdev_features_print(&features, words, sizeof(words));
	finding_set(finding, features.xdp & NETDEV_XDP_NATIVE ? FINDING_OK : FINDING_WARN,
		"%s: XDP features%s", subject->link.driver, words[0] ? words : " none");
}

/* Why an interface is left as it is, or NULL. */
static const char *reason_to_leave(const struct subject *subject)
{
	if (!subject_wants_xdp(subject))
		return "not tried: XDP is not asked for here";
	if (subject->link.xdp_program)
		return "not tried: a program is attached";
	return subject->passive ? "not tried: --passive" : NULL;
}

/* The program with no service at all: it passes everything. */
static int attach(const struct subject *subject, struct err *err)
{
	struct service_rule *rules = calloc(SERVICE_SLOTS, sizeof(*rules));
	struct rule_tables *tables = calloc(1, sizeof(*tables));
	const struct rule_state state = { .level = LEVEL_BASIC };
	const struct xdp_program_settings settings = { .queues = subject->link.rx_queues_max,
		.services = rules,
		.tables = tables,
		.state = &state };
	struct xdp_program *program = NULL;
	int code = -ENOMEM;

	if (rules && tables)
		code = xdp_program_open(&program, &settings, err);
	if (!code) {
		code = xdp_program_attach(program, subject->link.index, false, err);
		xdp_program_close(program);
	}
	free(tables);
	free(rules);
	return code;
}

static void look_at_native(const struct subject *subject, struct finding *finding)
{
	const char *reason = reason_to_leave(subject);
	struct err err = { "" };
	int code = reason ? 0 : attach(subject, &err);

	if (reason)
		finding_set(finding, FINDING_UNKNOWN, "%s", reason);
	else if (!code)
		finding_set(finding, FINDING_OK, "attached, and taken off again");
	else if (code == -EPERM || code == -EACCES)
		finding_set(finding, FINDING_UNKNOWN, "%.200s", err.text);
	else
		finding_set(finding,
			subject->interface->xdp == XDP_NATIVE ? FINDING_FAIL : FINDING_WARN,
			"%.200s", err.text);
	if (code == -ENOSPC && !strcmp(subject->link.driver, "veth"))
		finding_advise(finding, "in the namespace of the other end: ethtool -L PEER tx %u",
			subject->link.rx_queues);
}

/* As a queue of ours would bind, and gone at once; the highest queue has the least traffic of others. */
static int bind_queue(const struct subject *subject, struct err *err)
{
	const struct config_interface *config = subject->interface;
	const struct option_numbers *wanted = &config->queues;
	const struct io_queue_settings settings = {
		.interface = subject->link.name,
		.netns = config->netns,
		.ifindex = subject->link.index,
		.queue = wanted->count ? wanted->number[wanted->count - 1]
				       : subject->link.rx_queues - 1,
		.mtu = subject->link.mtu,
		.frames = config->frames ? config->frames : CONFIG_FRAMES_MIN,
		.frame_size = config->frame_size,
		.batch = config->batch,
		.huge_pages = config->huge_pages,
		.numa_node = subject->link.numa_node,
		.zero_copy = true,
	};
	struct io_queue *queue = NULL;
	int code = io_af_xdp.open(&queue, &settings, err);

	if (!code)
		io_af_xdp.close(queue);
	return code;
}

static void look_at_zero_copy(const struct subject *subject, struct finding *finding)
{
	bool asked_for = subject->interface->zero_copy == SWITCH_ON;
	const char *reason = reason_to_leave(subject);
	struct netdev_features features;
	struct err err = { "" };
	int code;

	if (reason) {
		finding_set(finding, FINDING_UNKNOWN, "%s", reason);
		return;
	}
	/* a driver that says no is spared a bind, which may reset the queue */
	if (read_features(subject, &features) && !(features.xdp & NETDEV_XDP_ZERO_COPY)) {
		finding_set(finding, asked_for ? FINDING_FAIL : FINDING_OK,
			"the driver says that it has none: copy mode");
		return;
	}
	code = bind_queue(subject, &err);
	if (!code)
		finding_set(finding, FINDING_OK, "bound, and let go again");
	else if (code == -EPERM || code == -EACCES)
		finding_set(finding, FINDING_UNKNOWN, "%.200s", err.text);
	else if (code == -EBUSY)
		finding_set(finding, FINDING_WARN, "%.200s", err.text);
	else
		finding_set(
			finding, asked_for ? FINDING_FAIL : FINDING_OK, "none: %.200s", err.text);
}

static void tell_trial(
	struct finding *finding, const struct subject *subject, int udp, int ether, uint32_t left)
{
	if (udp == -EPERM || udp == -EACCES) {
		finding_set_refused(finding, udp, "set a rule");
	} else if (udp == -EBUSY || ether == -EBUSY) {
		finding_set(
			finding, FINDING_WARN, "a rule was set, and could not be taken away again");
		finding_mend(finding, subject, "ethtool -N %s delete %u", subject->link.name, left);
	} else if (!udp) {
		finding_set(finding, FINDING_OK, "one for UDP ports was set, and taken away again");
	} else if (!ether) {
		finding_set(finding, FINDING_OK,
			"one for an Ethernet type was set, and taken away again; for UDP ports: %s",
			strerror(-udp));
	} else {
		finding_set(finding, FINDING_UNKNOWN, "the driver takes none: for UDP ports: %s",
			strerror(-udp));
	}
}

/* Where rules are set, the driver takes them, and there is no need to add one. */
static void look_at_ntuple(const struct subject *subject, struct finding *finding)
{
	const char *link = subject->link.name;
	int count = ntuple_count(link), udp, ether = -ENOENT;
	uint32_t left = 0;

	if (count < 0) {
		finding_set(finding, FINDING_UNKNOWN, "the driver has no such rules");
	} else if (count) {
		finding_set(finding, FINDING_OK, "%d are set (ethtool -n %s)", count, link);
	} else if (subject->passive) {
		finding_set(finding, FINDING_UNKNOWN, "none are set; not tried: --passive");
	} else {
		udp = ntuple_try(link, NTUPLE_UDP, 0, &left);
		if (udp && udp != -EBUSY)
			ether = ntuple_try(link, NTUPLE_ETHER_TYPE, 0, &left);
		tell_trial(finding, subject, udp, ether, left);
	}
}

const struct probe doctor_driver_probes[] = {
	{ "driver", "what it says; what it does is tried below", look_at_driver, true },
	{ "native", "in generic mode the kernel has made a socket buffer before XDP sees a packet",
		look_at_native, true },
	{ "zero_copy", "without it each packet that is answered in user space is copied twice",
		look_at_zero_copy, true },
	{ "ntuple", "rules that choose a queue take packets past the spreading", look_at_ntuple,
		true },
	{ NULL, NULL, NULL, false },
};
