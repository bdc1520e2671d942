// SPDX-License-Identifier: BSD-2-Clause
/* steer: the INI's keys. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service/steer.h"

/* A CPUMAP takes no longer queue: kernel/bpf/cpumap.c. */
#define CPUMAP_SIZE_MAX 16384

/* BYTES@OFFSET; empty: there is no such field. */
static int parse_at(const char *text, struct steer_field *field, struct err *err)
{
	const char *at = strchr(text, '@');
	uint32_t bytes, offset, last;
	char number[8];

	if (!at || (size_t)(at - text) >= sizeof(number))
		return err_say(err, -EINVAL, "not BYTES@OFFSET: '%s' (4@8)", text);
	memcpy(number, text, (size_t)(at - text));
	number[at - text] = '\0';
	if (option_range(option_trim(number), 1, 8, &bytes, &last, NULL) || bytes != last ||
		bytes & (bytes - 1))
		return err_say(err, -EINVAL, "a field has 1, 2, 4 or 8 bytes, not '%s'", number);
	if (option_range(at + 1, 0, STEER_HEADER_MAX - 1, &offset, &last, NULL) || offset != last)
		return err_say(err, -EINVAL, "not an offset: '%s' (0 to %d)", at + 1,
			STEER_HEADER_MAX - 1);
	*field = (struct steer_field){ (__u8)bytes, (__u8)offset };
	return 0;
}

/* The default, an empty one, is no port. */
static int parse_port(const struct option *option, const char *text, void *field, struct err *err)
{
	*(uint32_t *)field = 0;
	return *text ? option_u32(option, text, field, err) : 0;
}

static int parse_field(const struct option *option, const char *text, void *field, struct err *err)
{
	struct steer_field *at = field;

	(void)option;
	*at = (struct steer_field){ 0 };
	return *text ? parse_at(text, at, err) : 0;
}

/* The largest value of a field. */
static uint64_t field_max(struct steer_field field)
{
	return UINT64_MAX >> (64 - 8 * field.bytes);
}

/* BYTES@OFFSET, or BYTES@OFFSET&MASK. */
static int parse_key(const struct option *option, const char *text, void *field, struct err *err)
{
	struct steer_settings *settings = (void *)((char *)field - option->offset);
	const char *mask = strchr(text, '&');
	const size_t length = mask ? (size_t)(mask - text) : strlen(text);
	char place[16], *end;
	int code;

	if (length >= sizeof(place))
		return err_say(err, -EINVAL, "not BYTES@OFFSET&MASK: '%s' (4@4&0xffff)", text);
	memcpy(place, text, length);
	place[length] = '\0';
	code = parse_field(option, option_trim(place), field, err);
	if (code || !settings->key.bytes)
		return code;
	settings->key_mask = field_max(settings->key);
	if (!mask)
		return 0;
	errno = 0;
	settings->key_mask = strtoull(mask + 1, &end, 0);
	if (errno || *end || strchr(mask, '-') || !settings->key_mask ||
		settings->key_mask > field_max(settings->key))
		return err_say(err, -EINVAL, "not a mask of %u bytes: '%s'", settings->key.bytes,
			mask + 1);
	return 0;
}

/* 0xHEX@OFFSET; the digits say how many bytes. Empty: any. */
static int parse_magic(const struct option *option, const char *text, void *field, struct err *err)
{
	struct steer_settings *settings = (void *)((char *)field - option->offset);
	char digits[20], place[16], *end;
	const char *at = strchr(text, '@');
	size_t length;

	memset(&settings->magic, 0, sizeof(settings->magic));
	if (!*text)
		return 0;
	length = at ? (size_t)(at - text) : 0;
	if (length < 4 || length >= sizeof(digits) || length % 2 || strncasecmp(text, "0x", 2))
		return err_say(err, -EINVAL, "not 0xHEX@OFFSET: '%s' (0x4C414D49@0)", text);
	memcpy(digits, text, length);
	digits[length] = '\0';
	settings->magic.value = strtoull(digits, &end, 16);
	if (*end)
		return err_say(err, -EINVAL, "not hexadecimal: '%s'", digits);
	snprintf(place, sizeof(place), "%zu%s", length / 2 - 1, at);
	return parse_at(place, &settings->magic.at, err);
}

/* "2" or "3:4". */
static int parse_cpu(char *item, struct steer_weight *weight, struct err *err)
{
	char *colon = strchr(item, ':');
	uint32_t last;

	weight->weight = 1;
	if (colon)
		*colon = '\0';
	if (option_range(option_trim(item), 0, UINT32_MAX, &weight->cpu, &last, NULL) ||
		weight->cpu != last)
		return err_say(err, -EINVAL, "not a CPU: '%s'", item);
	if (colon && (option_range(option_trim(colon + 1), 0, STEER_WEIGHT_MAX, &weight->weight,
			      &last, NULL) ||
			     weight->weight != last))
		return err_say(
			err, -EINVAL, "not a weight: '%s' (0 to %d)", colon + 1, STEER_WEIGHT_MAX);
	return 0;
}

static int parse_cpus(const struct option *option, const char *text, void *field, struct err *err)
{
	struct steer_cpus *cpus = field;
	uint64_t weights = 0;
	char item[32];
	int code;

	(void)option;
	memset(cpus, 0, sizeof(*cpus));
	if (!strcmp(text, "all"))
		return 0;
	while ((code = option_item(&text, item, sizeof(item), err)) > 0) {
		struct steer_weight weight;

		code = parse_cpu(item, &weight, err);
		if (code)
			return code;
		if (cpus->count == STEER_TARGETS)
			return err_say(err, -EINVAL, "too many CPUs (at most %d)", STEER_TARGETS);
		for (unsigned i = 0; i < cpus->count; i++)
			if (cpus->list[i].cpu == weight.cpu)
				return err_say(err, -EINVAL, "CPU %u twice", weight.cpu);
		cpus->list[cpus->count++] = weight;
		weights += weight.weight;
	}
	if (!code && !weights)
		return err_say(err, -EINVAL, "no CPU has a weight");
	return code;
}

/* "7:2" or "0x2a:3". */
static int parse_own(char *item, struct steer_own *own, struct err *err)
{
	char *colon = strchr(item, ':'), *end;
	uint32_t last;

	if (!colon)
		return err_say(err, -EINVAL, "not KEY:CPU: '%s'", item);
	*colon = '\0';
	own->key = strtoull(option_trim(item), &end, 0);
	if (!*item || *item == '-' || *end)
		return err_say(err, -EINVAL, "not a key: '%s'", item);
	if (option_range(option_trim(colon + 1), 0, UINT32_MAX, &own->cpu, &last, NULL) ||
		own->cpu != last)
		return err_say(err, -EINVAL, "not a CPU: '%s'", colon + 1);
	return 0;
}

static int parse_keys(const struct option *option, const char *text, void *field, struct err *err)
{
	struct steer_keys *keys = field;
	char item[48];
	int code;

	(void)option;
	memset(keys, 0, sizeof(*keys));
	if (!*text)
		return 0;
	while ((code = option_item(&text, item, sizeof(item), err)) > 0) {
		struct steer_own own;

		code = parse_own(item, &own, err);
		if (code)
			return code;
		if (keys->count == STEER_PINS)
			return err_say(err, -EINVAL, "too many keys (at most %d)", STEER_PINS);
		for (unsigned i = 0; i < keys->count; i++)
			if (keys->list[i].key == own.key)
				return err_say(err, -EINVAL, "key %llu twice",
					(unsigned long long)own.key);
		keys->list[keys->count++] = own;
	}
	return code;
}

/* "1, 1, 2": of worker 0, 1 and 2. */
static int parse_weights(
	const struct option *option, const char *text, void *field, struct err *err)
{
	struct steer_weights *weights = field;
	char item[32];
	int code;

	(void)option;
	memset(weights, 0, sizeof(*weights));
	if (!*text)
		return 0;
	while ((code = option_item(&text, item, sizeof(item), err)) > 0) {
		uint32_t weight, last;

		if (option_range(item, 0, STEER_WEIGHT_MAX, &weight, &last, NULL) || weight != last)
			return err_say(err, -EINVAL, "not a weight: '%s' (0 to %d)", item,
				STEER_WEIGHT_MAX);
		if (weights->count == STEER_TARGETS)
			return err_say(err, -EINVAL, "too many (at most %d)", STEER_TARGETS);
		weights->list[weights->count++] = weight;
		weights->sum += weight;
	}
	if (!code && !weights->sum)
		return err_say(err, -EINVAL, "no worker has a weight");
	return code;
}

#define AT(member) .offset = offsetof(struct steer_settings, member)

static const char *const target_names[] = { "cpu", "worker", NULL };
static const char *const invalid_names[] = { "drop", "pass", NULL };
static const char *const fragments_names[] = { "pass", "drop", NULL };
static const char *const replies_names[] = { "drop", "pass", NULL };

const struct option steer_options[STEER_OPTIONS] = {
	{ "interfaces", "", "the interfaces to take packets from, each with a section of its own",
		option_names, AT(common.interfaces), .required = true },
	{ "port", "", "UDP destination port", parse_port, AT(port), .min = 1, .max = 65535,
		.required = true },
	{ "addresses", "local", "destination addresses: any | local | list", option_addresses,
		AT(addresses) },
	{ "magic", "0x4C414D49@0",
		"0xHEX@OFFSET: what a packet of the protocol has there; empty: any", parse_magic,
		AT(magic) },
	{ "header", "12", "bytes before the payload", option_u32, AT(header), .min = 1,
		.max = STEER_HEADER_MAX },
	{ "length", "4@8", "BYTES@OFFSET of the payload's length; empty: none", parse_field,
		AT(length) },
	{ "key", "4@4",
		"BYTES@OFFSET of the partition key, big endian; or BYTES@OFFSET&MASK, of some of "
		"its bits",
		parse_key, AT(key) },
	{ "sequence", "", "BYTES@OFFSET of a number that counts each key's packets; empty: none",
		parse_field, AT(sequence) },
	{ "target", "cpu",
		"cpu: the stack runs on the slot's CPU | worker: rings, one per worker and queue",
		option_choice, AT(target), .choices = target_names },
	{ "cpus", "all", "all online ones, or list, each with an optional weight: 2, 3:4",
		parse_cpus, AT(cpus) },
	{ "keys", "", "KEY:CPU, ...: keys that have a CPU, or worker, of their own", parse_keys,
		AT(keys) },
	{ "workers", "2", "target = worker: so many, from 0", option_u32, AT(workers), .min = 1,
		.max = STEER_TARGETS },
	{ "weights", "", "of the workers: 1, 1, 2; empty: all the same", parse_weights,
		AT(weights) },
	{ "ring", "", "worker N opens RING.N; empty: the service's name", readers_parse_ring,
		AT(ring), .max = sizeof(((struct steer_settings *)0)->ring) },
	{ "depth", "2048", "packets of a queue that a worker may lag behind; a power of two",
		readers_parse_depth, AT(depth), .min = RING_DEPTH_MIN, .max = RING_DEPTH_MAX },
	{ "group", "ringside", "who may open rings, beside root and the daemon's own user",
		option_text, AT(group), .max = sizeof(((struct steer_settings *)0)->group) },
	{ "cpumap_size", "2048", "packets queued to one CPU", option_u32, AT(cpumap_size), .min = 1,
		.max = CPUMAP_SIZE_MAX },
	{ "invalid", "drop", "what is not of the protocol: drop | pass", option_choice, AT(invalid),
		.choices = invalid_names },
	{ "replies", "drop",
		"the same, when a local client's socket is connected to its sender: drop | pass",
		option_choice, AT(replies), .choices = replies_names },
	{ "fragments", "pass", "datagrams in several parts: pass | drop", option_choice,
		AT(fragments), .choices = fragments_names },
	{ "monitor", "no", "yes: count what would be dropped, drop nothing", option_bool,
		AT(monitor) },
};

static bool overlap(struct steer_field a, struct steer_field b)
{
	return a.bytes && b.bytes && a.offset < b.offset + b.bytes && b.offset < a.offset + a.bytes;
}

/* Of keys with a target of their own. */
static int check_keys(const struct steer_settings *s, struct err *err)
{
	for (unsigned i = 0; i < s->keys.count; i++)
		if (s->keys.list[i].key & ~s->key_mask)
			return err_say(err, -EINVAL,
				"keys: no packet has the key %llu, by key's bytes and mask",
				(unsigned long long)s->keys.list[i].key);
	return 0;
}

static int check_workers(const struct steer_settings *s, struct err *err)
{
	if (s->target != STEER_WORKER)
		return 0;
	if (s->weights.count && s->weights.count != s->workers)
		return err_say(err, -EINVAL, "weights: %u of them for %u workers", s->weights.count,
			s->workers);
	for (unsigned i = 0; i < s->keys.count; i++)
		if (s->keys.list[i].cpu >= s->workers)
			return err_say(
				err, -EINVAL, "keys: there is no worker %u", s->keys.list[i].cpu);
	return 0;
}

int steer_check(const void *settings, struct err *err)
{
	const struct steer_settings *s = settings;
	const struct {
		const char *key;
		struct steer_field at;
	} fields[] = { { "magic", s->magic.at }, { "length", s->length }, { "key", s->key },
		{ "sequence", s->sequence } };
	const unsigned count = sizeof(fields) / sizeof(*fields);

	if (!s->key.bytes)
		return err_say(err, -EINVAL, "key: packets are steered by one");
	for (unsigned i = 0; i < count; i++) {
		struct steer_field at = fields[i].at;

		if (at.bytes && at.offset + at.bytes > s->header)
			return err_say(err, -EINVAL,
				"%s: bytes %u to %u are not inside a header of %u bytes",
				fields[i].key, at.offset, at.offset + at.bytes - 1, s->header);
		for (unsigned k = 0; k < i; k++)
			if (overlap(at, fields[k].at))
				return err_say(err, -EINVAL, "%s overlaps %s", fields[i].key,
					fields[k].key);
	}
	return check_keys(s, err) ? -EINVAL : check_workers(s, err);
}
