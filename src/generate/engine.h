/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What sends and receives: the paced engine (AF_XDP or AF_PACKET, user space sees every packet) and the flood
 * engine (live frames, all in the kernel). An engine stays open over many runs. One thread opens, prepares and
 * closes; the run may be another one's; any may stop it or take a sample meanwhile.
 */
#ifndef RINGSIDE_ENGINE_H
#define RINGSIDE_ENGINE_H

#include "generate/figures.h"
#include "generate/frame.h"
#include "generate/settings.h"
#include "net/link.h"

/* Orders to a run. */
enum engine_order {
	ORDER_GO,
	ORDER_FINISH, /* send no more, and wait for what is on its way back */
	ORDER_ABANDON, /* wait for nothing: the far end is gone */
};

/* Nothing outstanding, and silence for this long: duplicates of the last packets have come by then. */
#define ENGINE_QUIET_NS 200000000ull
/* Between two knocks. */
#define ENGINE_KNOCK_NS 10000000ull

struct engine;

struct engine_ops {
	const char *name; /* "paced", "flood" */
	int (*open)(struct engine **engine, const struct generate_settings *settings,
		const struct link *link, struct err *err);
	/* Makes all ready for one run: nothing is counted, and no order given. */
	int (*prepare)(struct engine *engine, const struct generate_trial *trial, uint32_t stream,
		struct err *err);
	/* Knocks until the far end answers, when asked to, then sends, then waits. -ETIMEDOUT: it never did. */
	int (*run)(struct engine *engine, bool knock, struct err *err);
	void (*order)(struct engine *engine, enum engine_order order);
	/* Fills all but what the generator knows by itself. */
	void (*sample)(struct engine *engine, struct figures *figures);
	void (*close)(struct engine *engine);
};

extern const struct engine_ops engine_paced, engine_flood;

/* What both do alike. Switches offloads off that hide VLAN tags from XDP, and says so; `was` restores them. */
void engine_show_tags(const struct generate_settings *settings, struct link_vlan_offload *was);
/* Starts the clock. */
void engine_start(struct generate_pace *pace, const struct generate_trial *trial);
/* What the run adds up to. times: sequences sent, lost by the window, never left by the driver's count. */
void engine_sum_up(struct figures *figures, const struct generate_pace *pace, uint64_t next,
	uint64_t lost, uint64_t failed);
/* The highest sequence answered, from each flow's order; UINT64_MAX: none was. */
uint64_t engine_last_answered(const __u64 *order, uint32_t flows);
/* Appends a reason to figures' why; cut at its size. */
void engine_why(char *why, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
