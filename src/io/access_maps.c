// SPDX-License-Identifier: BSD-2-Clause
#include "io/access_maps.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "base/cpu.h"

static size_t hits_count(const struct access_rule *rule)
{
	return (size_t)cpu_possible() * rule->slots * rule->rules;
}

bool access_maps_is_idle(const struct access_program *program, const char *map)
{
	static const struct access_rule none = { 0 };
	const struct access_rule *rule = program->rule ? program->rule : &none;

	if (!strcmp(map, "access_nodes") || !strcmp(map, "access_hits"))
		return !rule->rules;
	if (!strcmp(map, "access_sketches") || !strcmp(map, "access_sets"))
		return !rule->cost;
	return !strcmp(map, "access_samples") && !rule->samples;
}

bool access_maps_is_rules(const char *map)
{
	return !strcmp(map, "access_nodes") || !strcmp(map, "access_hits") ||
	       !strcmp(map, ".rodata.access");
}

void access_maps_set_size(const struct access_program *program, struct bpf_map *map)
{
	const char *name = bpf_map__name(map);

	if (!program->rule || strncmp(name, "access_", strlen("access_")))
		return;
	if (!strcmp(name, "access_nodes") && program->nodes_count)
		bpf_map__set_max_entries(map, program->nodes_count);
	else if (!strcmp(name, "access_hits") && program->rule->rules)
		bpf_map__set_max_entries(map, (__u32)hits_count(program->rule));
	else if (!strcmp(name, "access_sketches") || !strcmp(name, "access_samples"))
		bpf_map__set_max_entries(map, cpu_possible());
}

void access_maps_set_up(const struct access_program *program, struct bpf_object *object)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object)
	{
		if (access_maps_is_idle(program, bpf_map__name(map)))
			bpf_map__set_autocreate(map, false);
		access_maps_set_size(program, map);
	}
}

bool access_maps_lacks_clock(const struct access_program *program)
{
	return program->rule->cost &&
	       libbpf_probe_bpf_helper(BPF_PROG_TYPE_XDP, BPF_FUNC_ktime_get_coarse_ns, NULL) != 1;
}

static void *map_memory(
	const struct bpf_object *object, const char *name, size_t bytes, int protection)
{
	int fd = bpf_object__find_map_fd_by_name(object, name);

	return fd < 0 ? MAP_FAILED : mmap(NULL, bytes, protection, MAP_SHARED, fd, 0);
}

static int fill(
	const struct access_program *program, const struct bpf_object *object, struct err *err)
{
	size_t bytes = program->nodes_count * sizeof(*program->nodes);
	void *memory;

	if (!program->rule || !program->rule->rules)
		return 0;
	memory = map_memory(object, "access_nodes", bytes, PROT_READ | PROT_WRITE);
	if (memory == MAP_FAILED)
		return err_set(err, -errno, "fill the map access_nodes");
	memcpy(memory, program->nodes, bytes);
	munmap(memory, bytes);
	return 0;
}

int access_maps_open(struct access_counts *counts, const struct access_program *program,
	const struct bpf_object *object, struct err *err)
{
	const struct access_rule *rule = program->rule;
	void *memory;

	*counts = (struct access_counts){ .writers = cpu_possible() };
	if (!rule)
		return 0;
	if (rule->rules) {
		int ret = fill(program, object, err);

		if (ret)
			return ret;
		memory = map_memory(
			object, "access_hits", hits_count(rule) * sizeof(__u64), PROT_READ);
		if (memory == MAP_FAILED)
			return err_set(err, -errno, "map the map access_hits");
		counts->hits = memory;
	}
	if (rule->samples) {
		memory = map_memory(object, "access_samples",
			counts->writers * sizeof(*counts->samples), PROT_READ);
		if (memory == MAP_FAILED)
			return err_set(err, -errno, "map the map access_samples");
		counts->samples = memory;
	}
	return 0;
}

void access_maps_close(struct access_counts *counts, const struct access_rule *rule)
{
	if (counts->hits)
		munmap((void *)counts->hits, hits_count(rule) * sizeof(*counts->hits));
	if (counts->samples)
		munmap((void *)counts->samples, counts->writers * sizeof(*counts->samples));
	*counts = (struct access_counts){ 0 };
}
