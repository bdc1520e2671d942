// SPDX-License-Identifier: BSD-2-Clause
#include "io/tap_program.h"

#include <bpf/libbpf.h>
#include <string.h>

#include "base/cpu.h"
#include "bpf/services.h"
#include "bpf/verdict.h"

#include "entry.skel.h"
#include "entry_tap.skel.h"

/* Whoever fills the data of one fills that of the other. */
#define SAME(member)                                                                               \
	_Static_assert(offsetof(struct entry__rodata, member) ==                                   \
			       offsetof(struct entry_tap__rodata, member),                         \
		"one layout")
SAME(tap_wanted);
SAME(services);
SAME(has_hooks);
_Static_assert(sizeof(struct entry__rodata) == sizeof(struct entry_tap__rodata), "one layout");

void tap_program_put(struct bpf_object_skeleton *skeleton)
{
	skeleton->data = (void *)entry_tap__elf_bytes(&skeleton->data_sz);
}

void tap_program_set_size(struct bpf_map *map)
{
	if (!strcmp(bpf_map__name(map), "tap_lost"))
		bpf_map__set_max_entries(map, cpu_possible());
}
