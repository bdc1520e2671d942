/* SPDX-License-Identifier: BSD-2-Clause */
/* The commands: main() finds one by its name and runs it. One file a command. */
#ifndef RINGSIDE_COMMAND_H
#define RINGSIDE_COMMAND_H

#include <stdio.h>

#include "base/err.h"
#include "cmd/arguments.h"

/* Exit statuses. */
#define STATUS_DONE 0
#define STATUS_FAILED 1
#define STATUS_USAGE 2 /* usage or configuration */

struct command {
	const char *name;
	const char *synopsis; /* what follows the name: "-c FILE [--set SECTION.KEY=VALUE]..." */
	const char *summary; /* one line for --help */
	const struct argument *arguments;
	unsigned arguments_count;
	/* Does the work; argv[0] is the command's name. Returns an exit status. When err is set, main()
	 * prints it, a message a line; --help was dealt with before. */
	int (*run)(int argc, char **argv, struct err *err);
	void (*print_more_help)(
		FILE *out); /* what --help says behind the arguments; NULL: nothing */
};

extern const struct command command_generate;

/* All of them, in the order that --help and the manual have; NULL at the end. */
#define COMMANDS_MAX 16
extern const struct command *const commands[];

extern const struct command command_run, command_check, command_doctor, command_top, command_stat,
	command_set, command_tap, command_detach, command_lab;

#endif
