/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a service is to the rest of the program: a descriptor. Its rule is in bpf/NAME.h, for both
 * halves; here are its name, its INI keys, how they become the tables that the rule reads, what it
 * needs of the machine, its user half, and the figures it shows.
 *
 * The user half, all of it optional. An instance of a service has a part on each interface and a part
 * for each queue with a worker:
 *
 *    open ─▶ open_interface ─▶ open_queue ─▶ handle, flush … ─▶ close_queue ─▶ close_interface ─▶ close
 *
 * handle and flush run in the queue's worker; all else runs in one thread at a time (the starter, then
 * the watcher), never beside that queue's worker's part of the same queue being opened or closed. An
 * interface that goes away is closed and opened again when it is back; the instance stays. A reload opens
 * and closes the parts of services that come and go while the interface and its workers run.
 */
#ifndef RINGSIDE_SERVICE_H
#define RINGSIDE_SERVICE_H

#include <sys/types.h>

#include "base/err.h"
#include "base/figure.h"
#include "base/log.h"
#include "base/option.h"
#include "bpf/services.h"

enum path { PATH_AUTO, PATH_KERNEL, PATH_USER };
extern const char *const path_names[]; /* "auto", "kernel", "user", NULL */

/* Every service's settings begin with these; its option table has the rows for them. */
struct service_settings {
	struct option_names interfaces;
	int path; /* enum path */
};

/* What a tap calls the drops of all services: no service or ring has this name. */
#define SERVICE_DROPS "drops"

/* What a service cannot do without; a mask. Where it is not to be had, `check` says so in these words,
 * and so does an interface that finds only a backend without it. */
enum service_needs {
	SERVICE_NEEDS_KERNEL_HALF =
		1 << 0, /* only the kernel half can do it: XDP, path auto or kernel */
	SERVICE_NEEDS_WORKER = 1 << 1, /* only a worker can do it: path auto or user */
	SERVICE_NEEDS_FILTER = 1 << 2, /* frames that the stack does not see, too: not AF_PACKET */
	SERVICE_NEEDS_DEVICE = 1 << 3, /* a network device (for a TC program): not a capture file */
	/* Packets that were copied into the queue's frames: with zero copy a NIC writes all of its queue's
	 * traffic there. Zero copy is not tried then. */
	SERVICE_NEEDS_COPIES = 1 << 4,
	SERVICE_NEEDS_FRAMES =
		1 << 5, /* whole frames, and a way to send them: not plain UDP sockets */
};

/* What a service's rule is compiled from and into. */
struct service_compile {
	const void *settings;
	const void *instance; /* NULL for a trial, and where the type has no open() */
	unsigned place; /* in the order of offer: its bit in the port table */
	unsigned queues; /* of all its interfaces together */
	struct service_rule *rule; /* all zeros but for slot and half */
	struct rule_tables *tables;
};

enum service_xdp {
	SERVICE_XDP_NO,
	SERVICE_XDP_IF_NATIVE, /* where a program can be attached in native mode */
	SERVICE_XDP_MUST, /* it does not work without */
};

struct access_settings;
struct access_loader;
struct access_place;

/* An instance as it is opened. */
struct service_start {
	const char *name;
	const void *settings; /* the instance's until it is closed or reload() brings others */
	unsigned slot;
	const struct access_settings *access; /* [access], for a type with a gate; on loan */
	const struct access_loader *loader; /* kept */
	struct log *log; /* kept */
};

/* An interface that a service is on; stays until close_interface(). */
struct service_interface {
	const char *name;
	const char *
		netns; /* empty: this one; has been entered during open_interface() and close_interface() */
	uint32_t ifindex; /* 0: a capture file */
	uint32_t mtu;
	uint32_t queues; /* receive queues in use */
	const char *driver;
	const uint8_t *mac; /* [6] */
	bool generic; /* XDP in generic mode */
	struct log *log;
	struct rule_tables *tables; /* as both halves have them now; others after a reload */
	/* Moves the calling thread into its network namespace. Returns what leave() takes to come back, or
	 * a negative errno with err set. */
	int (*enter)(const struct service_interface *interface, struct err *err);
	void (*leave)(int back);
	void *program; /* map_fd()'s own */
	/* The descriptor of a map or program in the kernel half, or -ENOENT: there is none. Another
	 * one after a reload, of the same map. */
	int (*map_fd)(const struct service_interface *interface, const char *name);
};

/* A queue's packet memory, which other processes can map from the descriptor for reading only. */
struct service_memory {
	int fd; /* the queue's */
	const uint8_t *area; /* mapped here */
	uint64_t bytes;
};

/* A queue that has a worker. */
struct service_queue {
	const struct service_interface *interface;
	uint32_t queue; /* as the device counts them */
	uint32_t index; /* as the interface's queues in use are counted, from 0 */
	void *io; /* keep()'s own */
	/* Gives the service `count` of the queue's frames to keep, by their numbers, until the queue is
	 * closed. For open_queue(), of services whose keeps() said so. -EOPNOTSUPP: the backend keeps all
	 * of them. */
	int (*keep)(const struct service_queue *queue, uint32_t *frames, unsigned count,
		struct service_memory *memory);
};

/* A frame for a service's handler, on loan for the call. */
struct service_frame {
	const struct frame *frame; /* its headers, found and checked; data and end hold all of it */
	const struct service_rule *rule; /* by which it is the service's */
	const struct rule_tables *tables;
	uint64_t hook_ns; /* when it arrived, CLOCK_MONOTONIC; 0: unknown, always at level basic */
	uint64_t now_ns; /* CLOCK_MONOTONIC, once a batch */
	uint32_t number; /* of the frame in the queue's memory */
	/* A handler that keeps the frame, and returns DELIVER, puts here the number of one that it kept
	 * before: the queue takes that one back instead. */
	uint32_t *given;
};

/* The way from the kernel half to other CPUs, which may lose frames. */
struct service_way {
	uint64_t sent; /* frames that were put on it */
	uint64_t lost; /* of those: dropped there */
	uint64_t in_flight; /* of those: still on it */
};

/* [access] for a type with a hook of its own, whose program judges sources itself. For all others it is judged
 * where rules are. */
struct service_gate {
	/* Makes ready to judge by other settings, which may change nothing. Then one of the other two is called. */
	int (*prepare)(void *instance, const struct access_settings *settings, struct err *err);
	/* From one packet to the next. keep() is told what was counted by the settings before. */
	void (*commit)(void *instance,
		void (*keep)(void *context, const struct access_place *before), void *context);
	void (*abort)(void *instance);
	const struct access_place *(*place)(void *instance);
};

/* Where a service's own hooks show taps what they make of packets: bpf/tap.h. */
#define SERVICE_TAP_PLACES 8
struct service_tap {
	int packets_fd, lost_fd; /* maps, the service's own */
	unsigned places; /* the interfaces' numbers in notes are below that */
};

/* Who asks on the control socket for something of a service's by its name; the kernel's word. */
struct service_client {
	uid_t uid;
	gid_t gid;
	unsigned groups_count;
	gid_t groups[64]; /* the supplementary ones */
	bool looks_on; /* wants to see what others get, and to be no reason to give it */
};

struct service_type {
	const char *name;
	const char *summary; /* one line for --help */
	const struct option *options;
	unsigned options_count;
	size_t settings_size; /* bytes; begins with a struct service_settings */
	/* Writes the rule of one service, and its entries into the tables, for one interface. Returns
	 * -E2BIG with err set when a table is full. */
	int (*compile)(const struct service_compile *compile, struct err *err);
	/* Says what contradicts what in the settings, or returns 0. May be NULL, as all below. */
	int (*check)(const void *settings, struct err *err);
	/* The mask of enum service_needs; NULL: none. */
	unsigned (*needs)(const void *settings);
	/* Why nothing is timed from the hook to the service's end of it, in up to 47 characters; NULL, or returned:
	 * it is. */
	const char *(*untimed)(const void *settings);
	/* Where its worker's way with a frame ends, in up to 15 characters; NULL: where the frame is sent. */
	const char *timed_to;
	/* How many of a queue's frames it keeps; NULL: none. */
	uint32_t (*keeps)(const void *settings);
	/* What it needs of root's power (PRIVILEGE()) besides what its interfaces do; settings NULL: with
	 * any settings, since a reload brings others. NULL: nothing. */
	uint64_t (*privileges)(const void *settings);

	/* Each fills its last but one argument, which is what the calls of that part get; where one is
	 * NULL they get what the one before it has filled. */
	int (*open)(const struct service_start *start, void **instance, struct err *err);
	/* Called with the kernel half loaded and not yet attached; without one just before the queues. */
	int (*open_interface)(void *instance, const struct service_interface *interface,
		void **part, struct err *err);
	int (*open_queue)(
		void *part, const struct service_queue *queue, void **handler, struct err *err);
	/* The packet path: a frame whose verdict is VERDICT_HANDLE. Here and in flush() the thread is
	 * confined: of the kernel it can ask no more than confine_common (base/confine.h: futex, write,
	 * memory). Returns what became of it, an enum outcome: DELIVER, DROP + a reason, TX (rewritten in place, to be sent back) or PASS. */
	int (*handle)(void *handler, const struct service_frame *frame);
	/* The end of a batch in which handle() was called. */
	void (*flush)(void *handler);
	void (*close_queue)(void *handler);
	/* A service whose packets come by a hook of its own, and not by that of XDP: which one ("TC ingress").
	 * An interface with such services alone has no XDP program. It attaches its program in
	 * open_interface(), lets everything pass until run_interface(part, true), when all else is in its
	 * place, and again from run_interface(part, false) on, before anything is taken away. */
	const char *own_hook;
	void (*run_interface)(void *part, bool run);
	const struct service_gate *gate; /* NULL: [access] does not reach it there */
	/* Whether it would rather come behind an XDP program on an interface with that driver: see own_hooks in
	 * bpf/entry.bpf.c. NULL: no. */
	enum service_xdp (*wants_xdp)(const void *settings, const char *driver);
	/* Where its hooks are on the interface, in up to 63 characters; it may change. NULL: own_hook says it. */
	const char *(*where)(void *part);
	/* Adds what its hook has counted for a queue since open_interface(). */
	void (*read_books)(void *part, uint32_t queue, struct hook_books *books);
	/* Has its hooks show what they make of packets, of these targets (bpf/tap.h); 0: no more, and tap is not
	 * filled. -EOPNOTSUPP: they see none. As long as any are shown the maps stay. Then an interface's number
	 * in notes. */
	int (*show)(void *instance, uint32_t targets, struct service_tap *tap, struct err *err);
	unsigned (*tap_place)(void *part);
	void (*close_interface)(void *part);
	/* Whether the parts of its queues must be made anew for other settings: its interfaces are closed and
	 * opened again then, which loses the frames that come meanwhile. NULL: never. */
	bool (*reopens)(const void *before, const void *settings);
	/* Takes over other settings while frames flow; they are the instance's then, and those before are
	 * about to go. Rules and tables are compiled from them afterwards. A failure changes nothing; after
	 * one of something else it is called again, with the old ones. NULL is for a type that looks at its
	 * settings only when it is opened and compiled. */
	int (*reload)(void *instance, const void *settings, struct err *err);
	/* Changes something while frames flow; nothing of it outlives a reload of the settings. -ENOENT:
	 * there is no such key; another negative errno: the value cannot be. */
	int (*set)(void *instance, const char *key, const char *value, struct err *err);
	/* What became of the frames of a queue that its kernel half counted as OUTCOME_DELIVER. */
	void (*follow)(void *part, uint32_t queue, struct service_way *way);
	/* A client of the control socket: whether the instance has something of that name, and the client
	 * may have it. 0; -ENOENT: not mine; -EACCES with err set. Then its connection, which the service
	 * keeps, on which it may send descriptors. The control thread calls them, and must not wait. */
	int (*judge)(void *instance, const char *name, const struct service_client *client,
		struct err *err);
	void (*take)(
		void *instance, const char *name, const struct service_client *client, int socket);
	/* Told when the service is paused or goes on. Rules need not look: they are offered nothing
	 * meanwhile. For a type with other ways to frames. */
	void (*pause)(void *instance, bool paused);
	void (*close)(void *instance);

	/* Fills the figures and tables below, ten times a second. */
	void (*sample)(void *instance, struct figure_sample *sample);
	const struct figure_type *figures;
	unsigned figures_count;
	const struct figure_table *tables;
	unsigned tables_count;
};

/* How many frames a service keeps. */
uint32_t service_keeps(const struct service_type *type, const void *settings);

/* What a service needs, and a need in words ("the kernel half (XDP)"). */
unsigned service_needs(const struct service_type *type, const void *settings);
const char *service_need_words(unsigned need);

/* True when its packets have keys. */
bool service_has_keys(const struct service_type *type);

/* Enters the ports of a service into the port table of its compilation. */
void service_compile_ports(const struct option_ports *ports, const struct service_compile *compile);

/* Empties the tables before the services of an interface are compiled into them. */
void rule_tables_init(struct rule_tables *tables);

/* All services, in the order a frame is offered to them, those with a hook of their own last; NULL at the end. */
extern const struct service_type *const service_types[];

/* The type of that name, or NULL. */
const struct service_type *service_find(const char *name);

#endif
