/* SPDX-License-Identifier: BSD-2-Clause */
/* deliver: its rings and its clients come and go. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service/deliver.h"

static const char *ring_name(const struct deliver *d)
{
	return *d->settings->ring ? d->settings->ring : d->name;
}

static void take_settings(struct deliver *d, const struct deliver_settings *settings)
{
	d->settings = settings;
	readers_set_name(&d->readers, ring_name(d), settings->group);
	readers_warn(&d->readers);
}

int deliver_open(const struct service_start *start, void **instance, struct err *err)
{
	struct deliver *d = calloc(1, sizeof(*d));
	uint64_t boot_id;
	int ret;

	if (!d)
		return err_set(err, -ENOMEM, "make room for the service");
	ret = readers_draw_boot_id(&boot_id, err);
	if (ret) {
		free(d);
		return ret;
	}
	snprintf(d->name, sizeof(d->name), "%s", start->name);
	d->slot = start->slot;
	d->log = start->log;
	readers_init(&d->readers, d->name, boot_id, d->log);
	take_settings(d, start->settings);
	*instance = d;
	return 0;
}

int deliver_open_interface(
	void *instance, const struct service_interface *interface, void **part, struct err *err)
{
	struct deliver_interface *i = calloc(1, sizeof(*i));
	struct deliver *d = instance;

	if (!i)
		return err_set(err, -ENOMEM, "make room for the service");
	*i = (struct deliver_interface){ d->interfaces, d, interface };
	d->interfaces = i;
	*part = i;
	return 0;
}

void deliver_close_interface(void *part)
{
	struct deliver_interface *i = part, **link = &i->deliver->interfaces;

	while (*link != i)
		link = &(*link)->next;
	*link = i->next;
	free(i);
}

static struct deliver_queue *find_queue(struct deliver *d, const struct service_queue *queue)
{
	struct deliver_queue *q = d->queues;

	while (q && (strcmp(q->interface, queue->interface->name) != 0 || q->queue != queue->queue))
		q = q->next;
	return q;
}

static struct deliver_queue *make_queue(struct deliver *d, const struct service_queue *queue)
{
	struct deliver_queue *q = calloc(1, sizeof(*q)), **link = &d->queues;

	if (!q)
		return NULL;
	q->deliver = d;
	q->queue = queue->queue;
	q->ring.fd = -1;
	snprintf(q->interface, sizeof(q->interface), "%s", queue->interface->name);
	while (*link)
		link = &(*link)->next;
	*link = q;
	return q;
}

/* The queue's own frames for a ring's slots; in mode copy, and from a backend that has none to give, the ring
 * has memory of its own. The array is the caller's to free. */
static int keep_frames(struct deliver_queue *q, const struct service_queue *queue,
	struct ring_settings *settings, uint32_t **frames, int *fd, struct err *err)
{
	const struct deliver *d = q->deliver;
	struct service_memory memory;
	int ret;

	*frames = NULL;
	*fd = -1;
	settings->mode = RINGSIDE_COPY;
	settings->packet_bytes = q->packet_bytes;
	if (d->settings->mode == RINGSIDE_COPY)
		return 0;
	*frames = calloc(settings->depth, sizeof(**frames));
	if (!*frames)
		return err_set(err, -ENOMEM, "make room for the ring");
	ret = queue->keep(queue, *frames, settings->depth, &memory);
	if (ret == -EOPNOTSUPP) {
		log_write(d->log, LOG_WARNING,
			"service %s: %s has no frames to share: its packets are copied", d->name,
			queue->interface->name);
		return 0;
	}
	if (ret)
		return err_set(err, ret, "keep %u frames for the ring", settings->depth);
	settings->mode = RINGSIDE_SHARE;
	settings->packet_bytes = q->packet_bytes = FRAME_BYTES_MAX;
	settings->frames = *frames;
	settings->data_bytes = memory.bytes;
	q->area = memory.area;
	*fd = memory.fd;
	return 0;
}

int deliver_open_queue(
	void *part, const struct service_queue *queue, void **handler, struct err *err)
{
	struct deliver *d = ((struct deliver_interface *)part)->deliver;
	struct deliver_queue *q = find_queue(d, queue);
	struct ring_settings settings = {
		.name = ring_name(d),
		.interface = queue->interface->name,
		.queue = queue->queue,
		.depth = d->settings->depth,
		.boot_id = d->readers.audience.boot_id,
		.first = 1,
	};
	uint32_t *frames;
	int ret, fd;

	if (!q)
		q = make_queue(d, queue);
	if (!q)
		return err_set(err, -ENOMEM, "make room for the service");
	q->packet_bytes = readers_packet_bytes(queue->interface);
	ret = keep_frames(q, queue, &settings, &frames, &fd, err);
	if (!ret)
		ret = ring_open(&q->ring, &settings, err);
	free(frames);
	if (ret)
		return ret;
	ret = audience_add(&d->readers.audience, &q->ring, fd, &q->index);
	if (ret) {
		ring_close(&q->ring);
		return err_say(
			err, ret, "ring '%s' has %d queues already", settings.name, RINGSIDE_RINGS);
	}
	q->is_open = true;
	*handler = q;
	return 0;
}

void deliver_close_queue(void *handler)
{
	struct deliver_queue *q = handler;

	ring_end(&q->ring);
	/* who sleeps shall see it */
	audience_wake(&q->deliver->readers.audience, q->index);
	audience_remove(&q->deliver->readers.audience, q->index);
	ring_close(&q->ring);
	q->is_open = false;
}

/* The memory of rings is made for these: consumers find the old ones ended, and open the new ones. */
bool deliver_reopens(const void *before, const void *with)
{
	const struct deliver_settings *a = before, *b = with;

	return a->depth != b->depth || a->mode != b->mode ||
	       (b->mode == RINGSIDE_SHARE && a->expose_queue != b->expose_queue);
}

int deliver_reload(void *instance, const void *settings, struct err *err)
{
	(void)err;
	take_settings(instance, settings);
	return 0;
}

void deliver_close(void *instance)
{
	struct deliver *d = instance;

	for (struct deliver_queue *q = d->queues, *next; q; q = next) {
		next = q->next;
		free(q);
	}
	readers_fini(&d->readers);
	free(d);
}

int deliver_judge(
	void *instance, const char *name, const struct service_client *client, struct err *err)
{
	struct deliver *d = instance;

	return readers_judge(&d->readers, name, d->name, client, err);
}

void deliver_take(void *instance, const char *name, const struct service_client *client, int socket)
{
	struct deliver *d = instance;

	(void)name;
	readers_take(&d->readers, client, socket);
}
