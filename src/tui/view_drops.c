/* SPDX-License-Identifier: BSD-2-Clause */
/* Drops: each reason with what it means and what to do, where packets stop, the books queue by queue, and
 * when it happened. */
#include "tui/view.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "tui/rows.h"
#include "tui/table.h"
#include "tui/widgets.h"

static const char *const sorts[] = { "rate", "total", "reason", NULL };
enum drop_sort { SORT_RATE, SORT_TOTAL, SORT_REASON };

static double sort_key(const struct view *view, unsigned reason, enum drop_sort by)
{
	uint64_t total = view_drop_total(view, reason);
	double key = by == SORT_RATE ? view_drop_rate(view, reason) : 0;

	if (by == SORT_TOTAL && total != SNAPSHOT_UNKNOWN)
		key = (double)total;
	return isnan(key) ? 0 : key;
}

static unsigned list(const struct view *view, enum page page, uint16_t *index)
{
	enum drop_sort by = (enum drop_sort)view->state[page].sort;

	for (unsigned i = 0; i < DROPS; i++) {
		unsigned at = i;

		while (at && by != SORT_REASON &&
			sort_key(view, i, by) > sort_key(view, index[at - 1], by)) {
			index[at] = index[at - 1];
			at--;
		}
		index[at] = (uint16_t)i;
	}
	return DROPS;
}

static void key(const struct view *view, unsigned index, char text[VIEW_KEY_BYTES])
{
	(void)view;
	snprintf(text, VIEW_KEY_BYTES, "%s", drop_names[index]);
}

static void words(const struct view *view, unsigned index, char text[256])
{
	(void)view;
	snprintf(text, 256, "%s", drop_texts[index].meaning);
}

const struct row_kind rows_drops = { sorts, list, key, words };

static unsigned reason_of(const void *row)
{
	return *(const unsigned *)row;
}

static struct label cell_reason(const struct view *view, const void *row)
{
	struct label label = { ROLE_STRONG, "" };

	(void)view;
	snprintf(label.text, sizeof(label.text), "%s", drop_names[reason_of(row)]);
	return label;
}

static struct label cell_rate(const struct view *view, const void *row)
{
	double rate = view_drop_rate(view, reason_of(row));
	struct label label = label_number(rate, "");

	if (rate > 0)
		label.role = drop_is_loss(reason_of(row)) ? ROLE_BAD : ROLE_WARN;
	return label;
}

static struct label cell_share(const struct view *view, const void *row)
{
	double rate = view_drop_rate(view, reason_of(row)), rx = view->now->totals.flow.rx_pps;

	return label_percent(rx > 0 ? 100 * rate / rx : rate > 0 ? 100 : rate);
}

static struct label cell_total(const struct view *view, const void *row)
{
	return label_count(view_drop_total(view, reason_of(row)));
}

static struct label cell_whose(const struct view *view, const void *row)
{
	struct label label = { ROLE_DIM, "" };

	(void)view;
	strcpy(label.text, drop_is_loss(reason_of(row)) ? "loss" : "intended");
	return label;
}

static const struct column columns[] = {
	{ "REASON", 16, 0, true, LEVEL_BASIC, cell_reason },
	{ "DROP/s", 7, 0, false, LEVEL_BASIC, cell_rate },
	{ "OF RX", 6, 1, false, LEVEL_BASIC, cell_share },
	{ "TOTAL", 7, 0, false, LEVEL_BASIC, cell_total },
	{ "KIND", 8, 2, true, LEVEL_BASIC, cell_whose },
};
/* As many of the words as there is room for. */
static void put_meaning(const struct area *area, int y, enum role role, const char *meaning)
{
	char text[256];
	size_t length = strlen(meaning), room = area->width > 2 ? (size_t)area->width - 2 : 0;

	snprintf(text, sizeof(text), "%s", meaning);
	if (length > (size_t)area->width && room < sizeof(text) - 2) {
		while (room && meaning[room] != ' ')
			room--;
		strcpy(text + room, "..");
	}
	area_text(area, 0, y, role, text);
}

/* What is left of the line says what the reason means. */
static int table_width(const struct area *area)
{
	return area->width < 110 ? 41 : 50;
}

static int draw_reasons(const struct view *view, const struct area *area)
{
	struct table table = { columns, sizeof(columns) / sizeof(columns[0]), view, 16, "REASON",
		0 };
	int width = table_width(area);
	struct area left = area_columns(area, 0, width);
	struct area right = area_columns(area, width + 1, area->width);
	struct rows rows;
	int selected, y = 1;

	rows_list(view, PAGE_DROPS, &rows);
	selected = rows_selected(view, PAGE_DROPS, &rows);
	table_fit(&table, left.width, view->now->level);
	area_fill(area, 0, 0, area->width, ROLE_HEAD, L' ');
	table_head(&table, &left, 0);
	area_text(&right, 0, 0, ROLE_HEAD, "WHAT IT MEANS");
	for (unsigned i = 0; i < rows.count && y < area->height; i++, y++) {
		unsigned reason = rows.index[i];
		bool drops = view_drop_rate(view, reason) > 0;
		uint64_t total = view_drop_total(view, reason);
		enum role role = total && total != SNAPSHOT_UNKNOWN ? ROLE_TEXT : ROLE_DIM;

		if ((int)i == selected)
			area_fill(area, 0, y, area->width, ROLE_SELECT, L' ');
		table_row_select(
			&table, &left, y, &reason, role, drops ? L'!' : L' ', (int)i == selected);
		put_meaning(&right, y, (int)i == selected ? ROLE_SELECT : role,
			drop_texts[reason].meaning);
	}
	return y;
}

/* Of the selected reason, else of the worst that is happening. */
static int draw_advice(const struct view *view, const struct area *area, int y)
{
	struct rows rows;
	int index = rows_selected_index(view, PAGE_DROPS);
	char advice[256];

	if (index < 0) {
		rows_list(view, PAGE_DROPS, &rows);
		if (!rows.count || !(view_drop_rate(view, rows.index[0]) > 0)) {
			area_text(area, 0, y, ROLE_DIM, "Nothing is being dropped.");
			return y + 1;
		}
		index = rows.index[0];
	}
	/* where the table has no room for it, what it means is said whole */
	if (text_width(drop_texts[index].meaning) >= area->width - table_width(area))
		area_print(area, 0, y++, ROLE_STRONG, "%s: %s.", drop_names[index],
			drop_texts[index].meaning);
	snprintf(advice, sizeof(advice), "%s", drop_texts[index].advice);
	advice[0] = (char)toupper((unsigned char)advice[0]);
	area_print(area, 0, y, ROLE_STRONG, "%s: %s.", drop_names[index], advice);
	return y + 1;
}

static int draw_books(const struct view *view, const struct area *area, int y)
{
	widget_rule(area, y++,
		view->now->totals.made_packets ? "books: in + made = out + drop + pass + flight"
					       : "books: in = out + drop + pass + flight");
	for (unsigned i = 0; i < view->now->queues_count && y < area->height; i++, y++) {
		const struct snapshot_queue *queue = &view->now->queues[i];
		int64_t off = queue->unaccounted_packets;
		char balance[32] = "?";
		enum role role = off == SNAPSHOT_BALANCE_UNKNOWN ? ROLE_DIM
				 : off				 ? ROLE_BAD
								 : ROLE_TEXT;

		if (off != SNAPSHOT_BALANCE_UNKNOWN)
			snprintf(balance, sizeof(balance), "%lld%s", (long long)off,
				off ? " !!" : "");
		area_print(area, 1, y, role, "%s:%u  %s%s = %s + %s + %s + %s  unaccounted %s",
			view->now->interfaces[queue->interface].name, queue->queue,
			label_exact(queue->flow.rx_packets).text,
			label_made(queue->made_packets).text,
			label_exact(queue->flow.tx_packets).text,
			label_exact(snapshot_queue_drops(queue)).text,
			label_exact(queue->pass_packets).text,
			label_exact(queue->in_flight_packets).text, balance);
	}
	return y;
}

/* All that the books leave, if those can be seen whole. */
static int graph_rows(const struct view *view, int left)
{
	int rows = left - (int)view->now->queues_count - 1;

	return rows > 10 ? rows : 10;
}

void view_drops(const struct view *view, const struct area *area)
{
	struct view graphed = *view;
	struct area part = *area;
	int y, left;

	y = draw_reasons(view, area);
	y = draw_advice(view, area, y);
	part = area_rows(area, y, section_path.wants(view, area->width));
	section_path.draw(view, &part);
	y += part.height;
	left = area->height - y;
	if (left >= 6) {
		part = area_rows(area, y, left >= 20 ? graph_rows(view, left) : left >= 9 ? 5 : 4);
		graphed.graph = GRAPH_DROPS;
		section_graph.draw(&graphed, &part);
		y += part.height;
	}
	if (area->height - y >= 2)
		draw_books(view, area, y);
}
