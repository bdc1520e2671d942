// SPDX-License-Identifier: BSD-2-Clause
/*
 * steer: slots move to other targets while packets flow.
 *
 * A slot that moves is marked; the kernel half then takes each queue's packets of it to the new target when
 * the old one has executed what it got (bpf/steer.bpf.h). When every queue's lane is over there, and a queue
 * that had nothing of it meanwhile has been told to begin with the new target, the mark goes, and then the lanes.
 */
#include <bpf/bpf.h>
#include <string.h>

#include "base/clock.h"
#include "service/steer_ring.h"

/* Without tags: a queue that has no lane yet may have sent its last packet of the slot just before the move. */
#define REST_NS (2 * STEER_QUIET_NS)

static void store(struct steer_entry *entry, __u8 target, __u8 old, __u8 moving)
{
	const union steer_head head = { { .target = target, .old = old, .moving = moving } };

	__atomic_store_n(&entry->head.word, head.word, __ATOMIC_RELEASE);
}

uint8_t steer_target_of(const struct steer *s, unsigned n)
{
	const struct steer_keys *keys = &s->settings->keys;
	uint8_t own;

	if (n < STEER_SLOTS)
		return s->now.target[n];
	own = s->own_target[n - STEER_SLOTS];
	/* a key whose CPU is offline is like others meanwhile */
	return s->now.is_away[own] ? s->now.target[steer_slot(keys->list[n - STEER_SLOTS].key)]
				   : own;
}

unsigned steer_entries(const struct steer *s)
{
	return STEER_SLOTS + s->settings->keys.count;
}

static void set_cpus(const struct steer *s, struct steer_table *table)
{
	for (unsigned t = 0; t < s->now.targets; t++)
		__atomic_store_n(&table->cpu[t], s->now.cpu[t], __ATOMIC_RELEASE);
}

void steer_fill(struct steer *s, struct steer_interface *i)
{
	struct steer_table *table = &i->tables[s->slot];

	set_cpus(s, table);
	/* generic XDP makes socket buffers anew on the other CPU, without metadata */
	table->tags = !i->place->generic;
	for (unsigned n = 0; n < steer_entries(s); n++)
		store(&table->entry[n], steer_target_of(s, n), steer_target_of(s, n), 0);
}

/* Sends a slot to the target that it shall have. A slot whose lanes are about to go waits. */
static void move(struct steer *s, unsigned n, uint64_t now_ns)
{
	if (s->phase[n] == STEER_LEAVES)
		return;
	for (struct steer_interface *i = s->interfaces; i; i = i->next) {
		struct steer_entry *entry = &i->tables[s->slot].entry[n];
		const union steer_head was = entry->head;

		if (was.target == steer_target_of(s, n))
			continue;
		store(entry, steer_target_of(s, n), was.moving ? was.old : was.target, 1);
		s->moved_ns[n] = now_ns;
		s->phase[n] = STEER_MOVES;
	}
}

void steer_write_targets(const struct steer *s, struct rule_tables *tables)
{
	/* pairs with the acquire of who publishes there: the ring is open */
	for (unsigned n = 0; n < steer_entries(s); n++)
		__atomic_store_n(&tables->steer_targets[s->slot][n], steer_target_of(s, n),
			__ATOMIC_RELEASE);
	__atomic_store_n(&tables->steer_attended[s->slot], s->attended, __ATOMIC_RELAXED);
}

void steer_apply(struct steer *s)
{
	uint64_t now_ns = clock_now_ns();

	if (s->readers) {
		for (struct steer_interface *i = s->interfaces; i; i = i->next)
			steer_write_targets(s, i->place->tables);
		return;
	}
	for (struct steer_interface *i = s->interfaces; i; i = i->next)
		set_cpus(s, &i->tables[s->slot]);
	for (unsigned n = 0; n < steer_entries(s); n++)
		move(s, n, now_ns);
}

static int lanes_fd(const struct steer_interface *i)
{
	return i->place->map_fd(i->place, "steer_lanes");
}

/* Calls for each lane of the service on an interface; from says which slot and queue. */
static void each_lane(struct steer *s, struct steer_interface *i,
	void (*look)(struct steer *, struct steer_interface *, uint32_t, unsigned, void *),
	void *context)
{
	uint32_t key, next, *from = NULL;

	while (!bpf_map_get_next_key(lanes_fd(i), from, &next)) {
		key = next;
		from = &key;
		if (key / STEER_LANE_SLOTS / STEER_QUEUES == s->slot)
			look(s, i, key, key % STEER_LANE_SLOTS, context);
	}
}

static void note_straggler(
	struct steer *s, struct steer_interface *i, uint32_t key, unsigned n, void *context)
{
	bool *straggles = context;
	struct steer_lane lane;

	if (bpf_map_lookup_elem(lanes_fd(i), &key, &lane) || lane.target == steer_target_of(s, n))
		return;
	if (steer_is_blind(i, lane.target)
			? clock_now_ns() - lane.last_ns < REST_NS
			: !steer_is_through(
				  i, lane.target, key / STEER_LANE_SLOTS % STEER_QUEUES, lane.last))
		straggles[n] = true;
}

/* Whether what was sent before the move, by queues that have no lane for the slot, is on its way no more. */
static bool is_behind(const struct steer *s, unsigned n, uint64_t now_ns)
{
	for (const struct steer_interface *i = s->interfaces; i; i = i->next) {
		const union steer_head head = i->tables[s->slot].entry[n].head;

		if (steer_is_blind(i, head.old) ? now_ns - s->moved_ns[n] < REST_NS
						: !steer_is_clear(i, head.old, s->moved_ns[n]))
			return false;
	}
	return true;
}

/* Deleting the key at hand may make the walk begin anew, and then it meets it no more. */
static void drop_lane(
	struct steer *s, struct steer_interface *i, uint32_t key, unsigned n, void *context)
{
	(void)context;
	if (s->phase[n] == STEER_LEAVES)
		bpf_map_delete_elem(lanes_fd(i), &key);
}

static void drop_lanes(struct steer *s)
{
	uint64_t now_ns = clock_now_ns();

	if (!memchr(s->phase, STEER_LEAVES, sizeof(s->phase)))
		return;
	for (struct steer_interface *i = s->interfaces; i; i = i->next)
		each_lane(s, i, drop_lane, NULL);
	for (unsigned n = 0; n < steer_entries(s); n++) {
		if (s->phase[n] != STEER_LEAVES)
			continue;
		s->phase[n] = STEER_RESTS;
		move(s, n, now_ns); /* if it has been given another target meanwhile */
	}
}

unsigned steer_moving(const struct steer *s)
{
	unsigned count = 0;

	if (s->readers)
		return steer_rings_moving(s);
	for (unsigned n = 0; n < steer_entries(s); n++)
		count += s->phase[n] == STEER_MOVES || s->phase[n] == STEER_CLOSES;
	return count;
}

static void go_on(struct steer *s, unsigned n)
{
	const bool closes = s->phase[n] == STEER_MOVES;
	const __u8 target = steer_target_of(s, n);

	for (struct steer_interface *i = s->interfaces; i; i = i->next)
		store(&i->tables[s->slot].entry[n], target, target, closes);
	s->phase[n] = closes ? STEER_CLOSES : STEER_LEAVES;
}

void steer_settle(struct steer *s)
{
	bool straggles[STEER_ENTRIES] = { false };
	uint64_t now_ns = clock_now_ns();

	drop_lanes(s);
	if (!steer_moving(s))
		return;
	for (struct steer_interface *i = s->interfaces; i; i = i->next)
		each_lane(s, i, note_straggler, straggles);
	for (unsigned n = 0; n < steer_entries(s); n++)
		if (s->phase[n] != STEER_RESTS && s->phase[n] != STEER_LEAVES && !straggles[n] &&
			(s->phase[n] == STEER_CLOSES || is_behind(s, n, now_ns)))
			go_on(s, n);
}
