/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The published mapping: NAME.stats in the runtime folder, a file that an instance writes its
 * snapshots to and other processes map read-only. They need no capability and cannot hold the writer
 * up.
 *
 * Behind the header are two places for a snapshot. The writer fills the one that is not the newest
 * and then counts the generation up; a reader copies the newest one, and again if the writer has
 * come round meanwhile. So a writer killed in the middle leaves a whole snapshot behind. The writer
 * holds a lock on the file for as long as it lives, which readers ask for without taking it.
 */
#ifndef RINGSIDE_PUBLISHED_H
#define RINGSIDE_PUBLISHED_H

#include <linux/types.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/runtime.h"
#include "stats/snapshot.h"

#define PUBLISHED_MAGIC "ringstat"
#define PUBLISHED_VERSION 1 /* of the header; `layout` tells one snapshot from another */
#define PUBLISHED_SUFFIX ".stats"

struct published_header {
	char magic[8];
	__u32 version;
	__u32 pid;
	__u64 layout; /* snapshot_layout() of the writer */
	__u64 snapshot_bytes;
	__u64 generation; /* of the newest snapshot, which is in place generation & 1; 0: none yet */
	char program[16]; /* the writer's version, for messages */
	__u8 reserved[8];
};

_Static_assert(sizeof(struct published_header) == 64, "one cache line, also for another version");

struct published;

/* Takes the name and makes its file. -EADDRINUSE: a living instance has it, and err says which; other
 * errors: nothing can be published here. */
int published_open(
	struct published **published, const char *folder, const char *name, struct err *err);
void published_put(struct published *published, const struct snapshot *snapshot);
/* Takes the file away; readers keep what they have mapped. NULL is allowed. */
void published_close(struct published *published);

struct published_reader {
	char path[RUNTIME_PATH_BYTES];
	int fd; /* -1: not open */
	const struct published_header *header;
	__u64 generation; /* of the newest snapshot taken */
};

/* Finds the one instance meant and fills the path of its file: NAME's, or without a name (NULL) that of
 * the only instance which lives. -ENOENT: there is none; -ENOTUNIQ: several; err says so. */
int published_find(char path[RUNTIME_PATH_BYTES], const char *name, struct err *err);

/* Maps a file. -EACCES: err says who may read it and what to do; -EPROTO: it is of another version;
 * -EAGAIN: it is just being made. */
int published_reader_open(struct published_reader *reader, const char *path, struct err *err);
void published_reader_close(struct published_reader *reader);
/* Copies the newest snapshot; false when there is none newer than the last one taken. */
bool published_take(struct published_reader *reader, struct snapshot *into);
/* Whether the writer lives. */
bool published_lives(const struct published_reader *reader);
/* Whether the path leads to another file by now: the instance was started again. */
bool published_is_replaced(const struct published_reader *reader);

#endif
