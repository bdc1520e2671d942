/* SPDX-License-Identifier: BSD-2-Clause */
/* The rates among services' own figures and table columns: part of snapshot_set_rates(). */
#ifndef RINGSIDE_FIGURE_RATE_H
#define RINGSIDE_FIGURE_RATE_H

#include "stats/snapshot.h"

/* Sets each FIGURE_RATE from its counter, over the interval of `now`; before NULL: all are unknown. A
 * figure, a table and a row are found again by their names and their service's, a row by its label. */
void figure_rate_set(struct snapshot *now, const struct snapshot *before);

#endif
