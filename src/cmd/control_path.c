// SPDX-License-Identifier: BSD-2-Clause
#include "cmd/control_path.h"

#include <stdio.h>
#include <string.h>

#include "stats/published.h"

void control_path_beside(char path[RUNTIME_PATH_BYTES], const char *stats_path)
{
	size_t length = strlen(stats_path) - strlen(PUBLISHED_SUFFIX);

	snprintf(path, RUNTIME_PATH_BYTES, "%.*s" CONTROL_SUFFIX, (int)length, stats_path);
}

int control_path(char path[RUNTIME_PATH_BYTES], const char *name, struct err *err)
{
	char stats_path[RUNTIME_PATH_BYTES];
	int ret = published_find(stats_path, name, err);

	if (!ret)
		control_path_beside(path, stats_path);
	return ret;
}
