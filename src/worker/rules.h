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

/* Chooses each service's half; zero_copy says whether sockets are bound with it. */
void rules_choose_halves(struct interface *interface, bool has_kernel_half, bool zero_copy);

/* Compiles them into the interface's rules and own_tables. */
int rules_compile(struct interface *interface, struct err *err);

#endif
