// SPDX-License-Identifier: BSD-2-Clause
/*
 * A consumer for tests in network namespaces: checks each packet of deliver_peer.py and says at its end, as
 * JSON, what it got.
 *
 * usage: ring_reader RING FIRST-LAST [again]
 * Writes "ready" once it is attached, and again after each re-opening; ends on SIGTERM, or when the daemon
 * does, unless again is given: then it opens the ring anew, for as long as it takes.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ring/ring.h"

static volatile sig_atomic_t told_to_end;

static struct {
	uint64_t received, lost, wrong, openings, boots;
	unsigned ports;
	uint8_t seen[65536];
} sum;

static void end(int signal)
{
	(void)signal;
	told_to_end = 1;
}

/* The payload says for which port it was sent. */
static int is_right(const struct ringside_packet *p, unsigned first, unsigned last)
{
	const uint8_t *payload = p->data + p->header;

	return p->header + 6 <= p->length && p->captured == p->length &&
	       !memcmp(payload, "RING", 4) &&
	       p->destination_port == (payload[4] << 8 | payload[5]) &&
	       p->destination_port >= first && p->destination_port <= last;
}

static void take(const struct ringside_packet *p, unsigned first, unsigned last)
{
	sum.received++;
	if (!is_right(p, first, last))
		sum.wrong++;
	else if (!sum.seen[p->destination_port]++)
		sum.ports++;
}

static int read_until_the_end(struct ringside *ring, unsigned first, unsigned last)
{
	struct ringside_packet packets[64];
	int n = 0;

	while (!told_to_end && (n = ringside_wait(ring, 100)) != -ESTALE) {
		n = ringside_receive(ring, packets, 64);
		for (int i = 0; i < n; i++)
			take(&packets[i], first, last);
	}
	for (unsigned i = 0; i < ringside_rings(ring); i++) {
		struct ringside_counts counts;

		ringside_counts(ring, i, &counts);
		sum.lost += counts.lost_polling + counts.lost_reading;
	}
	return n;
}

int main(int argc, char **argv)
{
	const struct timespec pause = { .tv_nsec = 10000000 };
	unsigned first, last;
	uint64_t boot_id = 0;
	int n = -EINVAL;

	if (argc < 3 || sscanf(argv[2], "%u-%u", &first, &last) != 2)
		return 2;
	signal(SIGTERM, end);
	do {
		struct ringside *ring;

		n = ringside_open(&ring, NULL, argv[1], NULL);
		if (n) {
			nanosleep(&pause, NULL);
			continue;
		}
		sum.openings++;
		sum.boots += ringside_boot_id(ring) != boot_id;
		boot_id = ringside_boot_id(ring);
		puts("ready");
		fflush(stdout);
		n = read_until_the_end(ring, first, last);
		ringside_close(ring);
	} while (argc > 3 && !told_to_end);
	printf("{\"received\": %" PRIu64 ", \"lost\": %" PRIu64 ", \"wrong\": %" PRIu64
	       ", \"ports\": %u, \"openings\": %" PRIu64 ", \"boots\": %" PRIu64
	       ", \"end\": \"%s\"}\n",
		sum.received, sum.lost, sum.wrong, sum.ports, sum.openings, sum.boots,
		n < 0 ? strerror(-n) : "");
	return 0;
}
