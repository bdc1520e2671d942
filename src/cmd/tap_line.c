/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/tap_line.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "bpf/frame.h"

static void print_udp(char *text, size_t size, const struct frame *f)
{
	const int family = f->is_ipv6 ? AF_INET6 : AF_INET;
	const void *from =
		f->is_ipv6 ? (void *)&frame_ipv6(f)->saddr : (void *)&frame_ipv4(f)->saddr;
	const void *to = f->is_ipv6 ? (void *)&frame_ipv6(f)->daddr : (void *)&frame_ipv4(f)->daddr;
	char source[INET6_ADDRSTRLEN], destination[INET6_ADDRSTRLEN];

	inet_ntop(family, from, source, sizeof(source));
	inet_ntop(family, to, destination, sizeof(destination));
	snprintf(text, size, "%s.%u > %s.%u: UDP, %u bytes", source, BE16(f->udp->source),
		destination, BE16(f->udp->dest), f->udp_bytes - (unsigned)sizeof(struct udphdr));
}

static void print_ethernet(char *text, size_t size, const uint8_t *data, uint32_t length)
{
	const uint8_t *to = data, *from = data + ETH_ALEN;

	snprintf(text, size,
		"%02x:%02x:%02x:%02x:%02x:%02x > %02x:%02x:%02x:%02x:%02x:%02x: type 0x%02x%02x, "
		"%u "
		"bytes",
		from[0], from[1], from[2], from[3], from[4], from[5], to[0], to[1], to[2], to[3],
		to[4], to[5], data[12], data[13], length);
}

void tap_line(char *text, size_t size, const uint8_t *data, uint32_t captured, uint32_t length)
{
	struct frame frame;
	uint8_t copy[FRAME_BYTES_MAX];

	/* the parser wants all of the frame, and memory that it could write to */
	if (captured == length && length <= sizeof(copy)) {
		memcpy(copy, data, length);
		if (!frame_parse(&frame, copy, copy + length)) {
			print_udp(text, size, &frame);
			return;
		}
	}
	if (captured >= ETH_HLEN)
		print_ethernet(text, size, data, length);
	else
		snprintf(text, size, "%u bytes", length);
}
