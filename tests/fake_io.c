// SPDX-License-Identifier: BSD-2-Clause
#include <limits.h>
#include <poll.h>
#include <stdlib.h>

#include "fake_io.h"

/* Not cmocka's assertion, for the worker has a thread of its own. */
static void require(bool holds)
{
	if (!holds)
		abort();
}

static void add(unsigned *counter, unsigned n)
{
	__atomic_fetch_add(counter, n, __ATOMIC_SEQ_CST);
}

void fake_io_reset(struct io_queue *q)
{
	*q = (struct io_queue){ .tx_room = UINT_MAX };
}

void fake_io_arrive(struct io_queue *q, uint8_t *data, uint32_t length)
{
	require(q->arrived < FAKE_FRAMES);
	q->frames[q->arrived] = (struct io_frame){ .data = data, .length = length };
	add(&q->arrived, 1);
}

static int fake_receive(struct io_queue *q, struct io_frame *frames, unsigned max, bool times)
{
	unsigned arrived = __atomic_load_n(&q->arrived, __ATOMIC_SEQ_CST);

	add(&q->receives, 1);
	require(q->lent == q->back);
	q->times_asked = times;
	if (q->lent == arrived)
		return __atomic_load_n(&q->error, __ATOMIC_SEQ_CST);
	if (max > arrived - q->lent)
		max = arrived - q->lent;
	for (unsigned i = 0; i < max; i++) {
		frames[i] = q->frames[q->lent];
		frames[i].handle = q->lent++;
		frames[i].send = frames[i].sent = false;
		if (!times)
			frames[i].hook_ns = 0;
	}
	return (int)max;
}

static void fake_finish(struct io_queue *q, struct io_frame *frames, unsigned count)
{
	add(&q->finishes, 1);
	require(q->lent - q->back == count);
	for (unsigned i = 0; i < count; i++) {
		require(frames[i].handle == q->back);
		frames[i].sent = frames[i].send && q->tx_room;
		q->tx_room -= frames[i].sent;
		q->frames[q->back++] = frames[i];
	}
	if (q->at_finish)
		q->at_finish(q->arg);
}

static void fake_wait(struct io_queue *q, int wake_fd, int timeout_ms)
{
	struct pollfd fd = { .fd = wake_fd, .events = POLLIN };

	add(&q->waits, 1);
	if (poll(&fd, 1, q->patient && wake_fd >= 0 ? -1 : timeout_ms) == 1)
		add(&q->ends_of_wait, 1);
}

static bool fake_is_drained(struct io_queue *q)
{
	if (!q->draining)
		return true;
	if (q->draining != UINT_MAX) /* else it never is */
		q->draining--;
	return false;
}

static void fake_read_gauges(struct io_queue *q, struct io_gauges *gauges)
{
	*gauges = q->gauges;
}

const struct io_ops fake_io = {
	.name = "fake",
	.timed_from = "fake",
	.timed_to = "fake",
	.receive = fake_receive,
	.finish = fake_finish,
	.wait = fake_wait,
	.is_drained = fake_is_drained,
	.read_gauges = fake_read_gauges,
};
