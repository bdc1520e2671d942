/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel half with taps (bpf/entry_tap.bpf.c), in the place of the one without. */
#ifndef RINGSIDE_TAP_PROGRAM_H
#define RINGSIDE_TAP_PROGRAM_H

struct bpf_map;
struct bpf_object_skeleton;

/* Puts it into a skeleton of the other that is not open yet. */
void tap_program_put(struct bpf_object_skeleton *skeleton);

/* A map of either that is sized for the CPUs. */
void tap_program_set_size(struct bpf_map *map);

#endif
