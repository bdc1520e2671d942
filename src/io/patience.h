/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether a worker that finds its ring empty looks at it for a while before it sleeps. In a flood the next
 * packets are some microseconds away, and to wake a sleeper costs the CPU that receives them as much as
 * some 20 packets do (docs/performance.md). It does not pay where sleeps are long, nor where the packets'
 * sender needs this very CPU.
 */
#ifndef RINGSIDE_PATIENCE_H
#define RINGSIDE_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

/* As long as a look lasts at most, and shorter than this is a short sleep: time for a NAPI poll's 64 packets at
 * more than a million a second. */
#define PATIENCE_NS 50000u
#define PATIENCE_DOUBLINGS 12

/* All zeros to begin with. */
struct patience {
	uint32_t short_sleeps; /* in a row */
	uint32_t vain; /* looks in a row, PATIENCE_DOUBLINGS at most */
};

static inline bool patience_is_due(const struct patience *patience)
{
	return patience->short_sleeps >> patience->vain;
}

/* Has looked for so long. When it took longer than it was to, somebody else had the CPU. */
static inline void patience_looked(struct patience *patience, bool found, uint64_t took_ns)
{
	if (found && took_ns < 2 * PATIENCE_NS) {
		patience->vain = 0;
		patience->short_sleeps = 1;
		return;
	}
	patience->short_sleeps = 0;
	patience->vain += patience->vain < PATIENCE_DOUBLINGS;
}

static inline void patience_slept(struct patience *patience, uint64_t slept_ns)
{
	patience->short_sleeps = slept_ns < PATIENCE_NS ? patience->short_sleeps + 1 : 0;
}

#endif
