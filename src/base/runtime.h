/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The runtime folder: where an instance leaves what other processes find it by, NAME.stats and
 * NAME.sock. It is $RUNTIME_DIRECTORY, which systemd sets, else /run/ringside for root, else
 * $XDG_RUNTIME_DIR/ringside. Its files are for the group `ringside`, or for root alone when there is
 * no such group.
 */
#ifndef RINGSIDE_RUNTIME_H
#define RINGSIDE_RUNTIME_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

#define RUNTIME_GROUP "ringside"
#define RUNTIME_PATH_BYTES 512
#define RUNTIME_NAME_BYTES 32 /* of an instance */
#define RUNTIME_FOLDERS 2

/* The folders in which a reader looks, in this order; a user's instances may be root's as well.
 * The first one is this process's own. Returns how many, at least 1. */
unsigned runtime_folders(char folders[RUNTIME_FOLDERS][RUNTIME_PATH_BYTES]);

/* Makes this process's own folder, unless it is there, and fills its path. A negative errno with err
 * set: files can't be left there. */
int runtime_make(char folder[RUNTIME_PATH_BYTES], struct err *err);

/* FOLDER/NAME SUFFIX, the suffix being ".stats" or ".sock". -ENAMETOOLONG with err set. */
int runtime_path(char path[RUNTIME_PATH_BYTES], const char *folder, const char *name,
	const char *suffix, struct err *err);

/* Gives a file to the group `ringside` with this mode. False: it stays its owner's alone, with the
 * group's bits taken away, since there is no such group or it is not ours to give. */
bool runtime_share(const char *path, mode_t mode);

/* Fills the names of a folder's files with a suffix, without it, in alphabetical order. Returns how
 * many, at most max; a folder that isn't there has none. */
unsigned runtime_names(const char *folder, const char *suffix,
	char names[][RUNTIME_NAME_BYTES], unsigned max);

/* Says of a file that may not be used (verb: "read", "write to") whose it is, who asks, and what changes
 * that, for instance `sudo COMMAND`: three lines. Returns -EACCES. */
int runtime_denied(const char *path, const char *verb, const char *command, struct err *err);

#endif
