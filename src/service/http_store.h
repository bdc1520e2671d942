/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The files below a root as ready answers in the tables of bpf/http.h. The store only writes into memory that
 * it is given, so that tests need no kernel.
 *
 * A file is answered from here when any user may read it (the ordinary server may not run as root), when it is
 * no link and has no other name (its changes could not be seen), when its name needs no escaping, and when its
 * answer is short enough; whatever else there is goes to the ordinary server.
 *
 * A file that changes is taken out at once and looked at again when it has been left alone for a moment; only
 * one that is the same before and after reading gets in. One thread at a time.
 */
#ifndef RINGSIDE_HTTP_STORE_H
#define RINGSIDE_HTTP_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/log.h"
#include "bpf/http.h"

struct http_store;

struct http_store_settings {
	const char *root;
	const char *headers; /* further header lines, each with its CRLF */
	const bool *optional_headers; /* as headers read again with each file; NULL: true */
	unsigned segments_max; /* of an answer; longer ones stay away */
	struct http_entry *entries; /* entry 0 is not used */
	uint32_t entries_max;
	struct http_object *objects; /* [objects_max]; object 0 is none */
	uint32_t objects_max;
	struct http_segment *segments; /* [segments_count] */
	uint32_t segments_count;
	/* Makes the path lead to the entry, for ever. */
	int (*add_path)(void *context, const char *path, uint32_t entry, struct err *err);
	void *context;
	struct log *log;
};

/* Opens an empty store. settings are copied, what they point to is kept. */
int http_store_open(
	struct http_store **store, const struct http_store_settings *settings, struct err *err);
void http_store_close(struct http_store *store);

/* A descriptor of the root, the store's own. */
int http_store_root(const struct http_store *store);
/* Opens the root again, which another directory has taken the place of; every file is looked at again. */
int http_store_reopen(struct http_store *store, struct err *err);

/* Something has happened to the file with that path below the root ("/a/b.css"), which need not be there.
 * changed: what the store has of it is not to be served any more. */
void http_store_touch(struct http_store *store, const char *path, bool changed);
/* To every file whose path begins so. */
void http_store_touch_all(struct http_store *store, const char *prefix);

/* Another segments_max, up to HTTP_SEGMENTS_MAX: answers that are too long now are taken out at once, and all
 * files are looked at again. */
void http_store_set_segments_max(struct http_store *store, unsigned segments_max);

/* Looks at the files that have been left alone. Returns the milliseconds until the next one is due; -1: none
 * is. */
int http_store_settle(struct http_store *store);

/* Files that are answered from here now. */
unsigned http_store_files(const struct http_store *store);
/* The path of an entry, or NULL. Stays until the store is closed. */
const char *http_store_path(const struct http_store *store, uint32_t entry);
uint32_t http_store_entries(const struct http_store *store); /* the highest entry in use, and 1 */

#endif
