/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a service is to the rest of the program: a descriptor. Its rule is in bpf/NAME.h, for both
 * halves; here are its name, its INI keys, and how they become the tables that the rule reads.
 */
#ifndef RINGSIDE_SERVICE_H
#define RINGSIDE_SERVICE_H

#include "base/err.h"
#include "base/option.h"
#include "bpf/services.h"

enum path { PATH_AUTO, PATH_KERNEL, PATH_USER };
extern const char *const path_names[]; /* "auto", "kernel", "user", NULL */

/* Every service's settings begin with these; its option table has the rows for them. */
struct service_settings {
	struct option_names interfaces;
	int path; /* enum path */
};

struct service_type {
	const char *name;
	const char *summary; /* one line for --help */
	const struct option *options;
	unsigned options_count;
	size_t settings_size; /* bytes; begins with a struct service_settings */
	/* Writes the rule of one service into its slot, and its entries into the tables, for an
	 * interface with this many queues. Returns -E2BIG with err set when a table is full. */
	int (*compile)(const void *settings, unsigned slot, unsigned queues, struct service_rule *rule,
		struct rule_tables *tables, struct err *err);
	/* Says what contradicts what in the settings, or returns 0. May be NULL. */
	int (*check)(const void *settings, struct err *err);
};

/* Empties the tables before the services of an interface are compiled into them. */
void rule_tables_init(struct rule_tables *tables);

/* All services, in the order a frame is offered to them; NULL at the end. */
extern const struct service_type *const service_types[];

/* The type of that name, or NULL. */
const struct service_type *service_find(const char *name);

#endif
