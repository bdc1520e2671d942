/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel half of generate (bpf/generate.bpf.c), loaded for one run, and the place on the interface that
 * its receiver is attached to: held by a descriptor for as long as the generator is open, so that runs follow
 * each other without the interface being set up anew.
 */
#ifndef RINGSIDE_GENERATE_PROGRAM_H
#define RINGSIDE_GENERATE_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "bpf/generate.h"

/* Where the receiver is attached; begins as { .fd = -1 }. */
struct hook {
	int fd; /* a bpf_link */
	uint32_t ifindex;
	bool generic;
};

struct program;

struct program_settings {
	const struct generate_frame *frame;
	const uint8_t *bytes; /* a whole frame */
	uint32_t ifindex;
	uint32_t queues; /* paced: receive queues that the interface can have */
	uint32_t slots; /* flood: of the window; 0: paced, the receiver hands answers to sockets */
};

int program_open(
	struct program **program, const struct program_settings *settings, struct err *err);
void program_close(struct program *program);

/* Puts the program's receiver on the hook, in native mode or else in generic mode; or in the place of the one
 * that is there. -EBUSY: somebody else's is there, and is left alone. */
int hook_attach(struct hook *hook, struct program *program, struct err *err);
void hook_detach(struct hook *hook);

/* Paced: answers on this queue go to the socket. */
int program_set_socket(struct program *program, uint32_t queue, int fd, struct err *err);

/* The receiver's descriptor, for BPF_PROG_TEST_RUN. */
int program_receiver(const struct program *program);

/* Flood: what both halves share. The program reads and writes it while it runs. */
struct generate_window *program_window(struct program *program);
struct generate_pace *program_pace(struct program *program);
uint8_t *program_answered(struct program *program);
uint64_t *program_times(struct program *program);
const __u64 *program_order(struct program *program); /* [flows] */

/* Flood: runs the sender so many times, or a knock once. 0, also when a signal cut it short. */
int program_send(struct program *program, uint32_t repeat, struct err *err);
int program_knock(struct program *program, struct err *err);
/* Flood: adds what all CPUs have counted. */
int program_add_counts(struct program *program, struct generate_counts *counts, struct err *err);

#endif
