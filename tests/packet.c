// SPDX-License-Identifier: BSD-2-Clause
#include "packet.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A frame being written, and where its parts begin. */
struct writer {
	uint8_t *frame, *at, *ip, *udp;
};

static void put8(struct writer *w, unsigned value)
{
	*w->at++ = (uint8_t)value;
}

static void put16(struct writer *w, unsigned value)
{
	put8(w, value >> 8);
	put8(w, value & 0xff);
}

static void set16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put_address(struct writer *w, int family, const char *text)
{
	if (inet_pton(family, text, w->at) != 1)
		abort();
	w->at += family == AF_INET ? 4 : 16;
}

/* The Internet checksum's sum, in its plainest form (RFC 1071 §1). */
static uint32_t sum_words(uint32_t sum, const uint8_t *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static void put_ethernet(struct writer *w, const struct packet *p)
{
	memcpy(w->at, p->to, 6);
	memcpy(w->at + 6, p->from, 6);
	w->at += 12;
	for (unsigned i = 0; i < p->tags; i++) {
		put16(w, p->tag[i].type);
		put16(w, p->tag[i].tci);
	}
	put16(w, p->ether_type);
}

static void put_ipv4(struct writer *w, const struct packet *p)
{
	unsigned words = 5 + p->options / 4;

	put8(w, (unsigned)p->version << 4 |
			(p->header_words < 0 ? words : (unsigned)p->header_words));
	put8(w, p->tos);
	put16(w, p->ip_length < 0 ? 4 * words + 8 + p->payload : (unsigned)p->ip_length);
	put16(w, p->id);
	put16(w, p->fragment);
	put8(w, p->ttl);
	put8(w, p->protocol);
	put16(w, 0);
	put_address(w, AF_INET, p->source);
	put_address(w, AF_INET, p->destination);
	for (unsigned i = 0; i < p->options; i++)
		put8(w, i + 1 < p->options ? 1 : 0); /* no operation …, end of list (RFC 791) */
	set16(w->ip + 10, ~sum_words(p->ip_error, w->ip, 4 * words) & 0xffff);
}

static void put_ipv6(struct writer *w, const struct packet *p)
{
	unsigned length = 8 + p->payload;

	for (unsigned i = 0; i < p->extensions; i++)
		length += 8 + 8u * p->extension[i].units;
	put16(w, (unsigned)p->version << 12 | (unsigned)p->tos << 4 | p->flow >> 16);
	put16(w, p->flow & 0xffff);
	put16(w, p->ip_length < 0 ? length : (unsigned)p->ip_length);
	put8(w, p->extensions ? p->extension[0].type : p->protocol);
	put8(w, p->ttl);
	put_address(w, AF_INET6, p->source);
	put_address(w, AF_INET6, p->destination);
	for (unsigned i = 0; i < p->extensions; i++) {
		unsigned bytes = 8 + 8u * p->extension[i].units;

		memset(w->at, 0, bytes);
		w->at[0] = i + 1 < p->extensions ? p->extension[i + 1].type : p->protocol;
		w->at[1] = p->extension[i].units;
		if (p->extension[i].type == 44)
			set16(w->at + 2, p->fragment);
		else if (p->extension[i].type != 43)
			set16(w->at + 2, 1 << 8 | (bytes - 4)); /* PadN (RFC 8200 §4.2) */
		w->at += bytes;
	}
}

/* The sum of UDP's pseudo header, header and payload, as far as its length says. */
static uint32_t sum_udp(const struct writer *w, const struct packet *p)
{
	unsigned length = (unsigned)w->udp[4] << 8 | w->udp[5];
	size_t present = (size_t)(w->at - w->udp);
	uint32_t sum = 17 + length;

	sum = sum_words(sum, w->ip + (p->is_ipv6 ? 8 : 12), p->is_ipv6 ? 32 : 8);
	return sum_words(sum, w->udp, length < present ? length : present);
}

static void put_udp(struct writer *w, const struct packet *p)
{
	size_t room = p->payload > p->offset ? p->payload - p->offset : 0, bytes;
	unsigned check;

	w->udp = w->at;
	put16(w, p->sport);
	put16(w, p->dport);
	put16(w, p->udp_length < 0 ? 8 + p->payload : (unsigned)p->udp_length);
	put16(w, 0);
	for (unsigned i = 0; i < p->payload; i++)
		w->at[i] = (uint8_t)(i * 7 + 3);
	bytes = p->signature_bytes;
	if (!bytes && p->signature)
		bytes = strlen(p->signature);
	if (bytes)
		memcpy(w->at + p->offset, p->signature, bytes < room ? bytes : room);
	w->at += p->payload;
	if (p->udp_sum_is_zero) {
		uint8_t *last = w->at - 2 - p->payload % 2;

		set16(last, 0);
		set16(last, ~sum_udp(w, p) & 0xffff);
	}
	check = ~sum_words(sum_udp(w, p) + p->udp_error, NULL, 0) & 0xffff;
	if (!p->no_udp_checksum)
		set16(w->udp + 6, check ? check : 0xffff); /* RFC 768: 0 says none */
}

size_t packet_build(const struct packet *p, uint8_t *frame)
{
	struct writer w = { .frame = frame, .at = frame };

	if (p->hex)
		return packet_from_hex(p->hex, frame);
	put_ethernet(&w, p);
	w.ip = w.at;
	if (p->is_ipv6)
		put_ipv6(&w, p);
	else
		put_ipv4(&w, p);
	put_udp(&w, p);
	memset(w.at, 0xa5, p->padding);
	w.at += p->padding;
	return (size_t)(w.at - w.frame) - p->cut;
}

size_t packet_from_hex(const char *hex, uint8_t *bytes)
{
	size_t count = 0;
	int used;

	while (sscanf(hex, " %2hhx%n", &bytes[count], &used) == 1) {
		hex += used;
		count++;
	}
	return count;
}
