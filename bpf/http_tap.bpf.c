// SPDX-License-Identifier: GPL-2.0-only
/* http.bpf.c with taps: a program of its own, so that the others have no trace of them. */
#define TAPPED 1
#define HTTP_ACCESS 1
#include "http.bpf.c"
