/* SPDX-License-Identifier: BSD-2-Clause */
/* deliver: its rings and its clients come and go. */
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "service/deliver.h"

/* In front of an IP packet of the MTU: Ethernet and two VLAN tags. */
#define HEADERS_BYTES (ETH_HLEN + 2 * sizeof(struct frame_vlan))
/* What a ring has room for on interfaces of a smaller MTU, which may be raised while it is there. */
#define MTU_MIN 1500

static int find_group(struct deliver *d, const struct deliver_settings *settings)
{
	struct group *group = *settings->group ? getgrnam(settings->group) : NULL;

	d->has_group = group != NULL;
	d->group = group ? group->gr_gid : 0;
	return group || !*settings->group ? 0 : -ENOENT;
}

static void take_settings(struct deliver *d, const struct deliver_settings *settings)
{
	int ret;

	pthread_mutex_lock(&d->lock);
	d->settings = settings;
	ret = find_group(d, settings);
	pthread_mutex_unlock(&d->lock);
	if (ret)
		log_write(d->log, LOG_WARNING,
			"service %s: there is no group %s: only root and the daemon's own user can "
			"open "
			"the ring",
			d->name, settings->group);
}

int deliver_open(const struct service_start *start, void **instance, struct err *err)
{
	struct deliver *d = calloc(1, sizeof(*d));
	uint64_t boot_id = 0;

	if (!d)
		return err_set(err, -ENOMEM, "make room for the service");
	if (getrandom(&boot_id, sizeof(boot_id), 0) < 0) {
		free(d);
		return err_set(err, -errno, "draw a boot id");
	}
	snprintf(d->name, sizeof(d->name), "%s", start->name);
	d->slot = start->slot;
	d->log = start->log;
	pthread_mutex_init(&d->lock, NULL);
	audience_init(&d->audience, boot_id);
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

static const char *ring_name(const struct deliver *d)
{
	return *d->settings->ring ? d->settings->ring : d->name;
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
	const uint32_t mtu = queue->interface->mtu > MTU_MIN ? queue->interface->mtu : MTU_MIN;
	struct deliver_queue *q = find_queue(d, queue);
	struct ring_settings settings = {
		.name = ring_name(d),
		.interface = queue->interface->name,
		.queue = queue->queue,
		.depth = d->settings->depth,
		.boot_id = d->audience.boot_id,
		.first = 1,
	};
	uint32_t *frames;
	int ret, fd;

	if (!q)
		q = make_queue(d, queue);
	if (!q)
		return err_set(err, -ENOMEM, "make room for the service");
	q->packet_bytes = mtu + HEADERS_BYTES;
	if (q->packet_bytes > FRAME_BYTES_MAX)
		q->packet_bytes = FRAME_BYTES_MAX;
	ret = keep_frames(q, queue, &settings, &frames, &fd, err);
	if (!ret)
		ret = ring_open(&q->ring, &settings, err);
	free(frames);
	if (ret)
		return ret;
	ret = audience_add(&d->audience, &q->ring, fd, &q->index);
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
	audience_wake(&q->deliver->audience, q->index);
	audience_remove(&q->deliver->audience, q->index);
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
	for (unsigned i = 0; i < d->waiting_count; i++)
		close(d->waiting[i].socket);
	audience_fini(&d->audience);
	pthread_mutex_destroy(&d->lock);
	free(d);
}

static bool may_open(const struct deliver *d, const struct service_client *client)
{
	if (!client->uid || client->uid == geteuid())
		return true;
	if (!d->has_group)
		return false;
	for (unsigned i = 0; i < client->groups_count; i++)
		if (client->groups[i] == d->group)
			return true;
	return client->gid == d->group;
}

/* Who looks on may also call the ring by its service's name. */
static bool is_meant(const struct deliver *d, const char *name, const struct service_client *client)
{
	return !strcmp(name, ring_name(d)) || (client->looks_on && !strcmp(name, d->name));
}

int deliver_judge(
	void *instance, const char *name, const struct service_client *client, struct err *err)
{
	struct deliver *d = instance;
	int ret = 0;

	pthread_mutex_lock(&d->lock);
	if (!is_meant(d, name, client))
		ret = -ENOENT;
	else if (!may_open(d, client))
		ret = err_say(err, -EACCES, "ring '%s' is for root and the group %s", name,
			*d->settings->group ? d->settings->group : "of nobody else");
	else if (d->waiting_count == AUDIENCE_SEATS)
		ret = err_say(err, -EBUSY, "ring '%s': too many consumers at once", name);
	pthread_mutex_unlock(&d->lock);
	return ret;
}

void deliver_take(void *instance, const struct service_client *client, int socket)
{
	struct deliver *d = instance;

	pthread_mutex_lock(&d->lock);
	if (d->waiting_count < AUDIENCE_SEATS)
		d->waiting[d->waiting_count++] =
			(struct deliver_waiting){ socket, client->looks_on };
	else
		close(socket);
	pthread_mutex_unlock(&d->lock);
}
