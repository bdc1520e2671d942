/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The desk: what the dashboard shows and how keys change that, without a terminal. Time is given to
 * it, so that tests need no clock.
 */
#ifndef RINGSIDE_DESK_H
#define RINGSIDE_DESK_H

#include "tui/feed.h"
#include "tui/tui.h"
#include "tui/view.h"

/* What a key asks of whoever has the terminal. */
enum wish {
	WISH_NOTHING,
	WISH_REDRAW, /* everything anew */
	WISH_WRITE, /* the screen and the snapshot into files */
	WISH_INTERVAL, /* the interval has changed */
	WISH_END,
};

struct desk {
	const struct tui_source *source;
	bool confirm_quit; /* the service ends with the dashboard */
	struct view view;
	struct feed feed;
	char message[200];
	uint64_t message_until, frozen_at, news_at, frame_at;
	bool changed; /* a setting that is worth keeping */
};

void desk_init(struct desk *desk, const struct tui_source *source, double interval_s, uint64_t now);

/* A line in the footer, for a while. */
void desk_say(struct desk *desk, uint64_t now, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

enum wish desk_obey(struct desk *desk, int code, uint64_t now);

/* What the key for changing a service begins, and the keys that are pressed until it is typed (desk_change.c). */
void desk_change_begin(struct desk *desk, uint64_t now);
void desk_change_type(struct desk *desk, int code, uint64_t now);

/* Takes what there is to take; shows it when a frame is due. Returns whether one was. */
bool desk_collect(struct desk *desk, uint64_t now);
/* When to collect next. */
uint64_t desk_next(const struct desk *desk, uint64_t now);
/* Points the view at what is to be drawn. */
void desk_prepare(struct desk *desk, uint64_t now);

#endif
