/* SPDX-License-Identifier: BSD-2-Clause */
/* ringside(8) */
#include <stdio.h>

#include "manual/manual.h"
#include "service/service.h"
#include "tui/keys.h"

static void print_synopsis(void)
{
	printf(".Sh SYNOPSIS\n");
	for (unsigned i = 0; commands[i]; i++) {
		printf(".Nm\n");
		/* the command when none is named */
		printf(i ? ".Cm %s\n" : ".Op Cm %s\n", commands[i]->name);
		mdoc_text(commands[i]->synopsis);
	}
	printf(".Nm\n.Fl \\-version\n");
}

static void print_description(void)
{
	printf(".Sh DESCRIPTION\n"
	       ".Nm\n"
	       "answers, filters, steers and delivers packets at XDP speed, by services that an "
	       "INI "
	       "file\n"
	       "configures (see\n"
	       ".Xr ringside.ini 5 ) ,\n"
	       "and accounts for every packet: each one that came in was sent, dropped for a named "
	       "reason,\n"
	       "passed to the network stack or is in flight.\n"
	       "What a service does not take goes on to the stack as before.\n"
	       ".Pp\n"
	       "On a terminal\n"
	       ".Cm run\n"
	       "draws a dashboard, otherwise it prints a record an interval.\n"
	       "Messages go to standard error, one a line.\n");
}

static void print_argument(const struct argument *argument)
{
	printf(".It ");
	if (argument->letter)
		printf("Fl %c%s", argument->letter, argument->name ? " , " : "");
	if (argument->name) {
		printf("Fl \\-");
		mdoc_words(argument->name);
	}
	if (argument->value) {
		printf(" Ar ");
		mdoc_argument(argument->value);
	}
	putchar('\n');
	mdoc_text(argument->help);
}

static void print_command(const struct command *command)
{
	printf(".Ss %s\n", command->name);
	mdoc_words(command->summary);
	printf(".\n");
	if (!command->arguments_count)
		return;
	printf(".Bl -tag -width Ds\n");
	for (unsigned i = 0; i < command->arguments_count; i++)
		print_argument(&command->arguments[i]);
	printf(".El\n");
}

static void print_services(void)
{
	printf(".Sh SERVICES\n.Bl -tag -width Ds\n");
	for (unsigned i = 0; service_types[i]; i++) {
		printf(".It Cm %s\n", service_types[i]->name);
		mdoc_text(service_types[i]->summary);
	}
	printf(".El\n");
}

static void print_keys(void)
{
	printf(".Sh DASHBOARD KEYS\n.Bl -tag -width Ds\n");
	for (unsigned i = 0; i < keys_count; i++) {
		printf(".It Ic ");
		mdoc_argument(keys[i].names);
		putchar('\n');
		mdoc_text(keys[i].help);
	}
	printf(".El\n");
}

static void print_rest(void)
{
	printf(".Sh ENVIRONMENT\n.Bl -tag -width Ds\n"
	       ".It Ev RUNTIME_DIRECTORY\n"
	       "the folder for what other processes find an instance by, instead of\n"
	       ".Pa /run/ringside\n"
	       ".It Ev XDG_RUNTIME_DIR\n"
	       "holds that folder for users other than root\n"
	       ".It Ev NOTIFY_SOCKET , Ev WATCHDOG_USEC\n"
	       "as\n.Xr sd_notify 3\ndescribes them\n"
	       ".It Ev NO_COLOR\n"
	       "when set, the dashboard has no colours\n"
	       ".El\n"
	       ".Sh FILES\n.Bl -tag -width Ds\n"
	       ".It Pa /etc/ringside/ringside.ini\n"
	       "read when the arguments name no configuration\n"
	       ".It Pa /etc/ringside/NAME.ini\n"
	       "of the systemd unit\n.Pa ringside@NAME.service\n"
	       ".It Pa /run/ringside/NAME.sock , Pa /run/ringside/NAME.stats\n"
	       "control socket and statistics of a running instance, for root and the group\n"
	       ".Dq ringside\n"
	       ".El\n"
	       ".Sh SIGNALS\n"
	       ".Bl -tag -width Ds\n"
	       ".It Dv SIGHUP\n"
	       "reads the configuration file again and takes over what has changed while packets\n"
	       "flow; a bad file changes nothing, and keys that need a restart are named\n"
	       ".It Dv SIGUSR1\n"
	       "writes a snapshot as JSON to a file in the working directory\n"
	       ".It Dv SIGINT , SIGTERM\n"
	       "end in order\n"
	       ".El\n"
	       ".Sh EXIT STATUS\n"
	       "0: done, also by SIGINT, SIGTERM and a confirmed\n.Ic q .\n"
	       "1: it failed while starting or running.\n"
	       "2: usage or configuration.\n"
	       ".Sh EXAMPLES\n"
	       "Answer test packets on an interface with the defaults:\n"
	       ".Pp\n.Dl ringside \\-i eth0 reflect\n"
	       ".Pp\n"
	       "See whether a machine is ready for a configuration:\n"
	       ".Pp\n.Dl ringside doctor \\-c /etc/ringside/edge.ini\n"
	       ".Pp\n"
	       "Run that configuration as a service:\n"
	       ".Pp\n.Dl systemctl enable \\-\\-now ringside@edge\n"
	       ".Sh SEE ALSO\n"
	       ".Xr systemctl 1 ,\n.Xr ringside.ini 5 ,\n.Xr ethtool 8 ,\n.Xr ip 8\n");
}

void manual_print_program(void)
{
	mdoc_begin(
		"ringside", "8", "answer packets at XDP speed and show what every ring is doing");
	print_synopsis();
	print_description();
	printf(".Sh COMMANDS\n"
	       "Without a command,\n.Cm run\nis meant.\n");
	for (unsigned i = 0; commands[i]; i++)
		print_command(commands[i]);
	print_services();
	print_keys();
	print_rest();
}
