/* SPDX-License-Identifier: BSD-2-Clause */
/* What tap makes of the packets it gets: lines, and a capture file with what was lost between them. */
#ifndef RINGSIDE_TAP_OUTPUT_H
#define RINGSIDE_TAP_OUTPUT_H

#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/err.h"
#include "cmd/tap_behind.h"
#include "ring/ring.h"

struct tap_output_ring {
	uint32_t interface; /* in the file */
	uint32_t serial; /* of the newest packet, lost ones counted; has_serial: known */
	bool has_serial;
	uint64_t seen, lost, pending, accepted; /* pending: lost since the newest packet */
};

/* What became of packets that this cannot be seen of, by reason (tap_behind.h). */
struct tap_output_behind {
	bool is_unknown;
	uint64_t dropped[TAP_BEHIND_REASONS];
};

struct tap_output {
	const char *filter, *write; /* write NULL: no file */
	bool print;
	bool is_tap; /* the packets come with what became of them (bpf/tap.h) */
	struct bpf_program program; /* the filter's; empty: none */
	FILE *file;
	int64_t realtime_ns; /* to add to CLOCK_MONOTONIC */
	struct ringside *rings;
	uint32_t interfaces; /* written to the file so far */
	struct tap_output_ring ring[RINGSIDE_RINGS]; /* of those that are open */
	uint64_t received, lost; /* of rings that have been closed */
	uint64_t joined, joined_from; /* packets that GRO had put together, and of how many */
	struct tap_behind behind; /* while rings are open */
	struct tap_output_behind unseen; /* of rings that have been closed */
	uint64_t taken; /* of all: what the filter wanted */
};

/* Compiles the filter. -EINVAL: it is none. */
int tap_output_init(struct tap_output *output, struct err *err);
int tap_output_open(struct tap_output *output, struct err *err);

/* Takes rings that have been opened, of the instance with that control socket; shows one packet of theirs; takes leave
 * of them, and closes them. */
int tap_output_begin(
	struct tap_output *output, struct ringside *rings, const char *socket, struct err *err);
int tap_output_show(
	struct tap_output *output, const struct ringside_packet *packet, struct err *err);
int tap_output_end(struct tap_output *output, struct err *err);

/* Others can read what was written so far. */
int tap_output_flush(struct tap_output *output, struct err *err);
int tap_output_close(struct tap_output *output, struct err *err);

#endif
