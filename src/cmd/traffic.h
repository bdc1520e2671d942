/* SPDX-License-Identifier: BSD-2-Clause */
/* The arguments that say what test packets look like and how many there are, for `generate` and `lab`. */
#ifndef RINGSIDE_TRAFFIC_H
#define RINGSIDE_TRAFFIC_H

#include "cmd/arguments.h"
#include "generate/settings.h"

#define TRAFFIC_ARGUMENTS                                                                          \
	{ 0, "size", "BYTES,...", "of a frame, FCS included; several: one run each" },             \
		{ 0, "rate", "RATE", "10kpps, 1Gbps (layer 2 without FCS), max" },                 \
		{ 0, "port", "PORT", "the far end's UDP port (3842)" },                            \
		{ 0, "signature", "TEXT[@OFFSET]",                                                 \
			"DATA:OT, PROBEOT, LATENCY, RFC2544, Y.1564, or any 7 bytes (DATA:OT)" },  \
		{ 0, "flows", "N", "UDP source ports to take in turn (1)" },                       \
		{ 0, "vlan", "ID[:PRIO][,ID[:PRIO]]",                                              \
			"one VLAN tag or two, the outer one first" },                              \
		{ 0, "dscp", "N", "0 to 63 (0)" },                                                 \
		{ 0, "ipv6", NULL, "IPv6, also where no IP address is given" },                    \
	{                                                                                          \
		0, "engine", "auto|paced|flood",                                                   \
			"times every packet, or one in 64 at the highest rates (auto: by the "     \
			"rate)"                                                                    \
	}

/* A rate as written; both 0: as fast as it goes. */
struct traffic_rate {
	uint64_t pps, bps;
};

/* The values as texts, NULL: not given. Begins as { 0 }; points into argv. */
struct traffic {
	const char *size, *rate, *port, *signature, *flows, *vlan, *dscp, *engine;
	bool ipv6;
	/* after traffic_parse() */
	struct generate_sizes sizes;
	struct traffic_rate wanted;
};

/* Takes one of the arguments above: true when it was one. */
bool traffic_take(struct traffic *traffic, const char *name, const char *value);

/* Checks all of them and fills those settings that they are about; what was not given gets its default: sizes
 * and rate are those of the caller. */
int traffic_parse(struct traffic *traffic, const struct generate_sizes *default_sizes,
	const char *default_rate, struct generate_settings *settings, struct err *err);

/* Once it is known whether packets are IPv6: raises default sizes to the smallest that they fit in, and notes the
 * largest. */
void traffic_fit(struct traffic *traffic, struct generate_settings *settings);

/* Packets a second for frames of this size, FCS included, at least 1; 0: as fast as it goes. */
uint64_t traffic_pps(const struct traffic_rate *rate, uint32_t size);

/* Numbers with decimals, whatever the locale's point is: "2", "0.5s" in ns; "0.1", "0.1%" as a share. */
int traffic_seconds(const char *text, uint64_t *ns, struct err *err);
int traffic_percent(const char *text, double *share, struct err *err);

#endif
