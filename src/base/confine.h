/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Confining a thread to the system calls it needs, by seccomp. What is not in its lists fails with
 * EPERM; in builds for tests (RINGSIDE_STRICT) it ends the process, so that the lists are complete.
 * Sanitizers make calls of their own: in builds with one nothing is confined.
 */
#ifndef RINGSIDE_CONFINE_H
#define RINGSIDE_CONFINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* A call that is allowed when all its conditions hold: argument & mask == value. Rules of one call add
 * up: one that holds is enough. */
#define CONFINE_CONDITIONS 3
struct confine_condition {
	unsigned argument; /* counted from 0 */
	uint64_t mask, value;
};
struct confine_rule {
	int call; /* __NR_*; CONFINE_END: the list is over */
	unsigned conditions_count;
	struct confine_condition conditions[CONFINE_CONDITIONS];
};
#define CONFINE_END (-1)

/* What every thread calls: to sleep and wake others, for memory that cannot be executed, for the time,
 * to write a line to the log, to end, and to give the terminal back when it crashes. */
extern const struct confine_rule confine_common[];

/* Confines the calling thread to the common calls and those of the lists, NULL at the end. -ENOSYS: this
 * kernel has no seccomp. */
int confine_thread(const struct confine_rule *const *lists, struct err *err);

/* Whether this build confines at all. */
bool confine_is_built(void);

#endif
