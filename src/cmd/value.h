/* SPDX-License-Identifier: BSD-2-Clause */
/* The values of arguments, which several commands read alike. */
#ifndef RINGSIDE_VALUE_H
#define RINGSIDE_VALUE_H

#include "base/err.h"

#define INTERVAL_MIN_S 0.1
#define INTERVAL_MAX_S 3600.0
#define DURATION_MAX_S 1e9

/* The index of a value in a list of words that ends with NULL. -EINVAL: err names them, and the one
 * that may have been meant. */
int value_word(const char *argument, const char *const *words, const char *value, int *index,
	struct err *err);

/* Seconds from min to max. -EINVAL with err set. */
int value_seconds(const char *argument, const char *value, double min, double max, double *seconds,
	struct err *err);

#endif
