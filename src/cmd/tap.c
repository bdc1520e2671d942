/* SPDX-License-Identifier: BSD-2-Clause */
/* tap: looks on at a ring, and writes or prints what its readers get. */
#include <errno.h>
#include <pcap/pcap.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/runtime.h"
#include "cmd/command.h"
#include "cmd/tap_line.h"
#include "export/pcapng.h"
#include "ring/ring.h"
#include "stats/published.h"

#define BATCH 64
#define WAIT_MS 200 /* also how old written packets get before others can read them */
#define OPEN_AGAIN_NS (2 * NSEC_PER_SEC)

struct tap {
	const char *instance, *ring, *filter, *write; /* instance NULL: the only one */
	char socket[RUNTIME_PATH_BYTES];
	bool print, is_filtered;
	uint64_t count; /* 0: without end */
	struct bpf_program program;
	FILE *file;
	struct ringside *rings;
	uint32_t interfaces; /* written to the file so far */
	uint32_t first_interface; /* of the rings that are open */
	uint64_t next[RINGSIDE_RINGS], accepted[RINGSIDE_RINGS];
	uint64_t received, lost, taken; /* of rings that have been closed, and of all: taken */
	int64_t realtime_ns; /* to add to CLOCK_MONOTONIC */
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

/* RING, NAME RING, RING FILTER, or NAME RING FILTER: of two words the first is NAME when there is such an
 * instance. */
static int take_words(struct tap *tap, struct arguments *arguments, struct err *err)
{
	const char *words[4] = { NULL };
	unsigned count = 0;

	while (count < 4 && (words[count] = arguments_word(arguments)))
		count++;
	if (!count)
		return err_say(err, -EINVAL, "no ring is named: ringside tap [NAME] RING [FILTER]");
	if (count > 3)
		return err_say(err, -EINVAL, "'%s' is one word too many: FILTER is one argument",
			words[3]);
	tap->filter = "";
	if (count == 3 || (count == 2 && !find_socket(tap, words[0], NULL)))
		tap->instance = words[0];
	tap->ring = words[tap->instance != NULL];
	if (count > 1 + (tap->instance != NULL))
		tap->filter = words[count - 1];
	return 0;
}

static int take(
	struct tap *tap, const struct argument *argument, const char *value, struct err *err)
{
	char *end;

	if (!strcmp(argument->name, "write"))
		tap->write = value;
	else if (!strcmp(argument->name, "print"))
		tap->print = true;
	else if (!strcmp(argument->name, "count")) {
		errno = 0;
		tap->count = strtoull(value, &end, 10);
		if (*value < '0' || *value > '9' || *end || errno || !tap->count)
			return err_say(
				err, -EINVAL, "--count: '%s' is not a number of packets", value);
	}
	return 0;
}

static int compile_filter(struct tap *tap, struct err *err)
{
	pcap_t *dead = pcap_open_dead(DLT_EN10MB, UINT16_MAX);
	int ret = 0;

	if (!dead)
		return err_set(err, -ENOMEM, "compile the filter");
	if (pcap_compile(dead, &tap->program, tap->filter, 1, PCAP_NETMASK_UNKNOWN))
		ret = err_say(err, -EINVAL, "filter '%s': %s", tap->filter, pcap_geterr(dead));
	tap->is_filtered = !ret && *tap->filter;
	pcap_close(dead);
	return ret;
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
		ret = compile_filter(tap, err);
	tap->print |= !tap->write;
	return ret;
}

static int write_failed(const struct tap *tap, int ret, struct err *err)
{
	return ret ? err_set(err, ret, "write %s", tap->write) : 0;
}

static int open_file(struct tap *tap, struct err *err)
{
	if (!tap->write)
		return 0;
	tap->file = strcmp(tap->write, "-") ? fopen(tap->write, "we") : stdout;
	if (!tap->file)
		return err_set(err, -errno, "open %s", tap->write);
	return write_failed(tap, pcapng_write_section(tap->file, "ringside " PACKAGE_VERSION), err);
}

static int open_failed(const struct tap *tap, int ret, struct err *err)
{
	if (ret == -ENOENT)
		return err_say(err, ret, "%s: there is no ring '%s'", tap->socket, tap->ring);
	if (ret == -EINVAL)
		return err_say(err, ret, "not a ring's name: '%s'", tap->ring);
	return err_set(err, ret, "%s: open ring '%s'", tap->socket, tap->ring);
}

static int open_rings(struct tap *tap, struct err *err)
{
	const struct ringside_options options = { .look_on = 1 };
	int ret = ringside_open(&tap->rings, tap->socket, tap->ring, &options);

	if (ret)
		return open_failed(tap, ret, err);
	tap->first_interface = tap->interfaces;
	memset(tap->next, 0, sizeof(tap->next));
	memset(tap->accepted, 0, sizeof(tap->accepted));
	for (unsigned i = 0; tap->file && i < ringside_rings(tap->rings) && !ret; i++) {
		uint32_t queue;
		const char *interface = ringside_interface(tap->rings, i, &queue);
		char name[40];

		snprintf(name, sizeof(name), "%s/%u", interface, queue);
		ret = pcapng_write_interface(tap->file, name, tap->filter);
		tap->interfaces++;
	}
	if (!ringside_readers(tap->rings))
		fprintf(stderr,
			"ringside: nobody reads ring '%s' yet: until then the stack has its "
			"packets\n",
			tap->ring);
	return write_failed(tap, ret, err);
}

static int close_rings(struct tap *tap, struct err *err)
{
	int ret = 0;

	for (unsigned i = 0; tap->rings && i < ringside_rings(tap->rings); i++) {
		struct pcapng_statistics end = { .interface = tap->first_interface + i,
			.time_ns = clock_now_ns() + (uint64_t)tap->realtime_ns,
			.accepted = tap->accepted[i] };
		struct ringside_counts counts;

		ringside_counts(tap->rings, i, &counts);
		end.received = counts.received + counts.lost_polling + counts.lost_reading;
		end.lost = counts.lost_polling + counts.lost_reading;
		tap->received += counts.received;
		tap->lost += end.lost;
		if (tap->file && !ret)
			ret = pcapng_write_statistics(tap->file, &end);
	}
	ringside_close(tap->rings);
	tap->rings = NULL;
	return write_failed(tap, ret, err);
}

static void print(const struct tap *tap, const struct ringside_packet *packet)
{
	const uint64_t ns = packet->time_ns + (uint64_t)tap->realtime_ns;
	const time_t seconds = (time_t)(ns / NSEC_PER_SEC);
	uint32_t queue;
	const char *interface = ringside_interface(tap->rings, packet->ring, &queue);
	char clock[16], text[256];
	struct tm local;

	localtime_r(&seconds, &local);
	strftime(clock, sizeof(clock), "%H:%M:%S", &local);
	tap_line(text, sizeof(text), packet->data, packet->captured, packet->length);
	printf("%s.%09u %s/%u %s\n", clock, (unsigned)(ns % NSEC_PER_SEC), interface, queue, text);
}

static bool wants(const struct tap *tap, const struct ringside_packet *packet)
{
	const struct pcap_pkthdr head = { .caplen = packet->captured, .len = packet->length };

	return !tap->is_filtered || pcap_offline_filter(&tap->program, &head, packet->data);
}

static int show(struct tap *tap, const struct ringside_packet *packet, struct err *err)
{
	struct pcapng_packet block = {
		.interface = tap->first_interface + packet->ring,
		.time_ns = packet->time_ns + (uint64_t)tap->realtime_ns,
		.data = packet->data,
		.captured = packet->captured,
		.length = packet->length,
		.id = packet->sequence,
	};
	uint64_t *next = &tap->next[packet->ring];

	if (*next)
		block.lost = packet->sequence - *next;
	*next = packet->sequence + 1;
	if (!wants(tap, packet))
		return 0;
	tap->taken++;
	tap->accepted[packet->ring]++;
	if (tap->print)
		print(tap, packet);
	if (!tap->file)
		return 0;
	ringside_interface(tap->rings, packet->ring, &block.queue);
	return write_failed(tap, pcapng_write_packet(tap->file, &block), err);
}

static bool is_over(const struct tap *tap)
{
	return told_to_end || (tap->count && tap->taken >= tap->count);
}

/* Until the end, or until the rings have theirs: -ESTALE. */
static int look(struct tap *tap, struct err *err)
{
	struct ringside_packet packets[BATCH];
	int n = 0, ret = 0;

	while (!is_over(tap) && !ret) {
		n = ringside_receive(tap->rings, packets, BATCH);
		for (int i = 0; i < n && !ret && !is_over(tap); i++)
			ret = show(tap, &packets[i], err);
		if (n < 0)
			return n;
		if (n)
			continue;
		/* whoever reads the output shall have it by now */
		if ((tap->file && fflush(tap->file)) || fflush(stdout))
			return err_set(
				err, -errno, "write %s", tap->file ? tap->write : "the lines");
		ringside_wait(tap->rings, WAIT_MS);
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
		closed = close_rings(tap, err);
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

static int run_tap(int argc, char **argv, struct err *err)
{
	const struct sigaction action = { .sa_handler = on_signal };
	struct tap tap = { .interfaces = 0 };
	int status = STATUS_DONE, ret;

	ret = parse(&tap, argc, argv, err);
	if (ret) {
		pcap_freecode(&tap.program);
		return STATUS_USAGE;
	}
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	tap.realtime_ns = (int64_t)(clock_read_ns(CLOCK_REALTIME) - clock_now_ns());
	ret = find_socket(&tap, tap.instance, err);
	if (!ret)
		ret = open_file(&tap, err);
	if (!ret)
		ret = run(&tap, err);
	if (tap.file && fflush(tap.file) && !ret)
		ret = err_set(err, -errno, "write %s", tap.write);
	if (tap.file && tap.file != stdout)
		fclose(tap.file);
	if (ret == -EPIPE) {
		err->text[0] = '\0'; /* nobody is left to read it */
		ret = 0;
	}
	if (ret)
		status = STATUS_FAILED;
	else
		fprintf(stderr, "ringside: %llu packets, %llu of them wanted; %llu lost\n",
			(unsigned long long)tap.received, (unsigned long long)tap.taken,
			(unsigned long long)tap.lost);
	pcap_freecode(&tap.program);
	return status;
}

const struct command command_tap = {
	.name = "tap",
	.synopsis = "[NAME] RING [--write FILE.pcapng] [--print] [--count N] [FILTER]",
	.summary = "looks on at a ring of deliver without disturbing anybody; FILTER as tcpdump "
		   "has it",
	.arguments = arguments_table,
	.arguments_count = ARGUMENTS,
	.run = run_tap,
};
