/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab: a service on a network of its own. This process makes it, starts two others, the service
 * ("ringside run") and the tester, and takes everything away in the end: it keeps the
 * capabilities which that needs, while the service gives up its own.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "cmd/command.h"
#include "cmd/lab_network.h"
#include "cmd/lab_options.h"
#include "cmd/lab_service.h"
#include "net/netns.h"

struct lab {
	struct lab_options options;
	struct lab_network network;
	sigset_t signals, signals_before;
	/* what the children say, in memory shared with them */
	struct lab_result *result; /* of the tester */
	struct lab_said {
		int status;
		struct err err;
	} * said; /* by the service */
	pid_t self, runner, sender; /* 0: not running */
	int runner_signal; /* that killed the service; 0: none */
	bool runner_told; /* to end */
};

static int lab_furnish_end(void *context, enum lab_end end, struct err *err)
{
	struct lab *lab = context;
	const struct lab_service *service = lab->options.service;

	return service->furnish ? service->furnish(&lab->options, end, err) : 0;
}

/* A child that ends when this process does, in whatever way. */
static pid_t lab_fork(struct lab *lab, int signal_at_death)
{
	pid_t child;

	fflush(NULL);
	child = fork();
	if (child)
		return child;
	prctl(PR_SET_PDEATHSIG, signal_at_death);
	if (getppid() != lab->self)
		_exit(STATUS_FAILED);
	sigprocmask(SIG_SETMASK, &lab->signals_before, NULL);
	return 0;
}

static void lab_run_service(struct lab *lab)
{
	struct lab_said *said = lab->said;

	said->status = command_run.run(lab->options.run_argc, lab->options.run_argv, &said->err);
	if ((fflush(stdout) || ferror(stdout)) && !said->status) {
		err_say(&said->err, -EIO, "cannot write to standard output");
		said->status = STATUS_FAILED;
	}
	_exit(STATUS_DONE);
}

static void lab_run_tester(struct lab *lab)
{
	struct lab_result *result = lab->result;

	setsid(); /* Ctrl-C is for the others: it stops when it is told to, in order */
	result->code = netns_enter(lab->network.netns[LAB_TESTER], &result->err);
	if (result->code >= 0) {
		result->code = 0;
		lab->options.service->test(&lab->options, result);
	}
	_exit(STATUS_DONE);
}

static int lab_start(struct lab *lab, struct err *err)
{
	lab->said->status = STATUS_FAILED; /* unless it says otherwise */
	lab->runner = lab_fork(lab, SIGTERM);
	if (!lab->runner)
		lab_run_service(lab);
	if (lab->runner > 0) {
		lab->sender = lab_fork(lab, SIGKILL);
		if (!lab->sender)
			lab_run_tester(lab);
	}
	if (lab->runner > 0 && lab->sender > 0)
		return 0;
	err_set(err, -errno, "lab: start a process");
	if (lab->runner > 0)
		kill(lab->runner, SIGTERM);
	else
		lab->runner = 0;
	lab->sender = 0;
	return -EAGAIN;
}

static void lab_give_order(struct lab *lab, enum engine_order order)
{
	__atomic_store_n(&lab->result->order, (uint32_t)order, __ATOMIC_RELAXED);
}

/* The tester stops first, so that the service's books close on a quiet network. */
static void lab_on_child(struct lab *lab)
{
	int status;

	if (lab->runner && waitpid(lab->runner, &status, WNOHANG) == lab->runner) {
		lab->runner = 0;
		lab->runner_signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
		lab_give_order(lab, ORDER_ABANDON);
	}
	if (lab->sender && waitpid(lab->sender, &status, WNOHANG) == lab->sender) {
		lab->sender = 0;
		if (WIFSIGNALED(status))
			lab->result->code = err_say(&lab->result->err, -EIO,
				"the tester was killed: %s", strsignal(WTERMSIG(status)));
		if (lab->runner && !lab->runner_told)
			kill(lab->runner, SIGTERM);
		lab->runner_told = true;
	}
}

static void lab_on_signal(struct lab *lab, const siginfo_t *signal)
{
	/* what the terminal sends, the service has got as well */
	bool shared = signal->si_code == SI_KERNEL;
	bool hangs_up = signal->si_signo == SIGHUP;
	bool ends_it = signal->si_signo == SIGINT || signal->si_signo == SIGTERM || hangs_up;

	/* a lab that nobody sees ends, though a service that has lost its terminal goes on */
	if (shared && ends_it && !hangs_up) {
		lab->runner_told = true;
		lab_give_order(lab, ORDER_ABANDON);
	} else if (ends_it && lab->sender && !lab->runner_told) {
		lab_give_order(lab, ORDER_FINISH); /* its end passes the signal on */
	} else if ((!shared || hangs_up) && lab->runner) {
		kill(lab->runner, hangs_up ? SIGTERM : signal->si_signo);
	}
}

static void lab_watch(struct lab *lab)
{
	while (lab->runner || lab->sender) {
		siginfo_t signal;
		int number = sigwaitinfo(&lab->signals, &signal);

		if (number == SIGCHLD)
			lab_on_child(lab);
		else if (number > 0)
			lab_on_signal(lab, &signal);
	}
}

/* Prints what the tester found; returns the exit status, with err set if it is not STATUS_DONE. */
static int lab_report(const struct lab *lab, struct err *err)
{
	const struct lab_result *result = lab->result;
	char line[LOG_LINE_BYTES * 2];
	struct log *log;

	if (result->answered || (!lab->said->status && !lab->runner_signal)) {
		lab->options.service->print(result, line, sizeof(line));
		log = log_open(LOG_INFO, lab->options.log_format);
		log_write(log, LOG_INFO, "lab: %s", line);
		log_close(log);
	}
	if (lab->runner_signal) {
		err_say(err, -EIO, "lab: %s was killed: %s", lab->options.service->name,
			strsignal(lab->runner_signal));
		return STATUS_FAILED;
	}
	if (lab->said->status) {
		*err = lab->said->err;
		return lab->said->status;
	}
	if (result->code < 0) {
		*err = result->err;
		err_where(err, result->code, "lab");
		return STATUS_FAILED;
	}
	return STATUS_DONE;
}

static void lab_remove(struct lab *lab, struct err *err)
{
	if (lab->options.service->clear)
		lab->options.service->clear(&lab->options);
	lab_network_remove(&lab->network, err);
}

static int lab_run(struct lab *lab, struct err *err)
{
	const struct timespec now = { 0 };
	int status = STATUS_FAILED;

	lab_network_remove_leftovers();
	if (lab_network_make(&lab->network, lab->options.queues, lab_furnish_end, lab, err)) {
		err_where(err, status, "lab");
		goto out;
	}
	lab_options_make_run(&lab->options, lab->network.netns[LAB_SERVICE]);
	status = STATUS_DONE;
	if (sigtimedwait(&lab->signals, NULL, &now) > 0)
		goto out; /* interrupted before there was anybody to tell */
	status = lab_start(lab, err) ? STATUS_FAILED : STATUS_DONE;
	lab_watch(lab);
	if (!status)
		status = lab_report(lab, err);
out:
	lab_remove(lab, err);
	return status;
}

/* Memory for what the children say; -1 with err set. */
static int lab_share(struct lab *lab, struct err *err)
{
	size_t bytes = sizeof(*lab->said) + lab->options.service->result_bytes;

	lab->result = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (lab->result == MAP_FAILED)
		return err_set(err, -errno, "lab: memory for the results");
	lab->said = (void *)((char *)lab->result + lab->options.service->result_bytes);
	return 0;
}

static int run(int argc, char **argv, struct err *err)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGCHLD };
	struct sigaction before, standard = { .sa_handler = SIG_DFL };
	struct lab lab = { .self = getpid() };
	int status = STATUS_FAILED;

	if (lab_options_read(&lab.options, argc, argv, err)) {
		err_where(err, 0, "lab");
		return STATUS_USAGE;
	}
	if (lab_share(&lab, err))
		return STATUS_FAILED;
	sigemptyset(&lab.signals);
	for (unsigned i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		sigaddset(&lab.signals, signals[i]);
	if (!sigaction(SIGHUP, NULL, &before) && before.sa_handler == SIG_IGN)
		sigdelset(&lab.signals, SIGHUP); /* nohup; it would come all the same */
	sigaction(SIGCHLD, &standard, &before); /* ignored, it would never come */
	sigprocmask(SIG_BLOCK, &lab.signals, &lab.signals_before);
	status = lab_run(&lab, err);
	sigprocmask(SIG_SETMASK, &lab.signals_before, NULL);
	sigaction(SIGCHLD, &before, NULL);
	return status;
}

const struct command command_lab = {
	.name = "lab",
	.synopsis =
		"[SERVICE] [--no-tui] [--duration SECONDS] [--format text|json|csv]\n"
		"[--interval SECONDS] [--level basic|detailed|debug] [--queues N] [--rate RATE]\n"
		"[--size BYTES] [--flows N] [--vlan ID[:PRIO][,ID[:PRIO]]] [--dscp N] [--ipv6] "
		"...\n"
		"[--set SECTION.KEY=VALUE]... [--log-format text|json]",
	.summary = "a service on a network of its own, with traffic and the dashboard",
	.arguments = lab_arguments,
	.arguments_count = LAB_ARGUMENTS,
	.run = run,
};
