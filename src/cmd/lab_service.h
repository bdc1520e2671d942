/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A service's lab: what is particular to one service. `lab` makes the network, runs the service on one end of it
 * and, in a process of its own in the namespace of the other, the service's tester; one file a service, one
 * row of lab_services.
 */
#ifndef RINGSIDE_LAB_SERVICE_H
#define RINGSIDE_LAB_SERVICE_H

#include "cmd/lab_network.h"
#include "cmd/lab_options.h"
#include "generate/engine.h"

/* What a tester says and is told, in memory that it shares with its starter; its figures lie behind it. */
struct lab_result {
	uint32_t order; /* enum engine_order; written by the starter */
	bool answered; /* the service, at least once: the figures are there */
	int code; /* a negative errno when it failed, with err */
	struct err err;
};

struct lab_service {
	const char *name;
	/* Names of arguments that not every lab has; ends with NULL. */
	const char *const *takes;
	size_t result_bytes; /* of the struct that begins with its struct lab_result */
	/* Once the arguments are there: judges the rest of them, and passes on what the service has to know. */
	int (*prepare)(struct lab_options *options, struct err *err);
	/* See lab_furnish. What it leaves behind, clear() takes away, also when it failed. NULL: nothing. */
	int (*furnish)(struct lab_options *options, enum lab_end end, struct err *err);
	void (*clear)(struct lab_options *options);
	/* The tester: until the duration is over, or the order is another than ORDER_GO. */
	void (*test)(const struct lab_options *options, struct lab_result *result);
	/* One line about what it has found. */
	void (*print)(const struct lab_result *result, char *line, size_t size);
};

extern const struct lab_service lab_deliver, lab_http, lab_reflect, lab_steer;

/* The first one is shown when none is named; NULL at the end. */
extern const struct lab_service *const lab_services[];

/* For a tester: what it is to do. */
enum engine_order lab_order(const struct lab_result *result);

#endif
