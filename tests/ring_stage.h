/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What tests of rings share: rings without a daemon, packets whose every byte follows from their
 * sequence, and a consumer that checks each one.
 */
#ifndef RINGSIDE_RING_STAGE_H
#define RINGSIDE_RING_STAGE_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ring/audience.h"
#include "ring/consumer.h"

#define STAGE_RINGS 4

struct stage {
	struct audience audience;
	unsigned count;
	struct ring_writer ring[STAGE_RINGS];
	unsigned index[STAGE_RINGS];
};

static inline uint64_t stage_mix(uint64_t x)
{
	x ^= x >> 31;
	x *= 0x9e3779b97f4a7c15ull;
	return x ^ x >> 29;
}

static inline uint32_t stage_length(uint64_t sequence, uint32_t packet_bytes)
{
	return (uint32_t)(stage_mix(sequence) % (packet_bytes + 1));
}

static inline void stage_fill(uint64_t sequence, uint8_t *data, uint32_t length)
{
	for (uint32_t i = 0; i < length; i += 8) {
		uint64_t word = stage_mix(sequence * 4096 + i);

		memcpy(data + i, &word, length - i < 8 ? length - i : 8);
	}
}

static inline struct ring_packet stage_packet(
	uint64_t sequence, uint8_t *data, uint32_t packet_bytes)
{
	struct ring_packet packet = {
		.data = data,
		.length = stage_length(sequence, packet_bytes),
		.header = (uint16_t)(sequence & RINGSIDE_HEADER) |
			  (sequence & 1 ? RINGSIDE_AT_HOOK : 0),
		.hash = (uint32_t)stage_mix(sequence + 1),
		.signature = (uint32_t)stage_mix(sequence + 2),
		.time_ns = stage_mix(sequence + 3),
	};

	stage_fill(sequence, data, packet.length);
	return packet;
}

/* Every field and every byte of a packet; what is wrong goes to stderr. */
static inline int stage_is_whole(const struct ringside_packet *p, uint32_t packet_bytes)
{
	const uint64_t n = p->sequence;
	const uint32_t signature = (uint32_t)stage_mix(n + 2);
	uint8_t expected[4096 + 8];

	stage_fill(n, expected, stage_length(n, packet_bytes));
	if (p->length == stage_length(n, packet_bytes) && p->captured <= p->length &&
		p->header == (n & RINGSIDE_HEADER) && p->at_hook == (n & 1) &&
		p->hash == (uint32_t)stage_mix(n + 1) && p->time_ns == stage_mix(n + 3) &&
		p->destination_port == signature >> 16 && p->source_port == (signature & 0xffff) &&
		!memcmp(p->data, expected, p->captured))
		return 1;
	fprintf(stderr, "packet %llu: not whole\n", (unsigned long long)n);
	return 0;
}

static inline struct ring_settings stage_settings(uint32_t depth, uint32_t packet_bytes)
{
	return (struct ring_settings){
		.name = "stage",
		.interface = "eth0",
		.depth = depth,
		.packet_bytes = packet_bytes,
		.boot_id = 77,
		.first = 1,
	};
}

static inline void stage_add(struct stage *s, const struct ring_settings *settings, int data_fd)
{
	struct err err = { 0 };

	if (ring_open(&s->ring[s->count], settings, &err) ||
		audience_add(&s->audience, &s->ring[s->count], data_fd, &s->index[s->count])) {
		fprintf(stderr, "open a ring: %s\n", err.text);
		abort();
	}
	s->count++;
}

static inline void stage_open(
	struct stage *s, uint32_t depth, uint32_t packet_bytes, uint64_t first)
{
	struct ring_settings settings = stage_settings(depth, packet_bytes);

	memset(s, 0, sizeof(*s));
	audience_init(&s->audience, settings.boot_id);
	settings.first = first;
	stage_add(s, &settings, -1);
}

static inline void stage_close(struct stage *s)
{
	audience_fini(&s->audience);
	for (unsigned i = 0; i < s->count; i++)
		ring_close(&s->ring[i]);
}

/* Seats a consumer; its end of the connection is returned. */
static inline int stage_seat(struct stage *s)
{
	struct err err = { 0 };
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) ||
		audience_seat(&s->audience, ends[0], false, &err)) {
		fprintf(stderr, "seat a consumer: %s\n", err.text);
		abort();
	}
	return ends[1];
}

static inline struct ringside *stage_consumer(struct stage *s, uint32_t snap)
{
	const struct ringside_options options = { .snap = snap };
	struct ringside *consumer;

	if (ringside_open_connection(&consumer, stage_seat(s), &options))
		abort();
	return consumer;
}

/* Publishes the next `count` packets of a ring in mode copy, in one batch. */
static inline void stage_publish(
	struct stage *s, unsigned ring, unsigned count, uint32_t packet_bytes)
{
	uint8_t data[4096 + 8];

	for (unsigned i = 0; i < count; i++) {
		struct ring_packet packet = stage_packet(s->ring[ring].next, data, packet_bytes);

		ring_publish(&s->ring[ring], &packet);
	}
	audience_wake(&s->audience, s->index[ring]);
}

/* A cheap sequence of numbers, the same in each run. */
static inline uint32_t stage_random(uint64_t *state)
{
	*state = *state * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(*state >> 33);
}

/* Receives with random pauses until the ring ends. Returns 0 when each packet was whole and newer than
 * the one before, and fills the counts; `position` is one past the last packet counted. */
static inline int stage_consume(struct ringside *consumer, uint32_t packet_bytes,
	unsigned pause_every, struct ringside_counts *counts)
{
	struct ringside_packet packets[64];
	uint64_t random = 99, last = 0, checked = 0;
	int n;

	for (;;) {
		n = ringside_receive(consumer, packets, 1 + stage_random(&random) % 64);
		for (int i = 0; i < n; i++) {
			if (!stage_is_whole(&packets[i], packet_bytes))
				return -1;
			if (checked++ && packets[i].sequence - last - 1 > UINT64_MAX / 2) {
				fprintf(stderr, "packet %llu after %llu\n",
					(unsigned long long)packets[i].sequence,
					(unsigned long long)last);
				return -1;
			}
			last = packets[i].sequence;
		}
		if (n < 0)
			break;
		if (!n)
			ringside_wait(consumer, 1000);
		else if (!(stage_random(&random) % pause_every))
			usleep(stage_random(&random) % 200);
	}
	ringside_counts(consumer, 0, counts);
	return n == -ESTALE && counts->received == checked ? 0 : -1;
}

#endif
