// SPDX-License-Identifier: BSD-2-Clause
#include "export/openmetrics_writer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

static bool ends_with(const char *name, const char *end)
{
	size_t length = strlen(name), tail = strlen(end);

	return length >= tail && !strcmp(name + length - tail, end);
}

void om_name(char name[OM_NAME_BYTES], const char *prefix, const char *word, const char *unit)
{
	int length = (int)strlen(word);
	const char *suffix = "";

	if (!strcmp(unit, "ns")) {
		suffix = "_seconds"; /* base units, as Prometheus has them */
		if (ends_with(word, "_ns"))
			length -= 3;
	} else if (!strcmp(unit, "packets") && !ends_with(word, "packets")) {
		suffix = "_packets";
	} else if (!strcmp(unit, "bytes") && !ends_with(word, "bytes")) {
		suffix = "_bytes";
	}
	snprintf(name, OM_NAME_BYTES, "ringside_%s%s%.*s%s", prefix, *prefix ? "_" : "", length,
		word, suffix);
}

/* The unit that a name ends with, for OpenMetrics' UNIT line; NULL: none. */
static const char *unit_of(const char *name)
{
	static const char *const units[] = { "packets", "bytes", "seconds" };

	for (unsigned i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (ends_with(name, units[i]))
			return units[i];
	return NULL;
}

void om_family(struct om *om, const char *name, enum om_type type, const char *help)
{
	static const char *const words[] = { "counter", "gauge", "info", "histogram", "summary" };
	/* the older format has no info, and names a counter as its sample */
	const char *word = type == OM_INFO && !om->open ? "gauge" : words[type];
	const char *end = om->open	       ? ""
			  : type == OM_COUNTER ? "_total"
			  : type == OM_INFO    ? "_info"
					       : "";

	om->type = type;
	snprintf(om->name, sizeof(om->name), "%s", name);
	writer_format(&om->out, "# HELP %s%s ", name, end);
	writer_escaped(&om->out, help);
	writer_format(&om->out, "\n# TYPE %s%s %s\n", name, end, word);
	if (om->open && unit_of(name) && type != OM_INFO)
		writer_format(&om->out, "# UNIT %s %s\n", name, unit_of(name));
}

void om_begin(struct om *om, const char *suffix)
{
	if (om->type == OM_COUNTER)
		suffix = "_total";
	else if (om->type == OM_INFO)
		suffix = "_info";
	writer_format(&om->out, "%s%s", om->name, suffix);
	om->bracket = "{";
}

void om_label(struct om *om, const char *key, const char *value)
{
	writer_format(&om->out, "%s%s=\"", om->bracket, key);
	writer_escaped(&om->out, value);
	writer_text(&om->out, "\"");
	om->bracket = ",";
}

static void end_labels(struct om *om)
{
	writer_text(&om->out, *om->bracket == ',' ? "} " : " ");
}

void om_count(struct om *om, uint64_t value)
{
	end_labels(om);
	writer_format(&om->out, "%" PRIu64 "\n", value);
}

void om_seconds(struct om *om, uint64_t ns)
{
	end_labels(om);
	writer_format(&om->out, "%" PRIu64 ".%09" PRIu64 "\n", (uint64_t)(ns / NSEC_PER_SEC),
		(uint64_t)(ns % NSEC_PER_SEC));
}

void om_value(struct om *om, const char *unit, uint64_t value)
{
	if (!strcmp(unit, "ns"))
		om_seconds(om, value);
	else
		om_count(om, value);
}

void om_balance(struct om *om, int64_t value)
{
	end_labels(om);
	writer_format(&om->out, "%" PRId64 "\n", value);
}

void om_service_labels(struct om *om, const struct snapshot_service *service)
{
	om_label(om, "service", service->name);
	om_label(om, "type", service->type);
}
