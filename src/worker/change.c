// SPDX-License-Identifier: BSD-2-Clause
#include "worker/change.h"

#include <stdlib.h>

void worker_rules_free(struct worker_rules *rules)
{
	if (rules)
		free(rules->tap);
	free(rules);
}

static enum change read_change(const struct worker *w)
{
	/* pairs with the other thread's release: what it did before is seen */
	return (enum change)__atomic_load_n(&w->change, __ATOMIC_ACQUIRE);
}

static void set_change(struct worker *w, enum change change)
{
	__atomic_store_n(&w->change, change, __ATOMIC_RELEASE);
}

static bool has_ended(const struct worker *w)
{
	return !w->started || __atomic_load_n(&w->ended, __ATOMIC_ACQUIRE);
}

void change_begin(struct worker *w, const struct worker_rules *rules)
{
	w->next = rules;
	set_change(w, CHANGE_TAKE);
	worker_wake(w);
}

bool change_taken(const struct worker *w)
{
	return has_ended(w) || read_change(w) == CHANGE_TAKEN;
}

void change_end(struct worker *w)
{
	if (has_ended(w))
		return;
	set_change(w, CHANGE_FORGET);
	worker_wake(w);
}

bool change_over(const struct worker *w)
{
	return has_ended(w) || read_change(w) == CHANGE_NONE;
}

static void take(struct worker *w)
{
	const struct worker_rules *next = w->next;

	w->services_before = w->services;
	w->tables_before = w->tables;
	w->services = next->services;
	w->tables = next->tables;
	w->state = next->state;
	w->access = next->access;
	w->access_memory = next->access_memory;
	w->tap = next->tap;
	w->limited |= next->limited;
	w->handles |= next->handles;
	for (unsigned slot = 0; slot < SERVICE_SLOTS; slot++)
		w->handlers[slot] = next->handlers[slot];
	set_change(w, CHANGE_TAKEN);
}

void change_step(struct worker *w)
{
	switch (read_change(w)) {
	case CHANGE_TAKE:
		take(w);
		break;
	case CHANGE_FORGET:
		w->saw = 0;
		set_change(w, CHANGE_FORGETTING);
		break;
	default:
		break;
	}
}

void change_saw(struct worker *w, unsigned frames)
{
	if (read_change(w) != CHANGE_FORGETTING)
		return;
	w->saw += frames;
	if (frames && w->saw < w->ring_frames)
		return;
	w->services_before = NULL;
	w->tables_before = NULL;
	w->limited = w->next->limited;
	w->handles = w->next->handles;
	set_change(w, CHANGE_NONE);
}
