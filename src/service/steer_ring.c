// SPDX-License-Identifier: BSD-2-Clause
/* steer with target = worker: its rings. */
#include "service/steer_ring.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct steer_queue *find_queue(struct steer *s, const struct service_queue *queue)
{
	struct steer_queue *q = s->queues;

	while (q && (strcmp(q->interface, queue->interface->name) != 0 || q->queue != queue->queue))
		q = q->next;
	return q;
}

static struct steer_queue *make_queue(struct steer *s, const struct service_queue *queue)
{
	struct steer_queue *q = calloc(1, sizeof(*q));

	if (!q)
		return NULL;
	q->steer = s;
	q->queue = queue->queue;
	q->next = s->queues;
	snprintf(q->interface, sizeof(q->interface), "%s", queue->interface->name);
	s->queues = q;
	return q;
}

static int open_ring(struct steer_queue *q, unsigned worker, struct err *err)
{
	struct readers *readers = &q->steer->readers[worker];
	struct steer_ring *r = &q->rings[worker];
	const struct ring_settings settings = {
		.name = readers->ring,
		.interface = q->interface,
		.queue = q->queue,
		.depth = q->steer->settings->depth,
		.mode = RINGSIDE_COPY,
		.packet_bytes = q->packet_bytes,
		.boot_id = readers->audience.boot_id,
		.first = 1,
	};
	int ret = ring_open(&r->ring, &settings, err);

	if (ret)
		return ret;
	ret = audience_add(&readers->audience, &r->ring, -1, &r->index);
	if (ret) {
		ring_close(&r->ring);
		return err_say(
			err, ret, "ring '%s' has %d queues already", settings.name, RINGSIDE_RINGS);
	}
	r->watch = (struct steer_watch){ 0 };
	__atomic_store_n(&r->is_given_up, false, __ATOMIC_RELAXED);
	r->is_open = true;
	return 0;
}

static int open_rings(struct steer_queue *q, unsigned workers, struct err *err)
{
	int ret = 0;

	for (unsigned w = 0; w < workers && !ret; w++)
		ret = q->rings[w].is_open ? 0 : open_ring(q, w, err);
	return ret;
}

int steer_open_rings(struct steer *s, unsigned workers, struct err *err)
{
	for (struct steer_queue *q = s->queues; q; q = q->next) {
		int ret = q->is_open ? open_rings(q, workers, err) : 0;

		if (ret)
			return ret;
	}
	return 0;
}

void steer_close_queue(void *handler)
{
	struct steer_queue *q = handler;

	if (!q)
		return;
	for (unsigned w = 0; w < STEER_TARGETS; w++) {
		struct steer_ring *r = &q->rings[w];

		if (!r->is_open)
			continue;
		ring_end(&r->ring);
		/* who sleeps shall see it */
		audience_wake(&q->steer->readers[w].audience, r->index);
		audience_remove(&q->steer->readers[w].audience, r->index);
		ring_close(&r->ring);
		r->is_open = false;
	}
	q->is_open = false;
}

int steer_open_queue(void *part, const struct service_queue *queue, void **handler, struct err *err)
{
	struct steer *s = ((struct steer_interface *)part)->steer;
	struct steer_queue *q;
	int ret;

	*handler = NULL;
	if (s->settings->target != STEER_WORKER)
		return 0;
	q = find_queue(s, queue);
	if (!q)
		q = make_queue(s, queue);
	if (!q)
		return err_set(err, -ENOMEM, "make room for the service");
	q->packet_bytes = readers_packet_bytes(queue->interface);
	for (unsigned n = 0; n < STEER_ENTRIES; n++)
		q->courses[n] = (struct steer_course){ .worker = STEER_NOBODY };
	q->is_open = true;
	ret = open_rings(q, s->now.targets, err);
	if (ret)
		steer_close_queue(q);
	else
		*handler = q;
	return ret;
}
