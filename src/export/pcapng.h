/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Capture files in the pcapng format, block by block, to a stream. Time stamps are in nanoseconds since
 * 1970; losses are told with each packet and at the end. (draft-ietf-opsawg-pcapng)
 */
#ifndef RINGSIDE_PCAPNG_H
#define RINGSIDE_PCAPNG_H

#include <stdint.h>
#include <stdio.h>

#define PCAPNG_UNKNOWN UINT64_MAX

struct pcapng_packet {
	uint32_t interface; /* counted as they were written, from 0 */
	uint32_t queue;
	uint64_t time_ns;
	const uint8_t *data;
	uint32_t captured, length; /* bytes at data, and of the packet */
	uint64_t id; /* of the packet on its interface */
	uint64_t lost; /* packets between the one before it and this one */
	const char *comment; /* NULL: none */
};

struct pcapng_statistics {
	uint32_t interface;
	uint64_t time_ns;
	/* PCAPNG_UNKNOWN allowed. lost: by who captures; accepted: by the filter; kernel_lost: before that */
	uint64_t received, lost, accepted, kernel_lost;
};

/* Each writes one block. 0, or the negative errno of a stream that takes no more. */
int pcapng_write_section(FILE *out, const char *application);
int pcapng_write_interface(FILE *out, const char *name, const char *filter);
int pcapng_write_packet(FILE *out, const struct pcapng_packet *packet);
int pcapng_write_statistics(FILE *out, const struct pcapng_statistics *statistics);

#endif
