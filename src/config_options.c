/* SPDX-License-Identifier: BSD-2-Clause */
/* The keys of [ringside], [interface], [access] and [api]. */
#include "config.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

static const char *const stats_level_names[] = { "basic", "detailed", "debug", NULL };
static const char *const io_names[] = { "auto", "af_xdp", "af_packet", "pcap", "udp", NULL };
static const char *const xdp_names[] = { "auto", "native", "generic", NULL };
static const char *const attach_names[] = { "link", "dispatcher", NULL };
static const char *const switch_names[] = { "auto", "on", "off", NULL };
static const char *const huge_names[] = { "auto", "2M", "1G", "off", NULL };
static const char *const all_word[] = { "all", NULL };
static const char *const auto_word[] = { "auto", NULL };

/* A name that becomes part of file names and of metric labels. */
static int parse_name(const struct option *option, const char *text, void *field, struct err *err)
{
	for (const char *at = text; *at; at++) {
		if (!isalnum((unsigned char)*at) && !strchr("_-", *at) &&
			(*at != '.' || at == text))
			return err_say(err, -EINVAL,
				"not a name: '%s' (letters, digits, '-', '_' and '.')", text);
	}
	if (!*text)
		return err_say(err, -EINVAL, "a name is missing");
	return option_text(option, text, field, err);
}

static int parse_frame_size(
	const struct option *option, const char *text, void *field, struct err *err)
{
	(void)option;
	if (strcmp(text, "2048") && strcmp(text, "4096"))
		return err_say(err, -EINVAL, "not a choice: '%s' (2048, 4096)", text);
	*(uint32_t *)field = (uint32_t)strtoul(text, NULL, 10);
	return 0;
}

/* "192.0.2.1:9464", "[2001:db8::1]:9464"; empty: none. No names: what they stand for may change. */
static int parse_listen(const struct option *option, const char *text, void *field, struct err *err)
{
	struct sockaddr_storage *address = field;
	struct sockaddr_in *v4 = field;
	struct sockaddr_in6 *v6 = field;
	const char *colon = strrchr(text, ':');
	char host[INET6_ADDRSTRLEN + 2], *end = NULL;
	unsigned long port =
		colon && isdigit((unsigned char)colon[1]) ? strtoul(colon + 1, &end, 10) : 0;
	size_t length = colon ? (size_t)(colon - text) : 0;

	(void)option;
	*address = (struct sockaddr_storage){ .ss_family = AF_UNSPEC };
	if (!*text)
		return 0;
	if (!length || length >= sizeof(host) || !end || *end || !port || port > UINT16_MAX)
		goto bad;
	snprintf(host, sizeof(host), "%.*s", (int)length, text);
	if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)port);
		return 0;
	}
	if (*host == '[' && host[length - 1] == ']') {
		host[length - 1] = '\0';
		if (inet_pton(AF_INET6, host + 1, &v6->sin6_addr) == 1) {
			v6->sin6_family = AF_INET6;
			v6->sin6_port = htons((uint16_t)port);
			return 0;
		}
	}
bad:
	return err_say(err, -EINVAL,
		"not an address and a port: '%s' (127.0.0.1:9464 or [::1]:9464)", text);
}

#define AT(member) .offset = offsetof(struct config, member)

const struct option config_ringside_options[] = {
	{ "name", "ringside",
		"names /run/ringside/NAME.sock and NAME.stats ($XDG_RUNTIME_DIR/ringside when not "
		"root)",
		parse_name, AT(name), .max = sizeof(((struct config *)0)->name) },
	{ "stats_level", "basic", "basic | detailed | debug", option_choice, AT(stats_level),
		.choices = stats_level_names, .alias = "stats-level" },
	{ "log_level", "info", "error | warning | info | debug", option_choice, AT(log_level),
		.choices = log_level_names },
};
const unsigned config_ringside_options_count =
	sizeof(config_ringside_options) / sizeof(config_ringside_options[0]);

#undef AT
#define AT(member) .offset = offsetof(struct config_interface, member)

const struct option config_interface_options[] = {
	{ "netns", "", "name or path of a network namespace, empty for this one", option_text,
		AT(netns), .max = CONFIG_TEXT_BYTES },
	{ "io", "auto", "auto | af_xdp | af_packet | udp: plain sockets, for deliver alone | pcap", option_choice, AT(io),
		.choices = io_names },
	{ "xdp", "auto", "auto | native | generic", option_choice, AT(xdp), .choices = xdp_names },
	{ "attach", "link", "link: alone, gone with any exit | dispatcher: beside other XDP programs, through libxdp",
		option_choice, AT(attach), .choices = attach_names },
	{ "zero_copy", "auto", "auto | on | off", option_choice, AT(zero_copy),
		.choices = switch_names },
	{ "queues", "all", "all | list", option_numbers, AT(queues), .choices = all_word,
		.max = 4095 },
	{ "cpus", "auto", "auto | list, one per queue; auto prefers the NIC's NUMA node",
		option_numbers, AT(cpus), .choices = auto_word, .max = 8191 },
	{ "irq_affinity", "off",
		"on: pin each queue's interrupt beside its worker, restore it on exit", option_bool,
		AT(irq_affinity) },
	{ "frames", "auto", "per queue; auto = what rings, batch and deliver's depths need, at least 4096",
		option_auto_u32, AT(frames), .choices = auto_word, .min = 64, .max = 1 << 22 },
	{ "frame_size", "4096", "bytes: 2048 | 4096", parse_frame_size, AT(frame_size) },
	{ "huge_pages", "auto", "auto | 2M | 1G | off", option_choice, AT(huge_pages),
		.choices = huge_names },
	{ "busy_poll_us", "0", "microseconds the driver is polled before sleeping; 0 = interrupts",
		option_u32, AT(busy_poll_us), .max = 1000000 },
	{ "batch", "64", "frames taken from a ring at once", option_u32, AT(batch), .min = 1,
		.max = CONFIG_BATCH_MAX },
	{ "mac", "auto", "whose frames are ours; for io = pcap it must be given", option_mac,
		AT(mac), .choices = auto_word },
	{ "read", "", "io = pcap: the capture file to process; needs no root", option_text,
		AT(read), .max = CONFIG_TEXT_BYTES },
	{ "write", "", "io = pcap: where the answers go", option_text, AT(write),
		.max = CONFIG_TEXT_BYTES },
};
const unsigned config_interface_options_count =
	sizeof(config_interface_options) / sizeof(config_interface_options[0]);

#undef AT
#define AT(member) .offset = offsetof(struct access_settings, member)

const struct option config_access_options[] = {
	{ "deny", "", "source prefixes, IPv4 and IPv6, whose packets are dropped as denied; of all lists, the longest prefix decides",
		option_prefixes, AT(deny) },
	{ "allow", "", "when set, packets from sources outside it pass to the stack instead of the service",
		option_prefixes, AT(allow) },
	{ "source_pps", "0",
		"limit of each source address on an interface: 1000, 2.5Mpps; 0 = none; more is dropped as rate_limited",
		option_pps, AT(source_pps), .max = ACCESS_PPS_MAX },
};
const unsigned config_access_options_count =
	sizeof(config_access_options) / sizeof(config_access_options[0]);

#undef AT
#define AT(member) .offset = offsetof(struct config_api, member)

const struct option config_api_options[] = {
	{ "listen", "", "empty: only the control socket; 127.0.0.1:9464 serves the same over TCP",
		parse_listen, AT(listen) },
	{ "token_file", "", "over TCP, changes need this bearer token; without it TCP is read-only",
		option_text, AT(token_file), .max = CONFIG_TEXT_BYTES },
};
const unsigned config_api_options_count =
	sizeof(config_api_options) / sizeof(config_api_options[0]);

#undef AT

#define COUNT(options) options, sizeof(options) / sizeof((options)[0])

const struct config_kind config_kinds[] = {
	{ "ringside", "the instance", COUNT(config_ringside_options) },
	{ "interface NAME",
		"a network interface; each that a service uses needs a section, which may be "
		"empty",
		COUNT(config_interface_options) },
	{ "access",
		"which sources may use the services; judged after a service has matched, so other "
		"traffic is never touched",
		COUNT(config_access_options) },
	{ "api", "the API on a TCP port, too", COUNT(config_api_options) },
	{ NULL, NULL, NULL, 0 },
};
