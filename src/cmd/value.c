// SPDX-License-Identifier: BSD-2-Clause
#include "cmd/value.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/option.h"

int value_word(const char *argument, const char *const *words, const char *value, int *index,
	struct err *err)
{
	const char *near = option_nearest_word(words, value);

	for (*index = 0; words[*index]; (*index)++)
		if (!strcmp(words[*index], value))
			return 0;
	err_say(err, -EINVAL, "--%s: '%s' is not one of ", argument, value);
	for (unsigned i = 0; words[i]; i++)
		err_add(err, -EINVAL, "%s%s", i ? ", " : "", words[i]);
	return near ? err_add(err, -EINVAL, ": did you mean '%s'?", near) : -EINVAL;
}

int value_seconds(const char *argument, const char *value, double min, double max, double *seconds,
	struct err *err)
{
	char *end;

	*seconds = strtod(value, &end);
	if (end != value && !*end && *seconds >= min && *seconds <= max)
		return 0;
	return err_say(err, -EINVAL, "--%s: '%s' is not a number of seconds from %g to %g",
		argument, value, min, max);
}
