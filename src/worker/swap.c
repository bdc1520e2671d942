// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "net/netns.h"
#include "worker/access_books.h"
#include "worker/books.h"
#include "worker/change.h"
#include "worker/ladder.h"
#include "worker/rules.h"
#include "worker/swap.h"
#include "worker/tap.h"
#include "worker/user_half.h"

/* A worker takes a change between two batches, within microseconds; only a stuck one needs so long. */
#define CHANGE_NS (5 * NSEC_PER_SEC)
#define LOOK_NS (100 * 1000)

struct swap {
	struct interface *in;
	struct interface next; /* what it will be; what does not change is the same */
	bool has_new_sockets; /* they and their workers are next's own */
};

/* Of the parts in `next`, those that are not the interface's already. */
static void close_new_parts(struct swap *swap)
{
	user_half_close_new_queues(&swap->next, swap->in);
	for (unsigned slot = 0; slot < SERVICE_SLOTS; slot++)
		if (!swap->in->services[slot].type)
			user_half_close_slot(&swap->next, slot);
}

void swap_abort(struct swap *swap)
{
	int back;

	if (!swap)
		return;
	if (swap->has_new_sockets)
		interface_stop(&swap->next);
	back = netns_enter(swap->in->settings->interface->netns, NULL);
	close_new_parts(swap);
	if (swap->has_new_sockets)
		ladder_close_queues(&swap->next);
	if (back >= 0)
		netns_leave(back);
	for (uint32_t i = 0; swap->has_new_sockets && i < swap->next.queues_count; i++)
		free(swap->next.workers[i]);
	for (uint32_t i = 0; i < swap->next.queues_count; i++)
		worker_rules_free(swap->next.worker_rules[i]);
	xdp_program_close(swap->next.program);
	access_free(swap->next.access);
	free(swap->next.own_tables);
	free(swap->next.rules);
	free(swap);
}

static int compile(struct swap *swap, struct err *err)
{
	struct interface *in = swap->in, *next = &swap->next;
	const char *reopened;

	rules_find_services(next);
	if (in->own_hooks &&
		(!rules_have_own_hooks(next) || rules_want_xdp(next) == SERVICE_XDP_MUST))
		return err_say(err, -ESTALE, "its services need XDP now");
	if (!in->own_hooks && user_half_refuse(next, in->ops, err))
		return -EOPNOTSUPP;
	reopened = rules_find_reopened(in, next);
	if (reopened)
		return err_say(err, -ESTALE, "service %s needs its queues made anew", reopened);
	if (in->io[0] && rules_find_keepers(in) != rules_find_keepers(next))
		return err_say(err, -ESTALE, "other services keep frames of its queues now");
	rules_choose_halves(next, in->program || in->own_hooks, in->zero_copy == 1);
	return rules_compile(next, err);
}

/* Where the kernel half has answered alone and shall not any more. */
static int open_sockets(struct swap *swap, struct err *err)
{
	struct interface *in = swap->in, *next = &swap->next;
	int back, ret;

	if (!in->program || in->io[0] || !rules_want_path(next, PATH_USER))
		return 0;
	back = netns_enter(in->settings->interface->netns, err);
	if (back < 0)
		return back;
	ret = ladder_open_late(next, err);
	swap->has_new_sockets = !ret;
	netns_leave(back);
	return ret;
}

/* The program of today knows the sockets as well, for the map is one, and hands nothing over. */
static int start_workers(struct swap *swap, struct err *err)
{
	int ret;

	if (!swap->has_new_sockets)
		return 0;
	ret = interface_make_workers(&swap->next, err);
	if (!ret)
		ret = interface_start(&swap->next, err);
	if (!ret)
		ret = ladder_register_sockets(&swap->next, err);
	if (!ret)
		log_write(swap->in->settings->log, LOG_INFO, "%s: AF_XDP sockets opened, copy mode",
			swap->in->link.name);
	return ret;
}

static int load(struct swap *swap, struct err *err)
{
	struct interface *in = swap->in, *next = &swap->next;
	const struct xdp_program_settings settings = {
		.queues = in->link.rx_queues_max,
		.services = next->rules,
		.tables = next->own_tables,
		.state = in->state,
		.access = rules_access(next),
		.previous = in->program,
		.tapped = taps_wanted(next->settings->taps),
		.hooks = rules_want_xdp(next) != SERVICE_XDP_NO,
	};
	int ret;

	if (!in->program) {
		next->tables = next->own_tables;
		return 0;
	}
	ret = xdp_program_open(&next->program, &settings, err);
	if (ret)
		return ret;
	next->tables = xdp_program_tables(next->program);
	next->state = xdp_program_state(next->program);
	return 0;
}

/* The machine's own addresses, which the new tables do not know. */
static void fill_addresses(struct interface *in)
{
	int back = netns_enter(in->settings->interface->netns, NULL);

	if (back < 0)
		return;
	interface_set_addresses(in);
	netns_leave(back);
}

static int open_parts(struct swap *swap, struct err *err)
{
	int back = netns_enter(swap->in->settings->interface->netns, err), ret;

	if (back < 0)
		return back;
	ret = user_half_open(&swap->next, err);
	if (!ret)
		ret = user_half_open_queues(&swap->next, err);
	netns_leave(back);
	return ret;
}

static int make_worker_rules(struct swap *swap, struct err *err)
{
	struct interface *next = &swap->next;

	for (uint32_t i = 0; i < next->queues_count; i++) {
		struct worker_rules *rules;

		if (!next->workers[i])
			continue;
		rules = next->worker_rules[i] = calloc(1, sizeof(*rules));
		if (!rules)
			return err_set(err, -ENOMEM, "make room for rules");
		rules->services = next->rules;
		rules->tables = next->tables;
		rules->state = next->state;
		user_half_get_handlers(next, i, rules->handlers);
		if (!next->program)
			rules_set_access(next, &rules->access, &rules->access_memory);
		if (taps_make_queue(next->settings->taps, next, i, &rules->tap))
			return err_set(err, -ENOMEM, "make room for a tap");
		rules->limited = rules->access && rules->access->cost;
		for (unsigned k = 0; k < SERVICE_SLOTS; k++) {
			rules->limited |= !next->program && next->rules[k].limit_cost;
			rules->handles |= rules->handlers[k].handle != NULL;
		}
	}
	return 0;
}

int swap_prepare(struct swap **swap, struct interface *in,
	const struct interface_settings *settings, struct err *err)
{
	struct swap *s = calloc(1, sizeof(*s));
	int ret = -ENOMEM;

	if (!s)
		return err_set(err, ret, "make room for rules");
	s->in = in;
	s->next = *in;
	s->next.settings = settings;
	s->next.program = NULL;
	s->next.access = NULL;
	memset(s->next.paths, 0, sizeof(s->next.paths));
	memset(s->next.worker_rules, 0, sizeof(s->next.worker_rules));
	s->next.rules = calloc(SERVICE_SLOTS, sizeof(*s->next.rules));
	s->next.own_tables = malloc(sizeof(*s->next.own_tables));
	if (!s->next.rules || !s->next.own_tables)
		err_set(err, ret, "make room for rules");
	else
		ret = compile(s, err);
	if (!ret)
		ret = open_sockets(s, err);
	if (!ret)
		ret = load(s, err);
	if (!ret)
		fill_addresses(&s->next);
	if (!ret)
		ret = open_parts(s, err);
	if (!ret)
		ret = start_workers(s, err);
	if (!ret)
		ret = make_worker_rules(s, err);
	if (ret) {
		swap_abort(s);
		return err_where(err, ret, "%s", in->link.name);
	}
	*swap = s;
	return 0;
}

static int wait_for_workers(const struct interface *in, bool (*is_done)(const struct worker *))
{
	const struct timespec look = { .tv_nsec = LOOK_NS };
	uint64_t start_ns = clock_now_ns();

	for (uint32_t i = 0; i < in->queues_count; i++)
		while (in->workers[i] && !is_done(in->workers[i])) {
			if (clock_now_ns() - start_ns > CHANGE_NS)
				return -ETIMEDOUT;
			nanosleep(&look, NULL);
		}
	return 0;
}

/* The kernel's part: the program, or the filters of plain sockets. */
static int exchange(struct swap *swap, struct err *err)
{
	struct interface *in = swap->in;
	int ret = 0, back;

	if (in->program)
		return xdp_program_replace(swap->next.program, in->program, err);
	if (!in->ops->set_ports)
		return 0;
	back = netns_enter(in->settings->interface->netns, err);
	if (back < 0)
		return back;
	for (uint32_t i = 0; !ret && i < in->queues_count; i++)
		ret = in->ops->set_ports(in->io[i], swap->next.tables->udp_port_services, err);
	netns_leave(back);
	return ret;
}

/* The workers first: they judge by both, and what the kernel hands over is wanted by one of the two. */
static int lead_over(struct swap *swap, struct err *err)
{
	struct interface *in = swap->in;
	int ret;

	for (uint32_t i = 0; i < in->queues_count; i++)
		if (in->workers[i])
			change_begin(in->workers[i], swap->next.worker_rules[i]);
	ret = wait_for_workers(in, change_taken);
	if (!ret)
		ret = exchange(swap, err);
	for (uint32_t i = 0; !ret && i < in->queues_count; i++)
		if (in->workers[i])
			change_end(in->workers[i]);
	if (!ret)
		ret = wait_for_workers(in, change_over);
	if (ret == -ETIMEDOUT)
		err_say(err, ret, "a worker does not take the new rules");
	return ret;
}

static void forget_old(struct interface *old)
{
	for (uint32_t i = 0; i < old->queues_count; i++)
		worker_rules_free(old->worker_rules[i]);
	access_books_keep(old->settings->access_books, old);
	xdp_program_close(old->program);
	access_free(old->access);
	free(old->own_tables);
	free(old->rules);
}

/* What their own hooks have counted stays, for no total goes back. */
static void close_removed(struct interface *in)
{
	int back = netns_enter(in->settings->interface->netns, NULL);

	for (unsigned slot = 0; slot < SERVICE_SLOTS; slot++) {
		const struct interface_service *is = &in->services[slot];

		if (in->paths[slot].used || !is->type)
			continue;
		if (is->type->run_interface)
			is->type->run_interface(is->part, false);
		if (books_keep_hook(in, slot))
			log_write(in->settings->log, LOG_WARNING,
				"%s: no memory: counts of a service that goes are lost",
				in->link.name);
		user_half_close_slot(in, slot);
	}
	if (back >= 0)
		netns_leave(back);
}

int swap_commit(struct swap *swap, struct err *err)
{
	struct interface *in = swap->in, *next = &swap->next;
	const struct interface_settings *settings = in->settings;
	int ret = lead_over(swap, err);
	struct interface old;

	if (ret) {
		interface_stop(in);
		swap_abort(swap);
		return err_where(err, ret, "%s", in->link.name);
	}
	old = *in;
	*in = *next;
	in->settings = settings;
	/* nobody looks at the old tables from here on */
	user_half_update(in);
	forget_old(&old);
	close_removed(in);
	user_half_run(in, true);
	free(swap);
	return 0;
}
