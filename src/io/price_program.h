/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel half that measures what its statistics cost (bpf/entry_price.bpf.c), in the place of the ordinary one. */
#ifndef RINGSIDE_PRICE_PROGRAM_H
#define RINGSIDE_PRICE_PROGRAM_H

struct bpf_object_skeleton;

/* Puts it into a skeleton of the other that is not open yet. */
void price_program_put(struct bpf_object_skeleton *skeleton);

#endif
