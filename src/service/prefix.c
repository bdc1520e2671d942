// SPDX-License-Identifier: BSD-2-Clause
#include "service/prefix.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool read_address(const char *text, struct prefix *prefix)
{
	uint64_t words[2];
	uint32_t ipv4;

	memset(prefix, 0, sizeof(*prefix));
	if (inet_pton(AF_INET, text, &ipv4) == 1) {
		prefix->word[0] = (uint64_t)be32toh(ipv4) << 32;
		prefix->bits = 32;
		return true;
	}
	if (inet_pton(AF_INET6, text, words) != 1)
		return false;
	prefix->word[0] = be64toh(words[0]);
	prefix->word[1] = be64toh(words[1]);
	prefix->is_ipv6 = 1;
	prefix->bits = 128;
	return true;
}

/* The same, with all bits behind the prefix taken away. */
static struct prefix cut(const struct prefix *prefix)
{
	struct prefix whole = *prefix;

	for (unsigned i = 0; i < 2; i++) {
		unsigned bits = prefix->bits > 64 * i ? prefix->bits - 64 * i : 0;

		if (bits < 64)
			whole.word[i] &= bits ? UINT64_MAX << (64 - bits) : 0;
	}
	return whole;
}

static int parse_one(const char *item, struct prefix *prefix, struct err *err)
{
	const char *slash = strchr(item, '/');
	char address[INET6_ADDRSTRLEN] = "", right[PREFIX_TEXT];
	uint32_t bits, last;
	struct prefix whole;

	if (!slash || (size_t)(slash - item) < sizeof(address))
		snprintf(address, sizeof(address), "%.*s",
			slash ? (int)(slash - item) : (int)sizeof(address), item);
	if (!read_address(address, prefix))
		return err_say(err, -EINVAL, "not an IPv4 or IPv6 prefix: '%s'", item);
	if (!slash)
		return 0;
	if (option_range(slash + 1, 0, prefix->bits, &bits, &last, NULL) || bits != last)
		return err_say(err, -EINVAL, "not a prefix: '%s' has no length from 0 to %u", item,
			prefix->bits);
	prefix->bits = (uint8_t)bits;
	whole = cut(prefix);
	if (whole.word[0] == prefix->word[0] && whole.word[1] == prefix->word[1])
		return 0;
	prefix_print(right, &whole);
	return err_say(err, -EINVAL,
		"not a prefix: '%s' has bits behind its length: did you mean %s?", item, right);
}

static struct prefix *add(struct prefix_list *list)
{
	unsigned room = list->room ? 2 * list->room : 16;
	struct prefix *longer;

	if (list->count < list->room)
		return &list->list[list->count++];
	longer = realloc(list->list, room * sizeof(*longer));
	if (!longer)
		return NULL;
	list->list = longer;
	list->room = room;
	return &list->list[list->count++];
}

int option_prefixes(const struct option *option, const char *text, void *field, struct err *err)
{
	struct prefix_list *to = field;
	char item[INET6_ADDRSTRLEN + 16];
	int code;

	(void)option;
	prefix_list_fini(to);
	if (!*text)
		return 0;
	while ((code = option_item(&text, item, sizeof(item), err)) > 0) {
		struct prefix *prefix = add(to);

		if (!prefix)
			return err_set(err, -ENOMEM, "make room for prefixes");
		code = parse_one(item, prefix, err);
		if (code)
			return code;
	}
	return code;
}

void prefix_list_fini(struct prefix_list *list)
{
	free(list->list);
	*list = (struct prefix_list){ 0 };
}

int prefix_compare(const void *one, const void *other)
{
	const struct prefix *a = one, *b = other;

	if (a->is_ipv6 != b->is_ipv6)
		return a->is_ipv6 - b->is_ipv6;
	if (a->bits != b->bits)
		return a->bits - b->bits;
	for (unsigned i = 0; i < 2; i++)
		if (a->word[i] != b->word[i])
			return a->word[i] < b->word[i] ? -1 : 1;
	return 0;
}

void prefix_print_address(char *text, const uint64_t word[2], bool is_ipv6)
{
	const uint64_t words[2] = { htobe64(word[0]), htobe64(word[1]) };

	inet_ntop(is_ipv6 ? AF_INET6 : AF_INET, words, text, PREFIX_TEXT);
}

void prefix_print(char *text, const struct prefix *prefix)
{
	size_t length;

	prefix_print_address(text, prefix->word, prefix->is_ipv6);
	length = strlen(text);
	snprintf(text + length, PREFIX_TEXT - length, "/%u", prefix->bits);
}
