/* SPDX-License-Identifier: BSD-2-Clause */
/* RFC 2544 results as a table, as JSON and as CSV, and the lines meanwhile; docs/generate.md names the keys. */
#ifndef RINGSIDE_RFC2544_REPORT_H
#define RINGSIDE_RFC2544_REPORT_H

#include "export/writer.h"
#include "generate/rfc2544.h"

/* Room for all sizes with all tests. */
#define RFC2544_REPORT_BYTES (64 * 1024)

/* A run that is over. */
void rfc2544_trial_text(struct writer *out, enum rfc2544_test test, const struct figures *figures);
void rfc2544_trial_json(struct writer *out, enum rfc2544_test test, const struct figures *figures);

void rfc2544_text(struct writer *out, const struct rfc2544_results *results);
void rfc2544_json(struct writer *out, const struct rfc2544_settings *settings,
	const struct rfc2544_results *results);
void rfc2544_csv(struct writer *out, const struct rfc2544_results *results);

#endif
