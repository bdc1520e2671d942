/* SPDX-License-Identifier: BSD-2-Clause */
/* A queue as a row: its rates, and what is not known because its worker says nothing or there is none. */
#ifndef RINGSIDE_QUEUE_ROWS_H
#define RINGSIDE_QUEUE_ROWS_H

#include "tui/canvas.h"
#include "tui/view.h"

struct queue_row {
	char name[24], state[24];
	enum role role;
	bool is_sum; /* the row of all */
	bool has_worker; /* without one, the kernel half answers alone */
	uint32_t cpu;
	unsigned index; /* in the snapshot */
	double rx_pps, tx_pps, rx_bps, tx_bps, pass_pps, drop_pps, busy, wakeups, batch;
	uint64_t rx_packets, in_flight, p50, p99, p999, max;
	double rx_ring, tx_ring, fill_ring; /* percent */
};

void queue_row_fill(const struct view *view, struct queue_row *row, unsigned index);
/* The row of all. */
void queue_row_sum(const struct view *view, struct queue_row *row);

/* How many of them the queues' page has room for. */
unsigned queues_fit(const struct view *view);

#endif
