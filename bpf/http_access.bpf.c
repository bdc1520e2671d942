// SPDX-License-Identifier: GPL-2.0-only
/* http at TC ingress that judges sources: a program of its own, so that the other has no trace of it. */
#define HTTP_ACCESS 1
#include "http.bpf.c"
