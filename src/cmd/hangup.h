/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What SIGHUP asks a running instance for: to read its configuration again. What has changed is taken over
 * while packets flow; a bad file changes nothing; keys that need a restart are named.
 */
#ifndef RINGSIDE_HANGUP_H
#define RINGSIDE_HANGUP_H

#include "cmd/instance.h"
#include "cmd/supervision.h"
#include "config.h"
#include "worker/pool.h"

struct hangup {
	const struct config_source *source;
	struct pool *pool;
	const struct supervision *supervision;
	struct instance *instance;
	struct log *log;
	bool level_given; /* by an argument: the file's is not looked at */
	char name[32]; /* the instance's, for good */
	char *first, *newest; /* effective configurations: of the start, and in force */
	struct config *config; /* in force, owned; NULL: still that of the start */
};

/* Takes note of the configuration that the instance has started with, which is printed as ini: taken. The
 * rest is kept. */
void hangup_init(struct hangup *hangup, const struct config_source *source, char *ini,
	const char *name, struct log *log);
/* After the pool has been closed. */
void hangup_fini(struct hangup *hangup);

/* Reads the file again. context: a struct hangup; its pool, supervision and instance are set. */
void hangup_obey(void *context);

#endif
