// SPDX-License-Identifier: BSD-2-Clause
#include "generate/window.h"

#include <string.h>

#include "base/counter.h"

uint32_t window_slots(uint64_t rate_pps, uint64_t wait_ns)
{
	double wanted = 1.2 * (double)rate_pps * (double)wait_ns / 1e9;
	uint32_t slots = WINDOW_SLOTS_MIN;

	if (!rate_pps)
		return WINDOW_SLOTS_MAX;
	while (slots < WINDOW_SLOTS_MAX && slots < wanted)
		slots *= 2;
	return slots;
}

/* When the youngest packet of a block was sent, at the latest: its own time when each has one, else that of
 * the next block, or the end. 0: not known yet. */
static uint64_t block_time(const struct window *w, uint64_t block, uint64_t next, uint64_t end_ns)
{
	uint64_t mask = w->shared->slots / w->every - 1;

	if (w->every == 1)
		return __atomic_load_n(&w->times[block & mask], __ATOMIC_RELAXED);
	if ((block + 1) * w->every < next)
		return __atomic_load_n(&w->times[(block + 1) & mask], __ATOMIC_RELAXED);
	return end_ns;
}

/* The sequence behind the last packet that is older than the age, `from` or above. */
static uint64_t older_before(
	const struct window *w, uint64_t from, uint64_t now_ns, uint64_t age_ns, uint64_t end_ns)
{
	uint64_t next = counter_get(&w->shared->next);

	while (from < next) {
		uint64_t time = block_time(w, from / w->every, next, end_ns);

		if (!time || now_ns < time || now_ns - time <= age_ns)
			break;
		from = (from / w->every + 1) * w->every;
	}
	return from < next ? from : next;
}

/* Counts those without an answer and frees their slots. Eight at a time, where they lie so. */
static void clear(struct window *w, uint64_t end)
{
	uint64_t at = w->shared->cleared_before, mask = w->shared->slots - 1, word;

	while (at < end) {
		uint8_t *slot = &w->answered[at & mask];

		if (at & 7 || end - at < 8) {
			w->lost += !*slot;
			*slot = 0;
			at++;
			continue;
		}
		memcpy(&word, slot, sizeof(word));
		w->lost += 8 - (unsigned)__builtin_popcountll(word);
		memset(slot, 0, sizeof(word));
		at += 8;
	}
	/* release: pairs with the sender's load, so that it finds the slots empty */
	__atomic_store_n(&w->shared->cleared_before, end, __ATOMIC_RELEASE);
}

void window_advance(struct window *w, uint64_t now_ns, uint64_t end_ns)
{
	struct generate_window *shared = w->shared;

	/* a receiver that has looked at the old limit may just be marking a packet below the new one:
	 * those are counted at the next call */
	clear(w, w->dying_before);
	counter_set(&shared->late_before,
		older_before(w, shared->late_before, now_ns, w->deadline_ns, end_ns));
	counter_set(&shared->dead_before,
		older_before(w, shared->dead_before, now_ns, w->wait_ns, end_ns));
	w->dying_before = shared->dead_before;
}

void window_close(struct window *w)
{
	w->dying_before = w->shared->next;
	counter_set(&w->shared->dead_before, w->dying_before);
	clear(w, w->dying_before);
}
