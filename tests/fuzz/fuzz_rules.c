// SPDX-License-Identifier: BSD-2-Clause
/* Any bytes as a frame: both halves must say the same of it and write the same, and a packet socket's filter must let
 * in what a service wants. The first byte chooses the settings of a group of vectors.h. Without the right to load
 * programs the user half runs alone. With FUZZ_SEEDS, a folder, the frames of vectors.h are written there first. */
#include <pcap/pcap.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/halves.h"
#include "io/packet_filter.h"
#include "tests/vectors.h"

#define FRAME_MAX 2000

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_seed(const char *folder, unsigned group, const struct packet *packet)
{
	static unsigned number;
	uint8_t frame[PACKET_BYTES_MAX];
	size_t length = packet_build(packet, frame);
	char path[512];
	FILE *file;

	if (length >= FRAME_MAX)
		return;
	snprintf(path, sizeof(path), "%s/%u", folder, number++);
	file = fopen(path, "we");
	if (!file)
		abort();
	fputc((int)group, file);
	fwrite(frame, length, 1, file);
	fclose(file);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *folder = getenv("FUZZ_SEEDS");

	(void)argc;
	(void)argv;
	for (unsigned i = 0; folder && i < VECTOR_GROUPS; i++)
		for (unsigned k = 0; k < vector_groups[i].count; k++)
			write_seed(folder, i, &vector_groups[i].vectors[k].packet);
	return 0;
}

static void check_filter(const struct halves *halves, const uint8_t *bytes, size_t length)
{
	struct sock_filter program[PACKET_FILTER_LENGTH];
	uint8_t copy[FRAME_MAX];
	struct frame frame;

	packet_filter_make(program, halves->tables.udp_port_services);
	memcpy(copy, bytes, length);
	if (frame_parse(&frame, copy, copy + length) ||
		!halves->tables.udp_port_services[BE16(frame.udp->dest)])
		return;
	/* libpcap's struct bpf_insn is laid out as struct sock_filter */
	if (!bpf_filter((const struct bpf_insn *)(const void *)program, copy, (unsigned)length,
		    (unsigned)length))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct halves *halves[VECTOR_GROUPS];
	unsigned chosen;

	if (!size || size > FRAME_MAX)
		return 0;
	chosen = data[0] % VECTOR_GROUPS;
	if (!halves[chosen])
		halves[chosen] =
			halves_open(vector_groups[chosen].first, vector_groups[chosen].second);
	if (!halves_agree(halves[chosen], vector_groups[chosen].name, data + 1, size - 1))
		abort();
	check_filter(halves[chosen], data + 1, size - 1);
	return 0;
}
