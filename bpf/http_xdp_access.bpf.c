// SPDX-License-Identifier: GPL-2.0-only
/* http in XDP that judges sources: a program of its own, so that the other has no trace of it. */
#define HTTP_ACCESS 1
#include "http_xdp.bpf.c"
