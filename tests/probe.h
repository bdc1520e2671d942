/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A service of the tests' own, which wants every frame of its ports handled: include it first. */
#ifndef RINGSIDE_TEST_PROBE_H
#define RINGSIDE_TEST_PROBE_H

#include "bpf/tables.h"
#include "bpf/verdict.h"

#define SERVICES(X) X(reflect) X(deliver) X(probe)

struct probe_rule {
	__u8 verdict; /* enum verdict */
	__u8 pad[7];
};

static __always_inline int probe_match(const struct frame *f, const struct probe_rule *rule,
	const struct rule_tables *tables, const struct rule_state *state)
{
	(void)f, (void)tables, (void)state;
	return rule->verdict;
}

static __always_inline void probe_answer(const struct frame *f, const struct probe_rule *rule)
{
	(void)f, (void)rule;
}

#endif
