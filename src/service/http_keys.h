/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The cookies' keys, which change in turn: a cookie holds for one to two times the period. The clock is the
 * caller's.
 */
#ifndef RINGSIDE_SERVICE_HTTP_KEYS_H
#define RINGSIDE_SERVICE_HTTP_KEYS_H

#include <stdint.h>

#include "bpf/http.h"

struct http_keys {
	struct http_state *state; /* of the kernel half */
	uint64_t period_ns;
	uint64_t changed_ns; /* when the newest came */
};

/* Draws both keys. -EIO: the kernel has no random numbers. */
int http_keys_init(
	struct http_keys *keys, struct http_state *state, uint64_t period_ns, uint64_t now_ns);
/* Draws a new key when the period is over. Without random numbers the old one goes on. */
void http_keys_tend(struct http_keys *keys, uint64_t now_ns);

#endif
