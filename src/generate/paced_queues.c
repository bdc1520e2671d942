// SPDX-License-Identifier: BSD-2-Clause
#include "generate/paced_queues.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "generate/engine.h"
#include "generate/frame.h"
#include "io/af_xdp.h"
#include "io/frames.h"
#include "io/rings.h"

/* As many as the fill ring takes, which gets all that are free, and as many again to send. */
#define FRAMES (2 * RINGS_FILL)
/* Ethernet header and two tags, and what the kernel keeps in front of a received frame. */
#define HEADERS_BYTES 22
#define HEADROOM_BYTES 256
#define FRAME_SMALL 2048
#define FRAME_LARGE 4096

static void close_sockets(struct paced_queues *q)
{
	for (uint32_t i = 0; i < q->count; i++) {
		if (q->queue[i])
			q->ops->close(q->queue[i]);
		q->queue[i] = NULL;
	}
}

static int open_sockets(struct paced_queues *q, struct io_queue_settings *settings, struct err *err)
{
	for (uint32_t i = 0; i < q->count; i++) {
		int code;

		settings->queue = i;
		code = q->ops->open(&q->queue[i], settings, err);
		if (code) {
			close_sockets(q);
			return code;
		}
	}
	return 0;
}

/* Any packet of these settings, to load a program with. */
static int load(struct paced_queues *q, const struct generate_settings *settings, struct err *err)
{
	uint8_t bytes[FRAME_BYTES_MAX];
	struct generate_frame frame;
	const struct program_settings wanted = {
		.frame = &frame,
		.bytes = bytes,
		.ifindex = q->link.index,
		.queues = q->link.rx_queues_max,
	};

	frame_make(&frame, bytes, settings, frame_size_min(settings), 0, 1);
	return program_open(&q->program, &wanted, err);
}

static void unload(struct paced_queues *q)
{
	hook_detach(&q->hook);
	program_close(q->program);
	q->program = NULL;
}

static int register_sockets(struct paced_queues *q, struct program *program, struct err *err)
{
	int code = 0;

	for (uint32_t i = 0; i < q->count && !code; i++)
		code = program_set_socket(program, i, af_xdp_fd(q->queue[i]), err);
	return code;
}

static int open_af_xdp(struct paced_queues *q, const struct generate_settings *settings,
	struct io_queue_settings *sockets, struct err *err)
{
	uint32_t needed = q->link.mtu + HEADERS_BYTES + HEADROOM_BYTES;
	int code;

	if (needed > FRAME_LARGE)
		return err_say(
			err, -EMSGSIZE, "an MTU of %u does not fit AF_XDP's frames", q->link.mtu);
	sockets->frame_size = needed > FRAME_SMALL ? FRAME_LARGE : FRAME_SMALL;
	q->count = q->link.rx_queues < PACED_QUEUES_MAX ? q->link.rx_queues : PACED_QUEUES_MAX;
	code = load(q, settings, err);
	if (!code)
		code = hook_attach(&q->hook, q->program, err);
	if (code)
		return code;
	if (q->hook.generic)
		engine_why(q->why, "native XDP is refused here");
	sockets->generic = q->hook.generic;
	sockets->zero_copy = !q->hook.generic;
	q->ops = &io_af_xdp;
	code = open_sockets(q, sockets, err);
	if (code && sockets->zero_copy) {
		engine_why(q->why, "%s", err->text);
		err->text[0] = '\0';
		sockets->zero_copy = false;
		code = open_sockets(q, sockets, err);
	}
	if (code)
		return code;
	snprintf(q->mode, sizeof(q->mode), "AF_XDP, %s, %s", q->hook.generic ? "generic" : "native",
		sockets->zero_copy ? "zero copy" : "copy");
	return register_sockets(q, q->program, err);
}

/* Answers come to the port that the packet was sent from; those that are not swapped to the far end's. */
static int mark_ports(
	struct paced_queues *q, const struct generate_settings *settings, struct err *err)
{
	q->ports = calloc(1, 65536);
	if (!q->ports)
		return err_set(err, -ENOMEM, "make room for ports");
	q->ports[settings->port] = 1;
	for (uint32_t flow = 1; flow < settings->flows; flow++)
		q->ports[GENERATE_FLOW_PORT + flow] = 1;
	return 0;
}

static int open_af_packet(struct paced_queues *q, const struct generate_settings *settings,
	struct io_queue_settings *sockets, struct err *err)
{
	int code = mark_ports(q, settings, err);

	if (code)
		return code;
	sockets->udp_ports = q->ports;
	sockets->frame_size = FRAME_SMALL;
	while (sockets->frame_size < q->link.mtu + FRAME_SMALL / 4)
		sockets->frame_size *= 2;
	sockets->frames = RINGS_RX;
	sockets->generic = sockets->zero_copy = false;
	q->ops = &io_af_packet;
	q->count = 1;
	snprintf(q->mode, sizeof(q->mode), "AF_PACKET");
	return open_sockets(q, sockets, err);
}

int paced_queues_open(struct paced_queues *q, const struct generate_settings *settings,
	const struct link *link, struct err *err)
{
	struct io_queue_settings sockets = {
		.interface = settings->interface,
		.netns = "",
		.ifindex = link->index,
		.mtu = link->mtu,
		.frames = FRAMES,
		.batch = 64,
		.huge_pages = PAGES_AUTO,
		.numa_node = link->numa_node,
		.log = settings->log,
	};
	int code = 0;

	*q = (struct paced_queues){ .link = *link, .hook = { .fd = -1, .ifindex = link->index } };
	engine_show_tags(settings, &q->offload);
	if (settings->io != GENERATE_IO_AF_PACKET) {
		code = open_af_xdp(q, settings, &sockets, err);
		if (!code)
			return 0;
		close_sockets(q);
		unload(q);
		if (settings->io == GENERATE_IO_AF_XDP)
			goto out_close;
		engine_why(q->why, "%s", err->text);
		err->text[0] = '\0';
	}
	code = open_af_packet(q, settings, &sockets, err);
	if (!code)
		return 0;
out_close:
	paced_queues_close(q);
	return code;
}

void paced_queues_close(struct paced_queues *q)
{
	if (!q->ops && !q->link.index)
		return;
	hook_detach(&q->hook);
	close_sockets(q);
	program_close(q->program);
	free(q->ports);
	link_vlan_offload_restore(q->link.name, &q->offload, NULL);
	*q = (struct paced_queues){ .hook = { .fd = -1 } };
}

int paced_queues_expect(struct paced_queues *q, const struct generate_frame *frame,
	const uint8_t *bytes, struct err *err)
{
	const struct program_settings wanted = {
		.frame = frame,
		.bytes = bytes,
		.ifindex = q->link.index,
		.queues = q->link.rx_queues_max,
	};
	struct program *program = NULL;
	int code;

	if (q->ops != &io_af_xdp)
		return 0;
	code = program_open(&program, &wanted, err);
	if (code)
		return code;
	/* the sockets first: what comes to a queue without one goes to the stack */
	code = register_sockets(q, program, err);
	if (!code)
		code = hook_attach(&q->hook, program, err);
	if (code) {
		program_close(program);
		return code;
	}
	program_close(q->program);
	q->program = program;
	return 0;
}

uint64_t paced_queues_drops(struct paced_queues *q)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < q->count; i++) {
		struct io_gauges gauges;

		q->ops->read_gauges(q->queue[i], &gauges);
		sum += gauges.rx_ring_full == UINT64_MAX ? 0 : gauges.rx_ring_full;
		sum += gauges.rx_dropped == UINT64_MAX ? 0 : gauges.rx_dropped;
	}
	return sum;
}
