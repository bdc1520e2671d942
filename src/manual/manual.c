/* SPDX-License-Identifier: BSD-2-Clause */
#include "manual/manual.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

void mdoc_words(const char *text)
{
	/* a line that begins with one of these would be a request */
	if (*text == '.' || *text == '\'')
		printf("\\&");
	for (; *text; text++) {
		if (*text == '\\')
			printf("\\e");
		else if (*text == '-')
			printf("\\-");
		else if (*text == '\n')
			putchar(' ');
		else
			putchar(*text);
	}
}

void mdoc_text(const char *text)
{
	mdoc_words(text);
	putchar('\n');
}

void mdoc_argument(const char *text)
{
	putchar('"');
	for (; *text; text++) {
		if (*text == '"')
			printf("\\(dq");
		else if (*text == '\\')
			printf("\\e");
		else if (*text == '-')
			printf("\\-");
		else
			putchar(*text);
	}
	putchar('"');
}

void mdoc_begin(const char *name, const char *section, const char *summary)
{
	printf(".\\\" SPDX-License-Identifier: BSD-2-Clause\n"
	       ".\\\" Generated from the tables in the source: do not edit.\n"
	       ".Dd %s\n.Dt %s %s\n.Os\n.Sh NAME\n.Nm %s\n.Nd ",
		RELEASE_DATE, name, section, name);
	mdoc_text(summary);
}

static bool has_word(const char *text, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = text; (at = strstr(at, word)); at += length)
		if ((at == text || !isalnum((unsigned char)at[-1])) &&
			!isalnum((unsigned char)at[length]))
			return true;
	return false;
}

bool takes_interface(const struct command *command)
{
	return has_word(command->synopsis, "IFNAME");
}

/* The lab's and the quick start's service; or the name of one. */
bool takes_service(const struct command *command)
{
	return has_word(command->synopsis, "SERVICE") || has_word(command->synopsis, "reflect");
}

bool takes_instance(const struct command *command)
{
	return has_word(command->synopsis, "NAME");
}

bool argument_word(const struct argument *argument, unsigned i, char *word, unsigned size)
{
	const char *at = argument->value;
	size_t length;

	if (!at || !strchr(at, '|'))
		return false;
	for (; i && at; i--) {
		at = strchr(at, '|');
		at = at ? at + 1 : NULL;
	}
	if (!at)
		return false;
	length = strcspn(at, "|");
	snprintf(word, size, "%.*s", (int)length, at);
	return true;
}

bool takes_file_value(const struct argument *argument)
{
	return argument->value && !strncmp(argument->value, "FILE", 4);
}

bool takes_interface_value(const struct argument *argument)
{
	return argument->value && has_word(argument->value, "IFNAME");
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*print)(void);
	} files[] = {
		{ "ringside.8", manual_print_program },
		{ "ringside.ini.5", manual_print_ini },
		{ "bash", completion_print_bash },
		{ "zsh", completion_print_zsh },
	};

	for (unsigned i = 0; argc == 2 && i < sizeof(files) / sizeof(files[0]); i++) {
		if (strcmp(argv[1], files[i].name))
			continue;
		files[i].print();
		return fflush(stdout) || ferror(stdout);
	}
	fprintf(stderr, "usage: ringside-manual ringside.8|ringside.ini.5|bash|zsh\n");
	return 2;
}
