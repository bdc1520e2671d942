/* SPDX-License-Identifier: BSD-2-Clause */
/* Services' own figures and tables, for export_text(). */
#ifndef RINGSIDE_TEXT_FIGURES_H
#define RINGSIDE_TEXT_FIGURES_H

#include "export/writer.h"
#include "stats/snapshot.h"

/* A line with the figures of a service, then a line for each row of its tables. index: its own. */
void text_figures_put(struct writer *out, const struct snapshot *snapshot, uint32_t index);

#endif
