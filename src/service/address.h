/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Filling the table of addresses that both halves look up (bpf/address.h), and the option `addresses`:
 * any, local, or a list.
 */
#ifndef RINGSIDE_SERVICE_ADDRESS_H
#define RINGSIDE_SERVICE_ADDRESS_H

#include "base/option.h"
#include "bpf/address.h"

#define ADDRESS_LIST_MAX 64

enum address_choice { ADDRESSES_ANY, ADDRESSES_LOCAL, ADDRESSES_LISTED };

/* What the option is parsed into. */
struct address_list {
	int choice; /* enum address_choice */
	unsigned count;
	struct address list[ADDRESS_LIST_MAX]; /* wanted: 0 */
};

/* The parser: any | local | list of IPv4 and IPv6 addresses. Field: struct address_list. */
int option_addresses(const struct option *option, const char *text, void *field, struct err *err);

/* Enters the list for a service's slot and fills *wanted with what its rule must look for. -E2BIG: a
 * bucket is full. */
int address_compile(const struct address_list *list, unsigned slot, struct address *table,
	__u32 *wanted, struct err *err);

/* Lets go of a slot's list, while frames flow. */
void address_forget(struct address *table, unsigned slot);

/* Makes these the machine's own addresses and lets go of the others, while frames flow. Returns how many
 * found no room. */
unsigned address_set_local(struct address *table, const struct address *list, unsigned count);

#endif
