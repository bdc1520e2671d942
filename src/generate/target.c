// SPDX-License-Identifier: BSD-2-Clause
#include "generate/target.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/option.h"
#include "net/link.h"
#include "net/route.h"

#define FROM_IPV4 "198.18.0.1"
#define TO_IPV4 "198.18.0.2"
#define FROM_IPV6 "2001:2::1"
#define TO_IPV6 "2001:2::2"

static int family_of(const char *text)
{
	return strchr(text, ':') ? AF_INET6 : AF_INET;
}

static bool is_mac(const char *text)
{
	return strlen(text) == 17 && strspn(text, "0123456789abcdefABCDEF:") == 17 &&
	       text[2] == ':' && text[5] == ':' && text[8] == ':' && text[11] == ':' &&
	       text[14] == ':';
}

static int parse_ip(const char *text, uint8_t ip[16], struct err *err)
{
	memset(ip, 0, 16);
	if (inet_pton(family_of(text), text, ip) == 1)
		return 0;
	return err_say(err, -EINVAL, "'%s' is no MAC address and no IP address", text);
}

static int take_mac(struct generate_settings *s, const char *to, const char *from, struct err *err)
{
	const struct option row = { .key = "to" };
	struct option_mac mac;

	if (option_mac(&row, to, &mac, err))
		return err_where(err, -EINVAL, "--to");
	memcpy(s->to.mac, mac.address, sizeof(s->to.mac));
	if (from)
		s->ipv6 = family_of(from) == AF_INET6;
	inet_pton(s->ipv6 ? AF_INET6 : AF_INET, s->ipv6 ? TO_IPV6 : TO_IPV4, s->to.ip);
	if (!from)
		inet_pton(
			s->ipv6 ? AF_INET6 : AF_INET, s->ipv6 ? FROM_IPV6 : FROM_IPV4, s->from.ip);
	return 0;
}

static int take_ip(struct generate_settings *s, const char *to, const char *from, struct err *err)
{
	int family = family_of(to);
	struct route route;
	int code = parse_ip(to, s->to.ip, err);

	if (code)
		return err_where(err, code, "--to");
	if (s->ipv6 && family != AF_INET6)
		return err_say(err, -EINVAL, "--ipv6: %s is an IPv4 address", to);
	s->ipv6 = family == AF_INET6;
	code = route_find(&route, s->interface, family, s->to.ip, err);
	if (code)
		return code;
	if (!from && !route.has_source)
		return err_say(err, -EADDRNOTAVAIL,
			"%s has no %s address to send from: give one with --from", s->interface,
			s->ipv6 ? "IPv6" : "IPv4");
	if (!from)
		memcpy(s->from.ip, route.source, sizeof(s->from.ip));
	return route_resolve(s->interface, family, route.next, s->to.mac, err);
}

int target_find(struct generate_settings *s, const char *to, const char *from, struct err *err)
{
	struct link link;
	int code = link_read(&link, s->interface, err);

	if (code)
		return err_where(err, code, "%s", s->interface);
	memcpy(s->from.mac, link.mac, sizeof(s->from.mac));
	if (from) {
		code = parse_ip(from, s->from.ip, err);
		if (!code && !is_mac(to) && family_of(from) != family_of(to))
			code = err_say(err, -EINVAL, "%s and %s are of two families", to, from);
		if (!code && s->ipv6 && family_of(from) != AF_INET6)
			code = err_say(err, -EINVAL, "--ipv6: %s is an IPv4 address", from);
		if (code)
			return err_where(err, code, "--from");
	}
	return is_mac(to) ? take_mac(s, to, from, err) : take_ip(s, to, from, err);
}

const char *target_text(const struct generate_settings *s, char text[TARGET_TEXT])
{
	const uint8_t *mac = s->to.mac;
	char ip[INET6_ADDRSTRLEN];

	inet_ntop(s->ipv6 ? AF_INET6 : AF_INET, s->to.ip, ip, sizeof(ip));
	snprintf(text, TARGET_TEXT, "%s (%02x:%02x:%02x:%02x:%02x:%02x)", ip, mac[0], mac[1],
		mac[2], mac[3], mac[4], mac[5]);
	return text;
}
