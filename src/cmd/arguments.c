/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/arguments.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* What getopt_long() returns for row 0 and on; above every letter. */
#define ROW_BASE 256

static void make_tables(
	const struct argument *table, unsigned count, struct option *long_options, char *letters)
{
	*letters++ = ':'; /* tell a missing value from an unknown argument */
	for (unsigned i = 0; i < count; i++) {
		if (table[i].letter) {
			*letters++ = table[i].letter;
			if (table[i].value)
				*letters++ = ':';
		}
		if (!table[i].name)
			continue;
		*long_options++ = (struct option){
			.name = table[i].name,
			.has_arg = table[i].value ? required_argument : no_argument,
			.val = (int)(ROW_BASE + i),
		};
	}
	*letters = 0;
	*long_options = (struct option){ 0 };
}

static int refuse(const struct arguments *arguments, int found, int index, struct err *err)
{
	const char *word = arguments->argv[index];

	/* a letter inside "-xyz" has no word of its own */
	if (optopt > 0 && optopt < ROW_BASE && strncmp(word, "--", 2) != 0)
		return err_say(err, -EINVAL,
			found == ':' ? "-%c needs a value" : "unknown argument -%c", optopt);
	if (found == ':')
		return err_say(err, -EINVAL, "%s needs a value", word);
	if (optopt >= ROW_BASE)
		return err_say(err, -EINVAL, "%s takes no value", word);
	return err_say(err, -EINVAL, "unknown or ambiguous argument %s", word);
}

const struct argument *arguments_next(struct arguments *arguments, const struct argument *table,
	unsigned count, const char **value, int *failed, struct err *err)
{
	struct option long_options[ARGUMENTS_MAX + 1];
	char letters[2 * ARGUMENTS_MAX + 2];
	int found, index;

	assert(count <= ARGUMENTS_MAX);
	make_tables(table, count, long_options, letters);
	if (!arguments->started)
		optind = 0; /* GNU: forget an earlier argv */
	arguments->started = 1;
	opterr = 0;
	*failed = 0;
	index = optind ? optind : 1;
	found = getopt_long(arguments->argc, arguments->argv, letters, long_options, NULL);
	if (found < 0)
		return NULL;
	if (found == '?' || found == ':') {
		/* words that belong to nothing are skipped: the one refused is the last one read */
		*failed = refuse(arguments, found, optind > index ? optind - 1 : index, err);
		return NULL;
	}
	*value = optarg;
	for (unsigned i = 0; i < count; i++) {
		if (found == (int)(ROW_BASE + i) || (table[i].letter && found == table[i].letter))
			return &table[i];
	}
	return NULL;
}

const char *arguments_word(struct arguments *arguments)
{
	return optind < arguments->argc ? arguments->argv[optind++] : NULL;
}
