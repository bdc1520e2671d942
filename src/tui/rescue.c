/* SPDX-License-Identifier: BSD-2-Clause */
#include "tui/rescue.h"

#include <errno.h>
#include <execinfo.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <unistd.h>

#define STACK_BYTES 65536
#define HALF_SECOND_US 500000
#define CALLS_SHOWN 16

/* Reached from handlers only. */
static struct rescue *volatile current;

enum kind { NOTED, FATAL, IGNORED };
static const struct {
	int number;
	enum kind kind;
} taken[RESCUE_SIGNALS] = {
	{ SIGINT, NOTED },
	{ SIGTERM, NOTED },
	{ SIGHUP, NOTED },
	{ SIGPIPE, NOTED },
	{ SIGUSR1, NOTED },
	{ SIGTSTP, NOTED },
	{ SIGWINCH, NOTED },
	{ SIGCONT, NOTED },
	{ SIGALRM, NOTED },
	{ SIGQUIT, FATAL },
	{ SIGSEGV, FATAL },
	{ SIGBUS, FATAL },
	{ SIGFPE, FATAL },
	{ SIGILL, FATAL },
	{ SIGABRT, FATAL },
	{ SIGTTOU, IGNORED }, /* giving the terminal back from the background must not stop us */
	{ SIGTTIN, IGNORED },
};

/* Output stopped by Ctrl-S goes on when IXON is switched off (TCOON does not do it), and what a
 * dead connection holds up is thrown away. */
static void free_output(const struct rescue *rescue)
{
	struct pollfd out = { rescue->output, POLLOUT, 0 };
	struct termios modes;

	if (tcgetattr(rescue->output, &modes))
		return;
	modes.c_iflag &= ~(tcflag_t)IXON;
	tcsetattr(rescue->output, TCSANOW, &modes);
	if (poll(&out, 1, 0) <= 0)
		tcflush(rescue->output, TCOFLUSH);
}

static void on_noted(int number)
{
	struct rescue *rescue = current;
	const unsigned long long one = 1;
	int saved_errno = errno;

	if (!rescue)
		return;
	rescue->seen[number] = 1;
	if (rescue->armed && number != SIGWINCH && number != SIGCONT && number != SIGTSTP &&
		number != SIGUSR1) {
		free_output(rescue);
		rescue->freed = 1;
	}
	if (number != SIGALRM && write(rescue->wake, &one, sizeof(one)) < 0)
		rescue->seen[number] =
			1; /* a full eventfd is readable, which is all that matters */
	errno = saved_errno;
}

static void say_bytes(const char *text, size_t length)
{
	if (write(STDERR_FILENO, text, length) < 0)
		return; /* nobody reads it: the signal takes its course all the same */
}

/* Where it happened: the thread, and the calls that led there as offsets, which addr2line -e turns into
 * lines. */
static void say_where(int number)
{
	static const struct {
		int number;
		const char *text;
	} names[] = { { SIGSEGV, "SIGSEGV" }, { SIGBUS, "SIGBUS" }, { SIGFPE, "SIGFPE" },
		{ SIGILL, "SIGILL" }, { SIGABRT, "SIGABRT" } };
	static const char where[] = "ringside: crashed: ", in[] = " in thread ", at[] = ", at\n";
	void *calls[CALLS_SHOWN];
	char thread[16] = "?";

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].number != number)
			continue;
		prctl(PR_GET_NAME, thread);
		say_bytes(where, sizeof(where) - 1);
		say_bytes(names[i].text, strlen(names[i].text));
		say_bytes(in, sizeof(in) - 1);
		say_bytes(thread, strnlen(thread, sizeof(thread)));
		say_bytes(at, sizeof(at) - 1);
		backtrace_symbols_fd(calls, backtrace(calls, CALLS_SHOWN), STDERR_FILENO);
	}
}

static void on_fatal(int number)
{
	struct rescue *rescue = current;
	struct sigaction fallback = { .sa_handler = SIG_DFL };

	if (rescue) {
		current = NULL;
		free_output(rescue);
		if (write(rescue->output, rescue->restore, rescue->restore_bytes) < 0)
			rescue->freed = 1; /* the terminal is gone: nothing left to restore */
		tcsetattr(rescue->output, TCSANOW, &rescue->saved);
		say_where(number);
	}
	sigaction(number, &fallback, NULL);
	raise(number); /* blocked until this handler returns */
}

static void restore_signals(struct rescue *rescue, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		sigaction(taken[i].number, &rescue->before[i], NULL);
}

int rescue_start(struct rescue *rescue, struct err *err)
{
	sigset_t unblocked;
	void *calls[1];
	int code;

	if (tcgetattr(rescue->output, &rescue->saved))
		return err_set(err, -errno, "read the terminal's modes");
	rescue->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (rescue->wake < 0)
		return err_set(err, -errno, "create an eventfd");
	rescue->stack = (stack_t){ .ss_sp = malloc(STACK_BYTES), .ss_size = STACK_BYTES };
	if (!rescue->stack.ss_sp || sigaltstack(&rescue->stack, &rescue->stack_before)) {
		code = err_set(err, -errno, "give signal handlers a stack");
		free(rescue->stack.ss_sp);
		close(rescue->wake);
		return code;
	}
	/* the first call loads what a handler must not: the unwinder */
	backtrace(calls, 1);
	current = rescue;
	sigemptyset(&unblocked);
	for (unsigned i = 0; i < RESCUE_SIGNALS; i++) {
		struct sigaction action = { .sa_flags = SA_RESTART };

		action.sa_handler = taken[i].kind == NOTED   ? on_noted
				    : taken[i].kind == FATAL ? on_fatal
							     : SIG_IGN;
		if (taken[i].kind == FATAL)
			action.sa_flags = SA_ONSTACK;
		sigfillset(&action.sa_mask);
		sigaction(taken[i].number, &action, &rescue->before[i]);
		sigaddset(&unblocked, taken[i].number);
	}
	pthread_sigmask(SIG_UNBLOCK, &unblocked, &rescue->mask_before);
	return 0;
}

/* Whoever goes on without the terminal must not go on when it was told to end at the last moment. */
static void raise_untaken(struct rescue *rescue, int number)
{
	if (rescue_take(rescue, number))
		raise(number);
}

void rescue_stop(struct rescue *rescue)
{
	tcsetattr(rescue->output, TCSANOW, &rescue->saved);
	pthread_sigmask(SIG_SETMASK, &rescue->mask_before, NULL);
	restore_signals(rescue, RESCUE_SIGNALS);
	current = NULL;
	raise_untaken(rescue, SIGINT);
	raise_untaken(rescue, SIGTERM);
	sigaltstack(&rescue->stack_before, NULL);
	free(rescue->stack.ss_sp);
	close(rescue->wake);
}

bool rescue_take(struct rescue *rescue, int number)
{
	bool seen = rescue->seen[number];

	rescue->seen[number] = 0;
	return seen;
}

void rescue_calm(struct rescue *rescue)
{
	unsigned long long count;

	if (read(rescue->wake, &count, sizeof(count)) < 0)
		return; /* nothing was noted */
}

static void set_timer(suseconds_t us)
{
	const struct itimerval timer = { { 0, us }, { 0, us } };

	setitimer(ITIMER_REAL, &timer, NULL);
}

void rescue_arm(struct rescue *rescue)
{
	rescue->freed = 0;
	rescue->armed = 1;
	/* a signal that came just before would otherwise not set the write free */
	if (rescue->seen[SIGINT] || rescue->seen[SIGTERM] || rescue->seen[SIGHUP] ||
		rescue->seen[SIGPIPE])
		free_output(rescue);
	set_timer(HALF_SECOND_US);
}

bool rescue_disarm(struct rescue *rescue)
{
	set_timer(0);
	rescue->armed = 0;
	return rescue->freed;
}
