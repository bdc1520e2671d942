/* SPDX-License-Identifier: BSD-2-Clause */
/* deliver: the descriptor, the rule's compilation, and the packet path. */
#include "service/deliver.h"

#include <errno.h>
#include <string.h>

#include "base/counter.h"

#define AT(member) .offset = offsetof(struct deliver_settings, member)
#define SIZE(member) .max = sizeof(((struct deliver_settings *)0)->member)

static const char *const mode_names[] = { "copy", "share", NULL };

static const struct option options[] = {
	{ "interfaces", "", "the interfaces to take packets from, each with a section of its own",
		option_names, AT(common.interfaces), .required = true },
	{ "ports", "", "UDP destination ports: list and ranges", option_ports, AT(ports),
		.required = true },
	{ "addresses", "any", "destination addresses: any | local | list", option_addresses,
		AT(addresses) },
	{ "ring", "", "consumers open it by this name; empty: the service's", readers_parse_ring,
		AT(ring), SIZE(ring) },
	{ "depth", "2048", "packets of a queue that a consumer may lag behind; a power of two",
		readers_parse_depth, AT(depth), .min = RING_DEPTH_MIN, .max = RING_DEPTH_MAX },
	{ "mode", "copy",
		"copy: packets are copied into the ring's own memory | share: consumers map the "
		"queue's frames read-only",
		option_choice, AT(mode), .choices = mode_names },
	{ "expose_queue", "no",
		"mode = share with zero copy shows consumers all traffic of the queue: refused "
		"unless yes",
		option_bool, AT(expose_queue) },
	{ "group", "ringside", "who may open it, beside root and the daemon's own user",
		option_text, AT(group), SIZE(group) },
};

static int compile(const struct service_compile *c, struct err *err)
{
	const struct deliver_settings *settings = c->settings;
	struct deliver_rule *rule = &c->rule->deliver;
	/* asks for the audience without changing it */
	struct deliver *deliver = (struct deliver *)c->instance;
	__u8 slot = c->rule->slot;
	int code = address_compile(
		&settings->addresses, slot, c->tables->addresses, &rule->addresses, err);

	if (code)
		return code;
	c->rule->kind = SERVICE_deliver;
	rule->slot = slot;
	service_compile_ports(&settings->ports, c);
	if (deliver)
		c->tables->deliver_attended[slot] =
			audience_readers(&deliver->readers.audience) > 0;
	return 0;
}

static unsigned needs(const void *settings)
{
	const struct deliver_settings *s = settings;

	return SERVICE_NEEDS_WORKER |
	       (s->mode == RINGSIDE_SHARE && !s->expose_queue ? SERVICE_NEEDS_COPIES : 0);
}

static uint32_t keeps(const void *settings)
{
	const struct deliver_settings *s = settings;

	return s->mode == RINGSIDE_SHARE ? s->depth : 0;
}

static int handle(void *handler, const struct service_frame *in)
{
	struct deliver_queue *q = handler;
	struct ring_packet packet;

	if (!readers_fill_packet(in, q->packet_bytes, &packet))
		return OUTCOME_DROP + DROP_bad_frame;
	if (q->ring.mode == RINGSIDE_SHARE) {
		packet.offset = (uint32_t)(packet.data - q->area);
		packet.frame = in->number;
		*in->given = ring_publish(&q->ring, &packet);
	} else {
		ring_publish(&q->ring, &packet);
	}
	counter_add(&q->packets, 1);
	counter_add(&q->bytes, packet.length);
	return OUTCOME_DELIVER;
}

static void flush(void *handler)
{
	struct deliver_queue *q = handler;

	audience_wake(&q->deliver->readers.audience, q->index);
}

const struct service_type service_deliver = {
	.name = "deliver",
	.summary = "puts packets for UDP ports into the shared-memory rings of other processes",
	.options = options,
	.options_count = sizeof(options) / sizeof(options[0]),
	.settings_size = sizeof(struct deliver_settings),
	.compile = compile,
	.needs = needs,
	.timed_to = "ring",
	.keeps = keeps,
	.open = deliver_open,
	.open_interface = deliver_open_interface,
	.open_queue = deliver_open_queue,
	.handle = handle,
	.flush = flush,
	.close_queue = deliver_close_queue,
	.close_interface = deliver_close_interface,
	.reopens = deliver_reopens,
	.reload = deliver_reload,
	.judge = deliver_judge,
	.take = deliver_take,
	.close = deliver_close,
	.sample = deliver_sample,
	.figures = deliver_figures,
	.figures_count = 2,
	.tables = deliver_tables,
	.tables_count = 2,
};
