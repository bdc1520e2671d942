/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/command.h"

const struct command *const commands[] = {
	&command_run,
	&command_check,
	&command_doctor,
	&command_top,
	&command_stat,
	&command_set,
	&command_tap,
	&command_detach,
	&command_lab,
	&command_generate,
	NULL,
};
_Static_assert(sizeof(commands) / sizeof(commands[0]) <= COMMANDS_MAX + 1, "there is room for all");
