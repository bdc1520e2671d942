/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What [access] has counted on all interfaces of a pool: packets of each prefix, and who sends most. Each
 * service shows its own part, as tables beside those of its type.
 *
 * The watcher's thread alone.
 */
#ifndef RINGSIDE_ACCESS_BOOKS_H
#define RINGSIDE_ACCESS_BOOKS_H

#include "worker/pool.h"

struct access_books;

int access_books_open(
	struct access_books **books, const struct access_settings *settings, struct err *err);
void access_books_close(struct access_books *books);

/* Goes on with other settings: prefixes that stay keep what they have counted. 0 or -ENOMEM. */
int access_books_follow(struct access_books *books, const struct access_settings *settings);

/* Adds what an interface's prefixes have counted, before these go. books NULL: nobody asks. */
void access_books_keep(struct access_books *books, const struct interface *interface);

/* The same for another place; context: the books. */
void access_books_keep_place(void *context, const struct access_place *place);

/* Takes the newest samples, and tells the halves how many packets each shall stand for. Once a snapshot. */
void access_books_read(struct pool *pool);

/* Adds a service's tables to the snapshot. */
void access_books_sample(struct pool *pool, const struct config_service *service, unsigned index,
	struct snapshot *snapshot);

#endif
