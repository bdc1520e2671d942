/* SPDX-License-Identifier: BSD-2-Clause */
#include "service/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

static int parse_one(const char *item, struct address *address, struct err *err)
{
	struct in_addr ipv4;

	memset(address, 0, sizeof(*address));
	if (inet_pton(AF_INET, item, &ipv4) == 1) {
		address->word[1] = ipv4.s_addr;
		return 0;
	}
	address->is_ipv6 = 1;
	if (inet_pton(AF_INET6, item, address->word) == 1)
		return 0;
	return err_say(err, -EINVAL, "not an IPv4 or IPv6 address: '%s'", item);
}

int option_addresses(const struct option *option, const char *text, void *field, struct err *err)
{
	struct address_list *to = field;
	char item[INET6_ADDRSTRLEN + 16];
	int code;

	(void)option;
	to->count = 0;
	to->choice = !strcmp(text, "any")     ? ADDRESSES_ANY
		     : !strcmp(text, "local") ? ADDRESSES_LOCAL
					      : ADDRESSES_LISTED;
	if (to->choice != ADDRESSES_LISTED)
		return 0;
	while ((code = option_item(&text, item, sizeof(item), err)) > 0) {
		if (to->count == ADDRESS_LIST_MAX)
			return err_say(
				err, -EINVAL, "too many addresses (at most %d)", ADDRESS_LIST_MAX);
		code = parse_one(item, &to->list[to->count++], err);
		if (code)
			return code;
	}
	return code;
}

static bool is_same(const struct address *a, const struct address *b)
{
	return a->word[0] == b->word[0] && a->word[1] == b->word[1] && a->is_ipv6 == b->is_ipv6;
}

/* The entry of an address, or a free one that is its own now; NULL: its bucket is full. The address is
 * written while the entry is still empty, and wanted last. */
static struct address *enter(struct address *table, const struct address *address)
{
	struct address *bucket = &table[address_bucket(address->word[0], address->word[1])];
	struct address *unused = NULL;

	for (unsigned i = 0; i < ADDRESS_WAYS; i++) {
		if (!bucket[i].wanted)
			unused = unused ? unused : &bucket[i];
		else if (is_same(&bucket[i], address))
			return &bucket[i];
	}
	if (!unused)
		return NULL;
	unused->word[0] = address->word[0];
	unused->word[1] = address->word[1];
	unused->is_ipv6 = address->is_ipv6;
	return unused;
}

static void add(struct address *entry, __u32 wanted)
{
	__atomic_store_n(&entry->wanted, entry->wanted | wanted, __ATOMIC_RELEASE);
}

int address_compile(const struct address_list *list, unsigned slot, struct address *table,
	__u32 *wanted, struct err *err)
{
	*wanted = list->choice == ADDRESSES_ANY	    ? 0
		  : list->choice == ADDRESSES_LOCAL ? ADDRESS_LOCAL
						    : 1u << slot;
	for (unsigned i = 0; i < list->count; i++) {
		struct address *entry = enter(table, &list->list[i]);

		if (!entry)
			return err_say(err, -E2BIG, "too many addresses of one hash: a table of %d",
				ADDRESS_TABLE);
		add(entry, *wanted);
	}
	return 0;
}

void address_forget(struct address *table, unsigned slot)
{
	for (unsigned i = 0; i < ADDRESS_TABLE; i++)
		if (table[i].wanted & 1u << slot)
			__atomic_store_n(&table[i].wanted, table[i].wanted & ~(1u << slot),
				__ATOMIC_RELAXED);
}

static bool is_listed(const struct address *address, const struct address *list, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (is_same(address, &list[i]))
			return true;
	return false;
}

unsigned address_set_local(struct address *table, const struct address *list, unsigned count)
{
	unsigned left_out = 0;

	for (unsigned i = 0; i < ADDRESS_TABLE; i++)
		if (table[i].wanted & ADDRESS_LOCAL && !is_listed(&table[i], list, count))
			__atomic_store_n(&table[i].wanted, table[i].wanted & ~ADDRESS_LOCAL,
				__ATOMIC_RELAXED);
	for (unsigned i = 0; i < count; i++) {
		struct address *entry = enter(table, &list[i]);

		if (entry)
			add(entry, ADDRESS_LOCAL);
		else
			left_out++;
	}
	return left_out;
}
