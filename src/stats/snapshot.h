/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The snapshot: what an instance was doing at one moment. The sampler makes ten a second; the
 * dashboard, the headless printer and every other reader know nothing else. It has no pointers, so
 * that it can be copied, recorded and mapped by another process.
 *
 * Counters are totals since the start. Zero and unknown are different: a count that is not known is
 * SNAPSHOT_UNKNOWN, a rate that is not known is NAN; both are null in JSON and ? on the screen.
 */
#ifndef RINGSIDE_SNAPSHOT_H
#define RINGSIDE_SNAPSHOT_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/figure.h"
#include "base/log.h"
#include "stats/histogram.h"

#define SNAPSHOT_INTERFACES 8
#define SNAPSHOT_QUEUES 128 /* over all interfaces */
#define SNAPSHOT_EVENTS 16
/* Over all services; so many rows of 168 bytes hold every CPU of a large machine beside the top lists. */
#define SNAPSHOT_FIGURES 128
#define SNAPSHOT_TABLES 80
#define SNAPSHOT_ROWS 768
#define SNAPSHOT_BATCH_BINS 8 /* batches of 1, 2-3, 4-7, 8-15, 16-31, 32-63, 64-127, 128 and more frames */
#define SNAPSHOT_UNKNOWN UINT64_MAX
#define SNAPSHOT_BALANCE_UNKNOWN INT64_MIN /* of a signed count, where -1 is a value */
#define SNAPSHOT_NONE UINT32_MAX

enum queue_state {
	QUEUE_STARTING,
	QUEUE_RUNNING,
	QUEUE_DOWN,    /* the link is down; resumes by itself */
	QUEUE_ABSENT,  /* the interface is gone; resumes when it comes back */
	QUEUE_STALLED, /* its worker has not moved for a second */
	QUEUE_STOPPED,
	QUEUE_FAILED,
	QUEUE_STATES,
};
extern const char *const queue_state_names[QUEUE_STATES];

/* Packets, bytes (layer 2 without FCS) and their rates over interval_s. */
struct snapshot_flow {
	uint64_t rx_packets, rx_bytes, tx_packets, tx_bytes;
	double rx_pps, rx_bps, tx_pps, tx_bps; /* bits a second */
};

/* A latency in ns; every figure but `sampled` and `what` is unknown when count is unknown. */
struct snapshot_latency {
	char what[48];     /* from where to where: "hook to transmit"; or why there is none */
	uint32_t sampled;  /* one packet in so many; 0: not recorded at this level */
	uint64_t count, min, p50, p90, p99, p999, max;
	double mean;
};

struct snapshot_interface {
	char name[16];
	char driver[32];
	char state[16];     /* "up", "down", "absent"; "unused": no service is on it any more */
	uint32_t mtu;
	char io[16];        /* "af_xdp", "af_packet", "pcap"; "tc": services' own hooks alone */
	char xdp[16];       /* "native", "generic", empty without XDP */
	int zero_copy;      /* 1, 0; -1 without AF_XDP sockets */
	char poll[32];      /* the effective poll mode: "interrupt", "busy 20 us", … */
	char why[384];      /* why nothing better is in use, or empty */
	double nic_rx_pps; /* the NIC's own count, over about the last second; NAN: not known */
	/* what the kernel half has counted; SNAPSHOT_UNKNOWN without one */
	uint64_t kernel_rx_packets, kernel_rx_bytes;
	uint64_t kernel_pass, kernel_drop, kernel_tx, kernel_tx_errors, kernel_redirect;
	uint64_t kernel_deliver; /* to other CPUs */
};

struct snapshot_queue {
	uint32_t interface; /* index */
	uint32_t queue;
	uint32_t cpu;       /* the worker's, or SNAPSHOT_NONE when it is not pinned */
	uint32_t state;     /* enum queue_state */
	uint32_t zero_copy; /* 1: bound with zero copy, from getsockopt(XDP_OPTIONS) */
	struct snapshot_flow flow;
	uint64_t made_packets; /* of those sent: besides one for each packet that was answered */
	uint64_t pass_packets;
	uint64_t delivered_packets; /* of those passed: to an application or a CPU */
	uint64_t in_flight_packets;
	int64_t unaccounted_packets; /* SNAPSHOT_BALANCE_UNKNOWN when a term of it is */
	uint64_t drop[DROPS];
	/* level detailed */
	double busy_percent; /* share of time in batches that had frames, over interval_s */
	uint64_t busy_ns;    /* its total */
	uint64_t batches[SNAPSHOT_BATCH_BINS];
	struct snapshot_latency latency;
	/* level debug: entries in use and the rings' sizes, wake-ups, frame sizes */
	uint64_t rx_ring, tx_ring, fill_ring, completion_ring, ring_size;
	uint64_t wakeups;       /* system calls that woke the kernel: sendto for TX, recvfrom for fill */
	uint64_t empty_polls;   /* polls that found nothing */
	uint64_t fill_ring_empty; /* times the kernel found no frame; explains rx_dropped, never adds to it */
	uint64_t sizes[SIZE_BINS];
};

struct snapshot_service_path {
	uint32_t interface;
	char path[8]; /* "kernel", "user" */
	char why[64];
};

struct snapshot_service {
	char name[32];
	char type[16];
	char state[16]; /* "running", "paused", "stopped" */
	uint32_t paths_count;
	struct snapshot_service_path paths[SNAPSHOT_INTERFACES];
	struct snapshot_flow flow;
	uint64_t made_packets; /* as a queue's */
	uint64_t pass_packets; /* left to the Linux stack */
	uint64_t delivered_packets; /* to an application or a CPU */
	uint64_t drop[DROPS]; /* the first DROPS_OF_SERVICE are shown */
	uint64_t spared[DROPS_OF_SERVICE]; /* passed, though the rule found this reason to drop them */
	struct snapshot_latency latency;
	struct histogram histogram; /* level detailed: the latency's, since the start */
};

/* A figure of a service's own. */
struct snapshot_figure {
	uint32_t service; /* index */
	uint32_t pad;
	struct figure_text text;
	union figure_value value;
};

/* A table of a service's own: its rows are those that have its number. */
struct snapshot_table {
	uint32_t service; /* index */
	uint32_t columns_count;
	char name[32], row[16], help[112]; /* row: what a row is, and its label's key */
	char set[16], set_to[16]; /* a row can be changed by the key SET/LABEL; empty: it can't */
	struct figure_text columns[FIGURE_COLUMNS];
};

struct snapshot_totals {
	struct snapshot_flow flow;
	uint64_t made_packets; /* as a queue's: received and made = sent, dropped, passed and in flight */
	uint64_t drop_packets, pass_packets, delivered_packets, in_flight_packets;
	uint64_t drop[DROPS]; /* by reason, those of services that have gone among them */
	int64_t unaccounted_packets; /* what came in and is in none of the others */
};

struct snapshot {
	char name[32];
	char version[16];
	int64_t time_ns;       /* CLOCK_REALTIME */
	uint64_t monotonic_ns; /* CLOCK_MONOTONIC; intervals are measured with this */
	uint64_t uptime_ns;
	uint64_t interval_ns;  /* what the rates are over; 0: none yet, rates are unknown */
	uint32_t level;        /* enum level */
	uint32_t final;        /* 1: everything has stopped, the totals are exact */
	uint32_t debug_left_s; /* seconds until level debug falls back; 0: it stays */
	/* what the statistics of each level cost a packet in a worker, measured here; NAN: not known */
	double level_price_ns[LEVEL_DEBUG + 1];
	/* and in the kernel half, and what that may be wrong by; NAN: there is none, or not known yet */
	double kernel_price_ns[LEVEL_DEBUG + 1], kernel_price_error_ns[LEVEL_DEBUG + 1];
	uint32_t interfaces_count, queues_count, services_count, events_count;
	uint32_t figures_count, tables_count, rows_count, pad;
	uint64_t sequence; /* counts snapshots from 1 */
	struct snapshot_totals totals;
	struct snapshot_interface interfaces[SNAPSHOT_INTERFACES];
	struct snapshot_queue queues[SNAPSHOT_QUEUES];
	struct snapshot_service services[SERVICE_SLOTS];
	struct snapshot_figure figures[SNAPSHOT_FIGURES]; /* of one service after the other */
	struct snapshot_table tables[SNAPSHOT_TABLES]; /* likewise */
	struct figure_row
		rows[SNAPSHOT_ROWS]; /* in any order of tables; a table's in the order to show */
	struct log_line events[SNAPSHOT_EVENTS]; /* newest first */
};

/* Where readers get snapshots from: a running instance, its published mapping, a recording. */
struct snapshot_source {
	void *context;
	/* Copies the newest snapshot; false: there is none newer than the one with this sequence. Its
	 * rates are not set. */
	bool (*take)(void *context, struct snapshot *into, uint64_t sequence);
};

extern const char *const level_names[]; /* "basic", "detailed", "debug", NULL */

extern const char *const batch_bin_names[SNAPSHOT_BATCH_BINS]; /* "1", "2-3", … "128+" */
extern const char *const size_bin_names[SIZE_BINS];             /* "64", "65-127", … "1519+" */

/* A queue's drops of all reasons. A tx_failed that the driver doesn't count is left out: such frames
 * stand among those sent. With any other unknown reason the sum is unknown. */
uint64_t snapshot_queue_drops(const struct snapshot_queue *queue);
/* The same of a service, for the reasons that belong to services. */
uint64_t snapshot_service_drops(const struct snapshot_service *service);

/* True when a reload has taken the interface's last service away: it is closed, and nothing is wrong. */
bool snapshot_is_unused(const struct snapshot_interface *interface);
/* The queues of all other interfaces. */
unsigned snapshot_queues_in_use(const struct snapshot *snapshot);

/* Sums the counts of the queues into the totals; a total with an unknown term is unknown. */
void snapshot_add_up(struct snapshot *snapshot);

/* Fills the interval and every rate in `now` (pps, bps, busy_percent, rates of services' own) from what has changed since
 * `before`; before NULL, or of another run (its sequence is not lower): rates are unknown. A counter
 * that went backwards gives an unknown rate, never a huge one. */
void snapshot_set_rates(struct snapshot *now, const struct snapshot *before);

/* True when there is no such latency, at any level, and `what` says why. */
static inline bool snapshot_is_untimed(const struct snapshot_latency *latency, enum level level)
{
	return !latency->sampled && level > LEVEL_BASIC && *latency->what;
}

/* Fills a latency's figures from a histogram. sampled 0 or no histogram: all unknown. Without values
 * the count is 0 and the other figures are unknown. */
void snapshot_set_latency(struct snapshot_latency *latency, const struct histogram *histogram,
	const char *what, uint32_t sampled);

/* The shortest words for a drop reason ("rx_ring_full") and, in words, what it means and what to do. */
extern const char *const drop_names[DROPS];
struct drop_text {
	const char *meaning; /* "the worker is too slow: its RX ring was full" */
	const char *advice;  /* "spread the traffic over more queues" */
};
extern const struct drop_text drop_texts[DROPS];
/* True: nobody wanted it dropped; it could not be kept. */
bool drop_is_loss(enum drop reason);

#endif
