/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Compiles lists of signatures into the probes and table entries of bpf/signature.h.
 *
 * A table's entry is in one of three states: free (word 1, mask 0), taken by a probe's range
 * without a signature (word 2, mask 0: it matches nothing either, and is not free), or a signature.
 */
#ifndef RINGSIDE_SERVICE_SIGNATURE_H
#define RINGSIDE_SERVICE_SIGNATURE_H

#include "service/reflect.h"

/* Makes every entry of a table of SIGNATURE_TABLE free. */
void signature_table_init(struct signature *table);

/* Fills the probes, *probes_count of them, and a free range of the table for each. -E2BIG with
 * err set when there are too many distinct offsets or the table is full; it is not to be used
 * then. */
int signature_compile(const struct reflect_signature *list, unsigned count,
	struct signature_probe probes[SIGNATURE_PROBES], unsigned *probes_count,
	struct signature *table, struct err *err);

#endif
