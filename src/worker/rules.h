/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rules of one interface: which services are on it, in which half, and their settings compiled.
 */
#ifndef RINGSIDE_RULES_H
#define RINGSIDE_RULES_H

#include "worker/interface.h"

/* Marks the services that are on the interface. */
void rules_find_services(struct interface *interface);

/* True when one of them is to be answered on that path. */
bool rules_want_path(const struct interface *interface, enum path path);

/* The frames of a queue that services keep, and a bit for the slot of each one that keeps some. */
uint32_t rules_count_kept(const struct interface *interface);
uint32_t rules_find_keepers(const struct interface *interface);

/* A service whose queues must be opened again for what `next` has it do, or NULL. */
const char *rules_find_reopened(const struct interface *interface, const struct interface *next);

/* The first service that has to have packets copied, or NULL. */
const char *rules_find_copies(const struct interface *interface);

/* True when all of them have hooks of their own: XDP is then not in their way. */
bool rules_have_own_hooks(const struct interface *interface);

/* Whether one of those with hooks of their own wants to come behind XDP here. */
enum service_xdp rules_want_xdp(const struct interface *interface);

/* Chooses each service's half; zero_copy says whether sockets are bound with it. */
void rules_choose_halves(struct interface *interface, bool has_kernel_half, bool zero_copy);

/* Compiles them into the interface's rules, own_tables and access. */
int rules_compile(struct interface *interface, struct err *err);

/* The compiled [access] as the kernel half gets it. */
struct access_program rules_access(const struct interface *interface);

/* The same as a worker that sees frames first has it; *rule stays NULL when nothing of it is configured. */
void rules_set_access(const struct interface *interface, const struct access_rule **rule,
	struct access_memory *memory);

#endif
