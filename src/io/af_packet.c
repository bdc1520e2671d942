/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The backend for interfaces without XDP: a TPACKET_V2 ring that the kernel copies frames into,
 * and a second socket to send from. V2 and not V3: V3 hands over blocks by a timer of at least 1
 * ms, V2 each frame at once.
 */
#include "io/io.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/counter.h"
#include "bpf/checksum.h"
#include "io/packet_filter.h"
#include "io/packet_socket.h"

/* Room to write a frame into that was not received: the MTU, an Ethernet header and two tags. */
#define EMPTY_HEADERS_BYTES 22
/* The handle of such a frame, which is no slot. */
#define NO_SLOT UINT32_MAX

/* Empty receives between two looks at the link by a worker that polls without ever waiting. */
#define EMPTY_RECEIVES 1024

struct io_queue {
	int receive_fd, send_fd; /* -1 when not open */
	uint32_t ifindex;
	struct packet_ring ring;
	/* Slots lent to the worker and given back to the kernel since open. */
	__u64 lent, returned;
	__u64 wakeups, empty_polls;
	unsigned empty_receives;
	bool link_is_suspect; /* look at the link before saying again that there is nothing */
	bool is_gone;
	uint64_t realtime_to_monotonic, offset_until_ns;
	pthread_mutex_t statistics_lock; /* reading PACKET_STATISTICS resets them */
	uint64_t received, rx_ring_full;
	struct packet_sinks *sinks; /* the opener's, not the worker's */
	struct log *log;
	struct mmsghdr messages[IO_BATCH_MAX];
	struct iovec parts[IO_BATCH_MAX];
	struct io_frame *to_send[IO_BATCH_MAX];
	uint8_t *empty; /* [IO_BATCH_MAX][empty_bytes], made when first lent */
	uint32_t empty_bytes, empty_lent;
};

static struct tpacket2_hdr *slot_at(const struct io_queue *queue, uint64_t slot)
{
	return (void *)(queue->ring.memory + slot * queue->ring.slot_bytes);
}

/* Acquire: pairs with the kernel's barrier between filling a slot and setting its status. */
static bool slot_is_full(const struct io_queue *queue, uint64_t slot)
{
	return __atomic_load_n(&slot_at(queue, slot)->tp_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER;
}

/* Release: pairs with the kernel's read of the status before it fills the slot anew. */
static void slot_return(const struct io_queue *queue, uint64_t slot)
{
	__atomic_store_n(&slot_at(queue, slot)->tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
}

/* Puts back the VLAN tag that the kernel has moved from the frame into its metadata. */
static void vlan_restore(struct io_frame *frame, const struct tpacket2_hdr *header)
{
	uint16_t tag[2] = { BE16(ETH_P_8021Q), BE16(header->tp_vlan_tci) };

	if (header->tp_status & TP_STATUS_VLAN_TPID_VALID)
		tag[0] = BE16(header->tp_vlan_tpid);
	memmove(frame->data - sizeof(tag), frame->data, 2 * ETH_ALEN);
	frame->data -= sizeof(tag);
	frame->length += sizeof(tag);
	memcpy(frame->data + 2 * ETH_ALEN, tag, sizeof(tag));
}

/* A sender on this machine leaves the checksum to a NIC that a veth pair hasn't. On a wire the
 * frame would carry it. */
static void checksum_complete(struct io_frame *frame)
{
	struct frame f;

	if (frame_parse(&f, frame->data, frame->data + frame->length))
		return;
	f.udp->check = 0;
	f.udp->check = (__u16)~checksum_udp(&f);
	if (!f.udp->check) /* 0 would say "none" (RFC 768) */
		f.udp->check = 0xffff;
}

static void slot_lend(struct io_queue *queue, uint32_t slot, struct io_frame *frame)
{
	struct tpacket2_hdr *header = slot_at(queue, slot);

	*frame = (struct io_frame){
		.data = (uint8_t *)header + header->tp_mac,
		.length = header->tp_snaplen,
		.handle = slot,
		/* a frame that is too long for the rules need not be whole to be left to the stack */
		.broken = header->tp_snaplen < ETH_HLEN ||
			  (header->tp_snaplen < header->tp_len &&
				  header->tp_snaplen <= FRAME_BYTES_MAX),
	};
	if (frame->broken)
		return;
	if (header->tp_status & TP_STATUS_VLAN_VALID)
		vlan_restore(frame, header);
	if (header->tp_status & TP_STATUS_CSUMNOTREADY)
		checksum_complete(frame);
}

/* Time stamps in the ring are of CLOCK_REALTIME. Once a second is often enough for a clock that is
 * slewed by at most 500 ppm: half a microsecond for a frame a millisecond old. */
static void offset_measure(struct io_queue *queue)
{
	uint64_t before = clock_now_ns(), realtime = clock_read_ns(CLOCK_REALTIME),
		 after = clock_now_ns();

	queue->realtime_to_monotonic = before + (after - before) / 2 - realtime;
	queue->offset_until_ns = after + NSEC_PER_SEC;
}

static void frames_stamp(struct io_queue *queue, struct io_frame *frames, unsigned count)
{
	uint64_t now = clock_now_ns();

	if (now >= queue->offset_until_ns)
		offset_measure(queue);
	for (unsigned i = 0; i < count; i++) {
		const struct tpacket2_hdr *header = slot_at(queue, frames[i].handle);
		uint64_t hook = (uint64_t)header->tp_sec * NSEC_PER_SEC + header->tp_nsec +
				queue->realtime_to_monotonic;

		/* when the clock has been set: never later than now, ages are unsigned */
		frames[i].hook_ns = hook < now ? hook : now;
	}
}

/* A link that went down reports an error once and resumes by itself. An interface that is gone
 * (deleted or moved to another namespace) takes the socket's binding with it. */
static int link_check(struct io_queue *queue)
{
	struct sockaddr_ll address;
	socklen_t length = sizeof(int);
	int pending;

	if (queue->is_gone)
		return -ENETDOWN;
	if (!queue->link_is_suspect && ++queue->empty_receives < EMPTY_RECEIVES)
		return 0;
	queue->link_is_suspect = false;
	queue->empty_receives = 0;
	(void)getsockopt(
		queue->receive_fd, SOL_SOCKET, SO_ERROR, &pending, &length); /* clears it */
	length = sizeof(address);
	if (getsockname(queue->receive_fd, (void *)&address, &length))
		return -errno;
	queue->is_gone = address.sll_ifindex != (int)queue->ifindex;
	return queue->is_gone ? -ENETDOWN : 0;
}

static int af_packet_receive(
	struct io_queue *queue, struct io_frame *frames, unsigned max, bool times)
{
	uint64_t at_worker = queue->lent - queue->returned;
	uint32_t slot = (uint32_t)(queue->lent % queue->ring.slots);
	unsigned count = 0;

	if (max > IO_BATCH_MAX)
		max = IO_BATCH_MAX;
	if (max > queue->ring.slots - at_worker) /* those lent are full as well */
		max = (unsigned)(queue->ring.slots - at_worker);
	while (count < max && slot_is_full(queue, slot)) {
		slot_lend(queue, slot, &frames[count++]);
		if (++slot == queue->ring.slots)
			slot = 0;
	}
	if (!count)
		return link_check(queue);
	counter_add(&queue->lent, count);
	if (times)
		frames_stamp(queue, frames, count);
	return (int)count;
}

static unsigned af_packet_lend(struct io_queue *queue, struct io_frame *frames, unsigned max)
{
	if (!queue->empty)
		queue->empty = malloc((size_t)IO_BATCH_MAX * queue->empty_bytes);
	if (!queue->empty)
		return 0;
	if (max > IO_BATCH_MAX - queue->empty_lent)
		max = IO_BATCH_MAX - queue->empty_lent;
	for (unsigned i = 0; i < max; i++)
		frames[i] = (struct io_frame){
			.data = queue->empty + (size_t)queue->empty_lent++ * queue->empty_bytes,
			.handle = NO_SLOT,
		};
	return max;
}

/* True when the error is about one frame, and the next one may well be sent. */
static bool is_of_one_frame(int error)
{
	return error == EMSGSIZE || error == EINVAL || error == EFAULT;
}

/* Sends what is in queue->messages. sendmmsg() keeps the reason for itself when it stops behind
 * some frames: the call for the rest tells it, and is the second attempt. */
static void messages_send(struct io_queue *queue, unsigned count)
{
	unsigned done = 0, refusals = 0;

	while (done < count && refusals < 2) {
		int sent = sendmmsg(
			queue->send_fd, &queue->messages[done], count - done, MSG_DONTWAIT);

		counter_add(&queue->wakeups, 1);
		if (sent < 0) {
			if (is_of_one_frame(errno))
				done++;
			else if (errno != EINTR)
				refusals++;
			continue;
		}
		for (int i = 0; i < sent; i++)
			queue->to_send[done++]->sent = true;
		refusals = 1;
	}
	if (done < count)
		queue->link_is_suspect = true;
}

/* The kernel copies frames as it sends them, so all slots are free afterwards. */
static void af_packet_finish(struct io_queue *queue, struct io_frame *frames, unsigned count)
{
	unsigned messages = 0, slots = 0;

	for (unsigned i = 0; i < count; i++) {
		frames[i].sent = false;
		if (!frames[i].send)
			continue;
		queue->parts[messages].iov_base = frames[i].data;
		queue->parts[messages].iov_len = frames[i].length;
		queue->to_send[messages++] = &frames[i];
	}
	messages_send(queue, messages);
	for (unsigned i = 0; i < count; i++) {
		if (frames[i].handle == NO_SLOT) {
			queue->empty_lent = 0; /* they are given back all at once */
			continue;
		}
		slot_return(queue, frames[i].handle);
		slots++;
	}
	counter_add(&queue->returned, slots);
}

static void af_packet_wait(struct io_queue *queue, int wake_fd, int timeout_ms)
{
	struct pollfd fds[] = {
		{ .fd = queue->receive_fd, .events = POLLIN },
		{ .fd = wake_fd, .events = POLLIN },
	};

	if (poll(fds, 2, timeout_ms) <= 0)
		counter_add(&queue->empty_polls, 1);
	/* an interface deleted while its link is down reports nothing at all */
	if (fds[0].revents != POLLIN)
		queue->link_is_suspect = true;
}

static bool af_packet_is_drained(struct io_queue *queue)
{
	int bytes = 0;

	return ioctl(queue->send_fd, SIOCOUTQ, &bytes) || bytes == 0;
}

/* Full slots behind those that the worker has: a count of the ring, while both ends move. */
static uint64_t slots_waiting(const struct io_queue *queue, uint64_t lent, uint64_t at_worker)
{
	uint64_t count = 0;

	while (count + at_worker < queue->ring.slots &&
		slot_is_full(queue, (lent + count) % queue->ring.slots))
		count++;
	return count;
}

static void af_packet_read_gauges(struct io_queue *queue, struct io_gauges *gauges)
{
	struct tpacket_stats statistics;
	socklen_t length = sizeof(statistics);
	uint64_t returned, lent, waiting;

	*gauges = (struct io_gauges){ 0 };
	pthread_mutex_lock(&queue->statistics_lock);
	if (!getsockopt(queue->receive_fd, SOL_PACKET, PACKET_STATISTICS, &statistics, &length)) {
		queue->received += statistics.tp_packets;
		queue->rx_ring_full += statistics.tp_drops;
	}
	gauges->received = queue->received;
	gauges->rx_ring_full = queue->rx_ring_full;
	pthread_mutex_unlock(&queue->statistics_lock);
	returned = counter_get(&queue->returned);
	lent = counter_get(&queue->lent);
	waiting = slots_waiting(queue, lent, lent - returned);
	gauges->in_flight = waiting;
	gauges->rx_ring = waiting + lent - returned;
	gauges->tx_ring = gauges->fill_ring = gauges->completion_ring = UINT64_MAX;
	gauges->fill_ring_empty = UINT64_MAX;
	gauges->ring_size = queue->ring.slots;
	gauges->wakeups = counter_get(&queue->wakeups);
	gauges->empty_polls = counter_get(&queue->empty_polls);
}

static int af_packet_set_ports(struct io_queue *queue, const uint8_t *udp_ports, struct err *err)
{
	/* the old sinks' ports first, or they would look as if somebody else had them */
	packet_sinks_close(queue->sinks);
	queue->sinks = packet_sinks_open(udp_ports, queue->log);
	return packet_filter_attach(queue->receive_fd, udp_ports, err);
}

static void af_packet_close(struct io_queue *queue)
{
	if (!queue)
		return;
	if (queue->receive_fd >= 0)
		close(queue->receive_fd);
	if (queue->send_fd >= 0)
		close(queue->send_fd);
	packet_ring_close(&queue->ring);
	packet_sinks_close(queue->sinks);
	free(queue->empty);
	pthread_mutex_destroy(&queue->statistics_lock);
	free(queue);
}

static int af_packet_open(
	struct io_queue **result, const struct io_queue_settings *settings, struct err *err)
{
	struct io_queue *queue;
	int error = packet_settings_check(settings, err);

	if (error)
		return error;
	queue = calloc(1, sizeof(*queue));
	if (!queue)
		return err_set(err, -ENOMEM, "open AF_PACKET");
	queue->receive_fd = queue->send_fd = -1;
	queue->ifindex = settings->ifindex;
	queue->empty_bytes = settings->mtu + EMPTY_HEADERS_BYTES;
	queue->log = settings->log;
	for (unsigned i = 0; i < IO_BATCH_MAX; i++) {
		queue->messages[i].msg_hdr.msg_iov = &queue->parts[i];
		queue->messages[i].msg_hdr.msg_iovlen = 1;
	}
	pthread_mutex_init(&queue->statistics_lock, NULL);
	offset_measure(queue);
	error = packet_send_open(&queue->send_fd, settings, err);
	if (!error) {
		queue->sinks = packet_sinks_open(settings->udp_ports, settings->log);
		error = packet_receive_open(&queue->receive_fd, &queue->ring, settings, err);
	}
	if (error)
		af_packet_close(queue);
	else
		*result = queue;
	return error;
}

static const struct confine_rule af_packet_calls[] = {
	{ .call = __NR_sendmmsg },
	{ .call = __NR_getsockopt },
	{ .call = __NR_getsockname },
	{ __NR_ioctl, 1, { { 1, UINT32_MAX, SIOCOUTQ } } },
	{ .call = CONFINE_END },
};

const struct io_ops io_af_packet = {
	.name = "af_packet",
	.calls = af_packet_calls,
	.timed_from = "socket time stamp",
	.timed_to = "send",
	.can_pass = true,
	.open = af_packet_open,
	.receive = af_packet_receive,
	.lend = af_packet_lend,
	.finish = af_packet_finish,
	.wait = af_packet_wait,
	.set_ports = af_packet_set_ports,
	.is_drained = af_packet_is_drained,
	.read_gauges = af_packet_read_gauges,
	.close = af_packet_close,
};
