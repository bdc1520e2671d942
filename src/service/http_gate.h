/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * [access] at http's hooks. An instance has a trie of its own, which its programs judge by and never change; another
 * [access] is another trie with programs of its own, which take the place of those before (struct service_gate).
 */
#ifndef RINGSIDE_SERVICE_HTTP_GATE_H
#define RINGSIDE_SERVICE_HTTP_GATE_H

#include "service/access.h"
#include "service/service.h"

struct http_instance;

/* A trie, and what has been counted of it. */
struct http_gate {
	struct access *access; /* NULL: none */
	struct access_counts counts;
};

/* Compiles [access] before the program is loaded; then maps what that counts. */
int http_gate_compile(struct http_gate *gate, const struct access_settings *settings, unsigned slot,
	struct err *err);
int http_gate_open(struct http_instance *instance, struct http_gate *gate, struct err *err);
/* Before the program is closed. A gate of zeros is allowed. */
void http_gate_close(struct http_instance *instance, struct http_gate *gate);

extern const struct service_gate http_service_gate;

/* struct service_type's show(): the programs are exchanged in the same way. */
int http_show(void *instance, uint32_t targets, struct service_tap *tap, struct err *err);

#endif
