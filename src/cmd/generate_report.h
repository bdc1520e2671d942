/* SPDX-License-Identifier: BSD-2-Clause */
/* What a run of `generate` has shown, as text, JSON and CSV; docs/generate.md names the keys. */
#ifndef RINGSIDE_GENERATE_REPORT_H
#define RINGSIDE_GENERATE_REPORT_H

#include <stdbool.h>

#include "export/writer.h"
#include "generate/figures.h"

#define REPORT_BYTES 8192

/* One line while it runs; before: the sample that the rates are since, or NULL. */
void report_line(struct writer *out, const struct figures *now, const struct figures *before);
/* The final report, several lines. */
void report_text(struct writer *out, const struct figures *figures);
/* One JSON object and a newline. */
void report_json(
	struct writer *out, const struct figures *now, const struct figures *before, bool final);
void report_csv_header(struct writer *out);
void report_csv(
	struct writer *out, const struct figures *now, const struct figures *before, bool final);

#endif
