/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists of IPv4 and IPv6 prefixes, as the INI has them. */
#ifndef RINGSIDE_SERVICE_PREFIX_H
#define RINGSIDE_SERVICE_PREFIX_H

#include <stdbool.h>

#include "base/option.h"

#define PREFIX_TEXT 64 /* characters of a prefix in words, and "allow " */

struct prefix {
	uint64_t word
		[2]; /* the address as numbers; IPv4: the first 32 bits. Behind the prefix all are 0 */
	uint8_t is_ipv6;
	uint8_t bits;
};

/* What the option is parsed into; owned. All zeros: an empty one. */
struct prefix_list {
	unsigned count, room;
	struct prefix *list;
};

/* The parser: list of ADDRESS or ADDRESS/BITS; empty: none. Field: struct prefix_list, whose former entries
 * go. */
int option_prefixes(const struct option *option, const char *text, void *field, struct err *err);

void prefix_list_fini(struct prefix_list *list);

/* Below 0, 0 or above, as sorting wants it: IPv4 first, then the shorter ones, then by address. */
int prefix_compare(const void *one, const void *other);

/* "192.0.2.0/24", into PREFIX_TEXT bytes. */
void prefix_print(char *text, const struct prefix *prefix);

/* An address alone: "192.0.2.1". */
void prefix_print_address(char *text, const uint64_t word[2], bool is_ipv6);

#endif
