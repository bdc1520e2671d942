/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sockets of the paced engine, one a receive queue: AF_XDP with zero copy, AF_XDP that copies, in native or
 * generic mode, or AF_PACKET; the best that can be had, and why nothing better could.
 */
#ifndef RINGSIDE_PACED_QUEUES_H
#define RINGSIDE_PACED_QUEUES_H

#include "generate/figures.h"
#include "generate/program.h"
#include "generate/settings.h"
#include "io/io.h"
#include "net/link.h"

#define PACED_QUEUES_MAX 64

struct paced_queues {
	const struct io_ops *ops;
	struct io_queue *queue[PACED_QUEUES_MAX];
	uint32_t count;
	struct link link;
	struct hook hook; /* AF_XDP */
	struct program *program; /* AF_XDP: its receiver is on the hook */
	struct link_vlan_offload offload; /* switched off, to be restored */
	uint8_t *ports; /* AF_PACKET: [65536], the ports that answers come to */
	char mode[64], why[FIGURES_WHY];
};

int paced_queues_open(struct paced_queues *queues, const struct generate_settings *settings,
	const struct link *link, struct err *err);
void paced_queues_close(struct paced_queues *queues);

/* From now on, answers to these packets come to the sockets. */
int paced_queues_expect(struct paced_queues *queues, const struct generate_frame *frame,
	const uint8_t *bytes, struct err *err);

/* Answers that had no room, since open. */
uint64_t paced_queues_drops(struct paced_queues *queues);

#endif
