/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Views: pure functions from what is known to a canvas. They call neither ncurses nor a clock, so a
 * frozen screen is frozen in full and tests compare whole screens.
 */
#ifndef RINGSIDE_VIEW_H
#define RINGSIDE_VIEW_H

#include "stats/snapshot.h"
#include "tui/canvas.h"
#include "tui/events.h"
#include "tui/history.h"

#define VIEW_KEY_BYTES 80
#define VIEW_FILTER_BYTES 32
#define VIEW_CHANGE_BYTES 80

enum page {
	PAGE_OVERVIEW,
	PAGE_QUEUES,
	PAGE_SERVICES,
	PAGE_LATENCY,
	PAGE_DROPS,
	PAGE_EVENTS,
	PAGES,
};
extern const char *const page_names[PAGES];

enum graph_metric { GRAPH_PACKETS, GRAPH_BITS, GRAPH_DROPS, GRAPHS };
extern const char *const graph_names[GRAPHS + 1]; /* "packets", "bits", "drops", NULL */

/* What graphs are drawn with: what suits the terminal, or one of enum graph_style, which is its number less 1. */
#define STYLE_CHOICES (STYLES + 1)
extern const char
	*const style_names[STYLE_CHOICES + 1]; /* "auto", "braille", "blocks", "ascii", NULL */

enum typing { TYPING_NOTHING, TYPING_FILTER, TYPING_CHANGE };

enum question { ASK_NOTHING, ASK_QUIT, ASK_DEBUG };

/* What a page remembers while others are looked at. */
struct page_state {
	char selected[VIEW_KEY_BYTES]; /* the key of a row (rows.h); empty: none */
	uint8_t sort; /* index in the rows' sorts */
	bool reversed;
	bool detail; /* one row's everything is shown instead of the rows */
	unsigned scroll; /* lines of the detail that are above the screen */
};

struct view {
	const struct snapshot *now;
	const struct snapshot
		*before; /* what rates without a field of their own are over; or NULL */
	const struct history *history;
	const struct events *events;
	int width, height; /* of the screen */
	enum page page;
	bool help; /* over the page */
	unsigned help_first; /* its first line */
	struct page_state state[PAGES];
	char filter[VIEW_FILTER_BYTES]; /* only rows with it; empty: all */
	enum typing typing;
	char change
		[VIEW_CHANGE_BYTES]; /* what is typed: a key of the service (changes.h), a blank, a value */
	enum graph_metric graph;
	unsigned style; /* index in style_names */
	enum question question; /* in the footer */
	bool bytes; /* bytes a second instead of bits */
	bool paused;
	unsigned paused_s; /* for how long */
	unsigned stale_s; /* since the newest snapshot, when that is too long ago, else 0 */
	double interval_s; /* as set */
	int64_t zero_time_ns; /* CLOCK_REALTIME of the last z; 0: none, since the start */
	const char *message; /* shown instead of the footer; or NULL */
	const char *ended; /* the source has come to its end, in words; or NULL */
	bool recorded; /* what is shown is a recording */
};

/* Draws the page and the footer. */
void view_draw(const struct view *view, struct canvas *canvas);

/* The pages. */
void view_overview(const struct view *view, const struct area *area);
void view_queues(const struct view *view, const struct area *area);
void view_services(const struct view *view, const struct area *area);
void view_latency(const struct view *view, const struct area *area);
void view_drops(const struct view *view, const struct area *area);
void view_events(const struct view *view, const struct area *area);
void view_help(const struct view *view, const struct area *area);

/* Everything about one queue or service, by its index in the snapshot. */
void view_queue(const struct view *view, const struct area *area, unsigned index);
void view_service(const struct view *view, const struct area *area, unsigned index);

/* The rates of a queue or of a service, as a graph's context; their samples. */
struct view_rates {
	const struct history *history;
	const struct rate_history *of;
};
double view_rates_at(const void *context, unsigned age);
/* They as a graph with its scale and axis, from four lines on. */
void view_graph_rates(const struct view *view, const struct area *area,
	const struct rate_history *of, const char *title);
/* A service's latency over time, on at most the area. Returns the lines it took. */
int view_heat(const struct view *view, const struct area *area, unsigned service);

/* A section of the overview: the rows it would fill at a width, and drawing as many as it got. */
struct section {
	int (*wants)(const struct view *view, int width);
	void (*draw)(const struct view *view, const struct area *area);
};

extern const struct section section_header, section_interfaces, section_rx, section_tx,
	section_drops, section_books, section_alarms, section_path, section_graph, section_queues,
	section_services, section_latency, section_histogram, section_kernel, section_reasons,
	section_events;

/* How many rows of queues the overview shows at this size of the screen. */
unsigned overview_queues(const struct view *view);

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
/* Something is wrong now, so that it should be seen wherever one looks. */
bool view_is_alarming(const struct view *view);
/* The service whose latency is shown in full: the selected one, else that with the most samples; -1:
 * nothing was measured. */
int view_latency_service(const struct view *view);
/* Queues in a state. */
unsigned view_queues_in(const struct view *view, enum queue_state state);
/* The worker says nothing now, so that its rates are unknown rather than 0. */
bool view_queue_is_silent(const struct snapshot_queue *queue);
struct label;
struct label view_kernel_price(const struct snapshot *snapshot, enum level level);
/* What a level costs a packet: "1.1 ns a packet", with a kernel half "1.1 ns in workers, 3.0 ns in XDP". */
struct label view_price(const struct snapshot *snapshot, enum level level);
/* Bits or bytes a second, as the user wants them. */
struct label view_bandwidth(const struct view *view, double bps, bool unit);

#endif
