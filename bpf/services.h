/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * THE list of services, in the order a frame is offered to them, and what both halves judge by.
 */
#ifndef RINGSIDE_SERVICES_H
#define RINGSIDE_SERVICES_H

#include "access.h"
#include "bucket.h"
#include "deliver.h"
#include "reflect.h"
#include "steer.h"
#include "tables.h"
#include "verdict.h"

/* Each NAME has a bpf/NAME.h with struct NAME_rule, NAME_match() and NAME_answer(); the latter may be an
 * empty one where no verdict is VERDICT_BOUNCE. */
#ifndef SERVICES /* tests add one of their own */
#define SERVICES(X) X(reflect) X(deliver) X(steer)
/* Those whose packets have a key: NAME_key(), of a frame with the verdict VERDICT_HANDLE. */
#define KEYED_SERVICES(X) X(steer)
/* Those with maps in the kernel half that only some settings need. */
#define CHOOSY_SERVICES(X) X(steer)
#endif
#ifndef KEYED_SERVICES
#define KEYED_SERVICES(X)
#endif
#ifndef CHOOSY_SERVICES
#define CHOOSY_SERVICES(X)
#endif

enum service_kind {
	SERVICE_NONE, /* an empty slot */
#define SERVICE_ENUM(name) SERVICE_##name,
	SERVICES(SERVICE_ENUM)
#undef SERVICE_ENUM
};

/* Which half answers. */
enum half { HALF_KERNEL, HALF_USER };

/* One service of one interface, at its place in the order of offer. In the kernel half this is read-only data, known when the program is
 * loaded, so that what a service does not use is pruned. */
struct service_rule {
	union {
#define SERVICE_MEMBER(name) struct name##_rule name;
		SERVICES(SERVICE_MEMBER)
#undef SERVICE_MEMBER
	};
	__u64 limit_cost; /* 1/256 ns a packet, see bucket.h; 0: no limit */
	__u64 limit_burst; /* 1/256 ns */
	__u8 kind; /* enum service_kind */
	__u8 half; /* enum half */
	__u8 slot; /* of its cells, latencies and buckets, whatever its place in the order of offer */
	__u8 fragments; /* the rule wants to see FRAME_FRAGMENTs, too */
	__u8 monitor; /* [access] drops nothing of it, and counts what it would have */
	__u8 replies; /* what a client's connected socket waits for passes instead of being dropped, counted */
	__u8 pad[2];
};

/* One service's verdict on a frame. */
static __always_inline int service_match(const struct frame *f, const struct service_rule *rule,
	const struct rule_tables *tables, const struct rule_state *state)
{
	if (!f->udp_bytes && !rule->fragments)
		return VERDICT_NEXT;
#define SERVICE_MATCH(name)                                                                        \
	if (rule->kind == SERVICE_##name)                                                          \
		return name##_match(f, &rule->name, tables, state);
	SERVICES(SERVICE_MATCH)
#undef SERVICE_MATCH
	return VERDICT_NEXT;
}

/* The key of a frame with the verdict VERDICT_HANDLE, when its service has keys: then 1, else 0. */
static __always_inline int service_key(
	const struct frame *f, const struct service_rule *rule, __u64 *key)
{
#define SERVICE_KEY(name)                                                                          \
	if (rule->kind == SERVICE_##name) {                                                        \
		*key = name##_key(f, &rule->name);                                                 \
		return 1;                                                                          \
	}
	KEYED_SERVICES(SERVICE_KEY)
#undef SERVICE_KEY
	(void)f, (void)rule, (void)key;
	return 0;
}

/* Whether a service has a use for one of its maps, by that map's name: NAME_wants_map(). For user space. */
static inline int service_wants_map(const struct service_rule *rule, const char *map)
{
#define SERVICE_WANTS_MAP(name)                                                                    \
	if (rule->kind == SERVICE_##name)                                                          \
		return name##_wants_map(&rule->name, map);
	CHOOSY_SERVICES(SERVICE_WANTS_MAP)
#undef SERVICE_WANTS_MAP
	(void)rule, (void)map;
	return 1;
}

/* Turns a frame with the verdict VERDICT_BOUNCE into its answer. */
static __always_inline void service_answer(const struct frame *f, const struct service_rule *rule)
{
#define SERVICE_ANSWER(name)                                                                       \
	if (rule->kind == SERVICE_##name)                                                          \
		name##_answer(f, &rule->name);
	SERVICES(SERVICE_ANSWER)
#undef SERVICE_ANSWER
}

#endif
