/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One thread a queue: receive a batch, judge each frame, answer in place, give the batch back, count.
 *
 * The thread is the only writer of the books; everyone else reads them as they are.
 */
#ifndef RINGSIDE_WORKER_H
#define RINGSIDE_WORKER_H

#include <pthread.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "bpf/services.h"
#include "io/io.h"
#include "service/service.h"
#include "stats/histogram.h"
#include "stats/snapshot.h"

struct worker_books {
	alignas(64) struct cells cells;
	__u64 lent; /* frames in the worker's hands */
	__u64 beats; /* grows at least four times a second while the worker lives */
	__u64 busy_ns; /* level detailed: time in batches that had frames */
	__u64 batches[SNAPSHOT_BATCH_BINS]; /* level detailed */
};

/* One service's part for the worker's queue. */
struct worker_handler {
	int (*handle)(void *handler, const struct service_frame *frame); /* NULL: none */
	void (*flush)(void *handler); /* may be NULL */
	void *handler;
};

/* A change of rules on its way (worker/change.h). */
enum change {
	CHANGE_NONE,
	CHANGE_TAKE, /* asked for */
	CHANGE_TAKEN,
	CHANGE_FORGET, /* the old rules shall be forgotten: asked for */
	CHANGE_FORGETTING, /* once the frames that may have come by them are judged */
};

struct worker {
	struct worker_books books;
	/* level detailed: of each service that answers here; unused slots stay untouched memory */
	struct histogram latency[SERVICE_SLOTS];

	/* set by the starter; while the thread runs it changes them itself (worker/change.h) */
	const struct service_rule *services; /* [SERVICE_SLOTS], in the order of offer */
	const struct rule_tables *tables;
	const struct rule_state *state;
	bool limited; /* some service has a rate limit */
	bool handles; /* some service has a handler */
	const struct access_rule
		*access; /* NULL: a kernel half has judged the sources, or nobody shall */
	struct access_memory access_memory;
	struct worker_handler handlers[SERVICE_SLOTS]; /* by slot */
	struct tap_queue *tap; /* NULL: nobody looks at what it finishes */

	/* set by the starter, const while the thread runs */
	const struct io_ops *ops;
	struct io_queue *io;
	uint32_t queue, cpu, batch; /* cpu: SNAPSHOT_NONE: not pinned */
	uint32_t ring_frames; /* no more wait to be received */
	bool first_half; /* no kernel half has seen the frames: rates are charged here */
	bool can_pass; /* the stack has, or needs, no copy of what is passed */
	char name[16]; /* of the thread */
	struct log *log; /* may be NULL */

	/* the thread's own */
	struct bucket buckets[SERVICE_SLOTS];
	struct io_frame frames[IO_BATCH_MAX];
	uint8_t slots[IO_BATCH_MAX], outcomes[IO_BATCH_MAX];
	uint32_t handled; /* in this batch: a bit for each slot */
	uint64_t batch_end_ns, /* of a batch with details that was just now; 0: none */
		recording_since_ns; /* times of arrival before this are leftovers of another level */
	uint32_t level;
	uint32_t
		recorded_level; /* the latencies' own: a sample in 64 and every one do not weigh the same */
	const struct service_rule *services_before; /* of a change that is not over; NULL: none */
	const struct rule_tables *tables_before;
	uint32_t saw; /* frames, since the old rules shall be forgotten */
	uint64_t wakes_taken;

	/* between the threads */
	pthread_t thread;
	bool started;
	int wake_fd; /* eventfd: raised to end the wait */
	uint64_t wakes; /* atomic: how often, the last time not counted */
	int change; /* atomic: enum change */
	const struct worker_rules
		*next; /* the watcher's, between CHANGE_TAKE and CHANGE_NONE the thread's too */
	int stop; /* atomic: 1: receive no more once nothing is left, then end */
	int ended; /* atomic: 1, and `error` says why */
	int error; /* 0, or the negative errno that ended it: -ENODATA: a file's end */
};

/* Starts the thread, pinned. */
int worker_start(struct worker *worker, struct err *err);
/* Asks it to take what has been received already, to see off what it has sent (for a second at most),
 * and to end. */
void worker_ask_to_stop(struct worker *worker);
/* Ends its wait, if it waits. */
void worker_wake(struct worker *worker);
/* Waits for its end. */
void worker_join(struct worker *worker);

/* Receives and handles one batch. Returns how many frames, or a negative errno. For the thread, and for
 * tests that have none. */
int worker_run_batch(struct worker *worker);

#endif
