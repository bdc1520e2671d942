/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signals while the screen is ours, and giving the terminal back whatever happens.
 *
 * INT, TERM, HUP, PIPE, USR1, TSTP, WINCH and CONT are noted and wake the loop through an eventfd. QUIT, SEGV,
 * BUS, FPE, ILL and ABRT restore the terminal inside the handler, on a stack of its own and with
 * nothing but async-signal-safe calls, say on standard error where it happened, and then take their
 * course, so that core dump and status are as ever.
 *
 * A write to the terminal can block (Ctrl-S, a dead ssh connection). Whoever draws arms the rescue
 * around it: INT, TERM, HUP and PIPE, or half a second, then set the writer free.
 *
 * One at a time in a process: a handler has no other way to its state than a static pointer.
 */
#ifndef RINGSIDE_RESCUE_H
#define RINGSIDE_RESCUE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

#include "base/err.h"

#define RESCUE_BYTES 256
#define RESCUE_SIGNALS 17

struct rescue {
	int input, output; /* the terminal's descriptors */
	int wake; /* eventfd, readable when a signal was noted */
	struct termios saved; /* as found */
	char restore[RESCUE_BYTES]; /* what undoes our modes; written as it is */
	size_t restore_bytes;
	volatile sig_atomic_t seen[NSIG], armed, freed;
	struct sigaction before[RESCUE_SIGNALS];
	sigset_t mask_before;
	stack_t stack, stack_before;
};

/* Notes the terminal's state and takes the signals over; `restore` must be set before. The calling
 * thread gets them unblocked until rescue_stop(). */
int rescue_start(struct rescue *rescue, struct err *err);
/* Puts handlers, mask and terminal modes back as they were found. INT and TERM that nobody has taken are raised
 * again: the caller gets them as it would without us. */
void rescue_stop(struct rescue *rescue);
/* Whether the signal came since the last call with it. */
bool rescue_take(struct rescue *rescue, int number);
/* Empties the eventfd. */
void rescue_calm(struct rescue *rescue);
/* Between the two calls a write that blocks is set free; the second returns true when that
 * happened and what was written may be lost. */
void rescue_arm(struct rescue *rescue);
bool rescue_disarm(struct rescue *rescue);

#endif
