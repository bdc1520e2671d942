/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The manual and the shells' completion, printed from the tables that --help, dispatch, the INI reader
 * and the dashboard work by; so they have every command, argument, key and service, and no other. A
 * program of its own, run when Ringside is built.
 */
#ifndef RINGSIDE_MANUAL_H
#define RINGSIDE_MANUAL_H

#include <stdbool.h>

#include "cmd/command.h"

/* Each prints a whole file to standard output. */
void manual_print_program(void); /* ringside.8 */
void manual_print_ini(void); /* ringside.ini.5 */
void completion_print_bash(void);
void completion_print_zsh(void);

/* mdoc(7): text with what is special in it escaped, on a line of its own or as a macro's argument. */
void mdoc_text(const char *text); /* and a line feed */
void mdoc_words(const char *text); /* without one */
void mdoc_argument(const char *text); /* in quotes */
/* The parts that both pages have. */
void mdoc_begin(const char *name, const char *section, const char *summary);

/* What the words behind a command's arguments are, as its synopsis says. */
bool takes_interface(const struct command *command);
bool takes_service(const struct command *command);
bool takes_instance(const struct command *command);

/* The words that an argument's value is one of ("text|json"): copies word i, false: there are no more,
 * or it is no such list. */
bool argument_word(const struct argument *argument, unsigned i, char *word, unsigned size);
/* Whether its value is a file's name, an interface's. */
bool takes_file_value(const struct argument *argument);
bool takes_interface_value(const struct argument *argument);

#endif
