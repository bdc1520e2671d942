/* SPDX-License-Identifier: BSD-2-Clause */
/* The parsers of the option tables. Values come from files and arguments: every one is checked. */
#include "base/option.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A list's item, with room to see that it is too long. */
#define ITEM_BYTES 128

/* Reads decimal digits; *end is the first character behind them. False: none, or too many for 64
 * bits. */
static bool read_digits(const char *text, uint64_t *value, const char **end)
{
	const char *at = text;

	for (*value = 0; isdigit((unsigned char)*at); at++) {
		if (__builtin_mul_overflow(*value, 10, value) ||
			__builtin_add_overflow(*value, (uint64_t)(*at - '0'), value))
			return false;
	}
	*end = at;
	return at != text;
}

static int parse_number(const struct option *option, const char *text, uint64_t top,
	uint64_t *value, struct err *err)
{
	uint64_t max = option->max ? option->max : top;
	const char *end;

	if (!*text)
		return err_say(err, -EINVAL, "a number is missing");
	if (!isdigit((unsigned char)*text))
		return err_say(err, -EINVAL, "not a number: '%s'", text);
	/* too many digits for 64 bits are a number, too, and out of range */
	if (text[strspn(text, "0123456789")])
		return err_say(err, -EINVAL, "not a number: '%s'", text);
	if (!read_digits(text, value, &end) || *value < option->min || *value > max)
		return err_say(err, -EINVAL, "out of range: %s (%llu to %llu)", text,
			(unsigned long long)option->min, (unsigned long long)max);
	return 0;
}

int option_choice(const struct option *option, const char *text, void *field, struct err *err)
{
	for (int i = 0; option->choices[i]; i++) {
		if (!strcmp(option->choices[i], text)) {
			*(int *)field = i;
			return 0;
		}
	}
	err_say(err, -EINVAL, "not a choice: '%s' (", text);
	for (int i = 0; option->choices[i]; i++)
		err_add(err, 0, "%s%s", i ? ", " : "", option->choices[i]);
	return err_add(err, -EINVAL, ")");
}

int option_bool(const struct option *option, const char *text, void *field, struct err *err)
{
	(void)option;
	if (!strcmp(text, "yes") || !strcmp(text, "on"))
		*(bool *)field = true;
	else if (!strcmp(text, "no") || !strcmp(text, "off"))
		*(bool *)field = false;
	else
		return err_say(err, -EINVAL, "not a choice: '%s' (yes, no, on, off)", text);
	return 0;
}

int option_u32(const struct option *option, const char *text, void *field, struct err *err)
{
	uint64_t value;
	int code = parse_number(option, text, UINT32_MAX, &value, err);

	if (!code)
		*(uint32_t *)field = (uint32_t)value;
	return code;
}

int option_auto_u32(const struct option *option, const char *text, void *field, struct err *err)
{
	if (!strcmp(text, option->choices[0])) {
		*(uint32_t *)field = 0;
		return 0;
	}
	if (option_u32(option, text, field, err))
		return err_add(err, -EINVAL, ", nor the word %s", option->choices[0]);
	return 0;
}

/* Parses "12", "2.5M" into a whole number of units; `thousand` is what k stands for. Returns what
 * follows, or NULL. Decimals by hand: strtod() would follow the locale. */
static const char *parse_scaled(const char *text, uint64_t thousand, uint64_t *value)
{
	uint64_t whole, part = 0, part_unit = 1, unit = 1;
	const char *at;

	if (!read_digits(text, &whole, &at))
		return NULL;
	if (*at == '.') {
		const char *first = ++at;

		if (!read_digits(first, &part, &at) || at - first > 9)
			return NULL;
		for (long i = 0; i < at - first; i++)
			part_unit *= 10;
	}
	for (const char *letter = "kmg"; *letter && *at; letter++) {
		unit *= thousand;
		if (tolower((unsigned char)*at) == *letter) {
			at++;
			break;
		}
		if (!letter[1])
			unit = 1;
	}
	/* units are 2^30 at most and part is below 10^9: the product fits. 0.5 of a unit is
	 * nothing */
	if (part * unit % part_unit)
		return NULL;
	if (__builtin_mul_overflow(whole, unit, value) ||
		__builtin_add_overflow(*value, part * unit / part_unit, value))
		return NULL;
	return at;
}

static int check_range(
	const struct option *option, const char *text, uint64_t value, struct err *err)
{
	if (value >= option->min && (!option->max || value <= option->max))
		return 0;
	if (!option->max)
		return err_say(err, -EINVAL, "out of range: %s (at least %llu)", text,
			(unsigned long long)option->min);
	return err_say(err, -EINVAL, "out of range: %s (%llu to %llu)", text,
		(unsigned long long)option->min, (unsigned long long)option->max);
}

int option_size(const struct option *option, const char *text, void *field, struct err *err)
{
	uint64_t value;
	const char *rest = parse_scaled(text, 1024, &value);

	if (!rest || *rest)
		return err_say(err, -EINVAL, "not a size: '%s' (bytes, or with K, M or G)", text);
	if (check_range(option, text, value, err))
		return -EINVAL;
	*(uint64_t *)field = value;
	return 0;
}

int option_pps(const struct option *option, const char *text, void *field, struct err *err)
{
	uint64_t value;
	const char *rest = parse_scaled(text, 1000, &value);

	if (rest && !strcmp(rest, "bps"))
		return err_say(err, -EINVAL,
			"a rate in bits: '%s' (packets a second are wanted: 1000, 2.5Mpps)", text);
	if (!rest || (*rest && strcmp(rest, "pps")))
		return err_say(
			err, -EINVAL, "not a rate: '%s' (packets a second: 1000, 2.5Mpps)", text);
	if (check_range(option, text, value, err))
		return -EINVAL;
	*(uint64_t *)field = value;
	return 0;
}

int option_text(const struct option *option, const char *text, void *field, struct err *err)
{
	if (strlen(text) >= option->max)
		return err_say(err, -EINVAL, "too long: %zu characters (at most %llu)",
			strlen(text), (unsigned long long)option->max - 1);
	memcpy(field, text, strlen(text) + 1);
	return 0;
}

int option_item(const char **list, char *item, size_t size, struct err *err)
{
	const char *comma;
	size_t length;

	if (!*list)
		return 0;
	comma = strchrnul(*list, ',');
	length = (size_t)(comma - *list);
	while (length && isspace((unsigned char)**list)) {
		++*list;
		length--;
	}
	while (length && isspace((unsigned char)(*list)[length - 1]))
		length--;
	if (!length)
		return err_say(err, -EINVAL, "an item of the list is empty");
	if (length >= size)
		return err_say(err, -EINVAL, "too long: '%.*s' (at most %zu characters)",
			(int)length, *list, size - 1);
	memcpy(item, *list, length);
	item[length] = 0;
	*list = *comma ? comma + 1 : NULL;
	return 1;
}

int option_names(const struct option *option, const char *text, void *field, struct err *err)
{
	struct option_names *names = field;
	char item[sizeof(names->name[0])];
	int code;

	(void)option;
	memset(names, 0, sizeof(*names));
	if (!*text)
		return 0;
	while ((code = option_item(&text, item, sizeof(item), err)) > 0) {
		for (unsigned i = 0; i < names->count; i++) {
			if (!strcmp(names->name[i], item))
				return err_say(err, -EINVAL, "'%s' is in the list twice", item);
		}
		if (names->count == OPTION_LIST_MAX)
			return err_say(
				err, -EINVAL, "too many items (at most %d)", OPTION_LIST_MAX);
		memcpy(names->name[names->count++], item, strlen(item) + 1);
	}
	return code;
}

int option_range(const char *item, uint64_t min, uint64_t max, uint32_t *first, uint32_t *last,
	struct err *err)
{
	uint64_t low = 0, high = 0;
	const char *at;
	bool good = read_digits(item, &low, &at);

	high = low;
	if (good && *at == '-')
		good = read_digits(at + 1, &high, &at);
	if (!good || *at)
		return err_say(err, -EINVAL, "not a number or range: '%s'", item);
	if (low > high)
		return err_say(err, -EINVAL, "a range that goes backwards: '%s'", item);
	if (low < min || high > max)
		return err_say(err, -EINVAL, "out of range: %s (%llu to %llu)", item,
			(unsigned long long)min, (unsigned long long)max);
	*first = (uint32_t)low;
	*last = (uint32_t)high;
	return 0;
}

static int add_number(struct option_numbers *numbers, uint32_t number, struct err *err)
{
	const unsigned max = sizeof(numbers->number) / sizeof(numbers->number[0]);

	for (unsigned i = 0; i < numbers->count; i++) {
		if (numbers->number[i] == number)
			return err_say(err, -EINVAL, "%u is in the list twice", number);
	}
	if (numbers->count == max)
		return err_say(err, -EINVAL, "too many numbers (at most %u)", max);
	numbers->number[numbers->count++] = number;
	return 0;
}

int option_numbers(const struct option *option, const char *text, void *field, struct err *err)
{
	uint64_t max = option->max ? option->max : UINT32_MAX - 1;
	struct option_numbers *numbers = field;
	uint32_t first, last;
	char item[ITEM_BYTES];
	int code;

	numbers->count = 0;
	if (option->choices && !strcmp(text, option->choices[0]))
		return 0;
	while ((code = option_item(&text, item, sizeof(item), err)) > 0) {
		code = option_range(item, option->min, max, &first, &last, err);
		for (uint32_t n = first; !code && n <= last; n++)
			code = add_number(numbers, n, err);
		if (code)
			return code;
	}
	return code;
}

int option_ports(const struct option *option, const char *text, void *field, struct err *err)
{
	struct option_ports *ports = field;
	uint32_t first, last;
	char item[64]; /* two numbers, and room to say what is wrong with a longer one */
	int code;

	memset(ports, 0, sizeof(*ports));
	ports->any = option->choices && !strcmp(text, option->choices[0]);
	if (ports->any || (!*text && option->required))
		return 0;
	while ((code = option_item(&text, item, sizeof(item), err)) > 0) {
		code = option_range(item, 1, 65535, &first, &last, err);
		if (code)
			return code;
		for (uint32_t port = first; port <= last; port++)
			ports->set[port / 8] |= (uint8_t)(1u << port % 8);
	}
	return code;
}

int option_mac(const struct option *option, const char *text, void *field, struct err *err)
{
	struct option_mac *mac = field;
	unsigned b[6];
	int used = 0;

	memset(mac, 0, sizeof(*mac));
	if (option->choices && !strcmp(text, option->choices[0]))
		return 0;
	/* two digits each, and nothing that scanf would skip or take for a sign */
	if (strlen(text) != 17 || strspn(text, "0123456789abcdefABCDEF:") != 17 ||
		sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5],
			&used) != 6 ||
		used != 17)
		return err_say(err, -EINVAL, "not a MAC address: '%s' (02:00:00:00:00:01)", text);
	if ((b[0] & 1) || !(b[0] | b[1] | b[2] | b[3] | b[4] | b[5]))
		return err_say(err, -EINVAL, "not the address of one interface: %s", text);
	for (int i = 0; i < 6; i++)
		mac->address[i] = (uint8_t)b[i];
	mac->given = true;
	return 0;
}
