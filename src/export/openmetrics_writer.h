/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Families of samples, for openmetrics.c and openmetrics_figures.c. All samples of a family stand
 * together, behind om_family(); each one is om_begin(), its labels, and its value.
 */
#ifndef RINGSIDE_OPENMETRICS_WRITER_H
#define RINGSIDE_OPENMETRICS_WRITER_H

#include <stdbool.h>

#include "export/writer.h"
#include "stats/snapshot.h"

#define OM_NAME_BYTES 160

enum om_type { OM_COUNTER, OM_GAUGE, OM_INFO, OM_HISTOGRAM, OM_SUMMARY };

struct om {
	struct writer out;
	bool open; /* OpenMetrics, else text 0.0.4 */
	char name[OM_NAME_BYTES]; /* of the family */
	enum om_type type;
	const char *bracket; /* in front of the next label */
};

/* A family's name, "ringside_PREFIX_WORD_UNIT": ns become seconds; packets and bytes stand at the end. */
void om_name(char name[OM_NAME_BYTES], const char *prefix, const char *word, const char *unit);
void om_family(struct om *om, const char *name, enum om_type type, const char *help);

/* A sample: its name with the suffix ("_bucket", "_sum"; a counter and an info have their own). */
void om_begin(struct om *om, const char *suffix);
void om_label(struct om *om, const char *key, const char *value);
void om_service_labels(struct om *om, const struct snapshot_service *service);
/* Each ends the sample. */
void om_count(struct om *om, uint64_t value);
void om_seconds(struct om *om, uint64_t ns);
void om_balance(struct om *om, int64_t value);
/* A count, or seconds when the unit is ns. */
void om_value(struct om *om, const char *unit, uint64_t value);

/* openmetrics_figures.c: what the table does not have: states, and services' own figures and tables. */
void om_put_instance(struct om *om, const struct snapshot *snapshot);
void om_put_figures(struct om *om, const struct snapshot *snapshot);

#endif
