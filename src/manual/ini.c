/* SPDX-License-Identifier: BSD-2-Clause */
/* ringside.ini(5) */
#include <stdio.h>

#include "config.h"
#include "manual/manual.h"

static void print_key(const struct option *option)
{
	printf(".It Ic ");
	mdoc_words(option->key);
	if (*option->fallback) {
		printf(" = ");
		mdoc_argument(option->fallback);
	} else if (option->required) {
		printf(" (required)");
	}
	putchar('\n');
	mdoc_text(option->help);
	if (option->alias) {
		printf(".Pq also\n.Ic ");
		mdoc_words(option->alias);
		putchar('\n');
	}
}

static void print_keys(const struct option *options, unsigned count)
{
	printf(".Bl -tag -width Ds\n");
	for (unsigned i = 0; i < count; i++)
		print_key(&options[i]);
	printf(".El\n");
}

static void print_description(void)
{
	printf(".Sh DESCRIPTION\n"
	       "The configuration of\n.Xr ringside 8\n"
	       "has sections, each with a title in brackets, and in them keys with values.\n"
	       "Comments begin with a semicolon, at the beginning of a line or after a blank.\n"
	       "Lists are separated by commas, and may go on in the next line behind one.\n"
	       "Sizes take K, M and G; rates are written 1kpps, 2.5Mpps.\n"
	       "Unknown sections and keys, bad values and contradictions are errors;\n"
	       ".Ic ringside check \\-c Ar FILE\n"
	       "reports all of them in one go, and prints the effective configuration.\n"
	       ".Pp\n"
	       "Below, keys stand with their defaults.\n");
}

void manual_print_ini(void)
{
	mdoc_begin("ringside.ini", "5", "configuration of ringside");
	print_description();
	for (const struct config_kind *kind = config_kinds; kind->title; kind++) {
		printf(".Sh SECTION [%s]\n", kind->title);
		mdoc_words(kind->help);
		printf(".\n");
		print_keys(kind->options, kind->options_count);
	}
	printf(".Sh SECTION [service NAME]\n"
	       "a service.\n"
	       "The key\n.Ic type\n"
	       "says which one; without it the name does.\n");
	for (unsigned i = 0; service_types[i]; i++) {
		printf(".Ss type = %s\n", service_types[i]->name);
		mdoc_words(service_types[i]->summary);
		printf(".\n");
		print_keys(service_types[i]->options, service_types[i]->options_count);
	}
	printf(".Sh FILES\n.Bl -tag -width Ds\n.It Pa /etc/ringside/ringside.ini\n"
	       "read when the arguments name no configuration\n.El\n"
	       ".Sh EXAMPLES\n"
	       ".Bd -literal -offset indent\n"
	       "[interface eth0]\n"
	       "[service reflect]\n"
	       "interfaces = eth0\n"
	       "ports = 3842, 5000\\-5009\n"
	       ".Ed\n"
	       ".Sh SEE ALSO\n.Xr ringside 8\n");
}
