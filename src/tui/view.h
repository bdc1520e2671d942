/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Views: pure functions from what is known to a canvas. They call neither ncurses nor a clock, so a
 * frozen screen is frozen in full and tests compare whole screens.
 */
#ifndef RINGSIDE_VIEW_H
#define RINGSIDE_VIEW_H

#include "stats/snapshot.h"
#include "tui/canvas.h"
#include "tui/history.h"

enum page { PAGE_OVERVIEW, PAGE_HELP };

struct view {
	const struct snapshot *now;
	const struct snapshot
		*before; /* what rates without a field of their own are over; or NULL */
	const struct history *history;
	enum page page;
	bool bytes; /* bytes a second instead of bits */
	bool paused;
	bool ask_quit; /* the footer asks whether to quit */
	unsigned paused_s; /* for how long */
	unsigned stale_s; /* since the newest snapshot, when that is too long ago, else 0 */
	double interval_s; /* as set */
	int64_t zero_time_ns; /* CLOCK_REALTIME of the last z; 0: none, since the start */
	const char *message; /* shown instead of the footer; or NULL */
};

/* Draws the page and the footer. */
void view_draw(const struct view *view, struct canvas *canvas);

void view_overview(const struct view *view, const struct area *area);
void view_help(const struct view *view, const struct area *area);

/* A section of the overview: the rows it would fill at a width, and drawing as many as it got. */
struct section {
	int (*wants)(const struct view *view, int width);
	void (*draw)(const struct view *view, const struct area *area);
};

extern const struct section section_header, section_interfaces, section_rx, section_tx,
	section_drops, section_books, section_alarms, section_graph, section_queues,
	section_services, section_latency, section_histogram, section_kernel, section_reasons,
	section_events;

/* The overview in one line. */
void view_single(const struct view *view, const struct area *area);

/* ---- what sections share ---- */

/* Packets a second between the two snapshots; NAN when either count is unknown or it shrank. */
double view_rate(const struct view *view, uint64_t before, uint64_t now);
/* The queue or service as the snapshot before has it, or NULL. */
const struct snapshot_queue *view_queue_before(const struct view *view, unsigned index);
const struct snapshot_service *view_service_before(const struct view *view, unsigned index);
/* Drops a second over the queues, for one reason or (DROPS) for all. */
double view_drop_rate(const struct view *view, enum drop reason);
uint64_t view_drop_total(const struct view *view, enum drop reason);
/* Queues in a state. */
unsigned view_queues_in(const struct view *view, enum queue_state state);
/* The worker says nothing now, so that its rates are unknown rather than 0. */
bool view_queue_is_silent(const struct snapshot_queue *queue);
/* Bits or bytes a second, as the user wants them. */
struct label;
struct label view_bandwidth(const struct view *view, double bps, bool unit);

#endif
