/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A running instance: all interfaces of a configuration, watched by one thread that takes a snapshot
 * ten times a second and opens an interface again when it has been away.
 */
#ifndef RINGSIDE_POOL_H
#define RINGSIDE_POOL_H

#include "config.h"
#include "stats/published.h"
#include "worker/books.h"
#include "worker/price.h"

struct pool;

/* Opens and starts everything; the caller's thread must have blocked the signals it wants to handle.
 * config and log are kept. On failure nothing is left behind. */
int pool_start(struct pool **pool, const struct config *config, struct log *log, struct err *err);

/* Copies the newest snapshot when its sequence is above `sequence`; false: there is none. Its rates are
 * not set: they are over the reader's own interval (snapshot_set_rates()). Any thread. */
bool pool_take(struct pool *pool, struct snapshot *into, uint64_t sequence);

/* Publishes each snapshot from now on, the final one too; it is closed after pool_stop(). Any thread. */
void pool_publish(struct pool *pool, struct published *published);

/* A descriptor that polls readable once the instance has come to its end by itself: the capture files
 * have been read. */
int pool_end_fd(const struct pool *pool);

/* Changes the statistics level. who is for the log; expires: level debug falls back to detailed after
 * 60 s. Any thread. */
void pool_set_level(struct pool *pool, enum level level, const char *who, bool expires);

/* A client of the control socket asks for something of a service's (a ring) by its name. Returns 0, or
 * -ENOENT, -EACCES, … with err; pool_take_client() then hands its connection to the service. Any
 * thread. */
int pool_judge_client(
	struct pool *pool, const char *name, const struct service_client *client, struct err *err);
void pool_take_client(
	struct pool *pool, const char *name, const struct service_client *client, int socket);
/* The same for one who asks to look at the packets of a service, by its name, or at all "drops". */
int pool_judge_tap(
	struct pool *pool, const char *name, const struct service_client *client, struct err *err);
void pool_take_tap(
	struct pool *pool, const char *name, const struct service_client *client, int socket);
/* Takes over another configuration while frames flow: services added, removed and changed, interfaces
 * added and removed. On failure nothing has changed, with err saying why. On success it is kept and the
 * one before is the caller's to end; sections of interfaces that go on are not looked at. Waits until it
 * is done; any thread but not beside pool_stop(). */
int pool_reload(struct pool *pool, struct config *config, struct err *err);

/* Pauses a service, whose frames then pass to the stack, or has it go on. -ENOENT: there is none of that
 * name. Otherwise like pool_reload(). */
int pool_set_service_state(struct pool *pool, const char *name, bool paused, struct err *err);

/* Changes something of a service's own (service_type.set). -ENOENT: there is no such service or key;
 * otherwise what the service says. Waits until it is done. Any thread. */
int pool_set_service(
	struct pool *pool, const char *name, const char *key, const char *value, struct err *err);

/* Detaches, drains, stops all threads, and fills the final snapshot, whose totals are exact. Returns 0,
 * or the negative errno of a worker that failed with err saying which. */
int pool_stop(struct pool *pool, struct snapshot *final, struct err *err);
void pool_close(struct pool *pool);

/* The rest is for the files of this folder. */

/* What the watcher is asked for by another thread: to pause a service or have it go on, to change something
 * of it, or a configuration to take over. */
struct pool_request {
	struct config *config;
	const char *service; /* NULL: config is meant */
	const char *key, *value; /* NULL: its state is meant */
	bool paused;
	struct err *err;
	int ret;
};

struct queue_watch {
	uint64_t beats, moved_ns; /* the last sign of life, and when it came */
};

/* An interface of the configuration, there or not. */
struct pool_interface {
	struct config_interface config; /* as it was when the interface was added */
	struct interface_settings settings;
	bool unused; /* no service is on it any more: closed, and not looked for */
	struct interface *interface; /* NULL: absent */
	bool carrier;
	uint64_t nic_rx_packets, nic_read_ns; /* the NIC's count, and when it was read; 0: never */
	/* of the newest opening; stays while it is absent */
	struct snapshot_interface shown; /* without state and counts */
	bool has_kernel_half; /* an XDP program, or hooks of services' own */
	struct interface_path paths[SERVICE_SLOTS];
	const char *timed_from, *timed_to; /* what its backend measures */
	uint64_t retry_ns; /* when to try to open it again */
	char failure[384]; /* why the last try failed; logged when it changes */
	struct link_watch *watch; /* NULL for capture files */
	uint32_t ifindex; /* of the newest opening */
	struct queue_watch queue_watches[INTERFACE_QUEUES];
	/* what closed openings of it have counted */
	uint32_t past_queues;
	struct books past[INTERFACE_QUEUES];
	struct histogram past_latency[SERVICE_SLOTS][2]; /* by enum half */
};

/* What is another number after the interface, or its sockets, have been opened; 0: it is away. */
static inline uint64_t pool_interface_opening(const struct pool_interface *pi)
{
	return pi->interface ? pi->interface->opening * 2 + (pi->interface->io[0] != NULL) : 0;
}

struct pool {
	const struct config *config;
	struct log *log;
	pthread_t watcher;
	bool watching, final;
	int stop_fd, end_fd, timer_fd, request_fd;
	uint64_t start_ns;
	/* by slot */
	uint32_t service_queues[SERVICE_SLOTS];
	const struct service_type *types[SERVICE_SLOTS]; /* of open instances; NULL: none */
	void *instances[SERVICE_SLOTS];
	pthread_mutex_t clients_lock; /* of the instances' coming and going, against clients' */
	uint32_t paused; /* a bit for each slot */
	uint32_t used_slots; /* a bit for each that has ever been used */
	pthread_mutex_t lock; /* of all below */
	uint32_t level;
	uint64_t debug_ends_ns; /* 0: does not */
	struct pool_request *request; /* NULL: none */
	pthread_cond_t served;
	struct snapshot current;
	struct published *published; /* or NULL */
	double level_price_ns[LEVEL_DEBUG + 1];
	struct price_kernel kernel_price;
	/* the watcher's */
	struct access_books *access_books;
	struct taps *taps; /* clients of the control thread's are judged by it, too */
	uint64_t openings; /* of interfaces */
	uint64_t ticks_with_program;
	uint32_t applied_level; /* what the interfaces have been told */
	uint32_t recorded_level; /* the latencies' own, see worker.h */
	uint64_t applied_debug_ends_ns;
	unsigned interfaces_count;
	struct pool_interface *interfaces; /* room for SNAPSHOT_INTERFACES */
};

/* Takes a snapshot of everything into *snapshot. The watcher's thread, or nobody else's. */
void sampler_take(struct pool *pool, struct snapshot *snapshot);
/* Adds an open interface's books and latencies to those of its past, before it is closed. */
void sampler_keep_past(struct pool_interface *interface);

#endif
