/* SPDX-License-Identifier: BSD-2-Clause */
/* The arguments that say where the configuration comes from, shared by the commands that read
 * one. */
#ifndef RINGSIDE_SOURCE_H
#define RINGSIDE_SOURCE_H

#include "cmd/arguments.h"
#include "config.h"

#define SOURCE_FILE "/etc/ringside/ringside.ini" /* when the arguments name nothing */
#define SOURCE_SETS 64

/* Their rows, for a command's table. */
#define SOURCE_ARGUMENTS                                                                           \
	{ 'c', "config", "FILE", "read this INI file instead of " SOURCE_FILE },                   \
		{ 'i', "interface", "IFNAME SERVICE",                                              \
			"no file: this service with its defaults on this interface" },             \
	{                                                                                          \
		0, "set", "SECTION.KEY=VALUE", "set a key behind the file; may be repeated"        \
	}

/* Begins as { 0 }. Points into argv. */
struct source {
	struct config_source config; /* complete after source_finish() */
	const char *set[SOURCE_SETS];
};

/* Takes an argument of the rows above. Returns 1 when it was one of them, 0 when it is the
 * command's own business, -EINVAL with err set. */
int source_take(
	struct source *source, const struct argument *argument, const char *value, struct err *err);

/* Takes the words behind the arguments (the SERVICE of -i) and refuses any other. 0 or -EINVAL. */
int source_finish(struct source *source, struct arguments *arguments, struct err *err);

/* Writes each problem to standard error as main() would: they may be more than an err holds.
 * Returns STATUS_USAGE, or STATUS_FAILED when code says that the machine failed (-ENOMEM). */
int source_report(const struct config_problems *problems, int code);

/* Prints the services that -i takes, a line each, for --help. */
void source_print_services(FILE *out);

#endif
