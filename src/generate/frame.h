/* SPDX-License-Identifier: BSD-2-Clause */
/* Makes the packets of a run, and what has to come back, from the settings (bpf/generate.h). */
#ifndef RINGSIDE_GENERATE_FRAME_H
#define RINGSIDE_GENERATE_FRAME_H

#include "base/err.h"
#include "bpf/generate.h"
#include "generate/settings.h"

/* The smallest frame, FCS included, that has room for the headers and the short stamp; never below 64. */
uint32_t frame_size_min(const struct generate_settings *settings);
/* The largest that a link with this MTU carries and the program reads. */
uint32_t frame_size_max(const struct generate_settings *settings, uint32_t mtu);

/* -EINVAL or -EMSGSIZE, with err, when it is outside of the two. */
int frame_check_size(
	const struct generate_settings *settings, uint32_t mtu, uint32_t size, struct err *err);

/* Fills the frame for packets of size bytes, FCS included, which is in the range of the two above, and
 * bytes[FRAME_BYTES_MAX] with a whole one. every: one packet in so many carries its time; the stream tells
 * this run's packets from all others. */
void frame_make(struct generate_frame *frame, uint8_t *bytes,
	const struct generate_settings *settings, uint32_t size, uint32_t stream, uint32_t every);

#endif
