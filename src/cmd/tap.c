/* SPDX-License-Identifier: BSD-2-Clause */
/* tap: looks on at a ring, at what a service does with its packets, or at all drops. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/runtime.h"
#include "cmd/command.h"
#include "cmd/tap_output.h"
#include "ring/consumer.h"
#include "stats/published.h"

#define BATCH 64
#define WAIT_MS 200 /* also how old written packets get before others can read them */
#define OPEN_AGAIN_NS (2 * NSEC_PER_SEC)
/* In front of a service's name: its packets, and not those of a ring of that name. */
#define SERVICE_WORD "service:"

struct tap {
	const char *instance, *what; /* instance NULL: the only one */
	char socket[RUNTIME_PATH_BYTES];
	uint64_t count; /* 0: without end */
	struct tap_output output;
};

static volatile sig_atomic_t told_to_end;

static void on_signal(int signal)
{
	(void)signal;
	told_to_end = 1;
}

static const struct argument arguments_table[] = {
	{ 'w', "write", "FILE.pcapng", "write a capture file; -: to standard output" },
	{ 'p', "print", NULL,
		"print a line for each packet; without --write that is what it does" },
	{ 0, "count", "N", "end after so many packets" },
	{ 'h', "help", NULL, "show this" },
};
#define ARGUMENTS (sizeof(arguments_table) / sizeof(arguments_table[0]))

/* The control socket of an instance, or of the only one when name is NULL. */
static int find_socket(struct tap *tap, const char *name, struct err *err)
{
	int ret = published_find(tap->socket, name, err);

	if (!ret)
		strcpy(strrchr(tap->socket, '.'), ".sock");
	return ret;
}

/* WHAT, NAME WHAT, WHAT FILTER, or NAME WHAT FILTER: of two words the first is NAME when there is such an
 * instance. */
static int take_words(struct tap *tap, struct arguments *arguments, struct err *err)
{
	const char *words[4] = { NULL };
	unsigned count = 0;

	while (count < 4 && (words[count] = arguments_word(arguments)))
		count++;
	if (!count)
		return err_say(err, -EINVAL,
			"no ring is named: ringside tap [NAME] RING|SERVICE|drops [FILTER]");
	if (count > 3)
		return err_say(err, -EINVAL, "'%s' is one word too many: FILTER is one argument",
			words[3]);
	tap->output.filter = "";
	if (count == 3 || (count == 2 && !find_socket(tap, words[0], NULL)))
		tap->instance = words[0];
	tap->what = words[tap->instance != NULL];
	if (count > 1 + (tap->instance != NULL))
		tap->output.filter = words[count - 1];
	return 0;
}

static int take(
	struct tap *tap, const struct argument *argument, const char *value, struct err *err)
{
	char *end;

	if (!strcmp(argument->name, "write"))
		tap->output.write = value;
	else if (!strcmp(argument->name, "print"))
		tap->output.print = true;
	else if (!strcmp(argument->name, "count")) {
		errno = 0;
		tap->count = strtoull(value, &end, 10);
		if (*value < '0' || *value > '9' || *end || errno || !tap->count)
			return err_say(
				err, -EINVAL, "--count: '%s' is not a number of packets", value);
	}
	return 0;
}

static int parse(struct tap *tap, int argc, char **argv, struct err *err)
{
	struct arguments arguments = { .argc = argc, .argv = argv };
	const struct argument *argument;
	const char *value;
	int ret = 0;

	while ((argument =
			arguments_next(&arguments, arguments_table, ARGUMENTS, &value, &ret, err)))
		if (take(tap, argument, value, err))
			return -EINVAL;
	if (!ret)
		ret = take_words(tap, &arguments, err);
	if (!ret)
		ret = tap_output_init(&tap->output, err);
	tap->output.print |= !tap->output.write;
	return ret;
}

static int open_failed(const struct tap *tap, int ret, struct err *err)
{
	if (ret == -ENOENT)
		return err_say(err, ret, "%s: there is no ring '%s', nor a service", tap->socket,
			tap->what);
	if (ret == -EINVAL)
		return err_say(err, ret, "not a ring's name: '%s'", tap->what);
	if (ret == -EPROTO && tap->output.is_tap)
		return err_say(err, ret, "%s: '%s' cannot be shown: the instance's log says why",
			tap->socket, tap->what);
	return err_set(err, ret, "%s: open '%s'", tap->socket, tap->what);
}

/* A ring by this name, or a service, or the drops. Returns the connection. */
static int connect_what(struct tap *tap)
{
	const size_t prefix = strlen(SERVICE_WORD);
	bool is_service = !strncmp(tap->what, SERVICE_WORD, prefix);
	int fd = -ENOENT;

	if (!is_service)
		fd = ringside_connect(tap->socket, tap->what, RINGSIDE_LOOK_ON);
	tap->output.is_tap = fd == -ENOENT;
	if (fd == -ENOENT)
		fd = ringside_connect(
			tap->socket, tap->what + (is_service ? prefix : 0), RINGSIDE_TAP);
	return fd;
}

static int open_rings(struct tap *tap, struct err *err)
{
	const struct ringside_options options = { .look_on = 1 };
	struct ringside *rings;
	int fd = connect_what(tap);
	int ret = fd < 0 ? fd : ringside_open_connection(&rings, fd, &options);

	if (ret)
		return open_failed(tap, ret, err);
	if (tap->output.is_tap)
		fprintf(stderr, "ringside: %s: shown from here on\n", tap->what);
	else if (!ringside_readers(rings))
		fprintf(stderr,
			"ringside: nobody reads ring '%s' yet: until then the stack has its "
			"packets\n",
			tap->what);
	return tap_output_begin(&tap->output, rings, tap->socket, err);
}

static bool is_over(const struct tap *tap)
{
	return told_to_end || (tap->count && tap->output.taken >= tap->count);
}

/* Until the end, or until the rings have theirs: -ESTALE. */
static int look(struct tap *tap, struct err *err)
{
	struct ringside_packet packets[BATCH];
	int n = 0, ret = 0;

	while (!is_over(tap) && !ret) {
		n = ringside_receive(tap->output.rings, packets, BATCH);
		for (int i = 0; i < n && !ret && !is_over(tap); i++)
			ret = tap_output_show(&tap->output, &packets[i], err);
		if (n < 0)
			return n;
		if (n)
			continue;
		/* whoever reads the output shall have it by now */
		ret = tap_output_flush(&tap->output, err);
		if (!ret)
			ringside_wait(tap->output.rings, WAIT_MS);
	}
	return ret;
}

/* An interface that comes back brings new rings; a daemon that has ended does not. */
static int open_again(struct tap *tap, struct err *err)
{
	const struct timespec pause = { .tv_nsec = 50 * NSEC_PER_MSEC };
	const uint64_t start_ns = clock_now_ns();
	int ret = -ECONNREFUSED;

	while (!told_to_end && ret && clock_now_ns() - start_ns < OPEN_AGAIN_NS) {
		ret = open_rings(tap, err);
		if (ret)
			nanosleep(&pause, NULL);
	}
	return ret;
}

static int run(struct tap *tap, struct err *err)
{
	int ret = open_rings(tap, err), closed;

	while (!ret) {
		ret = look(tap, err);
		closed = tap_output_end(&tap->output, err);
		if (closed)
			return closed;
		if (ret != -ESTALE)
			break;
		ret = open_again(tap, err);
		if (ret) {
			err->text[0] = '\0';
			fputs("ringside: the instance has ended\n", stderr);
			return 0;
		}
	}
	return ret;
}

/* What belongs to the books and was not shown as what it is. */
static void say_unseen(const struct tap_output *out)
{
	const char *between = "ringside: dropped behind the hook, where no tap sees it: ";

	if (out->joined)
		fprintf(stderr, "ringside: %llu of them are %llu that GRO has put together\n",
			(unsigned long long)out->joined, (unsigned long long)out->joined_from);
	if (out->unseen.is_unknown) {
		fputs("ringside: what was dropped behind the hook is not known\n", stderr);
		return;
	}
	for (unsigned i = 0; i < TAP_BEHIND_REASONS; i++) {
		if (!out->unseen.dropped[i])
			continue;
		fprintf(stderr, "%s%llu %s", between, (unsigned long long)out->unseen.dropped[i],
			drop_names[tap_behind_reasons[i]]);
		between = ", ";
	}
	if (*between == ',')
		fputs(" (of all services)\n", stderr);
}

static int run_tap(int argc, char **argv, struct err *err)
{
	const struct sigaction action = { .sa_handler = on_signal };
	struct tap tap = { .count = 0, .output.behind.reader.fd = -1 };
	int ret = parse(&tap, argc, argv, err), closed;

	if (ret) {
		tap_output_close(&tap.output, NULL);
		return STATUS_USAGE;
	}
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	ret = find_socket(&tap, tap.instance, err);
	if (!ret)
		ret = tap_output_open(&tap.output, err);
	if (!ret)
		ret = run(&tap, err);
	closed = tap_output_close(&tap.output, ret ? NULL : err);
	if (!ret)
		ret = closed;
	if (ret == -EPIPE) {
		err->text[0] = '\0'; /* nobody is left to read it */
		ret = 0;
	}
	if (ret)
		return STATUS_FAILED;
	fprintf(stderr, "ringside: %llu packets, %llu of them wanted; %llu lost\n",
		(unsigned long long)tap.output.received, (unsigned long long)tap.output.taken,
		(unsigned long long)tap.output.lost);
	if (tap.output.is_tap)
		say_unseen(&tap.output);
	return STATUS_DONE;
}

static void print_more_help(FILE *out)
{
	fputs("\nRING is one of deliver's or steer's. SERVICE shows each packet that the service "
	      "wants, as it "
	      "was\n"
	      "received, with what became of it; write service:NAME where a ring has that name. "
	      "drops shows "
	      "all\n"
	      "that is dropped, with the reason. Both are for root and the daemon's own user. "
	      "What the "
	      "kernel\n"
	      "drops behind the hook (rx_ring_full, rx_dropped, cpu_ring_full, tx_failed) no tap "
	      "sees; at the\n"
	      "end it is said how many that were.\n",
		out);
}

const struct command command_tap = {
	.name = "tap",
	.synopsis =
		"[NAME] RING|SERVICE|drops [--write FILE.pcapng] [--print] [--count N] [FILTER]",
	.summary = "looks at a ring, at a service's packets or at all drops without disturbing "
		   "anybody; FILTER as tcpdump has it",
	.arguments = arguments_table,
	.arguments_count = ARGUMENTS,
	.run = run_tap,
	.print_more_help = print_more_help,
};
