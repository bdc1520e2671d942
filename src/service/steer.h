/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * steer's settings, as the INI has them, and its instance: which slot belongs to which target, on all of
 * its interfaces.
 *
 * The watcher's thread alone, but for steer_handle() and steer_flush() (the queue's worker) and steer_judge() and
 * steer_take() (the control thread).
 */
#ifndef RINGSIDE_SERVICE_STEER_H
#define RINGSIDE_SERVICE_STEER_H

#include "bpf/steer_maps.h"
#include "service/address.h"
#include "service/readers.h"
#include "service/service.h"
#include "service/steer_balance.h"
#include "service/steer_numbers.h"
#include "service/steer_table.h"

/* CPUs, each with a weight. */
struct steer_cpus {
	unsigned count; /* 0: all that are online */
	struct steer_weight {
		uint32_t cpu, weight;
	} list[STEER_TARGETS];
};

/* Of workers. */
struct steer_weights {
	unsigned count; /* 0: all the same */
	uint32_t list[STEER_TARGETS];
	uint64_t sum;
};

/* Keys with a CPU of their own. */
struct steer_keys {
	unsigned count;
	struct steer_own {
		uint64_t key;
		uint32_t cpu; /* or worker */
	} list[STEER_PINS];
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
	struct steer_field length, key, sequence;
	uint64_t key_mask; /* inside the key's bytes */
	int target; /* enum steer_target */
	struct steer_cpus cpus;
	struct steer_keys keys;
	uint32_t workers;
	struct steer_weights weights;
	char ring[32]; /* empty: the service's name */
	uint32_t depth; /* packets a queue */
	char group[32];
	uint32_t cpumap_size; /* packets */
	int invalid; /* enum steer_invalid */
	int fragments; /* enum steer_fragments */
	int replies; /* enum steer_replies */
	bool monitor;
};

#define STEER_WEIGHT_MAX 1000
/* CPUs of a machine that are looked at, to find out which are online. */
#define STEER_CPUS 1024

enum steer_invalid { STEER_DROPS, STEER_PASSES };
enum steer_fragments { STEER_FRAGMENTS_PASS, STEER_FRAGMENTS_DROP };
enum steer_replies { STEER_REPLIES_DROP, STEER_REPLIES_PASS };

/* How far packets had come, and when that changed. */
struct steer_watch {
	uint64_t progress, since_ns;
};

/* Two looks at what all queues have sent to a target. Once that of the first is through, the second is the
 * first, and a new one is taken. */
struct steer_epoch {
	uint64_t first[STEER_QUEUES], second[STEER_QUEUES];
	uint64_t first_ns, second_ns;
	uint64_t past[STEER_QUEUES]; /* to be told to the kernel half at the next look */
	/* what the program on the CPU has seen, and what the stack has had for sure */
	uint64_t seen[STEER_QUEUES], settled[STEER_QUEUES];
	uint64_t seen_packets; /* of all queues, when `seen` was looked at */
	bool was_empty; /* nothing was on its way at the last look */
	uint64_t clear_ns; /* of what was sent before, nothing is on its way any more */
	uint64_t probe; /* number of the first one that was sent since; 0: none */
};

/* The maps of an interface's kernel half. */
struct steer_interface {
	struct steer_interface *next;
	struct steer *steer;
	const struct service_interface *place;
	struct steer_table *tables; /* [SERVICE_SLOTS], mapped */
	struct steer_sent *sent; /* [STEER_FLOWS], mapped */
	struct steer_seen *seen; /* likewise */
	uint64_t *probes; /* [STEER_PROBES], mapped; all four NULL with target = worker */
	uint64_t probes_sent;
	bool probes_fail; /* has been said */
	struct steer_epoch epochs[STEER_TARGETS];
	uint64_t lost[STEER_QUEUES]; /* as shown: that only grows */
};

/* What targets have got, summed over queues and interfaces. */
struct steer_count {
	uint64_t redirected;
	uint64_t delivered; /* as far as tags tell */
	uint64_t lost, in_flight;
	uint64_t untold; /* redirected without a tag: nobody knows what became of them */
	uint64_t taken; /* moving slots that queues have brought to it */
};

/* What a slot has had. */
struct steer_load {
	__u64 packets, missing, reordered, duplicates, restarts;
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
	uint64_t lost[STEER_TARGETS]; /* as shown: that only grows */
	struct steer_load past_load[STEER_ENTRIES];
	struct steer_load loads[STEER_ENTRIES]; /* of all, as last looked at */
	/* for the proposals: what slots have had, and their rates, as last looked at */
	uint64_t paced_ns, paced[STEER_SLOTS];
	double pps[STEER_SLOTS];
	unsigned proposals_count;
	struct steer_proposal proposals[STEER_PROPOSALS];
	struct steer_assignment now;
	uint64_t online_ns; /* when CPUs were last looked at */
	uint64_t away_ns
		[STEER_TARGETS]; /* since when a CPU is offline, or waits for a longer queue */
	bool renews[STEER_TARGETS]; /* that is what it is away for */
	bool has_short_queues; /* there may be some that are shorter than they shall be */
	uint8_t own_target[STEER_PINS]; /* of keys that have a slot of their own */
	uint64_t moved_ns[STEER_ENTRIES]; /* when the slot was given another target */
	uint8_t phase[STEER_ENTRIES]; /* enum steer_phase */
	/* target = worker */
	struct readers *readers; /* [STEER_TARGETS]; NULL: its targets are CPUs */
	struct steer_queue *queues;
	struct steer_numbers *numbers; /* NULL: packets have none */
	uint64_t attended; /* a bit for each worker whose rings somebody reads */
};

#define STEER_OPTIONS 21
extern const struct option steer_options[STEER_OPTIONS];
int steer_check(const void *settings, struct err *err);

extern const struct service_type service_steer;

/* steer_life.c, as the descriptor has them. */
int steer_open(const struct service_start *start, void **instance, struct err *err);
int steer_open_interface(
	void *instance, const struct service_interface *interface, void **part, struct err *err);
void steer_close_interface(void *part);
bool steer_reopens(const void *before, const void *settings);
int steer_reload(void *instance, const void *settings, struct err *err);
void steer_close(void *instance);

/* steer_ring.c and steer_publish.c, likewise; for target = worker. */
int steer_open_queue(
	void *part, const struct service_queue *queue, void **handler, struct err *err);
int steer_handle(void *handler, const struct service_frame *frame);
void steer_flush(void *handler);
void steer_close_queue(void *handler);
int steer_judge(
	void *instance, const char *name, const struct service_client *client, struct err *err);
void steer_take(void *instance, const char *name, const struct service_client *client, int socket);

/* Opens the way to every target's CPU on an interface, where there is none. A queue that shall be longer is made anew
 * by steer_watch_cpus(), for packets may be in it. */
int steer_open_cpus(struct steer_interface *interface, const struct steer_assignment *to,
	const struct steer_settings *settings, struct err *err);

/* Opens one anew: what is on the way to it must have come. */
int steer_open_cpu(struct steer_interface *interface, uint32_t cpu, uint32_t size);

/* steer_online.c: takes the slots away from a CPU that has gone offline, or shall have a longer queue, and gives it its
 * share when it is back. */
void steer_watch_cpus(struct steer *steer);

/* steer_set.c. "slots/N" or "slots/N-M": a CPU or worker; "keys/KEY": likewise; "cpus/N" or "workers/N": its
 * weight. */
int steer_set(void *instance, const char *key, const char *value, struct err *err);

/* steer_move.c */

/* Writes the table of an interface that has just come. */
void steer_fill(struct steer *steer, struct steer_interface *interface);
/* The target that a slot, or a key's own one, shall have; how many of both there are. */
uint8_t steer_target_of(const struct steer *steer, unsigned n);
unsigned steer_entries(const struct steer *steer);
/* Writes each slot's worker, and who is there, into an interface's tables. */
void steer_write_targets(const struct steer *steer, struct rule_tables *tables);
/* Tells both halves of slots that have another target now. */
void steer_apply(struct steer *steer);
/* Lets go of what slots needed while they moved, once they are at rest. Ten times a second. */
void steer_settle(struct steer *steer);
/* How many slots may still have packets on the way to their old target. */
unsigned steer_moving(const struct steer *steer);

/* steer_sample.c */
#define STEER_FIGURES 6
#define STEER_FIGURE_TABLES 7
extern const struct figure_type steer_figures[];
extern const struct figure_table steer_tables[];
void steer_sample(void *instance, struct figure_sample *sample);

/* steer_way.c: the ways to CPUs. */

/* Looks for what is lost for sure, ten times a second. */
void steer_tend_ways(struct steer *steer);
/* Whether frames to a target carry no tags, so that nobody knows how far they are. */
bool steer_is_blind(const struct steer_interface *interface, unsigned target);
/* Whether nothing is on its way to a target that was sent before a time. */
bool steer_is_clear(const struct steer_interface *interface, unsigned target, uint64_t then_ns);
/* Whether a queue's frames to a target up to one were executed or are lost. */
bool steer_is_through(const struct steer_interface *interface, unsigned target, unsigned queue,
	uint64_t sequence);
/* Adds what an interface has counted for a target; of all interfaces together. */
void steer_count(
	const struct steer_interface *interface, unsigned target, struct steer_count *count);
struct steer_count steer_count_target(struct steer *steer, unsigned target);

void steer_follow(void *part, uint32_t queue, struct service_way *way);

/* steer_load.c: what slots have had, in rows of so many slots, of keys with their own, and of the worst ones. */
#define STEER_RANGE 256
#define STEER_WORST 8
#define STEER_LOAD_COLUMNS 6
#define STEER_BALANCE_COLUMNS 8
enum { STEER_TABLE_SLOTS = 1, STEER_TABLE_KEYS, STEER_TABLE_WORST, STEER_TABLE_BALANCE };
extern const struct figure_type steer_load_columns[], steer_balance_columns[];
/* Fills their tables; the sum of all goes to *sum. */
void steer_sample_load(struct steer *steer, struct steer_load *sum, struct figure_sample *sample);
/* Shows which slots to move so that loads are level, as of the last seconds. */
void steer_sample_balance(struct steer *steer, struct figure_sample *sample);
/* Adds what an interface has counted for a slot. */
void steer_add_load(const struct steer_interface *interface, unsigned n, struct steer_load *load);

#endif
