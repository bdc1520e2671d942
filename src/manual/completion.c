/* SPDX-License-Identifier: BSD-2-Clause */
/* Completion for bash and zsh. */
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "manual/manual.h"

static void print_section_keys(const char *section, const struct option *options, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		printf(" %s.%s=", section, options[i].key);
}

/* What --set can begin with: sections whose name is their own. */
static void print_set_words(void)
{
	for (const struct config_kind *kind = config_kinds; kind->title; kind++)
		if (!strchr(kind->title, ' '))
			print_section_keys(kind->title, kind->options, kind->options_count);
	for (unsigned i = 0; service_types[i]; i++)
		print_section_keys(service_types[i]->name, service_types[i]->options,
			service_types[i]->options_count);
}

static void print_services(void)
{
	for (unsigned i = 0; service_types[i]; i++)
		printf(" %s", service_types[i]->name);
}

static void print_argument_words(const struct command *command)
{
	for (unsigned i = 0; i < command->arguments_count; i++) {
		const struct argument *argument = &command->arguments[i];

		if (argument->letter)
			printf(" -%c", argument->letter);
		if (argument->name)
			printf(" --%s", argument->name);
	}
}

/* "run,-c|run,--config", for an argument. */
static void print_case(const struct command *command, const struct argument *argument)
{
	if (argument->letter)
		printf("\t%s,-%c%s", command->name, argument->letter, argument->name ? "|" : ")");
	else
		putchar('\t');
	if (argument->name)
		printf("%s,--%s)", command->name, argument->name);
}

static void print_value_case(const struct command *command, const struct argument *argument)
{
	char word[32];

	if (!argument->value)
		return;
	print_case(command, argument);
	if (takes_file_value(argument)) {
		printf(" compopt -o default; return ;;\n");
		return;
	}
	printf(" words=\"");
	if (takes_interface_value(argument))
		printf("$(_ringside_interfaces)");
	else if (!strcmp(argument->name, "set"))
		printf("$sets");
	for (unsigned i = 0; argument_word(argument, i, word, sizeof(word)); i++)
		printf("%s%s", i ? " " : "", word);
	printf("\" ;;\n");
}

static void print_word_case(const struct command *command)
{
	printf("\t%s,*) words=\"", command->name);
	print_argument_words(command);
	if (takes_interface(command))
		printf(" $(_ringside_interfaces)");
	if (takes_service(command))
		print_services();
	if (takes_instance(command))
		printf(" $(_ringside_instances)");
	printf("\" ;;\n");
}

/* What both shells' functions look up. */
static void print_lookups(void)
{
	printf("_ringside_interfaces() {\n"
	       "\tlocal link\n"
	       "\tfor link in /sys/class/net/*; do echo \"${link##*/}\"; done\n"
	       "}\n"
	       "_ringside_instances() {\n"
	       "\tfind \"${RUNTIME_DIRECTORY:-/run/ringside}\" -maxdepth 1 -name '*.stats' "
	       "2>/dev/null |\n"
	       "\t\tsed 's,.*/,,; s,\\.stats$,,'\n"
	       "}\n");
}

void completion_print_bash(void)
{
	printf("# bash completion for ringside; generated from its tables\n");
	print_lookups();
	printf("_ringside() {\n"
	       "\tlocal command=run current=$2 previous=$3 words= sets=\"");
	print_set_words();
	printf("\"\n"
	       "\t# bash takes \"--name=value\" for three words\n"
	       "\t[ \"$current\" != = ] || { previous=${COMP_WORDS[COMP_CWORD-1]}; current=; }\n"
	       "\t[ \"$previous\" != = ] || previous=${COMP_WORDS[COMP_CWORD-2]}\n"
	       "\tcase ${COMP_WORDS[1]} in -*|\"$current\") ;; *) command=${COMP_WORDS[1]} ;; "
	       "esac\n"
	       "\tcase $command,$previous in\n");
	for (unsigned i = 0; commands[i]; i++)
		for (unsigned k = 0; k < commands[i]->arguments_count; k++)
			print_value_case(commands[i], &commands[i]->arguments[k]);
	for (unsigned i = 0; commands[i]; i++)
		print_word_case(commands[i]);
	printf("\tesac\n"
	       "\t[ \"$COMP_CWORD\" != 1 ] || words=\"$words --version");
	for (unsigned i = 0; commands[i]; i++)
		printf(" %s", commands[i]->name);
	printf("\"\n"
	       "\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
	       "\tcase ${COMPREPLY[0]} in *=) compopt -o nospace ;; esac\n"
	       "}\n"
	       "complete -F _ringside ringside\n");
}

/* A text between single quotes, for _arguments: brackets and colons are special to it. */
static void print_zsh_text(const char *text)
{
	for (; *text; text++) {
		if (*text == '\'')
			printf("'\\''");
		else if (strchr("[]:\\", *text))
			printf("\\%c", *text);
		else
			putchar(*text);
	}
}

static void print_zsh_values(const struct argument *argument)
{
	char word[32];

	if (!argument->value)
		return;
	printf(":%s:", argument->name);
	if (takes_file_value(argument))
		printf("_files");
	else if (takes_interface_value(argument))
		printf("($(_ringside_interfaces))");
	else if (!strcmp(argument->name, "set"))
		printf("($sets)");
	else if (argument_word(argument, 0, word, sizeof(word))) {
		for (unsigned i = 0; argument_word(argument, i, word, sizeof(word)); i++)
			printf("%s%s", i ? " " : "(", word);
		putchar(')');
	}
}

static void print_zsh_argument(const struct argument *argument)
{
	bool repeats = !strcmp(argument->name, "set");

	for (int is_long = 0; is_long < 2; is_long++) {
		if (!is_long && !argument->letter)
			continue;
		printf(" \\\n\t\t\t'%s", repeats ? "*" : "");
		if (is_long)
			printf("--%s%s", argument->name, argument->value ? "=" : "");
		else
			printf("-%c", argument->letter);
		putchar('[');
		print_zsh_text(argument->help);
		putchar(']');
		print_zsh_values(argument);
		putchar('\'');
	}
}

static void print_zsh_command(const struct command *command)
{
	printf("\t%s)\n\t\t_arguments -s", command->name);
	for (unsigned i = 0; i < command->arguments_count; i++)
		print_zsh_argument(&command->arguments[i]);
	if (takes_interface(command) || takes_service(command) || takes_instance(command)) {
		printf(" \\\n\t\t\t\"*:word:(");
		if (takes_interface(command))
			printf("$(_ringside_interfaces | tr '\\n' ' ')");
		if (takes_service(command))
			print_services();
		if (takes_instance(command))
			printf(" $(_ringside_instances | tr '\\n' ' ')");
		printf(")\"");
	}
	printf("\n\t\t;;\n");
}

void completion_print_zsh(void)
{
	printf("#compdef ringside\n# zsh completion for ringside; generated from its tables\n");
	print_lookups();
	printf("_ringside() {\n"
	       "\tlocal command=run sets=\"");
	print_set_words();
	printf("\"\n\tlocal -a known=(\n");
	for (unsigned i = 0; commands[i]; i++) {
		printf("\t\t'%s:", commands[i]->name);
		print_zsh_text(commands[i]->summary);
		printf("'\n");
	}
	printf("\t)\n"
	       "\tif (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then\n"
	       "\t\t_describe command known\n"
	       "\t\treturn\n"
	       "\tfi\n"
	       "\tif [[ $words[2] != -* ]]; then\n"
	       "\t\tcommand=$words[2]\n"
	       "\t\tshift words\n"
	       "\t\t(( CURRENT-- ))\n"
	       "\tfi\n"
	       "\tcase $command in\n");
	for (unsigned i = 0; commands[i]; i++)
		print_zsh_command(commands[i]);
	printf("\tesac\n"
	       "}\n"
	       "_ringside \"$@\"\n");
}
