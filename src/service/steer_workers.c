// SPDX-License-Identifier: BSD-2-Clause
/* steer with target = worker: which workers there are, and who reads their rings. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/counter.h"
#include "service/steer_ring.h"

void steer_take_workers(const struct steer_settings *settings, struct steer_assignment *to)
{
	for (unsigned w = 0; w < settings->workers; w++) {
		to->cpu[w] = w;
		to->weight[w] = settings->weights.count ? settings->weights.list[w] : 1;
	}
	if (to->targets < settings->workers)
		to->targets = settings->workers;
}

int steer_name_rings(struct steer *s, const struct steer_settings *settings, struct err *err)
{
	const char *ring = *settings->ring ? settings->ring : s->name;

	for (unsigned w = 0; s->readers && w < settings->workers; w++) {
		char name[48];

		if (snprintf(name, sizeof(name), "%s.%u", ring, w) >= RINGSIDE_NAME_BYTES)
			return err_say(err, -EINVAL,
				"ring: '%s' is too long a name: at most %d characters", name,
				RINGSIDE_NAME_BYTES - 1);
		readers_set_name(&s->readers[w], name, settings->group);
		if (!w)
			readers_warn(&s->readers[w]);
	}
	return 0;
}

int steer_make_readers(struct steer *s, const struct steer_settings *settings, struct err *err)
{
	uint64_t boot_id;
	int ret;

	if (settings->target != STEER_WORKER)
		return 0;
	s->readers = calloc(STEER_TARGETS, sizeof(*s->readers));
	s->numbers = settings->sequence.bytes ? steer_numbers_new() : NULL;
	if (!s->readers || (settings->sequence.bytes && !s->numbers))
		return err_set(err, -ENOMEM, "make room for the service");
	ret = readers_draw_boot_id(&boot_id, err);
	for (unsigned w = 0; w < STEER_TARGETS; w++)
		readers_init(&s->readers[w], s->name, boot_id, s->log);
	return ret ? ret : steer_name_rings(s, settings, err);
}

struct attending {
	struct steer *steer;
	unsigned worker;
};

/* Tells both halves of every interface whether somebody is there. */
static void attend(void *context, bool attended)
{
	const struct attending *a = context;
	const uint64_t bit = 1ull << a->worker;

	a->steer->attended = attended ? a->steer->attended | bit : a->steer->attended & ~bit;
	for (struct steer_interface *i = a->steer->interfaces; i; i = i->next)
		__atomic_store_n(&i->place->tables->steer_attended[a->steer->slot],
			a->steer->attended, __ATOMIC_RELAXED);
}

/* Packets that wait, and nobody comes. */
static void look_for_patience(struct audience *audience, struct steer_ring *r, uint64_t now_ns)
{
	uint64_t done = audience_done(audience, r->index);
	uint64_t published = __atomic_load_n(&r->ring.head->published, __ATOMIC_RELAXED);

	if (done != r->watch.progress || (int64_t)(published - done) <= 0) {
		r->watch.progress = done;
		r->watch.since_ns = now_ns;
	}
	__atomic_store_n(
		&r->is_given_up, now_ns - r->watch.since_ns > STEER_PATIENCE_NS, __ATOMIC_RELAXED);
}

void steer_tend_rings(struct steer *s)
{
	uint64_t now_ns = clock_now_ns();

	for (unsigned w = 0; w < s->now.targets; w++) {
		struct attending context = { s, w };

		readers_seat(&s->readers[w], attend, &context);
		for (struct steer_queue *q = s->queues; q; q = q->next)
			if (q->rings[w].is_open)
				look_for_patience(&s->readers[w].audience, &q->rings[w], now_ns);
	}
}

/* A slot of a queue whose packets another worker shall have. */
static bool is_held(const struct steer *s, const struct steer_queue *q, unsigned n)
{
	const struct steer_course *course = &q->courses[n];
	unsigned worker = __atomic_load_n(&course->worker, __ATOMIC_RELAXED);
	uint64_t last = __atomic_load_n(&course->last, __ATOMIC_RELAXED);
	const struct steer_ring *r;

	if (worker == STEER_NOBODY || worker == steer_target_of(s, n))
		return false;
	r = &q->rings[worker];
	return r->is_open && !r->is_given_up &&
	       audience_done(&s->readers[worker].audience, r->index) <= last;
}

unsigned steer_rings_moving(const struct steer *s)
{
	unsigned count = 0;

	for (unsigned n = 0; n < steer_entries(s); n++) {
		bool held = false;

		for (const struct steer_queue *q = s->queues; q && !held; q = q->next)
			held = q->is_open && is_held(s, q, n);
		count += held;
	}
	return count;
}

bool steer_count_worker(const struct steer *s, unsigned worker, struct steer_worker_count *count)
{
	struct audience *audience = &s->readers[worker].audience;
	struct audience_sum had;
	bool is_known = audience_had(audience, &had);

	*count = (struct steer_worker_count){
		.received = had.received, .lost = had.lost, .waiting = had.waiting
	};
	for (const struct steer_queue *q = s->queues; q; q = q->next) {
		const struct steer_ring *r = &q->rings[worker];

		count->redirected += counter_get(&r->packets);
		count->taken += counter_get(&r->taken);
		count->forced += counter_get(&r->forced);
	}
	count->readers = audience_readers(audience);
	return is_known;
}

int steer_judge(
	void *instance, const char *name, const struct service_client *client, struct err *err)
{
	struct steer *s = instance;
	int ret = -ENOENT;

	for (unsigned w = 0; s->readers && w < STEER_TARGETS && ret == -ENOENT; w++) {
		char other[48];

		snprintf(other, sizeof(other), "%s.%u", s->name, w);
		ret = readers_judge(&s->readers[w], name, other, client, err);
	}
	return ret;
}

void steer_take(void *instance, const char *name, const struct service_client *client, int socket)
{
	const char *dot = strrchr(name, '.');
	struct steer *s = instance;

	/* it was judged by that name */
	readers_take(&s->readers[dot ? atoi(dot + 1) % STEER_TARGETS : 0], client, socket);
}
