// SPDX-License-Identifier: BSD-2-Clause
#include <stdint.h>
#include <stdlib.h>

#include "service/steer_numbers.h"

#define WAYS 8
#define SETS (STEER_ORDERS / WAYS)

/* Words that several threads may be at: each is loaded and stored for itself, and a mixture of two states is a
 * miscount and nothing worse. */
struct entry {
	__u64 key;
	__u64 last_ns; /* 0: empty */
	__u64 order[sizeof(struct steer_order) / sizeof(__u64)];
};

struct steer_numbers {
	struct entry entry[SETS][WAYS];
};

struct steer_numbers *steer_numbers_new(void)
{
	return calloc(1, sizeof(struct steer_numbers));
}

void steer_numbers_free(struct steer_numbers *numbers)
{
	free(numbers);
}

static __u64 load(const __u64 *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

static void store(__u64 *word, __u64 value)
{
	__atomic_store_n(word, value, __ATOMIC_RELAXED);
}

/* The key's entry, or the one that makes room for it. */
static struct entry *find(struct steer_numbers *numbers, __u64 key)
{
	struct entry *set = numbers->entry[steer_slot(key) % SETS], *oldest = set;

	for (unsigned i = 0; i < WAYS; i++) {
		if (load(&set[i].last_ns) && load(&set[i].key) == key)
			return &set[i];
		if (load(&set[i].last_ns) < load(&oldest->last_ns))
			oldest = &set[i];
	}
	return oldest;
}

static void keep(struct entry *entry, const struct steer_order *order)
{
	store(&entry->order[0], order->newest);
	store(&entry->order[1], order->window);
	store(&entry->order[2], order->anew);
	store(&entry->order[3], order->strays);
}

enum steer_place steer_numbers_judge(
	struct steer_numbers *numbers, __u64 key, __u64 number, __u64 now_ns, __u64 *missing)
{
	struct entry *entry = find(numbers, key);
	struct steer_order order = { load(&entry->order[0]), load(&entry->order[1]),
		load(&entry->order[2]), load(&entry->order[3]) };
	enum steer_place place = STEER_NEXT;

	*missing = 0;
	if (load(&entry->last_ns) && load(&entry->key) == key)
		place = steer_order_judge(&order, number, missing);
	else
		steer_order_begin(&order, number);
	keep(entry, &order);
	store(&entry->key, key);
	store(&entry->last_ns, now_ns);
	return place;
}
