/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Other rules for a worker that runs. It takes them between two batches, and keeps the old ones beside
 * them for a while: a frame that the kernel half has handed over by the old rules, and that the new ones
 * do not want, is still judged by the old ones, or the change would drop what was received already.
 *
 *    watcher: change_begin ─▶ change_taken? ─▶ (the kernel half is exchanged) ─▶ change_end ─▶ change_over?
 *    worker:  change_step, at the start of each batch; change_saw, at its end
 */
#ifndef RINGSIDE_CHANGE_H
#define RINGSIDE_CHANGE_H

#include "worker/worker.h"

/* What a worker judges by; on loan from change_begin() until the next change of the same worker is over. */
struct worker_rules {
	const struct service_rule *services;
	const struct rule_tables *tables;
	const struct rule_state *state;
	bool limited, handles;
	const struct access_rule *access;
	struct access_memory access_memory;
	struct worker_handler handlers[SERVICE_SLOTS]; /* of the old rules' services, too */
	struct tap_queue *tap; /* NULL: none; freed with them */
};

/* NULL is allowed. */
void worker_rules_free(struct worker_rules *rules);

/* The watcher's. */
void change_begin(struct worker *worker, const struct worker_rules *rules);
/* True once the worker judges by the new rules first, or has ended. */
bool change_taken(const struct worker *worker);
/* Says that nothing comes any more that was handed over by the old rules. */
void change_end(struct worker *worker);
/* True once the worker has forgotten the old rules, or has ended. */
bool change_over(const struct worker *worker);

/* The worker's. */
void change_step(struct worker *worker);
void change_saw(struct worker *worker, unsigned frames);

/* True while the watcher wants something; one load a batch. */
static inline bool change_is_due(const struct worker *worker)
{
	return __atomic_load_n(&worker->change, __ATOMIC_RELAXED) != CHANGE_NONE;
}

#endif
