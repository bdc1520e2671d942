/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packets in and out: the whole interface between a worker and a backend (AF_XDP, AF_PACKET, capture
 * files), and who owns a frame when.
 *
 * io_receive() lends up to a batch of frames to the worker. The worker reads them, rewrites them in
 * place, and says of each in `send` whether it goes back out. io_finish() takes all of them back, once,
 * in one call: those to send belong to the backend's transmit side until they have left, the others are
 * free at once. Between the two calls the worker owns the frames; outside of them it touches none.
 * io_lend() lends empty frames in the same way, for those who send without having received.
 *
 * A service may keep a frame of the batch for longer, in exchange: io_keep() gives it a stock of frames when
 * the queue is opened, and for each frame on loan that it keeps it gives one of those that it has back in
 * the loan's place. So its stock never changes in size, and io_finish() still takes back as many as it lent.
 *
 * A queue belongs to one thread from open to close, except io_read_gauges(), which any thread may call.
 */
#ifndef RINGSIDE_IO_H
#define RINGSIDE_IO_H

#include <stdbool.h>
#include <stdint.h>

#include "base/confine.h"
#include "base/err.h"
#include "base/log.h"
#include "bpf/services.h"

#define IO_BATCH_MAX 256

struct io_frame {
	uint8_t *data; /* first byte of the Ethernet header; VLAN tags are in the frame */
	uint32_t length; /* bytes, without FCS */
	uint32_t handle; /* the backend's own: which buffer this is */
	uint64_t
		hook_ns; /* when it arrived, CLOCK_MONOTONIC; 0: unknown. Only at levels that record it */
	bool send; /* set by the worker before io_finish(): send it, else it is done with */
	bool sent; /* set by io_finish(): false with send: no room to transmit, the frame was dropped */
	bool broken; /* set by io_receive(): cut short or otherwise not to be judged (bad_frame) */
	bool kept; /* set by the worker before io_finish(), never with send: a service keeps it, and */
	uint32_t given; /* this frame, which the service kept before, comes back in its place */
};

/* A queue's packet memory as other processes can map it, read-only. */
struct io_memory {
	int fd; /* sealed; the queue's */
	const uint8_t *area; /* mapped here; frame n begins at n * frame_size */
	uint64_t bytes;
	uint32_t frame_size;
};

/* What a queue holds and what the kernel has counted against it, read from the rings and the kernel's
 * own statistics, never computed from other counts. Totals since open; UINT64_MAX: unknown. */
struct io_gauges {
	uint64_t
		received; /* by the backend's own count, drops included; unknown where a kernel half
				  * counts */
	uint64_t in_flight; /* frames received by the kernel and not yet lent */
	uint64_t rx_ring_full; /* dropped by the kernel: no room in the receive ring */
	uint64_t rx_dropped; /* dropped by the kernel for another reason */
	uint64_t fill_ring_empty; /* explains rx_dropped, is never added to it */
	uint64_t tx_invalid; /* descriptors that the kernel refused */
	uint64_t rx_ring, tx_ring, fill_ring, completion_ring, ring_size; /* entries in use */
	uint64_t wakeups, empty_polls;
};

struct io_queue_settings {
	const char *interface;
	const char *netns; /* empty: this one; the opener has entered it already */
	uint32_t ifindex, queue, mtu;
	uint32_t frames, frame_size, batch, busy_poll_us;
	uint32_t
		kept; /* of the frames, what services will keep; above 0, others can map the memory */
	int huge_pages; /* enum frames_pages */
	int numa_node; /* -1: none */
	bool generic; /* AF_XDP: the program is attached in generic mode */
	bool zero_copy; /* AF_XDP: ask for zero copy; without it, copy mode is asked for */
	const char *read, *write; /* pcap: file names */
	const uint8_t *udp_ports; /* which destination ports any service wants: [65536], 0: none */
	struct log *log;
};

struct io_queue;

/* One per backend; called once a batch. */
struct io_ops {
	const char *name; /* as the INI and the snapshot have it */
	/* what lies between hook_ns and io_finish(): "hook", "TX submission"; "": hook_ns is not known */
	const char *timed_from, *timed_to;
	/* The system calls of receive, finish, wait and is_drained, beyond confine_common; ends with
	 * CONFINE_END. NULL: none. */
	const struct confine_rule *calls;
	bool can_pass; /* a frame needs no way back to the stack: that has its own copy, or is none */
	/* Fills *queue; on failure a negative errno and err. */
	int (*open)(
		struct io_queue **queue, const struct io_queue_settings *settings, struct err *err);
	/* Lends at most max frames; times: fill hook_ns. 0: none there. A negative errno: the queue is
	 * dead (-ENETDOWN, -ENXIO: its interface is gone; -ENODATA: a file's end). */
	int (*receive)(struct io_queue *queue, struct io_frame *frames, unsigned max, bool times);
	/* Lends at most max empty frames to write into and to send, of settings.mtu and 22 bytes at least;
	 * `length` and `send` are the caller's to set, and all that are lent are finished in one
	 * call, before any other. Never more than there is room to transmit. NULL: the backend has none. */
	unsigned (*lend)(struct io_queue *queue, struct io_frame *frames, unsigned max);
	/* Gives a service `count` frames to keep, by their numbers, and says where they lie; all together at
	 * most settings.kept, and before the first receive. -ENOMEM: more than that. NULL: the backend
	 * keeps its frames for itself. */
	int (*keep)(
		struct io_queue *queue, uint32_t *frames, unsigned count, struct io_memory *memory);
	/* Takes all of them back; sets `sent`. Also called with count 0 when there was nothing to
	 * receive, to push what is still to be transmitted. */
	void (*finish)(struct io_queue *queue, struct io_frame *frames, unsigned count);
	/* Sleeps until there is something to receive or transmit, or for timeout_ms, or until wake_fd
	 * polls readable. */
	void (*wait)(struct io_queue *queue, int wake_fd, int timeout_ms);
	/* Changes udp_ports while it runs; from the thread that opened it, in its namespace. NULL: the
	 * backend does not look at ports. */
	int (*set_ports)(struct io_queue *queue, const uint8_t *udp_ports, struct err *err);
	/* True when everything handed to io_finish() has left. */
	bool (*is_drained)(struct io_queue *queue);
	void (*read_gauges)(struct io_queue *queue, struct io_gauges *gauges);
	void (*close)(struct io_queue *queue); /* NULL is allowed */
};

extern const struct io_ops io_af_xdp, io_af_packet, io_udp_socket, io_pcap_file;

#endif
