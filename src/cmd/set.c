// SPDX-License-Identifier: BSD-2-Clause
/* set: changes an instance while it runs, through its control socket. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/option.h"
#include "cmd/command.h"
#include "cmd/control_path.h"
#include "control/client.h"
#include "stats/snapshot.h"

static const struct argument arguments_table[] = {
	{ 'h', "help", NULL, "show this" },
};
#define ARGUMENTS (sizeof(arguments_table) / sizeof(arguments_table[0]))

static int parse(const char *words[3], int argc, char **argv, struct err *err)
{
	struct arguments arguments = { .argc = argc, .argv = argv };
	const char *value, *more;
	unsigned count = 0;
	int failed;

	while (arguments_next(&arguments, arguments_table, ARGUMENTS, &value, &failed, err))
		;
	if (failed)
		return failed;
	while (count < 3 && (words[count] = arguments_word(&arguments)))
		count++;
	more = count == 3 ? arguments_word(&arguments) : NULL;
	if (more)
		return err_say(err, -EINVAL, "unexpected word '%s'", more);
	if (count < 2)
		return err_say(err, -EINVAL, "set needs KEY and VALUE");
	if (count == 2) { /* without a NAME */
		words[2] = words[1];
		words[1] = words[0];
		words[0] = NULL;
	}
	return 0;
}

#define STATE_SUFFIX ".state"

/* SERVICE.slots.N, SERVICE.cpus.N, SERVICE.workers.N, SERVICE.keys.N: what a service has of its own. */
static bool find_own(const char *key, char resource[128])
{
	static const char *const words[] = { ".slots.", ".cpus.", ".workers.", ".keys." };

	for (unsigned i = 0; i < sizeof(words) / sizeof(*words); i++) {
		const char *at = strstr(key, words[i]);
		size_t length = strlen(words[i]);

		if (!at || at == key ||
			strspn(at + length, "0123456789abcdefABCDEFx-") != strlen(at + length) ||
			strpbrk(key, " /\r\n%?"))
			continue;
		snprintf(resource, 128, "/api/v1/services/%.*s/%.*s/%s", (int)(at - key), key,
			(int)length - 2, words[i] + 1, at + length);
		return true;
	}
	return false;
}

/* The path of the API that a key stands for, and the value as the API has it. */
static int find_resource(const char *key, const char **value, char resource[128], struct err *err)
{
	static const char *const keys[] = { "stats-level", "stats_level", NULL };
	const char *near = option_nearest_word(keys, key), *dot = strrchr(key, '.');

	snprintf(resource, 128, "/api/v1/stats-level");
	for (unsigned i = 0; keys[i]; i++)
		if (!strcmp(keys[i], key))
			return 0;
	if (dot && dot > key && !strcmp(dot, STATE_SUFFIX) && !strpbrk(key, " /\r\n%?")) {
		snprintf(resource, 128, "/api/v1/services/%.*s/state", (int)(dot - key), key);
		if (!strcmp(*value, "pause"))
			*value = "paused";
		else if (!strcmp(*value, "resume"))
			*value = "running";
		return 0;
	}
	if (dot && dot > key && find_own(key, resource))
		return 0;
	if (near)
		return err_say(err, -EINVAL, "unknown key '%s': did you mean '%s'?", key, near);
	return err_say(err, -EINVAL,
		"unknown key '%s': stats-level, SERVICE" STATE_SUFFIX
		", SERVICE.slots.N, SERVICE.cpus.N, SERVICE.workers.N or SERVICE.keys.N",
		key);
}

static int run_set(int argc, char **argv, struct err *err)
{
	const char *words[3] = { NULL }, *value;
	char path[RUNTIME_PATH_BYTES], command[256], resource[128];
	int ret;

	if (parse(words, argc, argv, err))
		return STATUS_USAGE;
	value = words[2];
	if (find_resource(words[1], &value, resource, err))
		return STATUS_USAGE;
	snprintf(command, sizeof(command), "ringside set %s%s%s %s", words[0] ? words[0] : "",
		words[0] ? " " : "", words[1], words[2]);
	ret = control_path(path, words[0], err);
	if (!ret)
		ret = client_put(path, resource, value, command, err);
	if (!ret)
		return STATUS_DONE;
	return ret == -ENOTUNIQ || ret == -EINVAL ? STATUS_USAGE : STATUS_FAILED;
}

static void print_more_help(FILE *out)
{
	fprintf(out, "\nKEY and VALUE:\n\n  stats-level    ");
	for (unsigned i = 0; level_names[i]; i++)
		fprintf(out, "%s%s", i ? " | " : "", level_names[i]);
	fprintf(out,
		"; debug falls back to detailed after 60 s\n"
		"  SERVICE.state  pause | resume: its packets go to the Linux stack meanwhile\n"
		"  SERVICE.slots.N  the CPU or worker that slot N, or slots N-M, of a steer "
		"service move to\n"
		"  SERVICE.cpus.N   the weight of CPU N in a steer service: its share of the "
		"slots\n"
		"  SERVICE.workers.N  likewise, of worker N\n"
		"  SERVICE.keys.N   the CPU or worker that key N of a steer service moves to, "
		"which its "
		"`keys` "
		"list\n");
}

const struct command command_set = {
	.name = "set",
	.synopsis = "[NAME] KEY VALUE",
	.summary = "changes an instance while it runs",
	.arguments = arguments_table,
	.arguments_count = ARGUMENTS,
	.run = run_set,
	.print_more_help = print_more_help,
};
