// SPDX-License-Identifier: BSD-2-Clause
/* detach: takes what a killed Ringside has left, and only that, off an interface. */
#include <errno.h>
#include <stdio.h>

#include "cmd/command.h"
#include "io/dispatcher.h"
#include "io/xdp_program.h"
#include "net/leftover.h"
#include "net/link.h"

/* A dispatcher has room for ten. */
#define PROGRAMS_MAX 10

static const struct argument arguments_table[] = {
	{ 'h', "help", NULL, "show this" },
};
#define ARGUMENTS (sizeof(arguments_table) / sizeof(arguments_table[0]))

static int parse(const char **name, int argc, char **argv, struct err *err)
{
	struct arguments arguments = { .argc = argc, .argv = argv };
	const char *value;
	int failed;

	while (arguments_next(&arguments, arguments_table, ARGUMENTS, &value, &failed, err))
		;
	if (failed)
		return failed;
	*name = arguments_word(&arguments);
	if (!*name || arguments_word(&arguments))
		return err_say(err, -EINVAL, "detach needs one IFNAME");
	return 0;
}

/* Returns how many were taken out, or a negative errno. */
static int detach_programs(const struct link *link, struct err *err)
{
	struct dispatcher_program found[PROGRAMS_MAX];
	unsigned count = dispatcher_find(link->index, XDP_PROGRAM_NAME, found, PROGRAMS_MAX);
	int taken = 0;

	for (unsigned i = 0; i < count && i < PROGRAMS_MAX; i++) {
		int ret;

		if (found[i].pid)
			return err_say(err, -EBUSY,
				"%s: program %u is in use by process %d, and left alone",
				link->name, found[i].id, found[i].pid);
		ret = dispatcher_remove(link->index, found[i].id, err);
		if (ret)
			return err_where(err, ret, "%s", link->name);
		printf("%s: program %u taken out of the dispatcher\n", link->name, found[i].id);
		taken++;
	}
	return taken;
}

/* Returns how many settings were put back, or a negative errno. */
static int put_back(const struct link *link, struct err *err)
{
	char words[256];
	int ret = leftover_restore(link, words, sizeof(words), err);

	if (ret < 0)
		return err_where(err, ret, "%s", link->name);
	if (ret)
		printf("%s: put back: %s\n", link->name, words);
	return ret;
}

static int run_detach(int argc, char **argv, struct err *err)
{
	const char *name;
	struct link link;
	int taken, back;

	if (parse(&name, argc, argv, err))
		return STATUS_USAGE;
	if (link_read(&link, name, err))
		return STATUS_FAILED;
	taken = detach_programs(&link, err);
	back = taken < 0 ? taken : put_back(&link, err);
	if (back < 0)
		return STATUS_FAILED;
	if (!taken && !back)
		printf("%s: nothing that Ringside has left\n", link.name);
	return STATUS_DONE;
}

const struct command command_detach = {
	.name = "detach",
	.synopsis = "IFNAME",
	.summary = "takes what a killed Ringside has left, and only that, off an interface",
	.arguments = arguments_table,
	.arguments_count = ARGUMENTS,
	.run = run_detach,
};
