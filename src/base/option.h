/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tables of options: one row says a key's name, default, parser and where the value lives, so that
 * the INI reader, --help, conf/ringside.ini's test and the printed effective configuration agree.
 */
#ifndef RINGSIDE_OPTION_H
#define RINGSIDE_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct option {
	const char *key;
	const char *fallback; /* the default, written as the INI would have it */
	const char *help;     /* one line, without the default */
	/* Parses the text into the field at offset; on failure sets err to what is wrong with the
	 * value ("not a number: 12x") without the key, and returns -EINVAL. */
	int (*parse)(const struct option *option, const char *text, void *field, struct err *err);
	size_t offset;
	const char *const *choices; /* option_choice: the words, NULL at the end; the value is the index */
	uint64_t min, max;          /* numbers: bounds; texts and lists: max is the field's size */
	bool required;              /* the default (empty) is not a valid value */
	const char *alias;          /* another spelling that is accepted, or NULL */
};

/* Words and numbers of a list. */
#define OPTION_LIST_MAX 64
struct option_names {
	unsigned count;
	char name[OPTION_LIST_MAX][64];
};
struct option_numbers {
	unsigned count; /* 0: the word (all, auto) that stands for no list */
	uint32_t number[OPTION_LIST_MAX * 4];
};

/* Parsers. The type behind `field` stands at the end of each line. */
int option_choice(const struct option *, const char *, void *, struct err *);  /* int */
int option_bool(const struct option *, const char *, void *, struct err *);    /* bool; yes no on off */
int option_u32(const struct option *, const char *, void *, struct err *);     /* uint32_t */
int option_size(const struct option *, const char *, void *, struct err *);    /* uint64_t; K M G = 1024s */
int option_pps(const struct option *, const char *, void *, struct err *);     /* uint64_t; 1k 2.5Mpps; 0 */
int option_text(const struct option *, const char *, void *, struct err *);    /* char[max] */
int option_names(const struct option *, const char *, void *, struct err *);   /* struct option_names */
int option_numbers(const struct option *, const char *, void *, struct err *); /* struct option_numbers:
	list and ranges (0-3,7), each in min..max; the word choices[0] (all, auto) gives count 0 */
int option_auto_u32(const struct option *, const char *, void *, struct err *); /* uint32_t; choices[0] = 0 */
int option_mac(const struct option *, const char *, void *, struct err *);     /* struct option_mac */

int option_ports(const struct option *, const char *, void *, struct err *);   /* struct option_ports:
	list and ranges; the word choices[0] (any), if there are choices, is all of them */

struct option_ports {
	bool any;
	uint8_t set[65536 / 8]; /* bit port % 8 of byte port / 8 */
};

struct option_mac {
	bool given; /* false: the word choices[0] (auto) */
	uint8_t address[6];
};

/* For parsers of other lists. option_item() copies the next item of a list separated by commas,
 * without blanks at its ends, and moves *list on, to NULL behind the last one; 1: an item, 0: no
 * more, -EINVAL: an empty or too long one. option_range() reads "5" or "5-9" inside min..max. */
int option_item(const char **list, char *item, size_t size, struct err *err);
int option_range(const char *item, uint64_t min, uint64_t max, uint32_t *first, uint32_t *last,
	struct err *err);

/* The row whose key (or alias) is the text; NULL when there is none. */
const struct option *option_find(const struct option *options, unsigned count, const char *key);

/* The key nearest to the text by edit distance (insert, delete, replace, swap), or NULL when
 * none is near enough to be what was meant (distance over a third of the longer word, at least
 * 2). */
const char *option_nearest(const struct option *options, unsigned count, const char *key);

/* Of NULL-terminated words, the nearest, likewise. */
const char *option_nearest_word(const char *const *words, const char *word);

/* Sets every field of the settings to its default. A default that does not parse is a bug:
 * asserts. */
void option_set_defaults(const struct option *options, unsigned count, void *settings);

/* Cuts blanks at both ends, in place; returns the first character kept. */
char *option_trim(char *text);

#endif
