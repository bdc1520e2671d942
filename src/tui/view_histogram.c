/* SPDX-License-Identifier: BSD-2-Clause */
/* The distribution of a latency, with log bars, and beside it how large batches and frames were. */
#include "tui/view.h"

#include <stdio.h>
#include <string.h>

#include "tui/widgets.h"

#define TWO_PANELS_COLUMNS 110
#define GROUPS 40

/* A histogram of few, readable groups: 1-2us, 2-5us, 5-10us, or decades. */
struct groups {
	unsigned count;
	uint64_t total;
	struct group {
		uint64_t from, to, packets;
	} group[GROUPS];
};

static uint64_t edge(unsigned k, unsigned per_decade)
{
	static const unsigned steps[] = { 1, 2, 5 };
	uint64_t value = per_decade == 3 ? steps[k % 3] : 1;

	for (unsigned i = 0; i < k / per_decade; i++)
		value *= 10;
	return value;
}

static void fill_groups(
	struct groups *groups, const struct histogram *histogram, unsigned per_decade)
{
	unsigned k = 0;

	memset(groups, 0, sizeof(*groups));
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
		uint64_t packets = histogram->bucket[i], lowest = histogram_lowest(i);

		if (!packets)
			continue;
		while (k < GROUPS - 2 && edge(k + 1, per_decade) <= lowest) {
			k++;
			if (groups->count) /* an empty group between others is shown */
				groups->group[groups->count++] =
					(struct group){ edge(k, per_decade),
						edge(k + 1, per_decade), 0 };
		}
		if (!groups->count)
			groups->group[groups->count++] =
				(struct group){ lowest ? edge(k, per_decade) : 0,
					edge(k + 1, per_decade), 0 };
		groups->group[groups->count - 1].packets += packets;
		groups->total += packets;
	}
}

static const struct snapshot_service *chosen(const struct view *view)
{
	int index = view_latency_service(view);

	return index < 0 ? NULL : &view->now->services[index];
}

static int wants_histogram(const struct view *view, int width)
{
	const struct snapshot_service *service = chosen(view);
	struct groups groups;
	int rows;

	if (!service || width < 50)
		return 0;
	fill_groups(&groups, &service->histogram, 3);
	rows = (int)groups.count;
	/* beside it stand the batches, which need their rows too */
	return width >= TWO_PANELS_COLUMNS && rows < SNAPSHOT_BATCH_BINS ? SNAPSHOT_BATCH_BINS + 1
									 : rows + 1;
}

/* An edge is 1, 2 or 5 of something. */
static struct label edge_label(uint64_t ns)
{
	static const char *const units[] = { "ns", "us", "ms", "s" };
	struct label label = { ROLE_TEXT, "" };
	unsigned unit = 0;

	for (; ns >= 1000 && unit < 3; unit++)
		ns /= 1000;
	snprintf(label.text, sizeof(label.text), "%u%s", (unsigned)ns, units[unit]);
	return label;
}

static void put_marks(const struct area *area, int x, int y, const struct snapshot_latency *latency,
	const struct group *group, bool last)
{
	const struct {
		const char *name;
		uint64_t value;
	} marks[] = { { "p50", latency->p50 }, { "p90", latency->p90 }, { "p99", latency->p99 },
		{ "p99.9", latency->p999 }, { "max", latency->max } };

	for (unsigned i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (marks[i].value >= group->from && (marks[i].value < group->to || last))
			x += area_print(area, x, y, ROLE_STRONG, "%s ", marks[i].name);
}

/* From one in 100 000 to all, by decades: a tail is what a latency is looked at for. */
static double log_share(uint64_t part, uint64_t total)
{
	double share = part && total ? (log10((double)part / (double)total) + 5) / 5 : 0;

	return part && share < 0.01 ? 0.01 : share;
}

static void draw_groups(const struct area *area, const struct groups *groups,
	const struct snapshot_latency *latency)
{
	uint64_t sum = 0;
	int bar = area->width - 30 - 16;

	for (int y = 0; y < area->height && y < (int)groups->count; y++) {
		struct group group = groups->group[y];
		bool last = y == area->height - 1 || y == (int)groups->count - 1;
		char range[112];

		for (unsigned i = y + 1; last && i < groups->count; i++)
			group.packets += groups->group[i].packets;
		sum += group.packets;
		if (last && y < (int)groups->count - 1)
			snprintf(range, sizeof(range), "over %s", edge_label(group.from).text);
		else
			snprintf(range, sizeof(range), "%s-%s", edge_label(group.from).text,
				edge_label(group.to).text);
		area_print(area, 0, y, ROLE_TEXT, "%13s %7s %7s", range,
			label_percent(100.0 * (double)group.packets / (double)groups->total).text,
			label_percent(100.0 * (double)sum / (double)groups->total).text);
		widget_bar(area, 30, y, bar, log_share(group.packets, groups->total), ROLE_ACCENT);
		put_marks(area, area->width - 15, y, latency, &group, last);
	}
}

static void draw_bins(const struct area *area, const char *title, const char *const *names,
	const uint64_t *bins, unsigned count, const char *none)
{
	uint64_t total = 0;

	widget_rule(area, 0, title);
	for (unsigned i = 0; i < count; i++)
		total += bins[i];
	if (!total)
		area_text(area, 1, 1, ROLE_DIM, none);
	for (unsigned i = 0; total && i < count; i++) {
		area_print(area, 0, (int)i + 1, ROLE_TEXT, "%10s %7s", names[i],
			label_percent(100.0 * (double)bins[i] / (double)total).text);
		widget_bar(area, 19, (int)i + 1, area->width - 19, log_share(bins[i], total),
			ROLE_ACCENT);
	}
}

/* Bins of all queues, since the start; those that are not known count nothing. */
static void sum_bins(
	const struct view *view, uint64_t batches[SNAPSHOT_BATCH_BINS], uint64_t sizes[SIZE_BINS])
{
	memset(batches, 0, SNAPSHOT_BATCH_BINS * sizeof(*batches));
	memset(sizes, 0, SIZE_BINS * sizeof(*sizes));
	for (unsigned i = 0; i < view->now->queues_count; i++) {
		const struct snapshot_queue *queue = &view->now->queues[i];

		for (unsigned j = 0; j < SNAPSHOT_BATCH_BINS; j++)
			batches[j] += queue->batches[j] == SNAPSHOT_UNKNOWN ? 0 : queue->batches[j];
		for (unsigned j = 0; j < SIZE_BINS; j++)
			sizes[j] += queue->sizes[j] == SNAPSHOT_UNKNOWN ? 0 : queue->sizes[j];
	}
}

static bool has_workers(const struct view *view)
{
	for (unsigned i = 0; i < view->now->queues_count; i++)
		if (view->now->queues[i].batches[0] != SNAPSHOT_UNKNOWN)
			return true;
	return false;
}

static void draw_side(const struct view *view, const struct area *area)
{
	uint64_t batches[SNAPSHOT_BATCH_BINS], sizes[SIZE_BINS];
	struct area left = *area, right;

	sum_bins(view, batches, sizes);
	if (view->now->level >= LEVEL_DEBUG) {
		left = area_columns(area, 0, area->width / 2 - 1);
		right = area_columns(area, area->width / 2 + 1, area->width);
		draw_bins(&right, "frame sizes", size_bin_names, sizes, SIZE_BINS, "none counted");
	}
	draw_bins(&left, "batches of workers", batch_bin_names, batches, SNAPSHOT_BATCH_BINS,
		has_workers(view) ? "none counted" : "n/a: the kernel half has no batches");
}

static void draw_histogram(const struct view *view, const struct area *area)
{
	const struct snapshot_service *service = chosen(view);
	struct area panel = *area, side, body;
	struct groups groups;
	char title[112];
	bool has_title;

	if (!service)
		return;
	if (area->width >= TWO_PANELS_COLUMNS) {
		panel = area_columns(area, 0, area->width / 2 - 1);
		side = area_columns(area, area->width / 2 + 1, area->width);
		draw_side(view, &side);
	}
	/* with few rows the LAT line above is title enough */
	has_title = area->width >= TWO_PANELS_COLUMNS || area->height > 5;
	snprintf(title, sizeof(title), "latency of %s: share, sum, log bars", service->name);
	if (has_title)
		widget_rule(&panel, 0, title);
	body = area_rows(&panel, has_title, area->height);
	fill_groups(&groups, &service->histogram, 3);
	if ((int)groups.count > body.height)
		fill_groups(&groups, &service->histogram, 1);
	draw_groups(&body, &groups, &service->latency);
}
const struct section section_histogram = { wants_histogram, draw_histogram };
