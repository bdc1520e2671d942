/* SPDX-License-Identifier: BSD-2-Clause */
/* What `ringside generate` was told, checked and resolved. */
#ifndef RINGSIDE_GENERATE_SETTINGS_H
#define RINGSIDE_GENERATE_SETTINGS_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"

#define SIGNATURE_TEXT 7 /* bytes that every signature has */
/* So far into the payload a signature may begin: the head's room (bpf/generate.h). */
#define SIGNATURE_AT_MAX 8
#define TAGS_MAX 2

/* One end of the way, in network byte order. */
struct generate_end {
	uint8_t mac[6];
	uint8_t ip[16]; /* the first 4 for IPv4 */
};

enum generate_engine { ENGINE_AUTO, ENGINE_PACED, ENGINE_FLOOD };
enum generate_io { GENERATE_IO_AUTO, GENERATE_IO_AF_XDP, GENERATE_IO_AF_PACKET };

struct generate_settings {
	char interface[IFNAMSIZ]; /* in the calling thread's network namespace */
	struct generate_end from, to;
	bool ipv6;
	uint16_t port;
	char signature[SIGNATURE_TEXT]; /* not terminated */
	uint32_t signature_at; /* in the UDP payload */
	uint32_t tags;
	uint16_t tag[TAGS_MAX]; /* priority and id, outermost first */
	uint8_t dscp;
	uint32_t flows;
	uint32_t largest; /* frame of all runs, FCS included */
	int engine; /* enum generate_engine */
	int io; /* enum generate_io: of the paced engine */
	uint64_t deadline_ns; /* answers later than this are late */
	uint64_t wait_ns; /* those later than this are lost; also waited for so long at the end */
	uint64_t patience_ns; /* for a first answer, before anything is counted */
	struct log *log;
};

/* One run. */
struct generate_trial {
	uint32_t size; /* bytes of a frame, FCS included */
	uint64_t rate_pps; /* 0: as fast as it goes */
	uint64_t duration_ns; /* 0: until it is stopped */
	uint64_t packets; /* 0: no limit */
};

#define ETHERNET_FCS 4

/* Frame sizes of RFC 2544 §9.1. */
#define GENERATE_SIZES_MAX 16
struct generate_sizes {
	unsigned count;
	uint32_t size[GENERATE_SIZES_MAX];
};

#endif
