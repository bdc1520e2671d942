/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Taps: other processes look at what services, or all of them together, do with packets.
 *
 * A target (a service, or the drops of all) that somebody looks at has rings of its own, in whose audience
 * those who look are seated: one ring a queue that has a worker, and one an interface for what its kernel
 * half finishes. With the first who comes kernel halves and workers are exchanged, as by a reload, for ones
 * that show what they finish; with the last who goes they are exchanged back. Between a kernel half's perf
 * rings and the target's ring is a thread of low priority. What finds no room anywhere is counted, and nobody
 * waits.
 *
 * Clients are judged on the control thread and wait for the watcher, whose all the rest is.
 */
#ifndef RINGSIDE_WORKER_TAP_H
#define RINGSIDE_WORKER_TAP_H

#include <pthread.h>

#include "io/tap_reader.h"
#include "service/readers.h"
#include "worker/pool.h"
#include "worker/tap_queue.h"

struct tap_target {
	struct readers readers;
	char name[32]; /* the watcher's copy; empty: no service has the slot */
};

/* What one interface shows of a target. */
struct tap_rings {
	struct ring_writer kernel; /* of its kernel half; head is NULL when it has none */
	unsigned kernel_index; /* in the target's audience */
	uint32_t shown; /* in the kernel half's ring */
	uint32_t shown_before; /* the readers' last turn */
	uint32_t serial; /* that the ring has told, and when */
	uint64_t told_ns;
	unsigned queues_count;
	struct tap_queue_ring {
		struct ring_writer ring; /* head is NULL when the queue has no worker */
		unsigned index;
	} * queues;
};

struct tap_interface {
	struct taps *taps;
	uint64_t opening; /* that the rings are of; 0: none */
	struct tap_reader *reader; /* NULL: no kernel half */
	struct tap_rings rings[TAP_TARGETS];
};

/* A service whose own hooks show what they make of packets. */
struct tap_hook {
	void *instance; /* that shows it, as the watcher has last seen; NULL: none has such hooks */
	struct tap_reader *reader; /* NULL: nobody looks */
	struct tap_interface *places[SERVICE_TAP_PLACES]; /* NULL: no interface has the number */
	uint8_t tagged[FRAME_BYTES_MAX + sizeof(struct frame_vlan)];
};

struct taps {
	struct log *log;
	uint32_t wanted; /* a bit for each target that is looked at; under the lock */
	struct tap_target target[TAP_TARGETS];
	struct tap_interface interfaces[SNAPSHOT_INTERFACES]; /* as the pool's */
	struct tap_hook hooks[SERVICE_SLOTS];
	pthread_mutex_t lock; /* of the reading thread, and of changes of what it looks at */
	pthread_t thread;
	bool is_reading;
	int stop; /* atomic */
};

int taps_open(struct taps **taps, struct log *log, struct err *err);
/* When nobody publishes any more; those who look see the end. NULL is allowed. */
void taps_close(struct taps *taps);

/* Ten times a second: seats who has come, frees the seats of those who have gone, and has kernel halves and
 * workers follow. */
void taps_serve(struct pool *pool);

/* For a change of rules: the targets that are looked at, and the part of a worker, NULL when it has none. NULL for
 * taps is allowed. */
uint32_t taps_wanted(const struct taps *taps);
int taps_make_queue(const struct taps *taps, const struct interface *interface, uint32_t index,
	struct tap_queue **queue);

/* tap_rings.c: the rings of a target on all interfaces that are open, */
int tap_rings_open(struct pool *pool, unsigned target, struct err *err);
void tap_rings_close(struct taps *taps, unsigned target);
/* and the thread that fills those of the kernel halves. */
int tap_readers_open(struct pool *pool, struct err *err);
void tap_readers_close(struct taps *taps);
/* What a reader has got for the rings of an interface. */
void tap_take(struct tap_interface *ti, const struct tap_note *note, const uint8_t *frame);

/* tap_hooks.c: has services' own hooks show these targets, from rings that are open to readers of their own; */
int tap_hooks_show(struct pool *pool, uint32_t wanted, struct err *err);
/* true: instances that showed something have gone, or others have come; */
bool tap_hooks_are_other(const struct pool *pool);
/* what they have lost of an interface; and the end. */
uint64_t tap_hooks_lost(const struct taps *taps, const struct tap_interface *ti, unsigned target);
void tap_hooks_close(struct taps *taps);

#endif
