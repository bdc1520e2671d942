// SPDX-License-Identifier: GPL-2.0-only
/* The kernel half that measures what its statistics cost: never attached, so that the other has no trace of it. */
#define PRICED 1
#include "entry.bpf.c"
