// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/confine.h"
#include "base/privilege.h"
#include "base/thread.h"
#include "worker/tap.h"

/* Packets of a target, in all its rings together: some 13 MB of 1500 bytes. */
#define TARGET_DEPTH 8192
#define RING_DEPTH 256 /* no ring has less */
/* What is not enough to wake the thread waits so long. */
#define LOOK_MS 10
/* So often those who look are told how many there were, in case that all were lost. */
#define TELL_NS (200 * NSEC_PER_MSEC)
/* One an interface, and one a service with hooks of its own. */
#define TAP_READERS (SNAPSHOT_INTERFACES + SERVICE_SLOTS)
/* Where a worker wants the CPU it goes first. */
#define NICE 10

static uint32_t depth_for(const struct interface *in)
{
	uint32_t depth = TARGET_DEPTH;

	while (depth > RING_DEPTH && depth * (in->queues_count + 1) > TARGET_DEPTH)
		depth /= 2;
	return depth;
}

static int open_ring(struct taps *taps, unsigned target, const struct interface *in, uint32_t queue,
	struct ring_writer *ring, unsigned *index, struct err *err)
{
	const struct service_interface place = { .mtu = in->link.mtu };
	struct audience *audience = &taps->target[target].readers.audience;
	const struct ring_settings settings = {
		.name = taps->target[target].name,
		.interface = in->link.name,
		.queue = queue,
		.depth = depth_for(in),
		.mode = RINGSIDE_COPY,
		.packet_bytes = readers_packet_bytes(&place),
		.boot_id = audience->boot_id,
		.first = 1,
	};
	int ret = ring_open(ring, &settings, err);

	if (ret)
		return ret;
	ret = audience_add(audience, ring, -1, index);
	if (!ret)
		return 0;
	ring_close(ring);
	return err_say(
		err, ret, "tap of %s: there are %d rings already", settings.name, RINGSIDE_RINGS);
}

static int open_rings(struct taps *taps, unsigned target, const struct interface *in,
	struct tap_rings *rings, struct err *err)
{
	int ret = 0;

	*rings = (struct tap_rings){ .queues_count = in->queues_count };
	rings->queues = calloc(in->queues_count, sizeof(*rings->queues));
	if (!rings->queues)
		return err_set(err, -ENOMEM, "make room for a tap");
	if (in->program || in->own_hooks)
		ret = open_ring(taps, target, in, TAP_ALL_QUEUES, &rings->kernel,
			&rings->kernel_index, err);
	for (uint32_t i = 0; !ret && i < in->queues_count; i++)
		if (in->workers[i])
			ret = open_ring(taps, target, in, in->queues[i], &rings->queues[i].ring,
				&rings->queues[i].index, err);
	return ret;
}

int tap_rings_open(struct pool *pool, unsigned target, struct err *err)
{
	for (unsigned i = 0; i < pool->interfaces_count; i++) {
		const struct pool_interface *pi = &pool->interfaces[i];
		struct tap_interface *ti = &pool->taps->interfaces[i];
		int ret = 0;

		ti->opening = pool_interface_opening(pi);
		if (pi->interface)
			ret = open_rings(
				pool->taps, target, pi->interface, &ti->rings[target], err);
		if (ret)
			return ret;
	}
	return 0;
}

static void close_ring(struct audience *audience, struct ring_writer *ring, unsigned index)
{
	if (!ring->head)
		return;
	ring_end(ring);
	/* who sleeps shall see it */
	audience_wake(audience, index);
	audience_remove(audience, index);
	ring_close(ring);
}

void tap_rings_close(struct taps *taps, unsigned target)
{
	struct audience *audience = &taps->target[target].readers.audience;

	pthread_mutex_lock(&taps->lock);
	for (unsigned i = 0; i < SNAPSHOT_INTERFACES; i++) {
		struct tap_rings *rings = &taps->interfaces[i].rings[target];

		close_ring(audience, &rings->kernel, rings->kernel_index);
		for (unsigned k = 0; k < rings->queues_count; k++)
			close_ring(audience, &rings->queues[k].ring, rings->queues[k].index);
		free(rings->queues);
		*rings = (struct tap_rings){ 0 };
	}
	pthread_mutex_unlock(&taps->lock);
}

static const struct tap_interface *find(const struct taps *taps, const struct interface *in)
{
	for (unsigned i = 0; i < SNAPSHOT_INTERFACES; i++)
		if (taps->interfaces[i].opening / 2 == in->opening)
			return &taps->interfaces[i];
	return NULL;
}

int taps_make_queue(const struct taps *taps, const struct interface *in, uint32_t index,
	struct tap_queue **queue)
{
	const struct tap_interface *ti = taps_wanted(taps) ? find(taps, in) : NULL;
	struct tap_queue *q;

	if (!ti)
		return 0;
	q = calloc(1, sizeof(*q));
	if (!q)
		return -ENOMEM;
	q->queue = in->queues[index];
	for (unsigned i = 0; i < TAP_TARGETS; i++) {
		const struct tap_rings *rings = &ti->rings[i];
		struct tap_queue_ring *ring =
			index < rings->queues_count ? &rings->queues[index] : NULL;

		if (!(taps->wanted >> i & 1) || !ring || !ring->ring.head)
			continue;
		q->way[i] = (struct tap_way){ &ring->ring,
			(struct audience *)&taps->target[i].readers.audience, ring->index };
		q->wanted |= 1u << i;
	}
	*queue = q;
	return 0;
}

static struct tap_way kernel_way(struct tap_interface *ti, unsigned target)
{
	struct tap_rings *rings = &ti->rings[target];

	return (struct tap_way){ &rings->kernel, &ti->taps->target[target].readers.audience,
		rings->kernel_index };
}

void tap_take(struct tap_interface *ti, const struct tap_note *note, const uint8_t *frame)
{
	uint32_t targets = tap_targets(ti->taps->wanted, note->slot, note->outcome);
	struct tap_frame shown = {
		.data = frame,
		.bytes = note->bytes,
		.word = tap_word(note->queue, note->slot, note->outcome),
		.packets = note->packets,
		.time_ns = note->time_ns,
	};

	for (; targets; targets &= targets - 1) {
		unsigned target = (unsigned)__builtin_ctz(targets);
		const struct tap_way way = kernel_way(ti, target);

		if (!way.ring->head)
			continue;
		ti->rings[target].shown++;
		shown.serial = ++ti->rings[target].serial;
		tap_publish(&way, &shown);
	}
}

static void take(void *context, const struct tap_note *note, const uint8_t *frame)
{
	tap_take(context, note, frame);
}

/* An empty packet tells how many there were, when none has come that would. */
static void tell(struct tap_interface *ti, unsigned target)
{
	struct tap_rings *rings = &ti->rings[target];
	const struct tap_way way = kernel_way(ti, target);
	uint64_t now_ns = clock_now_ns();

	if (rings->shown == rings->shown_before) {
		if (now_ns - rings->told_ns < TELL_NS)
			return;
		tap_publish(
			&way, &(struct tap_frame){ .serial = rings->serial, .time_ns = now_ns });
	}
	rings->told_ns = now_ns;
	audience_wake(way.audience, way.index);
}

/* How many there have been so far: what is lost while the readers are at work is told the next time. */
static void count(struct tap_interface *ti)
{
	for (unsigned i = 0; i < TAP_TARGETS; i++) {
		struct tap_rings *rings = &ti->rings[i];
		uint64_t lost = tap_hooks_lost(ti->taps, ti, i);
		uint32_t now;

		if (ti->reader)
			lost += tap_reader_lost(ti->reader, 0, i);
		rings->shown_before = rings->shown;
		now = rings->shown + (uint32_t)lost;
		/* a reader that has been closed takes its count along */
		if ((int32_t)(now - rings->serial) > 0)
			rings->serial = now;
	}
}

static unsigned read_one(struct tap_reader *reader, struct pollfd *fd)
{
	if (!reader)
		return 0;
	tap_reader_read(reader);
	*fd = (struct pollfd){ .fd = tap_reader_fd(reader), .events = POLLIN };
	return 1;
}

/* The lock is the caller's. */
static unsigned look(struct taps *taps, struct pollfd fds[TAP_READERS])
{
	unsigned n = 0;

	for (unsigned i = 0; i < SNAPSHOT_INTERFACES; i++)
		count(&taps->interfaces[i]);
	for (unsigned i = 0; i < SNAPSHOT_INTERFACES; i++)
		n += read_one(taps->interfaces[i].reader, &fds[n]);
	for (unsigned i = 0; i < SERVICE_SLOTS; i++)
		n += read_one(taps->hooks[i].reader, &fds[n]);
	for (unsigned i = 0; i < SNAPSHOT_INTERFACES; i++)
		for (unsigned k = 0; k < TAP_TARGETS; k++)
			if (taps->interfaces[i].rings[k].kernel.head)
				tell(&taps->interfaces[i], k);
	return n;
}

static void *tap_thread(void *arg)
{
	static const struct confine_rule *const lists[] = { NULL };
	struct pollfd fds[TAP_READERS];
	struct taps *taps = arg;
	struct err err = { "" };

	prctl(PR_SET_NAME, "ringside/tap");
	setpriority(PRIO_PROCESS, 0, NICE);
	if (privilege_keep(0, &err) || confine_thread(lists, &err))
		log_write(taps->log, LOG_WARNING, "the tap runs unconfined: %s", err.text);
	while (!__atomic_load_n(&taps->stop, __ATOMIC_ACQUIRE)) {
		unsigned count;

		pthread_mutex_lock(&taps->lock);
		count = look(taps, fds);
		pthread_mutex_unlock(&taps->lock);
		poll(fds, count, LOOK_MS);
	}
	return NULL;
}

static int open_reader(struct tap_interface *ti, const struct xdp_program *program, struct err *err)
{
	const struct tap_maps maps = { xdp_program_map_fd(program, "tap_packets"),
		xdp_program_map_fd(program, "tap_lost"), 1 };

	return tap_reader_open(&ti->reader, &maps, take, ti, err);
}

int tap_readers_open(struct pool *pool, struct err *err)
{
	struct taps *taps = pool->taps;
	int ret = 0;

	pthread_mutex_lock(&taps->lock);
	for (unsigned i = 0; !ret && i < pool->interfaces_count; i++) {
		const struct interface *in = pool->interfaces[i].interface;
		struct tap_interface *ti = &taps->interfaces[i];

		if (in && in->program && !ti->reader)
			ret = open_reader(ti, in->program, err);
	}
	pthread_mutex_unlock(&taps->lock);
	if (ret || taps->is_reading)
		return ret;
	taps->stop = 0;
	ret = thread_start(&taps->thread, tap_thread, taps);
	taps->is_reading = !ret;
	return ret ? err_set(err, ret, "start a thread") : 0;
}

void tap_readers_close(struct taps *taps)
{
	struct pollfd fds[TAP_READERS];

	if (taps->is_reading) {
		__atomic_store_n(&taps->stop, 1, __ATOMIC_RELEASE);
		pthread_join(taps->thread, NULL);
	}
	taps->is_reading = false;
	look(taps, fds);
	for (unsigned i = 0; i < SNAPSHOT_INTERFACES; i++) {
		tap_reader_close(taps->interfaces[i].reader);
		taps->interfaces[i].reader = NULL;
	}
	tap_hooks_close(taps);
}
