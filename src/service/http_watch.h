/* SPDX-License-Identifier: BSD-2-Clause */
/* Finds the files below a store's root and tells the store what happens to them, by inotify. One thread at a
 * time. */
#ifndef RINGSIDE_HTTP_WATCH_H
#define RINGSIDE_HTTP_WATCH_H

#include "service/http_store.h"

struct http_watch;

/* Watches the directories below the root and tells the store of every file. All are kept. */
int http_watch_open(struct http_watch **watch, const char *root, struct http_store *store,
	struct log *log, struct err *err);
void http_watch_close(struct http_watch *watch);

/* A descriptor that polls readable when something has happened. */
int http_watch_fd(const struct http_watch *watch);
void http_watch_take(struct http_watch *watch);

/* Sees whether the root's name leads to another directory now (a link that was switched, for a new release),
 * and if so begins anew there. Cheap: for every second. */
void http_watch_check_root(struct http_watch *watch);

/* How many regular files there are below a directory, not following links. */
unsigned http_watch_count(const char *root);

#endif
