// SPDX-License-Identifier: BSD-2-Clause
#include "service/http_gate.h"

#include <errno.h>

#include "base/cpu.h"
#include "service/http_instance.h"

int http_gate_compile(struct http_gate *gate, const struct access_settings *settings, unsigned slot,
	struct err *err)
{
	int ret = access_compile(&gate->access, settings, slot + 1, false, NULL, err);

	if (!ret)
		gate->access->rule.slot = (uint8_t)slot;
	return ret;
}

int http_gate_open(struct http_instance *in, struct http_gate *gate, struct err *err)
{
	const struct access_program program = access_program(gate->access);

	return in->loader->open(&gate->counts, &program, http_program_object(in->program), err);
}

void http_gate_close(struct http_instance *in, struct http_gate *gate)
{
	if (gate->access)
		in->loader->close(&gate->counts, &gate->access->rule);
	access_free(gate->access);
	*gate = (struct http_gate){ 0 };
}

static void gate_abort(void *instance)
{
	struct http_instance *in = instance;

	http_gate_close(in, &in->next_gate);
	http_xdp_close(in->next_xdp);
	in->next_xdp = NULL;
	if (in->program)
		http_program_drop(in->program);
}

static const struct http_tap_rule *tap_of(const struct http_instance *in)
{
	return in->tap.targets ? &in->tap : NULL;
}

static int gate_prepare(void *instance, const struct access_settings *settings, struct err *err)
{
	struct http_instance *in = instance;
	struct access_program program;
	int ret;

	if (!in->program)
		return 0;
	ret = http_gate_compile(&in->next_gate, settings, in->slot, err);
	if (ret)
		return ret;
	if (access_is_same(in->next_gate.access, in->gate.access)) {
		http_gate_close(in, &in->next_gate);
		return 0;
	}
	program = access_program(in->next_gate.access);
	ret = http_program_prepare(in->program, &program, false, tap_of(in), err);
	if (!ret)
		ret = http_gate_open(in, &in->next_gate, err);
	if (!ret && in->xdp)
		ret = http_xdp_open(&in->next_xdp, in->program, err);
	if (ret)
		gate_abort(in);
	return ret;
}

/* What is next now is what was before. XDP first: what it has let in is marked for the TC program of before and after alike. */
static void exchange_programs(struct http_instance *in)
{
	for (unsigned i = 0; in->next_xdp && i < HTTP_INTERFACES; i++) {
		const struct http_place *place = &in->places[i];

		if (place->interface && place->about.in_xdp)
			http_xdp_follow(in->next_xdp, place->interface);
	}
	http_program_exchange(in->program);
	cpu_wait_for_programs();
	if (in->next_xdp) {
		struct http_xdp *xdp = in->xdp;

		in->xdp = in->next_xdp;
		in->next_xdp = xdp;
	}
}

static struct access_place place_of(struct http_instance *in, const struct http_gate *gate)
{
	return (struct access_place){ gate->access, gate->counts,
		&http_program_state(in->program)->source_every };
}

static void gate_commit(void *instance,
	void (*keep)(void *context, const struct access_place *before), void *context)
{
	struct http_instance *in = instance;
	struct access_place before;
	struct http_gate gate;

	if (!in->next_gate.access)
		return;
	exchange_programs(in);
	before = place_of(in, &in->gate);
	keep(context, &before);
	gate = in->gate;
	in->gate = in->next_gate;
	in->next_gate = gate;
	gate_abort(in);
}

int http_show(void *instance, uint32_t targets, struct service_tap *tap, struct err *err)
{
	struct http_instance *in = instance;
	const struct http_tap_rule before = in->tap;
	struct access_program program;
	int ret;

	if (!in->program)
		return err_say(err, -EOPNOTSUPP, "the ordinary server answers everything");
	in->tap = (struct http_tap_rule){ targets, in->slot };
	program = access_program(in->gate.access);
	ret = http_program_prepare(in->program, &program, true, tap_of(in), err);
	if (!ret && in->xdp)
		ret = http_xdp_open(&in->next_xdp, in->program, err);
	if (ret)
		in->tap = before;
	else
		exchange_programs(in);
	gate_abort(in);
	if (!ret && targets)
		*tap = (struct service_tap){ http_program_map_fd(in->program, "tap_packets"),
			http_program_map_fd(in->program, "tap_lost"), HTTP_INTERFACES };
	return ret;
}

static const struct access_place *gate_place(void *instance)
{
	struct http_instance *in = instance;

	in->place = (struct access_place){ 0 };
	if (in->program)
		in->place = place_of(in, &in->gate);
	return &in->place;
}

const struct service_gate http_service_gate = {
	.prepare = gate_prepare,
	.commit = gate_commit,
	.abort = gate_abort,
	.place = gate_place,
};
