/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/option.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>

/* Longer words are not compared: no key is nearly as long. */
#define WORD_MAX 63

const struct option *option_find(const struct option *options, unsigned count, const char *key)
{
	for (unsigned i = 0; i < count; i++) {
		if (!strcmp(options[i].key, key) ||
			(options[i].alias && !strcmp(options[i].alias, key)))
			return &options[i];
	}
	return NULL;
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* The restricted Damerau-Levenshtein distance: insert, delete, replace, swap neighbours. */
static unsigned distance(const char *a, const char *b)
{
	unsigned d[WORD_MAX + 1][WORD_MAX + 1];
	unsigned a_length = (unsigned)strlen(a), b_length = (unsigned)strlen(b);

	if (a_length > WORD_MAX || b_length > WORD_MAX)
		return WORD_MAX;
	for (unsigned i = 0; i <= a_length; i++)
		d[i][0] = i;
	for (unsigned k = 0; k <= b_length; k++)
		d[0][k] = k;
	for (unsigned i = 1; i <= a_length; i++) {
		for (unsigned k = 1; k <= b_length; k++) {
			unsigned replace = d[i - 1][k - 1] + (a[i - 1] != b[k - 1]);

			d[i][k] = least(replace, least(d[i - 1][k], d[i][k - 1]) + 1);
			if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
				d[i][k] = least(d[i][k], d[i - 2][k - 2] + 1);
		}
	}
	return d[a_length][b_length];
}

/* The distance when the words are near enough for one to be meant by the other, else WORD_MAX. */
static unsigned nearness(const char *word, const char *candidate)
{
	unsigned a = (unsigned)strlen(word), b = (unsigned)strlen(candidate);
	unsigned longer = a > b ? a : b;
	unsigned allowed = longer / 3 > 2 ? longer / 3 : 2, d = distance(word, candidate);

	/* words of two letters are within 2 of each other with nothing in common */
	return d <= allowed && d < longer ? d : WORD_MAX;
}

const char *option_nearest(const struct option *options, unsigned count, const char *key)
{
	const char *nearest = NULL;
	unsigned best = WORD_MAX;

	for (unsigned i = 0; i < count; i++) {
		unsigned d = nearness(key, options[i].key);

		if (d < best) {
			best = d;
			nearest = options[i].key;
		}
	}
	return nearest;
}

const char *option_nearest_word(const char *const *words, const char *word)
{
	const char *nearest = NULL;
	unsigned best = WORD_MAX;

	for (; *words; words++) {
		unsigned d = nearness(word, *words);

		if (d < best) {
			best = d;
			nearest = *words;
		}
	}
	return nearest;
}

void option_set_defaults(const struct option *options, unsigned count, void *settings)
{
	for (unsigned i = 0; i < count; i++) {
		const struct option *option = &options[i];
		int code = option->parse(
			option, option->fallback, (char *)settings + option->offset, NULL);

		assert(!code);
		(void)code;
	}
}

char *option_trim(char *text)
{
	char *end;

	while (isspace((unsigned char)*text))
		text++;
	end = text + strlen(text);
	while (end > text && isspace((unsigned char)end[-1]))
		end--;
	*end = 0;
	return text;
}
