/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A command's arguments as a table, read by getopt_long(). It stands between the commands and
 * <getopt.h>, whose struct option would meet that of base/option.h, and says in an err what getopt
 * would print.
 */
#ifndef RINGSIDE_ARGUMENTS_H
#define RINGSIDE_ARGUMENTS_H

#include "base/err.h"

struct argument {
	char letter; /* -c, or 0 */
	const char *name; /* --config, or NULL */
	const char *value; /* what --help calls its value; NULL: it takes none */
	const char *help; /* one line */
};

#define ARGUMENTS_MAX 40

/* Where the reading stands. Begins as { .argc = argc, .argv = argv }. */
struct arguments {
	int argc;
	char **argv; /* its order is changed: words that belong to no argument move to the end */
	int started;
};

/* The next argument's row in the table, *value being its value, if it takes one; NULL at the
 * end, or with *failed = -EINVAL and err set. */
const struct argument *arguments_next(struct arguments *arguments, const struct argument *table,
	unsigned count, const char **value, int *failed, struct err *err);

/* At the end: the next word that belongs to no argument, or NULL. */
const char *arguments_word(struct arguments *arguments);

#endif
