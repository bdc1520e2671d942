/* SPDX-License-Identifier: BSD-2-Clause */
/* The upper lines: who, in which mode, how much, how much was lost, and that the books balance. */
#include "tui/view.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "tui/widgets.h"

static int wants_one(const struct view *view, int width)
{
	(void)view;
	(void)width;
	return 1;
}

static void draw_state(const struct view *view, struct line *line)
{
	if (view->paused)
		line_end(line, ROLE_SELECT, " PAUSED %us ", view->paused_s);
	else if (view->recorded)
		line_end(line, ROLE_SELECT, view->ended ? " END OF RECORDING " : " RECORDING ");
	else if (view->ended)
		line_end(line, ROLE_ALARM, " ENDED ");
	else if (view->now->final)
		line_end(line, ROLE_SELECT, " STOPPED ");
	else if (view->stale_s)
		line_end(line, ROLE_ALARM, " NO NEWS FOR %us ", view->stale_s);
	else
		line_end(line, ROLE_OK, " LIVE");
}

static void draw_level(const struct view *view, struct line *line)
{
	const struct snapshot *now = view->now;

	if (now->level == LEVEL_DEBUG && now->debug_left_s)
		line_end(line, ROLE_SELECT, " DEBUG %us ", now->debug_left_s);
	else if (now->level == LEVEL_DEBUG)
		line_end(line, ROLE_SELECT, " DEBUG ");
	else
		line_end(line, ROLE_TEXT, " %s", now->level == LEVEL_BASIC ? "BASIC" : "DETAILED");
}

/* "af_xdp native zero-copy" */
static void add_mode(struct line *line, const struct snapshot_interface *interface)
{
	const bool is_up = !strcmp(interface->state, "up");

	/* up to the first word that does not fit: a mode with holes would be misread */
	if (!is_up && !line_add(line, ROLE_ALARM, " %s ", interface->state))
		return;
	if (interface->driver[0] && !line_add(line, ROLE_TEXT, " %s", interface->driver))
		return;
	if (!line_add(line, ROLE_TEXT, " %s", interface->io))
		return;
	if (interface->xdp[0] && !line_add(line, ROLE_TEXT, " %s", interface->xdp))
		return;
	if (interface->zero_copy >= 0)
		line_add(line, ROLE_TEXT, interface->zero_copy ? " zero-copy" : " copy");
}

static void draw_header(const struct view *view, const struct area *area)
{
	const struct snapshot *now = view->now;
	struct line line = line_start(area, 0);
	char interval[16];

	line_add(&line, ROLE_STRONG, "%s", now->name[0] ? now->name : "ringside");
	draw_state(view, &line);
	draw_level(view, &line);
	if (now->interfaces_count == 1) {
		line_add(&line, ROLE_STRONG, " %s", now->interfaces[0].name);
		add_mode(&line, &now->interfaces[0]);
	}
	for (unsigned i = 0; now->interfaces_count > 1 && i < now->interfaces_count; i++)
		line_add(&line,
			snapshot_is_unused(&now->interfaces[i])	 ? ROLE_DIM
			: strcmp(now->interfaces[i].state, "up") ? ROLE_ALARM
								 : ROLE_STRONG,
			" %s", now->interfaces[i].name);
	if (view->interval_s < 1)
		snprintf(interval, sizeof(interval), "%ums",
			(unsigned)(view->interval_s * 1000 + 0.5));
	else
		snprintf(interval, sizeof(interval), "%gs", view->interval_s);
	line_end(&line, ROLE_TEXT, " %s", interval);
	line_end(&line, ROLE_TEXT, "  up %s", label_duration(now->uptime_ns / NSEC_PER_SEC).text);
	if (now->interfaces_count == 1 && now->queues_count)
		line_add(&line, ROLE_TEXT, " %u queue%s", now->queues_count,
			now->queues_count > 1 ? "s" : "");
	if (now->interfaces_count == 1 && now->interfaces[0].poll[0] && area->width >= 120)
		line_add(&line, ROLE_TEXT, ", %s", now->interfaces[0].poll);
	if (now->interfaces_count == 1 && now->interfaces[0].mtu && area->width >= 120)
		line_add(&line, ROLE_TEXT, ", MTU %u", now->interfaces[0].mtu);
}
const struct section section_header = { wants_one, draw_header };

/* One interface needs a line only to say why it is not in a better mode, several one each. */
static int wants_interfaces(const struct view *view, int width)
{
	(void)width;
	if (view->now->interfaces_count > 1)
		return (int)view->now->interfaces_count;
	return view->now->interfaces_count && view->now->interfaces[0].why[0];
}

static void draw_interfaces(const struct view *view, const struct area *area)
{
	for (int y = 0; y < area->height; y++) {
		const struct snapshot_interface *interface = &view->now->interfaces[y];
		struct line line = line_start(area, y);

		if (view->now->interfaces_count > 1) {
			line_add(&line, ROLE_STRONG, "%-8s", interface->name);
			add_mode(&line, interface);
			if (interface->why[0])
				line_add(&line, ROLE_WARN, ": ");
		} else {
			line_add(&line, ROLE_WARN, "why  ");
		}
		area_text(&line.area, line.x, 0, ROLE_WARN, interface->why);
	}
}
const struct section section_interfaces = { wants_interfaces, draw_interfaces };

/* The peaks are those of whole seconds; what is shown beside them may be higher just now. */
static double higher(double peak, double now)
{
	return now > peak || isnan(peak) ? now : peak;
}

static void draw_flow(const struct view *view, const struct area *area, const char *name,
	double pps, double bps, enum history_series series)
{
	enum history_series bandwidth = series == HISTORY_RX_PPS ? HISTORY_RX_BPS : HISTORY_TX_BPS;
	const struct history *history = view->history;
	enum role role = pps == 0 ? ROLE_DIM : ROLE_STRONG;
	struct line line = line_start(area, 0);

	line_add(&line, ROLE_TITLE, "%s", name);
	line_add(&line, role, "  %10s", label_number(pps, "pps").text);
	line_add(&line, role, " %12s", view_bandwidth(view, bps, true).text);
	line_part(&line, ROLE_TEXT, "peak %7s%8s",
		label_number(higher(history->peak[series], pps), "").text,
		view_bandwidth(view, higher(history->peak[bandwidth], bps), false).text);
	line_part(&line, ROLE_TEXT, "1m avg %7s%8s",
		label_number(history_mean(history, series, 60), "").text,
		view_bandwidth(view, history_mean(history, bandwidth, 60), false).text);
	line_part(&line, ROLE_TEXT, "15m avg %7s%8s",
		label_number(history_mean(history, series, 15 * 60), "").text,
		view_bandwidth(view, history_mean(history, bandwidth, 15 * 60), false).text);
	line_part(&line, ROLE_TEXT, "total %s packets",
		label_exact(series == HISTORY_RX_PPS ? view->now->totals.flow.rx_packets
						     : view->now->totals.flow.tx_packets)
			.text);
}

static void draw_rx(const struct view *view, const struct area *area)
{
	const struct snapshot_flow *flow = &view->now->totals.flow;

	draw_flow(view, area, "RX  ", flow->rx_pps, flow->rx_bps, HISTORY_RX_PPS);
}
const struct section section_rx = { wants_one, draw_rx };

static void draw_tx(const struct view *view, const struct area *area)
{
	const struct snapshot_flow *flow = &view->now->totals.flow;

	draw_flow(view, area, "TX  ", flow->tx_pps, flow->tx_bps, HISTORY_TX_PPS);
}
const struct section section_tx = { wants_one, draw_tx };

static void add_queues(const struct view *view, struct line *line)
{
	unsigned running = view_queues_in(view, QUEUE_RUNNING);
	unsigned count = snapshot_queues_in_use(view->now);

	line_part(line, running == count ? ROLE_OK : ROLE_BAD, "queues %u/%u%s", running, count,
		running == count ? "" : " !!");
}

static void draw_drops(const struct view *view, const struct area *area)
{
	const struct history *history = view->history;
	double rate = view_drop_rate(view, DROPS), rx = view->now->totals.flow.rx_pps;
	enum role role = rate > 0 ? ROLE_BAD : ROLE_TEXT;
	struct line line = line_start(area, 0);

	line_add(&line, ROLE_TITLE, "DROP");
	line_add(&line, role, "  %10s", label_number(rate, "pps").text);
	if (rate > 0 && rx > 0)
		line_add(&line, role, " %6s of RX !!", label_percent(100 * rate / rx).text);
	else if (area->width >= 60)
		line_add(&line, role, " %12s", "");
	if (area->width < 60)
		add_queues(view, &line);
	line_part(&line, ROLE_TEXT, "total %s", label_count(view->now->totals.drop_packets).text);
	if (history->last_drop_ns)
		line_part(&line, ROLE_TEXT, "last %s", label_clock(history->last_drop_ns).text);
	else
		line_part(&line, ROLE_DIM, "none while watching");
	if (area->width >= 60)
		add_queues(view, &line);
	if (history->first_drop_ns)
		line_part(&line, ROLE_TEXT, "first %s", label_clock(history->first_drop_ns).text);
}
const struct section section_drops = { wants_one, draw_drops };

/* All that came in and what became of it, where it can be checked by eye; with room in full, else in four digits. tight:
 * without blanks; brief: without what is 0. */
static bool add_books(
	struct line *line, const struct snapshot_totals *totals, bool exact, bool tight, bool brief)
{
	const uint64_t made = totals->made_packets;
	const struct {
		const char *wide, *tight;
		uint64_t packets;
		bool shown;
	} terms[] = {
		{ "  in ", " in ", totals->flow.rx_packets, true },
		{ " + made ", "+made ", made, made && made != SNAPSHOT_UNKNOWN },
		{ " = out ", "=out ", totals->flow.tx_packets, true },
		{ " + drop ", "+drop ", totals->drop_packets, !brief || totals->drop_packets },
		{ " + pass ", "+pass ", totals->pass_packets, !brief || totals->pass_packets },
		{ " + flight ", "+flight ", totals->in_flight_packets,
			!brief || totals->in_flight_packets },
	};
	char text[256] = "";

	for (unsigned i = 0; i < sizeof(terms) / sizeof(terms[0]); i++) {
		const size_t used = strlen(text);
		const struct label count =
			exact ? label_exact(terms[i].packets) : label_count(terms[i].packets);

		if (terms[i].shown)
			snprintf(text + used, sizeof(text) - used, "%s%s",
				tight ? terms[i].tight : terms[i].wide, count.text);
	}
	return line_add(line, ROLE_TEXT, "%s", text);
}

static void draw_books(const struct view *view, const struct area *area)
{
	const struct snapshot_totals *totals = &view->now->totals;
	const bool exact = area->width >= 120;
	int64_t off = totals->unaccounted_packets;
	struct line line = line_start(area, 0);

	line_add(&line, ROLE_TITLE, "BOOK");
	if (off == SNAPSHOT_BALANCE_UNKNOWN)
		line_end(&line, ROLE_DIM, "unaccounted ?");
	else
		line_end(&line, off ? ROLE_BAD : ROLE_OK, "unaccounted %lld%s", (long long)off,
			off ? " !!" : "");
	if (!add_books(&line, totals, exact, false, false) &&
		!add_books(&line, totals, exact, true, false) &&
		!add_books(&line, totals, exact, true, true))
		line_add(&line, ROLE_TEXT, "  in %s", label_count(totals->flow.rx_packets).text);
}
const struct section section_books = { wants_one, draw_books };

void view_single(const struct view *view, const struct area *area)
{
	double drops = view_drop_rate(view, DROPS);
	unsigned running = view_queues_in(view, QUEUE_RUNNING);
	unsigned count = snapshot_queues_in_use(view->now);
	struct line line = line_start(area, 0);

	if (view->paused)
		line_end(&line, ROLE_SELECT, "PAUSED");
	for (unsigned i = 0; i < 2 && !line.x; i++) {
		/* short words where long ones do not fit: a loss must never be what is left out */
		line_add(&line, drops > 0 || running < count ? ROLE_BAD : ROLE_STRONG,
			i ? "%s -%s%s %u/%u%s" : "%spps %s%s drop %u/%u%s",
			label_number(view->now->totals.flow.rx_pps, "").text,
			label_number(drops, "").text, drops > 0 ? "!" : "", running, count,
			running < count ? "!" : "");
	}
	line_add(&line, ROLE_TEXT, "  TX %s",
		label_number(view->now->totals.flow.tx_pps, "pps").text);
}
