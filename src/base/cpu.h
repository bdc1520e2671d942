/* SPDX-License-Identifier: BSD-2-Clause */
/* CPUs: which ones we may run on, which belong to a NUMA node, pinning a thread. */
#ifndef RINGSIDE_CPU_H
#define RINGSIDE_CPU_H

#include <sched.h>
#include <stdint.h>

#include "base/err.h"

/* CPUs that the process may run on, those of the NUMA node first (numa_node -1: no preference), then
 * in ascending order. Fills at most max, returns how many there are. */
unsigned cpu_list(int numa_node, uint32_t *cpus, unsigned max);
/* CPUs that the kernel could ever bring up: the number of values of a per-CPU map's entry. */
unsigned cpu_possible(void);
/* CPUs that are online, in ascending order. Fills at most max, returns how many there are of those. */
unsigned cpu_online(uint32_t *cpus, unsigned max);
/* Pins the calling thread. -EINVAL when the CPU is not one we may run on. */
int cpu_pin(uint32_t cpu, struct err *err);
/* Moves the calling thread off CPUs that others have to themselves, as far as the process may run elsewhere. */
void cpu_keep_off(const uint32_t *cpus, unsigned count);

/* Waits until every CPU has left the BPF program that it may have been running. */
void cpu_wait_for_programs(void);

/* Between two looks of a thread that waits without sleeping. */
static inline void cpu_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

#endif
