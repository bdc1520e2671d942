/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a tapped kernel half shows (bpf/tap.bpf.h): a perf ring a CPU, which never waits for its reader.
 * One thread at a time.
 */
#ifndef RINGSIDE_TAP_READER_H
#define RINGSIDE_TAP_READER_H

#include <stdint.h>

#include "base/err.h"
#include "bpf/tap.h"

struct tap_reader;

/* frame: note->bytes of it, on loan for the call. */
typedef void tap_reader_take(void *context, const struct tap_note *note, const uint8_t *frame);

/* A program's maps tap_packets and tap_lost; a negative errno: it has none. */
struct tap_maps {
	int packets_fd, lost_fd;
	unsigned places; /* of interfaces, for each CPU in tap_lost */
};

/* Begins to read what the program shows, and those that go on with its maps. Needs CAP_PERFMON. -ENOENT: it shows
 * nothing. context is kept. */
int tap_reader_open(struct tap_reader **reader, const struct tap_maps *maps, tap_reader_take *take,
	void *context, struct err *err);

/* Polls readable when a ring has a good part of its room used; less waits for the next look. */
int tap_reader_fd(const struct tap_reader *reader);

/* Takes all that is there; those of one CPU in their order. */
void tap_reader_read(struct tap_reader *reader);

/* How many frames of a target at a place have found no room since the program shows them. */
uint64_t tap_reader_lost(const struct tap_reader *reader, unsigned place, unsigned target);

/* NULL is allowed. */
void tap_reader_close(struct tap_reader *reader);

#endif
