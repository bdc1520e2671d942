/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab: the main job on a network of its own. This process makes it, starts two others, the
 * reflector ("ringside run") and the tester, and takes everything away in the end: it keeps the
 * capabilities which that needs, while the reflector gives up its own. The tester sends through
 * namespace -a, the reflector's interface is in namespace -b.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <linux/filter.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "cmd/command.h"
#include "cmd/lab_options.h"
#include "cmd/lab_tester.h"
#include "net/link.h"
#include "net/netns.h"
#include "net/veth.h"

#define LINK_A "va"
#define LINK_B "vb"
#define NETNS_PREFIX "rs-lab-"

/* RFC 2544's addresses for tests, a unique local prefix, locally administered MACs. */
static const struct generate_end ends[2] = {
	{ .mac = { 0x02, 0, 0, 0, 0x0a, 0x01 }, .ip = { 198, 18, 0, 1 } },
	{ .mac = { 0x02, 0, 0, 0, 0x0b, 0x02 }, .ip = { 198, 18, 0, 2 } },
};
static const char *const ipv6[2] = { "fd00:198:18::1", "fd00:198:18::2" };
static const char *const links[2] = { LINK_A, LINK_B };

/* What the children say, in memory shared with them. */
struct lab_shared {
	struct lab_result result;
	int status; /* of the reflector */
	struct err err;
};

struct lab {
	struct lab_options options;
	char netns[2][32];
	bool made[2];
	int absorber; /* socket in namespace b, or -1 */
	sigset_t signals, signals_before;
	struct lab_shared *shared;
	pid_t self, runner, sender; /* 0: not running */
	int runner_signal; /* that killed the reflector; 0: none */
	bool runner_told; /* to end */
};

/* Removes what labs left that were killed: their processes are no more. */
static void lab_remove_leftovers(void)
{
	DIR *folder = opendir("/run/netns");
	const struct dirent *entry;

	while (folder && (entry = readdir(folder))) {
		char end;
		int pid;

		if (sscanf(entry->d_name, NETNS_PREFIX "%d-%c", &pid, &end) == 2 && pid > 0 &&
			kill(pid, 0) && errno == ESRCH)
			netns_delete(entry->d_name, NULL);
	}
	if (folder)
		closedir(folder);
}

/* Takes the port and lets all that comes there vanish, so that the namespace's stack sends no ICMP "port
 * unreachable" for packets that the reflector leaves to it. */
static int lab_absorb(uint16_t port, struct err *err)
{
	struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog program = { .len = 1, .filter = &nothing };
	struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0), code;

	if (fd >= 0 && !setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) &&
		!bind(fd, (struct sockaddr *)&address, sizeof(address)))
		return fd;
	code = err_set(err, -errno, "take UDP port %u", port);
	if (fd >= 0)
		close(fd);
	return code;
}

/* One end, in its namespace: addresses, and the other end's as permanent neighbours, so that no
 * query disturbs the counts. */
static int lab_set_up_end(unsigned end, struct err *err)
{
	char address[64], other[INET_ADDRSTRLEN];
	const char *link = links[end];
	int code;

	inet_ntop(AF_INET, ends[end].ip, other, sizeof(other));
	snprintf(address, sizeof(address), "%s/24", other);
	code = veth_address_add(link, address, err);
	snprintf(address, sizeof(address), "%s/64", ipv6[end]);
	if (!code)
		code = veth_address_add(link, address, err);
	inet_ntop(AF_INET, ends[!end].ip, other, sizeof(other));
	if (!code)
		code = veth_neighbour_add(link, other, ends[!end].mac, err);
	if (!code)
		code = veth_neighbour_add(link, ipv6[!end], ends[!end].mac, err);
	return code ? code : veth_set_up(link, err);
}

/* The tester's end: packets leave it with finished checksums and with VLAN tags inside, as they
 * would come from a wire. At both ends GRO makes them take what XDP sends to them. */
static int lab_set_features(unsigned end, struct err *err)
{
	static const char *const off[] = { "tx-checksum-ip-generic", "tx-checksum-ipv4",
		"tx-checksum-ipv6", "tx-checksum-sctp", "tx-vlan-hw-insert",
		"tx-vlan-stag-hw-insert", "rx-vlan-hw-parse", "rx-vlan-stag-hw-parse",
		"tx-generic-segmentation", "tx-tcp-segmentation", "tx-tcp-ecn-segmentation",
		"tx-tcp-mangleid-segmentation", "tx-tcp6-segmentation", "tx-udp-segmentation",
		"tx-sctp-segmentation", "tx-gso-list" };
	static const char *const on[] = { "rx-gro" };
	int code = 0;

	if (end == 0)
		code = link_features_set(LINK_A, off, sizeof(off) / sizeof(*off), false, err);
	return code ? code : link_features_set(links[end], on, 1, true, err);
}

static int lab_furnish(struct lab *lab, unsigned end, struct err *err)
{
	int back = netns_enter(lab->netns[end], err), code;

	if (back < 0)
		return back;
	code = lab_set_features(end, err);
	if (!code && end == 1) {
		lab->absorber = lab_absorb(lab->options.settings.port, err);
		code = lab->absorber < 0 ? lab->absorber : 0;
	}
	if (!code)
		code = lab_set_up_end(end, err);
	netns_leave(back);
	return code;
}

static int lab_make(struct lab *lab, struct err *err)
{
	struct veth_end veth[2];
	int code = 0;

	for (unsigned end = 0; end < 2 && !code; end++) {
		snprintf(lab->netns[end], sizeof(lab->netns[end]), NETNS_PREFIX "%d-%c", getpid(),
			'a' + (int)end);
		veth[end] = (struct veth_end){ .name = links[end], .netns = lab->netns[end] };
		memcpy(veth[end].mac, ends[end].mac, sizeof(veth[end].mac));
		code = netns_add(lab->netns[end], err);
		lab->made[end] = !code;
	}
	if (!code)
		code = veth_add(&veth[0], &veth[1], lab->options.queues, err);
	for (unsigned end = 0; end < 2 && !code; end++)
		code = lab_furnish(lab, end, err);
	if (code == -EPERM || code == -EACCES)
		err_say(err, code,
			"a network of its own needs CAP_SYS_ADMIN and CAP_NET_ADMIN: run it as "
			"root");
	return code;
}

static void lab_remove(struct lab *lab, struct err *err)
{
	if (lab->absorber >= 0)
		close(lab->absorber);
	for (unsigned end = 0; end < 2; end++)
		if (lab->made[end])
			netns_delete(lab->netns[end], err->text[0] ? NULL : err);
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

static void lab_run_reflector(struct lab *lab)
{
	struct lab_shared *shared = lab->shared;

	shared->status =
		command_run.run(lab->options.run_argc, lab->options.run_argv, &shared->err);
	if ((fflush(stdout) || ferror(stdout)) && !shared->status) {
		err_say(&shared->err, -EIO, "cannot write to standard output");
		shared->status = STATUS_FAILED;
	}
	_exit(STATUS_DONE);
}

static void lab_run_tester(struct lab *lab)
{
	struct generate_settings *settings = &lab->options.settings;
	struct lab_result *result = &lab->shared->result;

	setsid(); /* Ctrl-C is for the others: it stops when it is told to, in order */
	strcpy(settings->interface, LINK_A);
	settings->from = ends[0];
	settings->to = ends[1];
	if (settings->ipv6) {
		inet_pton(AF_INET6, ipv6[0], settings->from.ip);
		inet_pton(AF_INET6, ipv6[1], settings->to.ip);
	}
	result->code = netns_enter(lab->netns[0], &result->err);
	if (result->code >= 0)
		lab_tester_run(settings, &lab->options.trial, result);
	_exit(STATUS_DONE);
}

static int lab_start(struct lab *lab, struct err *err)
{
	lab->shared->status = STATUS_FAILED; /* unless it says otherwise */
	lab->runner = lab_fork(lab, SIGTERM);
	if (!lab->runner)
		lab_run_reflector(lab);
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

static void lab_order(struct lab *lab, enum engine_order order)
{
	__atomic_store_n(&lab->shared->result.order, (uint32_t)order, __ATOMIC_RELAXED);
}

/* The tester stops first, so that the reflector's books close on a quiet network. */
static void lab_on_child(struct lab *lab)
{
	int status;

	if (lab->runner && waitpid(lab->runner, &status, WNOHANG) == lab->runner) {
		lab->runner = 0;
		lab->runner_signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
		lab_order(lab, ORDER_ABANDON);
	}
	if (lab->sender && waitpid(lab->sender, &status, WNOHANG) == lab->sender) {
		lab->sender = 0;
		if (WIFSIGNALED(status))
			lab->shared->result.code = err_say(&lab->shared->result.err, -EIO,
				"the tester was killed: %s", strsignal(WTERMSIG(status)));
		if (lab->runner && !lab->runner_told)
			kill(lab->runner, SIGTERM);
		lab->runner_told = true;
	}
}

static void lab_on_signal(struct lab *lab, const siginfo_t *signal)
{
	/* what the terminal sends, the reflector has got as well */
	bool shared = signal->si_code == SI_KERNEL;
	bool ends_it = signal->si_signo == SIGINT || signal->si_signo == SIGTERM;

	if (shared && ends_it) {
		lab->runner_told = true;
		lab_order(lab, ORDER_ABANDON);
	} else if (ends_it && lab->sender && !lab->runner_told) {
		lab_order(lab, ORDER_FINISH); /* its end passes the signal on */
	} else if (!shared && lab->runner) {
		kill(lab->runner, signal->si_signo);
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
	const struct lab_result *result = &lab->shared->result;
	char line[LOG_LINE_BYTES * 2];
	struct log *log;

	if (result->answered || (!lab->shared->status && !lab->runner_signal)) {
		lab_result_print(result, line, sizeof(line));
		log = log_open(LOG_INFO, lab->options.log_format);
		log_write(log, LOG_INFO, "lab: %s", line);
		log_close(log);
	}
	if (lab->runner_signal) {
		err_say(err, -EIO, "lab: the reflector was killed: %s",
			strsignal(lab->runner_signal));
		return STATUS_FAILED;
	}
	if (lab->shared->status) {
		*err = lab->shared->err;
		return lab->shared->status;
	}
	if (result->code < 0) {
		*err = result->err;
		err_where(err, result->code, "lab");
		return STATUS_FAILED;
	}
	return STATUS_DONE;
}

static int lab_run(struct lab *lab, struct err *err)
{
	const struct timespec now = { 0 };
	int status = STATUS_FAILED;

	lab_remove_leftovers();
	if (lab_make(lab, err)) {
		err_where(err, status, "lab");
		goto out;
	}
	lab_options_make_run(&lab->options, LINK_B, lab->netns[1]);
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

static int run(int argc, char **argv, struct err *err)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGCHLD };
	struct sigaction before, standard = { .sa_handler = SIG_DFL };
	struct lab lab = { .absorber = -1, .self = getpid() };
	int status = STATUS_FAILED;

	if (lab_options_read(&lab.options, argc, argv, err)) {
		err_where(err, 0, "lab");
		return STATUS_USAGE;
	}
	lab.shared = mmap(NULL, sizeof(*lab.shared), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (lab.shared == MAP_FAILED) {
		err_set(err, -errno, "lab: memory for the results");
		return STATUS_FAILED;
	}
	sigemptyset(&lab.signals);
	for (unsigned i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		sigaddset(&lab.signals, signals[i]);
	sigaction(SIGCHLD, &standard, &before); /* ignored, it would never come */
	sigprocmask(SIG_BLOCK, &lab.signals, &lab.signals_before);
	status = lab_run(&lab, err);
	sigprocmask(SIG_SETMASK, &lab.signals_before, NULL);
	sigaction(SIGCHLD, &before, NULL);
	munmap(lab.shared, sizeof(*lab.shared));
	return status;
}

const struct command command_lab = {
	.name = "lab",
	.synopsis =
		"[reflect] [--no-tui] [--duration SECONDS] [--format text|json|csv]\n"
		"[--interval SECONDS] [--level basic|detailed|debug] [--queues N] [--rate RATE]\n"
		"[--size BYTES] [--flows N] [--vlan ID[:PRIO][,ID[:PRIO]]] [--dscp N] [--ipv6] "
		"...\n"
		"[--set SECTION.KEY=VALUE]... [--log-format text|json]",
	.summary = "the service on a network of its own, with test traffic and the dashboard",
	.arguments = lab_arguments,
	.arguments_count = LAB_ARGUMENTS,
	.run = run,
};
