/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the control socket of a running instance is. */
#ifndef RINGSIDE_CONTROL_PATH_H
#define RINGSIDE_CONTROL_PATH_H

#include "base/runtime.h"

#define CONTROL_SUFFIX ".sock"

/* The socket of the instance that NAME means (NULL: the only one). As published_find(). */
int control_path(char path[RUNTIME_PATH_BYTES], const char *name, struct err *err);
/* The socket beside an instance's statistics. */
void control_path_beside(char path[RUNTIME_PATH_BYTES], const char *stats_path);

#endif
