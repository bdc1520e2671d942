/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lets XDP programs take turns on one interface while packets come, so that what the machine does meanwhile meets all of
 * them alike. A machine that is shared is a quarter faster in one second than in the next: programs that have seconds to
 * themselves can't be told apart by some per cent, those that have some milliseconds each can.
 *
 * usage: turns INTERFACE TURNS MS ID...
 *
 * Prints a line for each turn of all: what each program got rid of, in packets per second, in the order of the IDs.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PROGRAMS_MAX 16
/* What is left of the turn before: a NAPI poll takes 64 packets, some microseconds. */
#define SETTLE_US 2000

static uint64_t now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* Packets that the interface has received, dropped ones, too. */
static uint64_t received(const char *interface)
{
	unsigned long long packets;
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "/sys/class/net/%s/statistics/rx_packets", interface);
	file = fopen(path, "r");
	if (!file || fscanf(file, "%llu", &packets) != 1) {
		fprintf(stderr, "turns: %s: %s\n", path, strerror(errno));
		exit(1);
	}
	fclose(file);
	return packets;
}

/* Packets per second of one turn, or -1. */
static double take_turn(const char *interface, int program, unsigned ms)
{
	int code =
		bpf_xdp_attach((int)if_nametoindex(interface), program, XDP_FLAGS_DRV_MODE, NULL);
	uint64_t start_ns, before, packets;

	if (code) {
		fprintf(stderr, "turns: attach to %s: %s\n", interface, strerror(-code));
		return -1;
	}
	usleep(SETTLE_US);
	before = received(interface);
	start_ns = now_ns();
	usleep(ms * 1000);
	packets = received(interface) - before;
	return (double)packets * 1e9 / (double)(now_ns() - start_ns);
}

/* Each turn begins with another program: what comes first may have it better. */
static int take_turns(
	const char *interface, unsigned turns, unsigned ms, const int *programs, unsigned count)
{
	for (unsigned turn = 0; turn < turns; turn++) {
		double pps[PROGRAMS_MAX];

		for (unsigned k = 0; k < count; k++) {
			unsigned i = (turn + k) % count;

			pps[i] = take_turn(interface, programs[i], ms);
			if (pps[i] < 0)
				return 1;
		}
		for (unsigned i = 0; i < count; i++)
			printf("%.0f%c", pps[i], i + 1 < count ? '\t' : '\n');
	}
	return 0;
}

int main(int argc, char **argv)
{
	unsigned count = argc > 4 ? (unsigned)argc - 4 : 0;
	int programs[PROGRAMS_MAX];

	if (!count || count > PROGRAMS_MAX) {
		fprintf(stderr, "usage: turns INTERFACE TURNS MS ID...\n");
		return 2;
	}
	for (unsigned i = 0; i < count; i++) {
		programs[i] = bpf_prog_get_fd_by_id((__u32)strtoul(argv[4 + i], NULL, 10));
		if (programs[i] < 0) {
			fprintf(stderr, "turns: program %s: %s\n", argv[4 + i], strerror(errno));
			return 1;
		}
	}
	return take_turns(argv[1], (unsigned)strtoul(argv[2], NULL, 10),
		(unsigned)strtoul(argv[3], NULL, 10), programs, count);
}
