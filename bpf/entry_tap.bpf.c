// SPDX-License-Identifier: GPL-2.0-only
/* The kernel half with taps: a program of its own, so that the other has no trace of them. */
#define TAPPED 1
#include "entry.bpf.c"
