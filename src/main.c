/* SPDX-License-Identifier: BSD-2-Clause */
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/option.h"
#include "cmd/command.h"
#include "cmd/source.h"

static void print_argument(const struct argument *argument)
{
	char words[64], letter[8] = "    ", name[32] = "";

	if (argument->letter)
		snprintf(letter, sizeof(letter), "-%c%s", argument->letter,
			argument->name ? ", " : "  ");
	if (argument->name)
		snprintf(name, sizeof(name), "--%s", argument->name);
	snprintf(words, sizeof(words), "%s%s%s%s", letter, name, argument->value ? " " : "",
		argument->value ? argument->value : "");
	if (strlen(words) > 30)
		printf("  %s\n  %-30s  %s\n", words, "", argument->help);
	else
		printf("  %-30s  %s\n", words, argument->help);
}

static void print_command_help(const struct command *command)
{
	printf("ringside %s %s\n\n%s\n", command->name, command->synopsis, command->summary);
	if (command->arguments_count)
		printf("\n");
	for (unsigned i = 0; i < command->arguments_count; i++)
		print_argument(&command->arguments[i]);
	if (command->print_more_help)
		command->print_more_help(stdout);
}

static void print_help(void)
{
	printf("Ringside answers packets at XDP speed and shows what every ring is doing.\n\n"
	       "ringside [COMMAND] [ARGUMENTS]; without a command, run. ringside COMMAND --help "
	       "says more.\n\n");
	for (size_t i = 0; commands[i]; i++)
		printf("  ringside %-10s  %s\n", commands[i]->name, commands[i]->summary);
	printf("  ringside --version\n\nServices:\n\n");
	source_print_services(stdout);
}

/* A message a line, as the contract has it. */
static void print_error(const struct err *err)
{
	const char *at = err->text;

	while (*at) {
		int length = (int)strcspn(at, "\n");

		fprintf(stderr, "ringside: %.*s\n", length, at);
		at += length + (at[length] == '\n');
	}
}

static const struct command *find_command(const char *name, struct err *err)
{
	const char *names[COMMANDS_MAX + 1] = { NULL };
	const char *nearest;

	for (size_t i = 0; commands[i]; i++) {
		if (!strcmp(commands[i]->name, name))
			return commands[i];
		names[i] = commands[i]->name;
	}
	nearest = option_nearest_word(names, name);
	if (nearest)
		err_say(err, 0, "unknown command '%s': did you mean '%s'?", name, nearest);
	else
		err_say(err, 0, "unknown command '%s': ringside --help lists them", name);
	return NULL;
}

static int is_word(const char *arg, const char *letter, const char *name)
{
	return !strcmp(arg, letter) || !strcmp(arg, name);
}

static int wants_help(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--"); i++) {
		if (is_word(argv[i], "-h", "--help"))
			return 1;
	}
	return 0;
}

/* What was asked for on standard output is the result: a full disk is a failure. */
static int finish_output(int status)
{
	if (!fflush(stdout) && !ferror(stdout))
		return status;
	fprintf(stderr, "ringside: cannot write to standard output\n");
	return status ? status : STATUS_FAILED;
}

/* Started without standard streams, the program would take its own sockets for them. */
static void hold_standard_streams(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

int main(int argc, char **argv)
{
	const struct command *command = &command_run;
	struct err err = { "" };
	int status;

	hold_standard_streams();
	/* glibc reads files in /proc for arenas of threads: ours may open none, and allocate little */
	mallopt(M_ARENA_MAX, 1);
	if (argc > 1 && is_word(argv[1], "-V", "--version")) {
		printf("ringside %s\n", PACKAGE_VERSION);
		return finish_output(STATUS_DONE);
	}
	if (argc > 1 && is_word(argv[1], "-h", "--help")) {
		print_help();
		return finish_output(STATUS_DONE);
	}
	if (argc > 1 && argv[1][0] != '-') {
		command = find_command(argv[1], &err);
		if (!command) {
			print_error(&err);
			return STATUS_USAGE;
		}
		argc--;
		argv++;
	}
	if (wants_help(argc, argv)) {
		print_command_help(command);
		return finish_output(STATUS_DONE);
	}
	status = command->run(argc, argv, &err);
	print_error(&err);
	return finish_output(status);
}
