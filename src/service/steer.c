// SPDX-License-Identifier: BSD-2-Clause
/* steer: the descriptor, and the rule that the settings make. */
#include "service/steer.h"

#include <errno.h>

static unsigned needs(const void *settings)
{
	const struct steer_settings *s = settings;

	return (s->target == STEER_WORKER ? SERVICE_NEEDS_WORKER : SERVICE_NEEDS_KERNEL_HALF) |
	       SERVICE_NEEDS_FILTER;
}

/* Gives the keys their places in the table of all services. */
static int compile_keys(
	const struct steer_keys *keys, __u8 slot, struct steer_pin *pins, struct err *err)
{
	for (unsigned i = 0; i < keys->count; i++) {
		const uint32_t place = steer_pin_place(keys->list[i].key);
		struct steer_pin *pin = NULL;

		for (unsigned k = 0; k < STEER_PIN_PROBES && !pin; k++) {
			pin = &pins[(place + k) % STEER_PIN_TABLE];
			if (pin->owner)
				pin = NULL;
		}
		if (!pin)
			return err_say(err, -E2BIG, "keys: too many, of all services together");
		*pin = (struct steer_pin){ keys->list[i].key, (__u8)(slot + 1), (__u8)i, { 0 } };
	}
	return 0;
}

static int compile(const struct service_compile *c, struct err *err)
{
	const struct steer_settings *s = c->settings;
	struct steer_rule *rule = &c->rule->steer;
	int code = compile_keys(&s->keys, c->rule->slot, c->tables->steer_pins, err);

	if (code)
		return code;
	*rule = (struct steer_rule){
		.magic = s->magic.value,
		.key_mask = s->key_mask,
		.magic_at = s->magic.at,
		.header = (__u16)s->header,
		.length_at = s->length,
		.key_at = s->key,
		.sequence_at = s->sequence,
		.target = (__u8)s->target,
		.slot = c->rule->slot,
		.pins = s->keys.count > 0,
		.spares_fragments = s->monitor,
		.spares = s->monitor || s->invalid == STEER_PASSES,
	};
	c->rule->kind = SERVICE_steer;
	c->rule->fragments = s->fragments == STEER_FRAGMENTS_DROP;
	c->rule->monitor = s->monitor;
	c->rule->replies = s->replies == STEER_REPLIES_PASS;
	c->tables->udp_port_services[s->port] |= (__u8)(1u << c->place);
	if (c->instance && s->target == STEER_WORKER)
		steer_write_targets(c->instance, c->tables);
	return address_compile(
		&s->addresses, c->rule->slot, c->tables->addresses, &rule->addresses, err);
}

static const char *untimed(const void *settings)
{
	const struct steer_settings *steer = settings;

	return steer->target == STEER_CPU ? "packets go on to a CPU unanswered" : NULL;
}

const struct service_type service_steer = {
	.name = "steer",
	.summary =
		"drops what is not of a binary protocol, and keeps each partition key on its CPU "
		"or worker",
	.options = steer_options,
	.options_count = STEER_OPTIONS,
	.settings_size = sizeof(struct steer_settings),
	.compile = compile,
	.check = steer_check,
	.needs = needs,
	.untimed = untimed,
	.timed_to = "ring",
	.open = steer_open,
	.open_interface = steer_open_interface,
	.open_queue = steer_open_queue,
	.handle = steer_handle,
	.flush = steer_flush,
	.close_queue = steer_close_queue,
	.close_interface = steer_close_interface,
	.reopens = steer_reopens,
	.reload = steer_reload,
	.set = steer_set,
	.follow = steer_follow,
	.judge = steer_judge,
	.take = steer_take,
	.close = steer_close,
	.sample = steer_sample,
	.figures = steer_figures,
	.figures_count = STEER_FIGURES,
	.tables = steer_tables,
	.tables_count = STEER_FIGURE_TABLES,
};
