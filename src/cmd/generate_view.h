/* SPDX-License-Identifier: BSD-2-Clause */
/* The screen of `generate`: a pure function from figures to a canvas. */
#ifndef RINGSIDE_GENERATE_VIEW_H
#define RINGSIDE_GENERATE_VIEW_H

#include "generate/figures.h"
#include "tui/canvas.h"

#define GENERATE_HISTORY 512

struct generate_view {
	const char *interface, *target; /* in words */
	uint64_t duration_ns; /* 0: no end */
	const char *state; /* "KNOCKING", "SENDING", "WAITING" */
	struct figures now;
	struct figures_rates rates; /* of the last interval */
	/* received packets a second, the newest last; as a ring */
	double history[GENERATE_HISTORY];
	unsigned history_count; /* all there ever were */
};

/* Notes a sample: rates are since the one before. */
void generate_view_add(struct generate_view *view, const struct figures *now);
/* Draws it all, as far as it fits. */
void generate_view_draw(const struct generate_view *view, struct canvas *canvas);

#endif
