/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An application's rings and the consumers that have taken a seat before them.
 *
 * A consumer gets descriptors and is woken when it said that it sleeps; nothing else of it reaches the
 * packet path. It writes into memory of its own only, which the daemon reads to show it and to know
 * whether to wake it, so that rubbish there costs it its own sleep and nobody else anything.
 *
 * audience_wake() and audience_is_past() are for the thread that publishes into the ring; the rest is for any
 * other thread.
 */
#ifndef RINGSIDE_AUDIENCE_H
#define RINGSIDE_AUDIENCE_H

#include <pthread.h>
#include <sys/types.h>

#include "ring/writer.h"

#define AUDIENCE_SEATS 32

/* Packets that readers say they have received, lost, and not yet looked at. */
struct audience_sum {
	uint64_t received, lost, waiting;
};

struct seat {
	const struct ringside_report *report; /* the consumer writes it: never believed */
	struct ringside_wake *wake;
	int socket; /* the seat is taken until the other end is closed */
	bool looks_on; /* does not count as a reader */
	pid_t pid;
	char command[16];
	uint64_t first[RINGSIDE_RINGS]; /* the ring's sequence when it came */
	struct audience_sum had; /* as far as it could be true; the first two only grow */
	uint32_t woken[RINGSIDE_RINGS]; /* the ring's thread: the turn of sleep that it has ended */
};

struct audience_ring {
	struct ring_writer *ring; /* NULL: none at this index */
	int data_fd; /* mode share: the packet memory; -1 */
	uint32_t scanning; /* odd: its thread is looking at the seats */
};

struct audience {
	pthread_mutex_t lock; /* of the seats' coming and going, and of `rings` */
	uint64_t boot_id;
	struct seat *seat[AUDIENCE_SEATS]; /* the ring's threads read them without the lock */
	struct audience_sum past; /* of readers that have gone */
	unsigned count; /* rings, holes included */
	struct audience_ring rings[RINGSIDE_RINGS];
};

/* What a consumer says of itself, as far as it can be true: of all rings together. */
struct audience_row {
	pid_t pid;
	char command[16];
	bool looks_on;
	uint64_t received, lost_polling, lost_reading, lag; /* UINT64_MAX: not to be believed */
};

void audience_init(struct audience *audience, uint64_t boot_id);
/* Sends everybody away. */
void audience_fini(struct audience *audience);

/* Adds a ring, or takes one away that nobody publishes into any more; the other rings keep their index.
 * Consumers that are there have been given what was there when they came, so they are sent away and
 * come again. -ENOSPC: too many rings. data_fd stays the caller's, and open as long as the ring is
 * there. */
int audience_add(struct audience *audience, struct ring_writer *ring, int data_fd, unsigned *index);
void audience_remove(struct audience *audience, unsigned index);

/* How many consumers there are that do not only look on. */
unsigned audience_readers(struct audience *audience);

/* Seats the consumer at the other end of a connected Unix socket, which is the audience's then, also on
 * failure: greets it and offers it the rings. Who looks on is no reader. Never waits. -ENOSPC: all seats are taken. */
int audience_seat(struct audience *audience, int socket, bool looks_on, struct err *err);

/* Frees the seats of those that have hung up. A few times a second. */
void audience_sweep(struct audience *audience);

/* Fills at most AUDIENCE_SEATS rows; returns how many. */
unsigned audience_rows(struct audience *audience, struct audience_row *rows);

/* What readers have had of all rings together, those that have gone included; each reader counts for itself.
 * False: one of them says what cannot be, and its part is as it was before that. */
bool audience_had(struct audience *audience, struct audience_sum *sum);

/* The sequence up to which every reader of the ring is done with its packets; UINT64_MAX: nobody reads. */
uint64_t audience_done(struct audience *audience, unsigned index);

/* The same for the thread that publishes: whether all are done with a packet. */
bool audience_is_past(struct audience *audience, unsigned index, uint64_t sequence);

/* How far one reader says it is; what was there before it came is nothing to it. */
uint64_t audience_done_by(const struct seat *seat, unsigned index);

/* Adds what a reader has had to what those that have gone had. */
void audience_keep_had(struct audience *audience, struct seat *seat);

/* Shows how far the ring has come, and wakes those who sleep; once a batch. */
void audience_wake(struct audience *audience, unsigned index);

#endif
