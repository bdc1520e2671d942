/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/traffic.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/option.h"
#include "generate/frame.h"

#define PORT_DEFAULT 3842
#define WHOLE_MAX 1000000000ull /* seconds, per cent */
/* The offset of ITO signatures; those of the reflector-native author's formats are at 0. */
#define ITO_OFFSET 5
#define VLAN_MAX 4094
#define PRIORITY_MAX 7
#define DSCP_MAX 63
#define SIZE_MAX_BYTES (FRAME_BYTES_MAX + ETHERNET_FCS)

bool traffic_take(struct traffic *t, const char *name, const char *value)
{
	const struct {
		const char *name, **value;
	} rows[] = { { "size", &t->size }, { "rate", &t->rate }, { "port", &t->port },
		{ "signature", &t->signature }, { "flows", &t->flows }, { "vlan", &t->vlan },
		{ "dscp", &t->dscp }, { "engine", &t->engine } };

	if (!strcmp(name, "ipv6")) {
		t->ipv6 = true;
		return true;
	}
	for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (!strcmp(name, rows[i].name)) {
			*rows[i].value = value;
			return true;
		}
	}
	return false;
}

static int parse_number(
	const char *text, uint32_t min, uint32_t max, uint32_t *value, struct err *err)
{
	const struct option row = { .min = min, .max = max };

	return option_u32(&row, text, value, err);
}

static int parse_sizes(const char *list, struct generate_sizes *sizes, struct err *err)
{
	char item[16];
	int more;

	sizes->count = 0;
	while ((more = option_item(&list, item, sizeof(item), err)) > 0) {
		if (sizes->count == GENERATE_SIZES_MAX)
			return err_say(err, -EINVAL, "at most %u sizes", GENERATE_SIZES_MAX);
		if (parse_number(item, 1, SIZE_MAX_BYTES, &sizes->size[sizes->count++], err))
			return -EINVAL;
	}
	return more;
}

static int parse_rate(const char *text, struct traffic_rate *rate, struct err *err)
{
	const struct option row = { .min = 1 };
	size_t end = strlen(text);
	char bits[32];

	*rate = (struct traffic_rate){ 0 };
	if (!strcmp(text, "max"))
		return 0;
	if (end < 4 || end >= sizeof(bits) || strcmp(text + end - 3, "bps") != 0)
		return option_pps(&row, text, &rate->pps, err);
	memcpy(bits, text, end - 3);
	bits[end - 3] = '\0';
	if (option_pps(&row, bits, &rate->bps, NULL))
		return err_say(err, -EINVAL, "not a rate: '%s' (50kpps, 100Mbps, max)", text);
	return 0;
}

void traffic_fit(struct traffic *t, struct generate_settings *settings)
{
	uint32_t min = frame_size_min(settings);

	for (unsigned i = 0; i < t->sizes.count; i++) {
		if (!t->size && t->sizes.size[i] < min)
			t->sizes.size[i] = min;
		if (t->sizes.size[i] > settings->largest)
			settings->largest = t->sizes.size[i];
	}
}

uint64_t traffic_pps(const struct traffic_rate *rate, uint32_t size)
{
	uint64_t pps = rate->pps;

	if (rate->bps) {
		pps = rate->bps / (8ull * (size - ETHERNET_FCS));
		pps = pps ? pps : 1;
	}
	return pps;
}

static int parse_signature(const char *text, struct generate_settings *settings, struct err *err)
{
	static const char *const at_start[] = { "RFC2544", "Y.1564" };
	const char *at = strrchr(text, '@');
	size_t length = at ? (size_t)(at - text) : strlen(text);

	settings->signature_at = ITO_OFFSET;
	for (unsigned i = 0; i < 2; i++)
		if (strlen(at_start[i]) == length && !memcmp(text, at_start[i], length))
			settings->signature_at = 0;
	if (at && parse_number(at + 1, 0, SIGNATURE_AT_MAX, &settings->signature_at, err))
		return -EINVAL;
	memset(settings->signature, ' ',
		SIGNATURE_TEXT); /* "Y.1564 " is written without its blank */
	if (length != SIGNATURE_TEXT && (length != 6 || memcmp(text, "Y.1564", 6)))
		return err_say(err, -EINVAL, "'%.*s' has %zu bytes instead of %d", (int)length,
			text, length, SIGNATURE_TEXT);
	memcpy(settings->signature, text, length);
	return 0;
}

static int parse_tag(const char *text, uint16_t *tag, struct err *err)
{
	char id_text[16];
	size_t length = strcspn(text, ":");
	uint32_t id, priority = 0;

	if (length >= sizeof(id_text))
		return err_say(err, -EINVAL, "'%s' is no VLAN id", text);
	memcpy(id_text, text, length);
	id_text[length] = '\0';
	if (parse_number(id_text, 0, VLAN_MAX, &id, err))
		return -EINVAL;
	if (text[length] && parse_number(text + length + 1, 0, PRIORITY_MAX, &priority, err))
		return err_where(err, -EINVAL, "priority");
	*tag = (uint16_t)(priority << 13 | id);
	return 0;
}

static int parse_vlan(const char *list, struct generate_settings *settings, struct err *err)
{
	char item[32];
	int more;

	while ((more = option_item(&list, item, sizeof(item), err)) > 0) {
		if (settings->tags == TAGS_MAX)
			return err_say(err, -EINVAL, "at most %d tags", TAGS_MAX);
		if (parse_tag(item, &settings->tag[settings->tags++], err))
			return -EINVAL;
	}
	return more;
}

static int parse_engine(const char *text, int *engine, struct err *err)
{
	static const char *const names[] = { "auto", "paced", "flood", NULL };
	const struct option row = { .choices = names };

	return option_choice(&row, text, engine, err);
}

int traffic_parse(struct traffic *t, const struct generate_sizes *default_sizes,
	const char *default_rate, struct generate_settings *s, struct err *err)
{
	uint32_t port = PORT_DEFAULT, dscp = 0;

	s->flows = 1;
	s->ipv6 = t->ipv6;
	if (parse_rate(t->rate ? t->rate : default_rate, &t->wanted, err))
		return err_where(err, -EINVAL, "--rate");
	if (t->port && parse_number(t->port, 1, UINT16_MAX, &port, err))
		return err_where(err, -EINVAL, "--port");
	if (parse_signature(t->signature ? t->signature : "DATA:OT", s, err))
		return err_where(err, -EINVAL, "--signature");
	if (t->flows && parse_number(t->flows, 1, GENERATE_FLOWS_MAX, &s->flows, err))
		return err_where(err, -EINVAL, "--flows");
	if (t->vlan && parse_vlan(t->vlan, s, err))
		return err_where(err, -EINVAL, "--vlan");
	if (t->dscp && parse_number(t->dscp, 0, DSCP_MAX, &dscp, err))
		return err_where(err, -EINVAL, "--dscp");
	if (t->engine && parse_engine(t->engine, &s->engine, err))
		return err_where(err, -EINVAL, "--engine");
	s->port = (uint16_t)port;
	s->dscp = (uint8_t)dscp;
	if (t->size)
		return parse_sizes(t->size, &t->sizes, err) ? err_where(err, -EINVAL, "--size") : 0;
	t->sizes = *default_sizes;
	return 0;
}

/* In billionths; the unit may stand behind it. */
static int parse_decimal(const char *text, const char *unit, uint64_t *billionths)
{
	uint64_t place = NSEC_PER_SEC, whole = 0, part = 0;
	const char *at = text;

	for (; *at >= '0' && *at <= '9' && whole < WHOLE_MAX; at++)
		whole = 10 * whole + (uint64_t)(*at - '0');
	if (at == text)
		return -EINVAL;
	if (*at == '.')
		while (*++at >= '0' && *at <= '9')
			part += (uint64_t)(*at - '0') * (place /= 10);
	if (!strcmp(at, unit))
		at += strlen(unit);
	*billionths = whole * NSEC_PER_SEC + part;
	return *at || whole >= WHOLE_MAX ? -EINVAL : 0;
}

int traffic_seconds(const char *text, uint64_t *ns, struct err *err)
{
	if (parse_decimal(text, "s", ns))
		return err_say(err, -EINVAL, "'%s' is not a number of seconds", text);
	return 0;
}

int traffic_percent(const char *text, double *share, struct err *err)
{
	uint64_t billionths;

	if (parse_decimal(text, "%", &billionths) || billionths > 100 * NSEC_PER_SEC)
		return err_say(err, -EINVAL, "'%s' is not a percentage", text);
	*share = (double)billionths / 100 / 1e9;
	return 0;
}
