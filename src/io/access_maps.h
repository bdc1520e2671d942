/* SPDX-License-Identifier: BSD-2-Clause */
/* The maps of [access] in a kernel half: which of them it needs, how large they are, and what they say. */
#ifndef RINGSIDE_ACCESS_MAPS_OF_PROGRAM_H
#define RINGSIDE_ACCESS_MAPS_OF_PROGRAM_H

#include <stdbool.h>

#include "base/err.h"
#include "bpf/access.h"

struct bpf_map;
struct bpf_object;

/* Says whether a map of that name is one of these, and of no use. */
bool access_maps_is_idle(const struct access_program *program, const char *map);
/* True for those that belong to one program, whatever comes after it. */
bool access_maps_is_rules(const char *map);
void access_maps_set_size(const struct access_program *program, struct bpf_map *map);

/* All of it for a program's object that has no other use for it: leaves idle maps out, and sets sizes. */
void access_maps_set_up(const struct access_program *program, struct bpf_object *object);

/* True when it has a use for the kernel's coarse clock, which this one has not. */
bool access_maps_lacks_clock(const struct access_program *program);

/* Fills the loaded program's trie, and maps what it counts. */
int access_maps_open(struct access_counts *counts, const struct access_program *program,
	const struct bpf_object *object, struct err *err);
void access_maps_close(struct access_counts *counts, const struct access_rule *rule);

#endif
