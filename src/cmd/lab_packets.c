/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/lab_packets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "cmd/lab_tester.h"
#include "generate/frame.h"
#include "net/link.h"

#define DEFAULT_RATE "50kpps"
static const struct generate_sizes default_size = { 1, { 128 } };
/* Several for each queue, so that hashing leaves none without. */
#define FLOWS_PER_QUEUE 8
_Static_assert(FLOWS_PER_QUEUE *LAB_QUEUES_MAX <= GENERATE_FLOWS_MAX, "flows for every queue");
/* Of a new veth pair. */
#define MTU 1500

const char *const lab_packets_arguments[] = { "size", "rate", "port", "signature", "flows", "vlan",
	"dscp", "ipv6", "engine", NULL };

int lab_packets_prepare(struct lab_options *options, struct err *err)
{
	struct generate_settings *settings = &options->settings;
	struct traffic *traffic = &options->traffic;
	uint32_t min, max, size;

	if (traffic_parse(traffic, &default_size, DEFAULT_RATE, settings, err))
		return -EINVAL;
	traffic_fit(traffic, settings);
	size = traffic->sizes.size[0];
	min = frame_size_min(settings);
	max = frame_size_max(settings, MTU);
	if (traffic->sizes.count > 1 || size < min || size > max)
		return err_say(
			err, -EINVAL, "--size: one from %u to %u bytes, FCS included", min, max);
	options->trial = (struct generate_trial){
		.size = size,
		.rate_pps = traffic_pps(&traffic->wanted, size),
		.duration_ns = options->duration_ns,
	};
	if (!traffic->flows && options->queues > 1)
		settings->flows = FLOWS_PER_QUEUE * options->queues;
	settings->deadline_ns = NSEC_PER_SEC;
	settings->wait_ns = 2 * NSEC_PER_SEC;
	settings->patience_ns = LAB_PATIENCE_S * NSEC_PER_SEC;
	return 0;
}

int lab_packets_furnish(struct err *err)
{
	static const char *const off[] = { "tx-checksum-ip-generic", "tx-checksum-ipv4",
		"tx-checksum-ipv6", "tx-checksum-sctp", "tx-vlan-hw-insert",
		"tx-vlan-stag-hw-insert", "rx-vlan-hw-parse", "rx-vlan-stag-hw-parse",
		"tx-generic-segmentation", "tx-tcp-segmentation", "tx-tcp-ecn-segmentation",
		"tx-tcp-mangleid-segmentation", "tx-tcp6-segmentation", "tx-udp-segmentation",
		"tx-sctp-segmentation", "tx-gso-list" };

	return link_features_set(
		lab_links[LAB_TESTER], off, sizeof(off) / sizeof(*off), false, err);
}

void lab_packets_address(const struct lab_options *options, struct generate_settings *settings)
{
	*settings = options->settings;
	strcpy(settings->interface, lab_links[LAB_TESTER]);
	settings->from = lab_ends[LAB_TESTER];
	settings->to = lab_ends[LAB_SERVICE];
	if (settings->ipv6) {
		inet_pton(AF_INET6, lab_ipv6[LAB_TESTER], settings->from.ip);
		inet_pton(AF_INET6, lab_ipv6[LAB_SERVICE], settings->to.ip);
	}
}
