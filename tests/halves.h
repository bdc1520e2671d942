/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Both halves of the same rules, side by side, each fed with single frames:
 *
 *    kernel    the XDP program by BPF_PROG_TEST_RUN, path = kernel
 *    handover  the same with path = user and no socket: must pass what it would hand over, unwritten
 *    user      worker_run_batch() on a backend made of arrays
 *
 * The kernel's test run takes frames of 14 to 3520 bytes (shorter ones are EINVAL; longer ones come in
 * fragments, of which a program sees the first). Others go through the user half alone. So do all where
 * the kernel lets us load no program.
 */
#ifndef RINGSIDE_TEST_HALVES_H
#define RINGSIDE_TEST_HALVES_H

#include "fake_io.h"
#include "config.h"
#include "io/xdp_program.h"
#include "packet.h"
#include "service/deliver.h"
#include "service/reflect.h"
#include "service/steer.h"
#include "worker/worker.h"

#define KERNEL_BYTES_MIN 14
#define KERNEL_BYTES_MAX 3520
#define HALVES_SLOTS 2

struct halves {
	struct reflect_settings settings[HALVES_SLOTS];
	/* of lines that begin with "type = deliver", or "type = steer" */
	struct deliver_settings deliver[HALVES_SLOTS];
	struct steer_settings steer[HALVES_SLOTS];
	struct access_settings access_settings;
	struct access_state access_state;
	struct access *access;
	struct service_rule rules[SERVICE_SLOTS], handover_rules[SERVICE_SLOTS];
	struct rule_tables tables;
	struct rule_state state;
	struct xdp_program *kernel, *handover; /* NULL: not allowed */
	struct worker worker;
	struct io_queue io;
};

/* What became of a frame in one half. */
struct judged {
	int outcome; /* enum outcome, or one of the next two */
	unsigned slot;
	size_t length;
	uint8_t frame[PACKET_BYTES_MAX];
};
#define JUDGED_TWICE (-1) /* not exactly one cell grew by exactly this frame */
#define JUDGED_LYING (-2) /* the action or the frame's way is not what the cell says */

/* Compiles INI lines ("key = value; key = value") of one service or two (second NULL: one), and loads
 * the programs. Lines that begin with "type = deliver" are of that service, whose rings somebody reads, and
 * with "type = steer" of that one, all of whose slots are CPU 0's; others are of reflect. Keys of [access]
 * may stand among them. */
struct halves *halves_open(const char *first, const char *second);
void halves_close(struct halves *halves);

void halves_run_kernel(
	struct xdp_program *program, const uint8_t *frame, size_t length, struct judged *judged);
void halves_run_user(
	struct halves *halves, const uint8_t *frame, size_t length, struct judged *judged);

/* The answer that the settings ask for, described. */
struct packet halves_answer(const struct packet *packet, const struct reflect_settings *settings);

/* Feeds a frame to all of them and compares verdict, slot and every byte with what is expected; answer
 * matters for OUTCOME_TX. Returns false, and has said what was wrong, when one differs. */
bool halves_check_frame(struct halves *halves, const char *name, const uint8_t *frame,
	size_t length, int outcome, unsigned slot, const uint8_t *answer, size_t answer_length);
/* The same for a described frame, whose answer is halves_answer(). */
bool halves_check(struct halves *halves, const char *name, const struct packet *packet, int outcome,
	unsigned slot);

/* What the user half says is right if the others say the same and only answers are written. */
bool halves_agree(struct halves *halves, const char *name, const uint8_t *frame, size_t length);

/* What a program that has passed ends with: 0, or 77 with the reason on standard output where no kernel
 * half could be loaded. */
int halves_exit_status(void);

#endif
