/* SPDX-License-Identifier: BSD-2-Clause */
/* A snapshot in a file of its own: what the key w and SIGUSR1 leave in the working directory. */
#ifndef RINGSIDE_SNAPSHOT_FILE_H
#define RINGSIDE_SNAPSHOT_FILE_H

#include <stddef.h>

#include "base/err.h"
#include "stats/snapshot.h"

/* Writes it as JSON to a new file ringside-NAME-TIME.json and fills its path. A negative errno with err
 * set. */
int snapshot_file_write(const struct snapshot *snapshot, char *path, size_t size, struct err *err);

#endif
