// SPDX-License-Identifier: BSD-2-Clause
/* steer with target = worker: the packet path. */
#include "base/counter.h"
#include "service/steer_ring.h"

static void note_number(struct steer_queue *q, const struct steer_said *said, uint64_t now_ns)
{
	struct steer_load *load = &q->loads[said->n];
	__u64 missing;

	switch (steer_numbers_judge(
		q->steer->numbers, said->key, said->sequence, now_ns, &missing)) {
	case STEER_NEXT:
		break;
	case STEER_GAP:
		counter_add(&load->missing, missing);
		break;
	case STEER_LATE:
		counter_add(&load->reordered, 1);
		break;
	case STEER_TWICE:
		counter_add(&load->duplicates, 1);
		break;
	case STEER_ANEW:
		counter_add(&load->restarts, 1);
		break;
	}
}

/* Whether nobody has packets of the slot in his hands any more. */
static bool is_free(struct steer_queue *q, const struct steer_course *course, bool *forced)
{
	struct steer_ring *old = &q->rings[course->worker];

	*forced = __atomic_load_n(&old->is_given_up, __ATOMIC_RELAXED);
	return *forced || audience_is_past(&q->steer->readers[course->worker].audience, old->index,
				  course->last);
}

/* The worker that a packet of the slot must go to. */
static unsigned choose(struct steer_queue *q, struct steer_course *course, unsigned wanted)
{
	bool forced = false;

	if (course->worker == wanted)
		return wanted;
	if (course->worker != STEER_NOBODY) {
		if (!is_free(q, course, &forced))
			return course->worker;
		counter_add(&q->rings[wanted].taken, 1);
		counter_add(&q->rings[wanted].forced, forced);
	}
	__atomic_store_n(&course->worker, wanted, __ATOMIC_RELAXED);
	return wanted;
}

int steer_handle(void *handler, const struct service_frame *in)
{
	const struct service_rule *rule = in->rule;
	struct steer_queue *q = handler;
	struct steer_course *course;
	struct ring_packet packet;
	struct steer_said said;
	unsigned worker;

	if (!q) /* target = cpu is the kernel half's */
		return OUTCOME_PASS;
	if (!readers_fill_packet(in, q->packet_bytes, &packet))
		return OUTCOME_DROP + DROP_bad_frame;
	said = steer_said(in->frame, &rule->steer, in->tables, rule->slot);
	course = &q->courses[said.n];
	counter_add(&q->loads[said.n].packets, 1);
	if (q->steer->numbers && rule->steer.sequence_at.bytes)
		note_number(q, &said, in->now_ns);
	worker = __atomic_load_n(&in->tables->steer_targets[rule->slot][said.n], __ATOMIC_ACQUIRE);
	worker = choose(q, course, worker);
	__atomic_store_n(&course->last, q->rings[worker].ring.next, __ATOMIC_RELAXED);
	ring_publish(&q->rings[worker].ring, &packet);
	counter_add(&q->rings[worker].packets, 1);
	q->published |= 1ull << worker;
	return OUTCOME_DELIVER;
}

void steer_flush(void *handler)
{
	struct steer_queue *q = handler;

	if (!q)
		return;
	for (; q->published; q->published &= q->published - 1) {
		unsigned worker = (unsigned)__builtin_ctzll(q->published);

		audience_wake(&q->steer->readers[worker].audience, q->rings[worker].index);
	}
}
