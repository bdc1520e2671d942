// SPDX-License-Identifier: BSD-2-Clause
#include "generate/frame.h"

#include <errno.h>
#include <string.h>

#define SHORT_STAMP (GENERATE_SHORT_STREAM + 2)
#define SIZE_MIN 64
/* What the reflector-native author's testers put there. */
#define IP_ID 0x1234
#define DONT_FRAGMENT 0x4000

static uint32_t ip_bytes(const struct generate_settings *s)
{
	return s->ipv6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);
}

static uint32_t headers_bytes(const struct generate_settings *s)
{
	return (uint32_t)(ETH_HLEN + 4 * s->tags + ip_bytes(s) + sizeof(struct udphdr));
}

uint32_t frame_size_min(const struct generate_settings *s)
{
	uint32_t size = headers_bytes(s) + s->signature_at + SHORT_STAMP + ETHERNET_FCS;

	return size > SIZE_MIN ? size : SIZE_MIN;
}

uint32_t frame_size_max(const struct generate_settings *s, uint32_t mtu)
{
	uint32_t size = ETH_HLEN + 4 * s->tags + mtu;

	return (size < FRAME_BYTES_MAX ? size : FRAME_BYTES_MAX) + ETHERNET_FCS;
}

int frame_check_size(
	const struct generate_settings *s, uint32_t mtu, uint32_t size, struct err *err)
{
	uint32_t min = frame_size_min(s), max = frame_size_max(s, mtu);

	if (size < min)
		return err_say(err, -EINVAL,
			"%u bytes are too few for these packets: at least %u, FCS included", size,
			min);
	if (size > max)
		return err_say(err, -EMSGSIZE,
			"%s: %u bytes are too many: at most %u, FCS included, with an MTU of %u",
			s->interface, size, max, mtu);
	return 0;
}

/* 16-bit words as they lie in memory, the last byte filled up with 0. */
static uint64_t sum_words(uint64_t sum, const void *bytes, size_t count)
{
	const uint8_t *at = bytes;
	uint16_t word;

	for (; count > 1; count -= 2, at += 2) {
		memcpy(&word, at, sizeof(word));
		sum += word;
	}
	if (count)
		sum += BE16((uint16_t)(*at << 8));
	return sum;
}

static void put16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, (uint16_t)(value >> 16));
	put16(at + 2, (uint16_t)value);
}

static uint8_t *put_ethernet(uint8_t *at, const struct generate_settings *s)
{
	memcpy(at, s->to.mac, ETH_ALEN);
	memcpy(at + ETH_ALEN, s->from.mac, ETH_ALEN);
	at += 2 * ETH_ALEN;
	for (uint32_t i = 0; i < s->tags; i++, at += 4) {
		/* the outer one of two is a service tag (IEEE 802.1ad) */
		put16(at, i + 1 < s->tags ? ETH_P_8021AD : ETH_P_8021Q);
		put16(at + 2, s->tag[i]);
	}
	put16(at, s->ipv6 ? ETH_P_IPV6 : ETH_P_IP);
	return at + 2;
}

static void put_ipv4(uint8_t *at, const struct generate_settings *s, uint32_t udp_bytes)
{
	uint16_t check;

	at[0] = 0x45;
	at[1] = (uint8_t)(s->dscp << 2);
	put16(at + 2, (uint16_t)(sizeof(struct iphdr) + udp_bytes));
	put16(at + 4, IP_ID);
	put16(at + 6, DONT_FRAGMENT);
	at[8] = GENERATE_TTL;
	at[9] = IPPROTO_UDP;
	memcpy(at + 12, s->from.ip, 4);
	memcpy(at + 16, s->to.ip, 4);
	check = (uint16_t)~checksum_fold(sum_words(0, at, sizeof(struct iphdr)));
	memcpy(at + 10, &check, sizeof(check));
}

static void put_ipv6(uint8_t *at, const struct generate_settings *s, uint32_t udp_bytes)
{
	put32(at, 6u << 28 | (uint32_t)s->dscp << 22);
	put16(at + 4, (uint16_t)udp_bytes);
	at[6] = IPPROTO_UDP;
	at[7] = GENERATE_TTL;
	memcpy(at + 8, s->from.ip, 16);
	memcpy(at + 24, s->to.ip, 16);
}

static void set_offsets(struct generate_frame *f, const struct generate_settings *s)
{
	f->ip_at = (uint16_t)(ETH_HLEN + 4 * s->tags);
	f->udp_at = (uint16_t)(f->ip_at + ip_bytes(s));
	f->signature_at = (uint16_t)(f->udp_at + sizeof(struct udphdr) + s->signature_at);
	f->is_ipv6 = s->ipv6;
	if (f->signature_at + (uint32_t)GENERATE_STAMP <= f->length) {
		f->time_at = (uint16_t)(f->signature_at + GENERATE_TIME);
		f->stream_at = (uint16_t)(f->signature_at + GENERATE_STREAM);
		f->flags_at = (uint16_t)(f->signature_at + GENERATE_FLAGS);
	} else {
		f->stream_at = (uint16_t)(f->signature_at + GENERATE_SHORT_STREAM);
	}
}

static void put_payload(
	uint8_t *bytes, const struct generate_frame *f, const struct generate_settings *s)
{
	/* as handheld testers have it in front of their signatures */
	static const uint8_t opaque[SIGNATURE_AT_MAX] = { 0x09, 0x10, 0xea, 0x1d, 0x00 };
	uint8_t *signature = bytes + f->signature_at;
	uint32_t stamp = f->time_at ? GENERATE_STAMP : SHORT_STAMP;

	memcpy(signature - s->signature_at, opaque, s->signature_at);
	memset(signature, 0, stamp);
	memcpy(signature, s->signature, sizeof(s->signature));
	if (f->time_at)
		put32(bytes + f->stream_at, f->stream);
	else
		put16(bytes + f->stream_at, (uint16_t)f->stream);
	for (uint32_t i = stamp; f->signature_at + i < f->length; i++)
		signature[i] = (uint8_t)i;
}

static void make_sums(struct generate_frame *f, const uint8_t *bytes)
{
	uint32_t udp_bytes = f->length - f->udp_at, padding;
	uint32_t addresses = f->is_ipv6 ? 32 : 8;
	uint64_t sum = BE16(IPPROTO_UDP) + (uint64_t)BE16((uint16_t)udp_bytes);

	sum = sum_words(sum, bytes + f->udp_at - addresses, addresses);
	f->udp_sum = checksum_fold(sum_words(sum, bytes + f->udp_at, udp_bytes));
	if (f->length <= GENERATE_HEAD)
		return;
	padding = (f->length - GENERATE_HEAD + 3) & ~3u;
	f->padding_sum = checksum_fold(sum_words(0, bytes + f->length - padding, padding));
}

static void swap(uint8_t *a, uint8_t *b, size_t bytes)
{
	uint8_t kept[16];

	memcpy(kept, a, bytes);
	memcpy(a, b, bytes);
	memcpy(b, kept, bytes);
}

static void ignore(struct generate_frame *f, uint32_t at, uint32_t bytes)
{
	memset(f->mask + at, 0, bytes);
}

static void blame(struct generate_frame *f, enum corruption kind, uint32_t at, uint32_t bytes)
{
	for (unsigned i = 0; i < CORRUPTIONS; i++)
		memset(f->kinds[i] + at, i == kind ? 0xff : 0, bytes);
}

/* Whose fault each bit is; of those in the mask. */
static void make_kinds(struct generate_frame *f)
{
	uint32_t addresses = f->is_ipv6 ? 32 : 8;

	blame(f, CORRUPT_PAYLOAD, 0, GENERATE_HEAD);
	blame(f, CORRUPT_HEADERS, 0, f->udp_at + sizeof(struct udphdr));
	blame(f, CORRUPT_ADDRESSES, 0, 2 * ETH_ALEN);
	blame(f, CORRUPT_TAGS, 2 * ETH_ALEN, f->ip_at - 2 * ETH_ALEN);
	blame(f, CORRUPT_ADDRESSES, f->udp_at - addresses, addresses);
	blame(f, CORRUPT_ADDRESSES, f->udp_at, 4);
	blame(f, CORRUPT_DSCP, f->ip_at + 1u, 1);
	if (f->is_ipv6) { /* half a byte each: version, traffic class; traffic class, flow label */
		f->kinds[CORRUPT_DSCP][f->ip_at] = 0x0f;
		f->kinds[CORRUPT_HEADERS][f->ip_at] = 0xf0;
		f->kinds[CORRUPT_DSCP][f->ip_at + 1] = 0xf0;
		f->kinds[CORRUPT_HEADERS][f->ip_at + 1] = 0x0f;
	}
	for (unsigned i = 0; i < CORRUPTIONS; i++)
		for (unsigned k = 0; k < GENERATE_HEAD; k++)
			f->kinds[i][k] &= f->mask[k];
}

static void make_answer(struct generate_frame *f)
{
	uint8_t *ip = f->answer + f->ip_at, *udp = f->answer + f->udp_at;

	memcpy(f->answer, f->head, sizeof(f->answer));
	put16(udp, f->port);
	swap(f->answer, f->answer + ETH_ALEN, ETH_ALEN);
	if (f->is_ipv6)
		swap(ip + 8, ip + 24, 16);
	else
		swap(ip + 12, ip + 16, 4);
	swap(udp, udp + 2, 2);
	memset(f->mask, 0xff, sizeof(f->mask));
	/* a router on the way may mark congestion: ECN, RFC 3168 */
	f->mask[f->ip_at + 1] = f->is_ipv6 ? 0xcf : 0xfc;
	if (f->is_ipv6) {
		ignore(f, f->ip_at + 7u, 1); /* hop limit */
	} else {
		ignore(f, f->ip_at + 8u, 1); /* TTL */
		ignore(f, f->ip_at + 10u, 2); /* checksum */
	}
	if (f->flows > 1)
		ignore(f, f->udp_at + 2u, 2);
	ignore(f, f->udp_at + 6u, 2); /* checksum */
	ignore(f, f->signature_at + GENERATE_SEQUENCE, 4);
	if (f->time_at) {
		ignore(f, f->time_at, 8);
		ignore(f, f->flags_at, 1);
	}
}

void frame_make(struct generate_frame *f, uint8_t *bytes, const struct generate_settings *s,
	uint32_t size, uint32_t stream, uint32_t every)
{
	uint32_t udp_bytes;
	uint8_t *ip;

	memset(f, 0, sizeof(*f));
	memset(bytes, 0, FRAME_BYTES_MAX);
	f->length = size - ETHERNET_FCS;
	f->stream = stream;
	f->flows = s->flows;
	f->every = every;
	f->port = s->port;
	set_offsets(f, s);
	udp_bytes = f->length - f->udp_at;
	ip = put_ethernet(bytes, s);
	if (s->ipv6)
		put_ipv6(ip, s, udp_bytes);
	else
		put_ipv4(ip, s, udp_bytes);
	put16(bytes + f->udp_at + 2, s->port);
	put16(bytes + f->udp_at + 4, (uint16_t)udp_bytes);
	put_payload(bytes, f, s);
	memcpy(f->head, bytes, f->length < sizeof(f->head) ? f->length : sizeof(f->head));
	memset(&f->signature_mask, 0xff, SIGNATURE_TEXT);
	memcpy(&f->signature, s->signature, SIGNATURE_TEXT);
	make_sums(f, bytes);
	make_answer(f);
	make_kinds(f);
}
