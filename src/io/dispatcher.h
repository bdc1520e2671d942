/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Beside other XDP programs on one interface, through libxdp's dispatcher: an XDP program that calls the others
 * one after the other. Ours is then an extension of it (BPF_PROG_TYPE_EXT, which some kernels refuse), pinned
 * in the bpffs: unlike a bpf_link it stays when the process is killed. Somebody else's program is never replaced
 * or removed: one that stands alone on the interface, without the dispatcher, is -EBUSY.
 *
 * All calls speak of the network namespace of the calling thread.
 */
#ifndef RINGSIDE_DISPATCHER_H
#define RINGSIDE_DISPATCHER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct bpf_program;
struct dispatcher;

/* Makes an extension of a program that is not loaded yet. changes false: with every call of
 * bpf_xdp_adjust_meta() and bpf_tail_call() taken out, as if it failed; since 6.14, and in 6.12's later
 * updates, a program that may change a frame may not replace a function that does not, and those of libxdp's
 * dispatcher do not. -EOPNOTSUPP: this kernel has no extensions. */
int dispatcher_extend(
	struct dispatcher **dispatcher, struct bpf_program *program, bool changes, struct err *err);
/* Once it is loaded: -EOPNOTSUPP when the kernel refuses to replace a function by it (freplace). */
int dispatcher_check(int program_fd, struct err *err);
/* Says so of what failed, `what` being what was tried; returns -EOPNOTSUPP. */
int dispatcher_refused(int ret, const char *what, struct err *err);
/* Puts it into the interface's dispatcher, which is made if there is none. -EBUSY: a program stands there
 * alone. */
int dispatcher_attach(struct dispatcher *dispatcher, int program_fd, uint32_t ifindex, bool generic,
	struct err *err);
/* Puts it in where the previous one is, which is taken out first: what comes in between, a few milliseconds long,
 * is for those behind it and for the stack. When it fails the previous one is there again. */
int dispatcher_exchange(struct dispatcher *dispatcher, int program_fd, struct dispatcher *previous,
	struct err *err);
/* Takes it, and only it, out again. */
void dispatcher_detach(struct dispatcher *dispatcher);
void dispatcher_close(struct dispatcher *dispatcher); /* detaches; NULL is allowed */

/* A program of this name in an interface's dispatcher. */
struct dispatcher_program {
	uint32_t id;
	int pid; /* a process that holds it, other than this one; 0: it was left behind */
};
/* Fills at most max; returns how many there are. 0 also without a dispatcher, or where it may not be read
 * (CAP_SYS_ADMIN). */
unsigned dispatcher_find(
	uint32_t ifindex, const char *name, struct dispatcher_program *found, unsigned max);
/* Takes one out by its id. */
int dispatcher_remove(uint32_t ifindex, uint32_t id, struct err *err);

#endif
