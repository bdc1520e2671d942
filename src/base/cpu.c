/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/cpu.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* The kernel's own upper bound (CONFIG_NR_CPUS); its mask must fit into the one we ask with. */
#define CPUS_MAX 8192

/* Reads a list as sysfs has it ("0-3,8") into a set; returns the highest CPU named, or -1. */
static int read_list(const char *path, cpu_set_t *set)
{
	FILE *file = fopen(path, "re");
	unsigned first, last;
	int highest = -1;

	if (!file)
		return -1;
	while (fscanf(file, "%u", &first) == 1) {
		last = first;
		if (fscanf(file, "-%u", &last) < 0 && !feof(file))
			break;
		for (unsigned cpu = first; cpu <= last && cpu < CPUS_MAX; cpu++) {
			CPU_SET_S(cpu, CPU_ALLOC_SIZE(CPUS_MAX), set);
			highest = (int)cpu > highest ? (int)cpu : highest;
		}
		if (fgetc(file) != ',')
			break;
	}
	fclose(file);
	return highest;
}

/* Appends the allowed CPUs that are (or are not) in the node. */
static unsigned add(const cpu_set_t *allowed, const cpu_set_t *node, bool in_node, uint32_t *cpus,
	unsigned count, unsigned max)
{
	size_t bytes = CPU_ALLOC_SIZE(CPUS_MAX);

	for (unsigned cpu = 0; cpu < CPUS_MAX && count < max; cpu++) {
		if (!CPU_ISSET_S(cpu, bytes, allowed))
			continue;
		if (!!CPU_ISSET_S(cpu, bytes, node) == in_node)
			cpus[count++] = cpu;
	}
	return count;
}

unsigned cpu_list(int numa_node, uint32_t *cpus, unsigned max)
{
	size_t bytes = CPU_ALLOC_SIZE(CPUS_MAX);
	cpu_set_t *allowed = CPU_ALLOC(CPUS_MAX), *node = CPU_ALLOC(CPUS_MAX);
	unsigned count = 0;
	char path[64];

	if (!allowed || !node)
		goto out_free;
	CPU_ZERO_S(bytes, node);
	CPU_ZERO_S(bytes, allowed);
	/* of the process, not of the calling thread, which may be pinned already */
	if (sched_getaffinity(getpid(), bytes, allowed))
		goto out_free;
	if (numa_node >= 0) {
		snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/cpulist", numa_node);
		read_list(path, node);
	}
	count = add(allowed, node, true, cpus, count, max);
	count = add(allowed, node, false, cpus, count, max);
out_free:
	CPU_FREE(allowed);
	CPU_FREE(node);
	return count;
}

unsigned cpu_possible(void)
{
	cpu_set_t *set = CPU_ALLOC(CPUS_MAX);
	int highest;
	long configured;

	if (set) {
		CPU_ZERO_S(CPU_ALLOC_SIZE(CPUS_MAX), set);
		highest = read_list("/sys/devices/system/cpu/possible", set);
		CPU_FREE(set);
		if (highest >= 0)
			return (unsigned)highest + 1;
	}
	configured = sysconf(_SC_NPROCESSORS_CONF);
	return configured > 0 ? (unsigned)configured : 1;
}

unsigned cpu_online(uint32_t *cpus, unsigned max)
{
	cpu_set_t *online = CPU_ALLOC(CPUS_MAX), *none = CPU_ALLOC(CPUS_MAX);
	unsigned count = 0;

	if (online && none) {
		CPU_ZERO_S(CPU_ALLOC_SIZE(CPUS_MAX), online);
		CPU_ZERO_S(CPU_ALLOC_SIZE(CPUS_MAX), none);
		read_list("/sys/devices/system/cpu/online", online);
		count = add(online, none, false, cpus, 0, max);
	}
	CPU_FREE(online);
	CPU_FREE(none);
	return count;
}

int cpu_pin(uint32_t cpu, struct err *err)
{
	size_t bytes = CPU_ALLOC_SIZE(CPUS_MAX);
	cpu_set_t *set;
	int code;

	if (cpu >= CPUS_MAX)
		return err_say(err, -EINVAL, "pin to CPU %u: there is no such CPU", cpu);
	set = CPU_ALLOC(CPUS_MAX);
	if (!set)
		return err_set(err, -ENOMEM, "pin to CPU %u", cpu);
	CPU_ZERO_S(bytes, set);
	CPU_SET_S(cpu, bytes, set);
	code = -pthread_setaffinity_np(pthread_self(), bytes, set);
	CPU_FREE(set);
	if (code == -EINVAL)
		return err_say(err, code,
			"pin to CPU %u: there is no such CPU, or the process may not run on it",
			cpu);
	return code ? err_set(err, code, "pin to CPU %u", cpu) : 0;
}

void cpu_keep_off(const uint32_t *cpus, unsigned count)
{
	size_t bytes = CPU_ALLOC_SIZE(CPUS_MAX);
	cpu_set_t *set = CPU_ALLOC(CPUS_MAX);

	if (!set)
		return;
	CPU_ZERO_S(bytes, set);
	if (!sched_getaffinity(getpid(), bytes, set)) {
		for (unsigned i = 0; i < count; i++)
			if (cpus[i] < CPUS_MAX)
				CPU_CLR_S(cpus[i], bytes, set);
		if (CPU_COUNT_S(bytes, set))
			sched_setaffinity(0, bytes, set);
	}
	CPU_FREE(set);
}

/* Frames are handled in sections that the kernel's RCU waits for (MEMBARRIER_CMD_GLOBAL is synchronize_rcu()). */
void cpu_wait_for_programs(void)
{
	const struct timespec pause = { .tv_nsec = 10 * 1000 * 1000 };

	/* refused where CPUs run without ticks: no frame takes so long */
	if (syscall(__NR_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0))
		nanosleep(&pause, NULL);
}
