/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * [access]: what its keys become for the two halves (bpf/access.h): a trie of all prefixes, and the depths
 * of the buckets. It is none of the services, but stands before each of them.
 */
#ifndef RINGSIDE_SERVICE_ACCESS_H
#define RINGSIDE_SERVICE_ACCESS_H

#include "bpf/access.h"
#include "service/prefix.h"

/* Ten times what a 400 Gbps link carries in frames of 64 bytes. */
#define ACCESS_PPS_MAX 10000000000

struct bpf_object;

struct access_settings {
	struct prefix_list deny, allow;
	uint64_t source_pps; /* 0: no limit */
};

/* One interface's. The trie is made anew with each configuration, and never changed. */
struct access {
	struct access_rule rule;
	struct prefix *prefixes; /* [rule.rules] */
	struct access_node *nodes;
	unsigned nodes_count, nodes_room;
	struct access_memory memory; /* of a worker that sees frames first */
};

/* Where sources are judged: by what, and what has been counted of them. */
struct access_place {
	const struct access *access; /* NULL: nowhere */
	struct access_counts counts;
	__u32 *source_every; /* so many packets are one sample */
};

/* How a service that loads a program of its own comes to the maps of [access] in it (io/access_maps.h). */
struct access_loader {
	void (*set_up)(const struct access_program *program, struct bpf_object *object);
	/* True for maps that belong to one program, whatever comes after it. */
	bool (*is_rules)(const char *map);
	int (*open)(struct access_counts *counts, const struct access_program *program,
		const struct bpf_object *object, struct err *err);
	void (*close)(struct access_counts *counts, const struct access_rule *rule);
};

/* What such a worker goes on with whatever becomes of the configuration. */
struct access_state {
	struct access_sketch sketch;
	struct access_set sets[ACCESS_SETS];
	struct access_samples samples;
};

/* True when anything of it is configured. */
bool access_is_set(const struct access_settings *settings);

/* Says what contradicts what, or returns 0. */
int access_check(const struct access_settings *settings, struct err *err);

/* Compiles the settings; slots: of services that are counted apart; samples: there are services whose keys are sampled
 * in any case. state is kept; NULL: a kernel half sees the frames first. */
int access_compile(struct access **access, const struct access_settings *settings, unsigned slots,
	bool samples, struct access_state *state, struct err *err);

/* All prefixes of both lists: those that deny first, each part sorted and without doubles. *list is the
 * caller's to free. 0 or -ENOMEM. */
int access_list(const struct access_settings *settings, struct prefix **list, uint32_t *count,
	uint32_t *denies);

/* True when both judge alike, and count the same prefixes. */
bool access_is_same(const struct access *access, const struct access *other);

/* What a program is to judge by, as long as that is open. */
struct access_program access_program(const struct access *access);

/* NULL is allowed. */
void access_free(struct access *access);

void access_settings_fini(struct access_settings *settings);

#endif
