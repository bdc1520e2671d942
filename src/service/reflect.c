/* SPDX-License-Identifier: BSD-2-Clause */
#include "service/reflect.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "service/signature.h"

/* A signature as text: 8 characters, or 0x and 16 digits, '@' and an offset, with room to say
 * what is wrong with a longer one. */
#define ITEM_BYTES 64
/* The bucket's least depth: a batch of answers leaves at once, however low the rate. */
#define BURST_PACKETS 64
/* And its depth at high rates, in time: what a scheduler's hiccup of a worker or a tester costs. */
#define BURST_NS (10 * NSEC_PER_MSEC)
/* Ten times what a 400 Gbps link carries in frames of 64 bytes. */
#define PPS_MAX 10000000000

static struct reflect_settings *settings_of(const struct option *option, void *field)
{
	return (void *)((char *)field - option->offset);
}

static int parse_hex(const char *text, struct reflect_signature *signature)
{
	size_t digits = strspn(text, "0123456789abcdefABCDEF");
	char pair[3] = { 0 };

	if (text[digits] || digits % 2 || !digits || digits > 2 * sizeof(signature->bytes))
		return -EINVAL;
	signature->length = (uint8_t)(digits / 2);
	for (unsigned i = 0; i < signature->length; i++) {
		memcpy(pair, text + 2 * i, 2);
		signature->bytes[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
	return 0;
}

static int parse_signature(char *item, struct reflect_signature *signature, struct err *err)
{
	char *at = strrchr(item, '@'), *offset;
	uint32_t first, last;
	size_t length;

	memset(signature, 0, sizeof(*signature));
	if (!at)
		return err_say(err, -EINVAL, "no '@' and offset in '%s'", item);
	*at = 0;
	offset = option_trim(at + 1);
	/* "TEXT @ 5" has blanks around the sign; in "Y.1564 @0" the blank is the signature's */
	if (isspace((unsigned char)at[1]) || !strncasecmp(item, "0x", 2))
		option_trim(item);
	if (strchr(offset, '-') ||
		option_range(offset, 0, SIGNATURE_OFFSET_MAX, &first, &last, NULL))
		return err_say(err, -EINVAL, "not an offset: '%s' in '%s@%s' (0 to %d)", offset,
			item, offset, SIGNATURE_OFFSET_MAX);
	signature->offset = (uint16_t)first;
	if (!strncasecmp(item, "0x", 2)) {
		if (parse_hex(item + 2, signature))
			return err_say(err, -EINVAL, "not 1 to 8 bytes in hexadecimal: '%s'", item);
		return 0;
	}
	length = strlen(item);
	if (!length || length > sizeof(signature->bytes))
		return err_say(err, -EINVAL, "not 1 to 8 characters: '%s'", item);
	signature->length = (uint8_t)length;
	memcpy(signature->bytes, item, length);
	return 0;
}

static int parse_signatures(
	const struct option *option, const char *text, void *field, struct err *err)
{
	struct reflect_settings *settings = settings_of(option, field);
	char item[ITEM_BYTES];
	int code;

	settings->signatures.count = 0;
	if (!strcmp(text, "any"))
		return 0;
	while ((code = option_item(&text, item, sizeof(item), err)) > 0) {
		if (settings->signatures.count == REFLECT_SIGNATURES)
			return err_say(err, -EINVAL, "too many signatures (at most %d)",
				REFLECT_SIGNATURES);
		code = parse_signature(
			item, &settings->signatures.list[settings->signatures.count++], err);
		if (code)
			return code;
	}
	return code;
}

static int parse_oui(const char *item, uint8_t oui[3], struct err *err)
{
	char *end = NULL;

	if (strlen(item) != 8 || item[2] != item[5] || (item[2] != ':' && item[2] != '-'))
		return err_say(err, -EINVAL, "not an OUI: '%s' (00:c0:17)", item);
	for (int i = 0; i < 3; i++) {
		const char *pair = item + 3 * i;

		if (!isxdigit((unsigned char)pair[0]) || !isxdigit((unsigned char)pair[1]))
			return err_say(err, -EINVAL, "not an OUI: '%s' (00:c0:17)", item);
		oui[i] = (uint8_t)strtoul(pair, &end, 16);
	}
	/* frames from a multicast address are never answered */
	if (oui[0] & 1)
		return err_say(err, -EINVAL, "an OUI of multicast addresses: '%s'", item);
	return 0;
}

static int parse_ouis(const struct option *option, const char *text, void *field, struct err *err)
{
	struct reflect_settings *settings = settings_of(option, field);
	char item[ITEM_BYTES];
	int code;

	settings->ouis.count = 0;
	if (!strcmp(text, "any"))
		return 0;
	while ((code = option_item(&text, item, sizeof(item), err)) > 0) {
		if (settings->ouis.count == REFLECT_OUIS)
			return err_say(err, -EINVAL, "too many OUIs (at most %d)", REFLECT_OUIS);
		code = parse_oui(item, settings->ouis.list[settings->ouis.count++], err);
		if (code)
			return code;
	}
	return code;
}

#define AT(member) .offset = offsetof(struct reflect_settings, member)

static const char *const any_port[] = { "any", NULL };
static const char *const swap_names[] = { "mac", "mac+ip", "mac+ip+port", NULL };
static const char *const checksum_names[] = { "keep", "verify", "recompute", NULL };
static const char *const loop_guard_names[] = { "ttl", "off", NULL };

static const struct option options[] = {
	{ "interfaces", "", "the interfaces to answer on, each with a section of its own",
		option_names, AT(common.interfaces), .required = true },
	{ "path", "auto", "which half answers: auto | kernel | user", option_choice,
		AT(common.path), .choices = path_names },
	{ "signatures", "PROBEOT@5, DATA:OT@5, LATENCY@5",
		"text or 0xHEX @ offset in the UDP payload, 1 to 8 bytes; any = none needed",
		parse_signatures, AT(signatures) },
	{ "ports", "3842", "UDP destination ports: list and ranges, any", option_ports, AT(ports),
		.choices = any_port },
	{ "source_oui", "any", "first three bytes of the sender's MAC address: list, any",
		parse_ouis, AT(ouis) },
	{ "swap", "mac+ip+port", "what is swapped: mac | mac+ip | mac+ip+port", option_choice,
		AT(swap), .choices = swap_names },
	{ "checksum", "keep",
		"keep: swapping leaves it right | verify: drop wrong ones | recompute",
		option_choice, AT(checksum), .choices = checksum_names },
	{ "loop_guard", "ttl",
		"ttl: the answer's TTL or hop limit is one less, 0 is not sent | off",
		option_choice, AT(loop_guard), .choices = loop_guard_names },
	{ "max_pps", "0",
		"limit of the whole service, shared evenly by its queues: 1000, 2.5Mpps; 0 = none",
		option_pps, AT(max_pps), .max = PPS_MAX },
};

static void compile_limit(
	const struct reflect_settings *settings, unsigned queues, struct service_rule *rule)
{
	const uint64_t second = NSEC_PER_SEC << 8;

	rule->limit_cost = 0;
	rule->limit_burst = 0;
	if (!settings->max_pps)
		return;
	/* rounded up: the sum of the queues never passes the limit */
	rule->limit_cost = (second * queues + settings->max_pps - 1) / settings->max_pps;
	rule->limit_burst = BURST_PACKETS * rule->limit_cost;
	if (rule->limit_burst < BURST_NS << 8)
		rule->limit_burst = BURST_NS << 8;
}

static void compile_ouis(const struct reflect_settings *settings, struct reflect_rule *rule)
{
	rule->ouis = (__u8)settings->ouis.count;
	for (unsigned i = 0; i < settings->ouis.count; i++) {
		/* as a load of four bytes, the fourth being 0, has it */
		memset(&rule->oui[i], 0, sizeof(rule->oui[i]));
		memcpy(&rule->oui[i], settings->ouis.list[i], sizeof(settings->ouis.list[i]));
	}
}

static int compile(const struct service_compile *c, struct err *err)
{
	const struct reflect_settings *settings = c->settings;
	struct service_rule *rule = c->rule;
	unsigned probes;
	int code;

	code = signature_compile(settings->signatures.list, settings->signatures.count,
		rule->reflect.probe, &probes, c->tables->signatures, err);
	if (code)
		return code;
	rule->kind = SERVICE_reflect;
	rule->reflect.probes = (__u8)probes;
	rule->reflect.swap = (__u8)settings->swap;
	rule->reflect.checksum = (__u8)settings->checksum;
	rule->reflect.loop_guard = settings->loop_guard == 0;
	compile_ouis(settings, &rule->reflect);
	service_compile_ports(&settings->ports, c);
	compile_limit(settings, c->queues ? c->queues : 1, rule);
	return 0;
}

/* What it answers goes back as a whole frame. */
static unsigned needs(const void *settings)
{
	(void)settings;
	return SERVICE_NEEDS_FRAMES;
}

const struct service_type service_reflect = {
	.name = "reflect",
	.summary = "sends test packets back with addresses swapped",
	.options = options,
	.options_count = sizeof(options) / sizeof(options[0]),
	.settings_size = sizeof(struct reflect_settings),
	.compile = compile,
	.needs = needs,
};
