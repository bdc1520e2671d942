/* SPDX-License-Identifier: BSD-2-Clause */
/* The history's part for each queue and service; for history.c. */
#ifndef RINGSIDE_HISTORY_ROWS_H
#define RINGSIDE_HISTORY_ROWS_H

#include "tui/history.h"

/* So many seconds have passed, in elapsed_ns, since the last call. */
void history_rows_add(struct history *history, const struct snapshot *snapshot, uint64_t elapsed_ns,
	unsigned seconds);

#endif
