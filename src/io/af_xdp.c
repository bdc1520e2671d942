// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <linux/if_xdp.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/counter.h"
#include "base/cpu.h"
#include "io/af_xdp.h"
#include "io/patience.h"
#include "io/rings.h"

/* Newer than Debian 12's headers: include/linux/socket.h, include/uapi/linux/if_xdp.h. */
#ifndef SO_PREFER_BUSY_POLL
#define SO_PREFER_BUSY_POLL 69
#define SO_BUSY_POLL_BUDGET 70
#endif
#define XDP_MAX_TX_SKB_BUDGET_OPTION 9 /* Linux 6.17: frames that one sendto() sends in copy mode */
#define TX_SKB_BUDGET 256

/* A closed socket lets go of its queue asynchronously, about 20 ms later on 6.18. */
#define BIND_TRIES 50
#define BIND_PAUSE_NS (20 * NSEC_PER_MSEC)

/* In copy mode every frame on its way is charged to the socket: the default of 208 KB is full after
 * some 270 frames. This holds a whole TX ring. */
#define SEND_BUFFER_BYTES (8 << 20)

/* How long to wait for the kernel when it could not take all there was to send. */
#define TX_RETRY_MS 1

/* Looks at the ring between two at the clock. */
#define LOOKS 16

struct io_queue {
	struct rings rings;
	struct xsk_umem *umem;
	struct xsk_socket *socket;
	int fd;
	bool zero_copy, busy_poll;
	uint32_t busy_poll_us, napi_id;
	__u64 wakeups, empty_polls; /* single writer: the worker */
	struct patience patience;
	struct log *log;
};

int af_xdp_fd(const struct io_queue *queue)
{
	return queue->fd;
}

bool af_xdp_is_zero_copy(const struct io_queue *queue)
{
	return queue->zero_copy;
}

const char *af_xdp_pages(const struct io_queue *queue)
{
	return queue->rings.frames.pages;
}

void af_xdp_poll_mode(const struct io_queue *queue, char *text, unsigned size)
{
	if (!queue->busy_poll_us)
		snprintf(text, size, "interrupt");
	else if (!queue->busy_poll)
		snprintf(text, size, "interrupt (busy poll refused)");
	else if (!queue->napi_id)
		snprintf(text, size, "interrupt (no NAPI id)");
	else
		snprintf(text, size, "busy poll %u us", queue->busy_poll_us);
}

static int create_umem(
	struct io_queue *q, const struct io_queue_settings *settings, struct err *err)
{
	const struct xsk_umem_config config = {
		.fill_size = RINGS_FILL,
		.comp_size = RINGS_COMPLETION,
		.frame_size = settings->frame_size,
		/* Copying, the kernel then uses the descriptor of its own that it used last, where it has
		 * one for each frame otherwise and finds it in no cache: by a profile an eighth of all that
		 * a flood of short packets costs the CPU that receives them. */
		.flags = settings->zero_copy ? 0 : XDP_UMEM_UNALIGNED_CHUNK_FLAG,
	};
	struct frames *frames = &q->rings.frames;
	int ret = frames_init(frames, settings->frames, settings->frame_size,
		(enum frames_pages)settings->huge_pages, settings->numa_node, settings->kept > 0,
		err);

	if (ret)
		return ret;
	ret = xsk_umem__create(&q->umem, frames->area, frames->bytes, &q->rings.fill,
		&q->rings.completion, &config);
	if (ret == -EPERM) {
		err_set(err, ret, "create AF_XDP socket");
		return err_add(err, ret, " (needs CAP_NET_RAW)");
	}
	if (ret == -ENOBUFS) {
		err_set(err, ret, "register %zu KB of packet memory", frames->bytes >> 10);
		return err_add(err, ret,
			" (over the memlock limit: raise ulimit -l or "
			"LimitMEMLOCK, or give CAP_IPC_LOCK)");
	}
	if (ret)
		return err_set(err, ret, "register packet memory");
	/* the kernel has its hold on it for writing now, and nobody else gets one */
	return settings->kept ? frames_seal(frames, err) : 0;
}

static int bind_socket(
	struct io_queue *q, const struct io_queue_settings *settings, struct err *err)
{
	const struct xsk_socket_config config = {
		.rx_size = RINGS_RX,
		.tx_size = RINGS_TX,
		.libxdp_flags = XSK_LIBXDP_FLAGS__INHIBIT_PROG_LOAD,
		.bind_flags = (uint16_t)(XDP_USE_NEED_WAKEUP |
					 (settings->zero_copy ? XDP_ZEROCOPY : XDP_COPY)),
	};
	const char *mode = settings->zero_copy ? "zero copy" : "copy mode";
	int ret = 0;

	for (int i = 0; i < BIND_TRIES; i++) {
		const struct timespec pause = { .tv_nsec = BIND_PAUSE_NS };

		ret = xsk_socket__create(&q->socket, settings->interface, settings->queue, q->umem,
			&q->rings.rx, &q->rings.tx, &config);
		if (ret != -EBUSY)
			break;
		nanosleep(&pause, NULL);
	}
	if (!ret) {
		q->fd = xsk_socket__fd(q->socket);
		return 0;
	}
	if (ret == -EBUSY)
		return err_say(err, ret, "bind queue %u: in use by another AF_XDP socket",
			settings->queue);
	if (ret == -EPERM) {
		err_set(err, ret, "bind queue %u", settings->queue);
		return err_add(err, ret, " (needs CAP_NET_RAW)");
	}
	if (ret == -EINVAL && !settings->zero_copy)
		return err_set(err, ret, "bind queue %u (is there such a queue?)", settings->queue);
	return err_set(err, ret, "bind queue %u with %s", settings->queue, mode);
}

static void set_busy_poll(struct io_queue *q, const struct io_queue_settings *settings)
{
	int on = 1, us = (int)settings->busy_poll_us, budget = (int)settings->batch;
	socklen_t size = sizeof(q->napi_id);

	q->busy_poll_us = settings->busy_poll_us;
	if (!us)
		return;
	q->busy_poll = !setsockopt(q->fd, SOL_SOCKET, SO_PREFER_BUSY_POLL, &on, sizeof(on)) &&
		       !setsockopt(q->fd, SOL_SOCKET, SO_BUSY_POLL, &us, sizeof(us)) &&
		       !setsockopt(q->fd, SOL_SOCKET, SO_BUSY_POLL_BUDGET, &budget, sizeof(budget));
	if (getsockopt(q->fd, SOL_SOCKET, SO_INCOMING_NAPI_ID, &q->napi_id, &size))
		q->napi_id = 0;
}

/* What was bound, as the kernel says. */
static int check_socket(
	struct io_queue *q, const struct io_queue_settings *settings, struct err *err)
{
	struct xdp_options options = { 0 };
	socklen_t size = sizeof(options);
	int budget = TX_SKB_BUDGET, bytes = SEND_BUFFER_BYTES;

	if (getsockopt(q->fd, SOL_XDP, XDP_OPTIONS, &options, &size))
		return err_set(err, -errno, "ask for the mode of queue %u", settings->queue);
	q->zero_copy = options.flags & XDP_OPTIONS_ZEROCOPY;
	if (settings->zero_copy && !q->zero_copy)
		return err_say(err, -EOPNOTSUPP, "bind queue %u with zero copy: the kernel copies",
			settings->queue);
	/* without CAP_NET_ADMIN, or before 6.17, sending is slower */
	if (!q->zero_copy) {
		setsockopt(q->fd, SOL_XDP, XDP_MAX_TX_SKB_BUDGET_OPTION, &budget, sizeof(budget));
		setsockopt(q->fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes));
	}
	return 0;
}

int af_xdp_wake_up(struct io_queue *queue, struct err *err)
{
	if (!sendto(queue->fd, NULL, 0, MSG_DONTWAIT, NULL, 0) || errno == EAGAIN ||
		errno == EBUSY || errno == ENOBUFS || errno == ENETDOWN)
		return 0;
	return err_set(err, -errno, "wake up the driver for sending");
}

static void af_xdp_close(struct io_queue *q)
{
	if (!q)
		return;
	if (q->socket) {
		rings_audit(&q->rings);
		xsk_socket__delete(q->socket);
	}
	if (q->umem)
		xsk_umem__delete(q->umem);
	frames_fini(&q->rings.frames);
	free(q);
}

static int af_xdp_open(
	struct io_queue **queue, const struct io_queue_settings *settings, struct err *err)
{
	struct io_queue *q = calloc(1, sizeof(*q));
	int ret;

	if (!q)
		return err_set(err, -ENOMEM, "open queue %u", settings->queue);
	q->log = settings->log;
	ret = create_umem(q, settings, err);
	if (ret)
		goto out_close;
	/* before bind: most drivers take their first frames there (igb then never asks again) */
	rings_refill(&q->rings);
	ret = bind_socket(q, settings, err);
	if (!ret)
		ret = check_socket(q, settings, err);
	if (ret)
		goto out_close;
	set_busy_poll(q, settings);
	*queue = q;
	return 0;

out_close:
	af_xdp_close(q);
	return ret;
}

static int af_xdp_receive(struct io_queue *q, struct io_frame *frames, unsigned max, bool times)
{
	unsigned n = rings_receive(&q->rings, frames, max, times);

	if (n)
		return (int)n;
	counter_add(&q->empty_polls, 1);
	if (xsk_ring_prod__needs_wakeup(&q->rings.fill)) {
		recvfrom(q->fd, NULL, 0, MSG_DONTWAIT, NULL, NULL);
		counter_add(&q->wakeups, 1);
	}
	return 0;
}

static int af_xdp_keep(
	struct io_queue *q, uint32_t *frames, unsigned count, struct io_memory *memory)
{
	const struct frames *from = &q->rings.frames;

	if (from->fd < 0 || !rings_keep(&q->rings, frames, count))
		return -ENOMEM;
	*memory = (struct io_memory){ from->fd, from->area, from->bytes, from->frame_size };
	return 0;
}

static uint32_t tx_waiting(const struct io_queue *q)
{
	return rings_entries(q->rings.tx.producer, q->rings.tx.consumer);
}

/* Nothing is sent in copy mode, and in zero copy when the driver sleeps, without this call. One call
 * sends a limited number of frames and then says EAGAIN. */
static void kick(struct io_queue *q)
{
	uint32_t before = tx_waiting(q);

	while (before && xsk_ring_prod__needs_wakeup(&q->rings.tx)) {
		uint32_t after;

		sendto(q->fd, NULL, 0, MSG_DONTWAIT, NULL, 0);
		counter_add(&q->wakeups, 1);
		after = tx_waiting(q);
		if (after >= before)
			break; /* the kernel is full: wait() comes back to it */
		before = after;
	}
}

static unsigned af_xdp_lend(struct io_queue *q, struct io_frame *frames, unsigned max)
{
	if (q->rings.outstanding)
		rings_reap(&q->rings);
	return rings_lend(&q->rings, frames, max);
}

static void af_xdp_finish(struct io_queue *q, struct io_frame *frames, unsigned count)
{
	rings_transmit(&q->rings, frames, count);
	if (q->rings.outstanding) {
		kick(q);
		rings_reap(&q->rings);
	}
	rings_refill(&q->rings);
}

/* Looks at the ring for a while, where that pays. True: something is there. */
static bool look(struct io_queue *q)
{
	const uint64_t start_ns = clock_now_ns();
	uint64_t took_ns = 0;
	bool found = false;

	/* a consumer of what was just published may wait for this very CPU */
	sched_yield();
	for (unsigned i = 0; !found && took_ns < PATIENCE_NS; i++) {
		found = rings_entries(q->rings.rx.producer, q->rings.rx.consumer) > 0;
		if (found || i % LOOKS == LOOKS - 1)
			took_ns = clock_now_ns() - start_ns;
		cpu_relax();
	}
	patience_looked(&q->patience, found, took_ns);
	return found;
}

static void af_xdp_wait(struct io_queue *q, int wake_fd, int timeout_ms)
{
	struct pollfd fds[] = {
		{ .fd = q->fd, .events = POLLIN },
		{ .fd = wake_fd, .events = POLLIN },
	};
	uint64_t start_ns;

	if (tx_waiting(q) && timeout_ms > TX_RETRY_MS)
		timeout_ms = TX_RETRY_MS;
	else if (patience_is_due(&q->patience) && look(q))
		return;
	start_ns = clock_now_ns();
	poll(fds, 2, timeout_ms);
	patience_slept(&q->patience, clock_now_ns() - start_ns);
}

static bool af_xdp_is_drained(struct io_queue *q)
{
	return !q->rings.outstanding;
}

static void af_xdp_read_gauges(struct io_queue *q, struct io_gauges *gauges)
{
	const struct rings *rings = &q->rings;
	struct xdp_statistics statistics = { 0 }; /* older kernels fill half of it */
	socklen_t size = sizeof(statistics);

	*gauges = (struct io_gauges){
		.received = UINT64_MAX,
		.rx_ring = rings_entries(rings->rx.producer, rings->rx.consumer),
		.tx_ring = tx_waiting(q),
		.fill_ring = rings_entries(rings->fill.producer, rings->fill.consumer),
		.completion_ring =
			rings_entries(rings->completion.producer, rings->completion.consumer),
		.ring_size = RINGS_RX,
		.wakeups = counter_get(&q->wakeups),
		.empty_polls = counter_get(&q->empty_polls),
	};
	gauges->in_flight = gauges->rx_ring;
	if (getsockopt(q->fd, SOL_XDP, XDP_STATISTICS, &statistics, &size)) {
		gauges->rx_ring_full = gauges->rx_dropped = UINT64_MAX;
		gauges->fill_ring_empty = gauges->tx_invalid = UINT64_MAX;
		return;
	}
	gauges->rx_ring_full = statistics.rx_ring_full;
	gauges->rx_dropped = statistics.rx_dropped;
	gauges->fill_ring_empty = statistics.rx_fill_ring_empty_descs;
	gauges->tx_invalid = statistics.tx_invalid_descs;
}

#define NOTHING(argument)                                                                          \
	{                                                                                          \
		argument, UINT64_MAX, 0                                                            \
	}

static const struct confine_rule af_xdp_calls[] = {
	/* wakeups of the kernel: without bytes and address, so that nothing else can be sent */
	{ __NR_sendto, 3, { NOTHING(1), NOTHING(2), NOTHING(4) } },
	{ __NR_recvfrom, 3, { NOTHING(1), NOTHING(2), NOTHING(4) } },
	{ .call = __NR_getsockopt },
	{ .call = CONFINE_END },
};

const struct io_ops io_af_xdp = {
	.name = "af_xdp",
	.calls = af_xdp_calls,
	.timed_from = "hook",
	.timed_to = "TX submission",
	.open = af_xdp_open,
	.receive = af_xdp_receive,
	.lend = af_xdp_lend,
	.keep = af_xdp_keep,
	.finish = af_xdp_finish,
	.wait = af_xdp_wait,
	.is_drained = af_xdp_is_drained,
	.read_gauges = af_xdp_read_gauges,
	.close = af_xdp_close,
};
