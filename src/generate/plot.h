/* SPDX-License-Identifier: BSD-2-Clause */
/* A picture of RFC 2544 results: throughput and loss over frame size, as SVG. */
#ifndef RINGSIDE_PLOT_H
#define RINGSIDE_PLOT_H

#include <stdio.h>

#include "generate/rfc2544.h"

/* Writes the whole document. Sizes without a result are left out. */
void plot_write(FILE *file, const struct rfc2544_results *results);

#endif
