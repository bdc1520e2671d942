/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * steer's settings, as the INI has them, and its instance: which slot belongs to which target, on all of
 * its interfaces.
 *
 * The watcher's thread alone.
 */
#ifndef RINGSIDE_SERVICE_STEER_H
#define RINGSIDE_SERVICE_STEER_H

#include "bpf/steer_maps.h"
#include "service/address.h"
#include "service/service.h"
#include "service/steer_table.h"

/* CPUs, each with a weight. */
struct steer_cpus {
	unsigned count; /* 0: all that are online */
	struct steer_weight {
		uint32_t cpu, weight;
	} list[STEER_TARGETS];
};

struct steer_settings {
	struct service_settings common; /* first */
	uint32_t port;
	struct address_list addresses;
	struct {
		uint64_t value;
		struct steer_field at;
	} magic;
	uint32_t header; /* bytes */
	struct steer_field length, key;
	struct steer_cpus cpus;
	uint32_t cpumap_size; /* packets */
	int invalid; /* enum steer_invalid */
	int fragments; /* enum steer_fragments */
	bool monitor;
};

#define STEER_WEIGHT_MAX 1000

enum steer_invalid { STEER_DROPS, STEER_PASSES };
enum steer_fragments { STEER_FRAGMENTS_PASS, STEER_FRAGMENTS_DROP };

/* How far packets had come, and when that changed. */
struct steer_watch {
	uint64_t progress, since_ns;
};

/* The maps of an interface's kernel half. */
struct steer_interface {
	struct steer_interface *next;
	struct steer *steer;
	const struct service_interface *place;
	struct steer_table *tables; /* [SERVICE_SLOTS], mapped */
	struct steer_sent *sent; /* [STEER_FLOWS], mapped */
	struct steer_seen *seen; /* likewise */
	struct steer_watch watches[STEER_QUEUES];
};

/* What targets have got, summed over queues and interfaces. */
struct steer_count {
	uint64_t redirected;
	uint64_t delivered; /* as far as tags tell */
	uint64_t lost, in_flight;
	uint64_t untold; /* redirected without a tag: nobody knows what became of them */
	uint64_t taken; /* moving slots that queues have brought to it */
};

/* A slot's way from one target to another; each step but the first takes one look, so that no program is
 * still running that has seen the one before the last. */
enum steer_phase {
	STEER_RESTS,
	STEER_MOVES, /* queues go over to the new target, one by one */
	STEER_CLOSES, /* who comes only now goes there at once */
	STEER_LEAVES, /* the mark is gone; its lanes go at the next look */
};

struct steer {
	char name[32];
	unsigned slot;
	struct log *log;
	const struct steer_settings *settings;
	struct steer_interface *interfaces;
	/* what interfaces that were closed have counted */
	struct steer_count past[STEER_TARGETS];
	struct steer_watch watches[STEER_TARGETS];
	uint64_t past_packets[STEER_SLOTS];
	struct steer_assignment now;
	uint64_t moved_ns[STEER_SLOTS]; /* when the slot was given another target */
	uint8_t phase[STEER_SLOTS]; /* enum steer_phase */
};

extern const struct service_type service_steer;

/* steer_life.c, as the descriptor has them. */
int steer_open(const struct service_start *start, void **instance, struct err *err);
int steer_open_interface(
	void *instance, const struct service_interface *interface, void **part, struct err *err);
void steer_close_interface(void *part);
int steer_reload(void *instance, const void *settings, struct err *err);
void steer_close(void *instance);

/* "slots/N" or "slots/N-M": a CPU; "cpus/N": its weight. */
int steer_set(void *instance, const char *key, const char *value, struct err *err);

/* steer_move.c */

/* Writes the table of an interface that has just come. */
void steer_fill(struct steer *steer, struct steer_interface *interface);
/* Tells the kernel halves of slots that have another target now. */
void steer_apply(struct steer *steer);
/* Lets go of what slots needed while they moved, once they are at rest. Ten times a second. */
void steer_settle(struct steer *steer);
/* How many slots may still have packets on the way to their old target. */
unsigned steer_moving(const struct steer *steer);

/* steer_sample.c */
#define STEER_FIGURES 2
#define STEER_FIGURE_TABLES 2
extern const struct figure_type steer_figures[];
extern const struct figure_table steer_tables[];
void steer_sample(void *instance, struct figure_sample *sample);
/* Adds what an interface has counted for a target. */
void steer_count(
	const struct steer_interface *interface, unsigned target, struct steer_count *count);
void steer_follow(void *part, uint32_t queue, struct service_way *way);

#endif
