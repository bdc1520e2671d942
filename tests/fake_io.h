/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A backend made of arrays: it lends the frames a test has put in, and keeps what it is given back.
 *
 * Every batch's frames must come back once, in order, before the next one is lent; else it aborts. Fields
 * marked "any thread" are atomic.
 */
#ifndef RINGSIDE_TEST_FAKE_IO_H
#define RINGSIDE_TEST_FAKE_IO_H

#include "io/io.h"

#define FAKE_FRAMES 4096

/* Named as io.h has it: each backend has its own. */
struct io_queue {
	struct io_frame
		frames[FAKE_FRAMES]; /* in the order they came in; as they were given back */
	unsigned arrived; /* any thread: how many are in */
	unsigned lent, back;
	unsigned tx_room; /* frames that finish() sends before it refuses */
	int error; /* any thread: what receive() says once nothing is left */
	unsigned draining; /* is_drained() says so many times that it is not */
	bool patient; /* wait() does not end before wake_fd is raised */
	bool times_asked; /* of the newest receive() */
	unsigned receives, finishes, waits; /* any thread */
	unsigned ends_of_wait; /* any thread: waits that wake_fd has ended */
	struct io_gauges gauges;
	/* called in finish(), between judging and counting */
	void (*at_finish)(void *arg);
	void *arg;
};

extern const struct io_ops fake_io;

/* Puts a frame in; data is kept, on loan. Any thread, but one at a time. */
void fake_io_arrive(struct io_queue *queue, uint8_t *data, uint32_t length);
/* Forgets everything; the fake then has room to send everything. */
void fake_io_reset(struct io_queue *queue);

#endif
