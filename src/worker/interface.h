/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One interface of an instance: its kernel half, its queues with their workers, and why they are as
 * they are. The ladder is native XDP with zero copy, native with copies, generic, AF_PACKET; each step
 * down is logged with its reason.
 *
 * One thread at a time (the starter, then the watcher).
 */
#ifndef RINGSIDE_INTERFACE_H
#define RINGSIDE_INTERFACE_H

#include "base/log.h"
#include "config.h"
#include "io/io.h"
#include "io/xdp_program.h"
#include "net/interrupt.h"
#include "net/leftover.h"
#include "net/link.h"
#include "worker/worker.h"

#define INTERFACE_QUEUES 64

/* What the ladder's steps have in common. */
struct interface_settings {
	const struct config *config;
	const struct config_interface *interface; /* one of config's */
	const uint32_t *service_queues; /* [SERVICE_SLOTS]: of all its interfaces together */
	const uint32_t *paused; /* a bit for each slot whose service is offered nothing */
	void *const *instances; /* [SERVICE_SLOTS]: as the services' open() gave them */
	struct access_books *access_books; /* NULL: nobody asks what [access] has counted */
	struct taps *taps; /* NULL: nobody can look at its packets; see worker/tap.h */
	uint32_t level; /* enum level */
	struct log *log;
};

/* By slot, as all arrays of SERVICE_SLOTS here but for the rules, which are in the order of offer. */
struct interface_path {
	bool used; /* the service of this slot is on this interface */
	enum half half;
	char why[64];
};

/* A service's part for the interface. */
struct interface_service {
	const struct service_type *type; /* NULL: none is open */
	struct service_interface *place; /* as the service sees it */
	void *part;
	void *handlers[INTERFACE_QUEUES];
	bool is_open[INTERFACE_QUEUES];
};

/* What services' own hooks that are closed have counted. */
struct gone_hooks {
	struct cells cells;
	struct cell made[SERVICE_SLOTS];
};

struct interface {
	const struct interface_settings *settings;
	uint64_t opening; /* counted by the pool, from 1; 0: not yet */
	struct link link;
	const struct io_ops *ops;
	struct xdp_program *program; /* NULL: no XDP program */
	bool own_hooks; /* all its services have hooks of their own in the kernel */
	bool generic;
	int zero_copy; /* 1, 0; -1: no AF_XDP sockets */
	bool zero_copy_tried;
	bool zero_copy_sleeps; /* the driver binds with it, but does not wake up */
	char why[384]; /* why nothing better, or empty */
	char poll[32]; /* effective poll mode; empty without sockets */
	struct interface_path paths[SERVICE_SLOTS];
	struct service_rule *rules; /* [SERVICE_SLOTS] */
	struct interface_service services[SERVICE_SLOTS];
	struct rule_tables *tables; /* the kernel half's, or own_tables */
	struct rule_state *state; /* the kernel half's, or own_state */
	bool addresses_left_out; /* has been said in the log */
	struct rule_tables *own_tables;
	struct rule_state *own_state;
	struct access *access; /* NULL: it has no rules yet */
	struct access_state
		*access_state; /* of a worker that sees frames first; else untouched memory */
	uint64_t *samples_read; /* by each of their writers; the sampler's, NULL: none yet */
	/* What hooks in front of services' own have passed for good, and what these had counted, as the
	 * books last had it. */
	struct cell passed[INTERFACE_QUEUES], hooked[INTERFACE_QUEUES];
	struct gone_hooks *gone; /* [INTERFACE_QUEUES]; NULL: none are */
	uint32_t queues_count; /* entries of the next four */
	uint32_t queues[INTERFACE_QUEUES];
	struct io_queue *io[INTERFACE_QUEUES]; /* NULL: the kernel half answers alone */
	struct worker *workers[INTERFACE_QUEUES];
	struct worker_rules
		*worker_rules[INTERFACE_QUEUES]; /* of the newest change; NULL: none yet */
	struct link_counter *tx_errors[INTERFACE_QUEUES]; /* NULL: the driver does not count them */
	uint64_t tx_errors_before[INTERFACE_QUEUES];
	uint64_t tx_errors_since[INTERFACE_QUEUES]; /* as last read; the driver may go first */
	uint64_t tx_counted[INTERFACE_QUEUES]; /* answers when that was */
	struct link_vlan_offload vlan;
	struct leftover *leftover; /* the note of it, in case of SIGKILL */
	uint32_t pinned_count;
	struct interrupt_affinity pinned[INTERFACE_QUEUES];
};

/* Opens it: queues bound, program attached, workers not yet running. On failure nothing is left
 * behind. settings are kept. */
int interface_open(
	struct interface **interface, const struct interface_settings *settings, struct err *err);

/* Makes a worker for each queue that has a socket. */
int interface_make_workers(struct interface *interface, struct err *err);

/* Starts the workers. */
int interface_start(struct interface *interface, struct err *err);

/* Takes the program off, then lets the workers finish what they have. The books stay readable. */
void interface_stop(struct interface *interface);

/* Closes everything and puts offloads and interrupts back as they were. NULL is allowed. */
void interface_close(struct interface *interface);

/* Tells both halves the addresses of the machine, as they are now; the calling thread is in the interface's
 * network namespace. */
void interface_set_addresses(struct interface *interface);

/* Tells both halves what to record. */
void interface_set_level(struct interface *interface, uint32_t level);

#endif
