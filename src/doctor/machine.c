/* SPDX-License-Identifier: BSD-2-Clause */
/* Rights, memory and CPUs. */
#include <ctype.h>
#include <dirent.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/cpu.h"
#include "base/privilege.h"
#include "doctor/doctor.h"

#define HUGE_FOLDER "/sys/kernel/mm/hugepages/hugepages-2048kB/"
#define HUGE_BYTES (2ull << 20)
#define CPUS_MAX 1024

/* The first line of a file; false when it cannot be read. */
static bool read_line(const char *path, char *text, int size)
{
	FILE *file = fopen(path, "re");
	bool read = file && fgets(text, size, file);

	if (file)
		fclose(file);
	if (read)
		text[strcspn(text, "\n")] = '\0';
	return read;
}

static void look_at_capabilities(const struct subject *subject, struct finding *finding)
{
	/* without a configuration: what one interface with XDP needs */
	static const struct config usual = { .interfaces_count = 1 };
	uint64_t needs = config_needs(subject->config ? subject->config : &usual);
	char missing[160] = "", list[160] = "", name[PRIVILEGE_NAME_BYTES];

	for (unsigned i = 0; i <= CAP_LAST_CAP; i++) {
		size_t length = strlen(missing);

		if (!(needs & PRIVILEGE(i)) || privilege_has(i))
			continue;
		snprintf(missing + length, sizeof(missing) - length, "%s%s", length ? ", " : "",
			privilege_name(i, name));
	}
	if (!missing[0]) {
		finding_set(finding, FINDING_OK, "all that are needed");
		return;
	}
	for (size_t i = 0, k = 0; missing[i]; i++)
		if (missing[i] != ' ')
			list[k++] = (char)tolower((unsigned char)missing[i]);
	finding_set(finding, FINDING_FAIL, "missing: %s", missing);
	finding_advise(finding,
		"run it as root, by its systemd unit, or: setcap %s+ep \"$(command -v ringside)\"",
		list);
}

static void look_at_memlock(const struct subject *subject, struct finding *finding)
{
	unsigned long long wanted = subject_packet_memory(subject);
	struct rlimit limit;

	if (getrlimit(RLIMIT_MEMLOCK, &limit))
		return;
	if (privilege_has(CAP_IPC_LOCK))
		finding_set(finding, FINDING_OK, "CAP_IPC_LOCK: no limit");
	else if (limit.rlim_cur == RLIM_INFINITY)
		finding_set(finding, FINDING_OK, "no limit");
	else
		finding_set(finding, limit.rlim_cur < wanted ? FINDING_WARN : FINDING_OK,
			"%llu KB, of which packet memory may take %llu KB",
			(unsigned long long)limit.rlim_cur >> 10, wanted >> 10);
	if (finding->state == FINDING_WARN)
		finding_advise(finding,
			"ulimit -l %llu before it is started, LimitMEMLOCK=infinity in its unit, "
			"or CAP_IPC_LOCK",
			wanted >> 10);
}

static void look_at_huge_pages(const struct subject *subject, struct finding *finding)
{
	unsigned long long wanted = subject_packet_memory(subject) / HUGE_BYTES;
	char total[32], unused[32];
	bool required = false;

	for (unsigned i = 0; subject->config && i < subject->config->interfaces_count; i++)
		required |= subject->config->interfaces[i].huge_pages == HUGE_2M;
	if (!read_line(HUGE_FOLDER "nr_hugepages", total, sizeof(total)) ||
		!read_line(HUGE_FOLDER "free_hugepages", unused, sizeof(unused))) {
		finding_set(finding, required ? FINDING_FAIL : FINDING_WARN,
			"this kernel has none of 2 MB");
		return;
	}
	finding_set(finding, FINDING_OK, "2 MB: %s free of %s, packet memory may take %llu", unused,
		total, wanted);
	if (strtoull(unused, NULL, 10) >= wanted)
		return;
	finding->state = required ? FINDING_FAIL : FINDING_WARN;
	finding_mend(finding, subject, "sysctl -w vm.nr_hugepages=%llu",
		strtoull(total, NULL, 10) + wanted - strtoull(unused, NULL, 10));
	finding_undo(finding, subject, "sysctl -w vm.nr_hugepages=%s", total);
}

static void look_at_cpus(const struct subject *subject, struct finding *finding)
{
	uint32_t cpus[CPUS_MAX];
	unsigned count = cpu_list(-1, cpus, CPUS_MAX);
	char isolated[128] = "";

	(void)subject;
	read_line("/sys/devices/system/cpu/isolated", isolated, sizeof(isolated));
	finding_set(finding, count ? FINDING_OK : FINDING_UNKNOWN,
		"%u to run on, of %u; isolated from the scheduler: %s", count, cpu_possible(),
		isolated[0] ? isolated : "none");
}

static void look_at_governor(const struct subject *subject, struct finding *finding)
{
	static const char *const pattern =
		"/sys/devices/system/cpu/cpu[0-9]*/cpufreq/scaling_governor";
	char found[32] = "", one[32];
	glob_t files;

	if (glob(pattern, 0, NULL, &files)) {
		finding_set(finding, FINDING_OK, "no frequency scaling here");
		return;
	}
	for (size_t i = 0; i < files.gl_pathc; i++)
		if (read_line(files.gl_pathv[i], one, sizeof(one)) &&
			(!found[0] || strcmp(one, "performance")))
			memcpy(found, one, sizeof(found));
	globfree(&files);
	if (!found[0])
		return;
	finding_set(finding, strcmp(found, "performance") ? FINDING_WARN : FINDING_OK, "%s", found);
	if (finding->state == FINDING_WARN) {
		finding_mend(finding, subject, "cpupower frequency-set -g performance");
		finding_undo(finding, subject, "cpupower frequency-set -g %s", found);
	}
}

static bool is_running(const char *name)
{
	DIR *folder = opendir("/proc");
	const struct dirent *entry;
	char path[300], comm[32];
	bool found = false;

	while (folder && !found && (entry = readdir(folder))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		found = read_line(path, comm, sizeof(comm)) && !strcmp(comm, name);
	}
	if (folder)
		closedir(folder);
	return found;
}

static void look_at_irqbalance(const struct subject *subject, struct finding *finding)
{
	bool pins = false;

	for (unsigned i = 0; subject->config && i < subject->config->interfaces_count; i++)
		pins |= subject->config->interfaces[i].irq_affinity;
	if (!is_running("irqbalance")) {
		finding_set(finding, FINDING_OK, "not running");
	} else if (!pins) {
		finding_set(finding, FINDING_OK, "running; no interface has irq_affinity = on");
	} else {
		finding_set(finding, FINDING_WARN, "running, and irq_affinity = on");
		finding_mend(finding, subject, "systemctl stop irqbalance");
		finding_undo(finding, subject, "systemctl start irqbalance");
	}
}

const struct probe doctor_machine_probes[] = {
	{ "capabilities", "the kernel asks for them; once it runs, Ringside keeps no other",
		look_at_capabilities, false },
	{ "memlock", "packet memory counts against this limit", look_at_memlock, false },
	{ "huge_pages", "packet memory in them costs fewer TLB misses", look_at_huge_pages, false },
	{ "cpus", "each queue that is answered in user space wants one of its own", look_at_cpus,
		false },
	{ "governor", "a CPU that clocks down between packets answers them later", look_at_governor,
		false },
	{ "irqbalance", "it moves the interrupts that irq_affinity = on has put beside the workers",
		look_at_irqbalance, false },
	{ NULL, NULL, NULL, false },
};
