/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the screen is drawn from: the snapshot shown and the one before it, the history, a frozen
 * copy of them all, and what z took as its zero. Large: allocate it.
 */
#ifndef RINGSIDE_FEED_H
#define RINGSIDE_FEED_H

#include "tui/events.h"
#include "tui/history.h"

struct feed_frame {
	struct snapshot now, before;
	bool has_before;
	struct history history;
	struct events events;
	int64_t zero_time_ns; /* CLOCK_REALTIME of the last feed_zero(); 0: none */
};

struct feed {
	struct snapshot newest; /* taken, perhaps not shown yet */
	struct feed_frame live, frozen;
	bool is_zeroed;
	char zero_name[SERVICE_SLOTS][32];
	struct histogram zero[SERVICE_SLOTS]; /* what is subtracted from the services' */
};

void feed_init(struct feed *feed);
/* To be called after `newest` was filled: adds it to the history and the events. */
void feed_add(struct feed *feed);
/* Puts the newest snapshot into the live frame, with rates since the one that was there. */
void feed_show(struct feed *feed);
/* Copies the live frame into the frozen one. */
void feed_freeze(struct feed *feed);
/* Peaks, means and histograms count from here on. */
void feed_zero(struct feed *feed);

#endif
