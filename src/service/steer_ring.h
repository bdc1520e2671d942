/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * steer with target = worker: a ring for each queue and worker, filled by the queue's thread.
 *
 * A slot that gets another worker goes over, queue by queue, when each process that reads the old one's ring is
 * done with the slot's last packet there: it has come for more (ring.h), or has gone. One that does not come for
 * a second while there are packets is given up. Until then the slot's packets go on to the old worker.
 */
#ifndef RINGSIDE_SERVICE_STEER_RING_H
#define RINGSIDE_SERVICE_STEER_RING_H

#include "service/steer.h"

/* A reader that does not come for its packets for so long holds nothing up. */
#define STEER_PATIENCE_NS 1000000000ull

struct steer_ring {
	struct ring_writer ring;
	unsigned index; /* in the worker's audience */
	bool is_open;
	bool is_given_up; /* the watcher's word for the queue's thread */
	struct steer_watch watch;
	/* of all openings; the queue's thread is the writer */
	__u64 packets;
	__u64 taken; /* moving slots that it has brought here */
	__u64 forced; /* of those: their old worker was given up */
};

/* Where a queue's packets of a slot go. */
struct steer_course {
	__u32 worker; /* STEER_NOBODY: none has come yet */
	__u32 pad;
	__u64 last; /* the sequence of the newest one in the worker's ring */
};

struct steer_queue {
	struct steer_queue *next;
	struct steer *steer;
	char interface[16];
	uint32_t queue;
	uint32_t packet_bytes;
	bool is_open;
	uint64_t published; /* in this batch: a bit for each worker */
	struct steer_ring rings[STEER_TARGETS];
	struct steer_course courses[STEER_ENTRIES];
	struct steer_load loads[STEER_ENTRIES]; /* of all openings */
};

/* The settings' workers as targets: worker N is target N. Those of before that are none any more stay, without
 * a weight. */
void steer_take_workers(const struct steer_settings *settings, struct steer_assignment *to);

/* Makes room for readers, if the targets are workers. */
int steer_make_readers(struct steer *steer, const struct steer_settings *settings, struct err *err);

/* Names the rings of each worker that the settings have. */
int steer_name_rings(struct steer *steer, const struct steer_settings *settings, struct err *err);

/* Makes the rings of workers that have none yet, in all open queues. */
int steer_open_rings(struct steer *steer, unsigned workers, struct err *err);

/* Looks after readers, ten times a second: seats them, and gives up those that do not come. */
void steer_tend_rings(struct steer *steer);

/* How many slots may still have packets in the hands of the worker that they are leaving. */
unsigned steer_rings_moving(const struct steer *steer);

/* What a worker has got, and what it says of that; false: part of it is not to be believed. */
struct steer_worker_count {
	uint64_t redirected, taken, forced, received, lost, waiting;
	unsigned readers;
};
bool steer_count_worker(
	const struct steer *steer, unsigned worker, struct steer_worker_count *count);

#endif
