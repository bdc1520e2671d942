/* SPDX-License-Identifier: BSD-2-Clause */
/* Counts the packets of a ring and says once a second what it got: a start for consumers of your own.
 * cc -o consumer consumer.c $(pkg-config --cflags --libs libringside) */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <ringside/ring.h>

int main(int argc, char **argv)
{
	struct ringside_packet packets[64];
	struct ringside *ring;
	uint64_t count = 0, shown_ns = 0;
	int n = argc == 2 ? ringside_open(&ring, NULL, argv[1], NULL) : -EINVAL;

	if (n) {
		fprintf(stderr, "usage: consumer RING: %s\n", strerror(-n));
		return 1;
	}
	while ((n = ringside_wait(ring, -1)) > 0 &&
		(n = ringside_receive(ring, packets, 64)) >= 0) {
		count += (uint64_t)n;
		if (!n || packets[n - 1].time_ns < shown_ns + 1000000000)
			continue;
		shown_ns = packets[n - 1].time_ns;
		printf("%" PRIu64 " packets; the last one: %" PRIu32 " bytes for port %u\n", count,
			packets[n - 1].length - packets[n - 1].header,
			packets[n - 1].destination_port);
		fflush(stdout);
	}
	fprintf(stderr, "%" PRIu64 " packets; %s\n", count,
		n == -ESTALE ? "the daemon ended" : strerror(-n));
	ringside_close(ring);
	return 0;
}
