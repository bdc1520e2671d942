// SPDX-License-Identifier: BSD-2-Clause
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "io/af_xdp.h"
#include "net/netns.h"
#include "worker/watch.h"

/* An interface that has gone is looked for this often, and one that is there compared with what was
 * opened: not every change (the number of queues, say) comes as an event. */
#define RETRY_NS NSEC_PER_SEC

void watch_note_paths(struct pool_interface *pi)
{
	memcpy(pi->paths, pi->interface->paths, sizeof(pi->paths));
	snprintf(pi->shown.poll, sizeof(pi->shown.poll), "%s", pi->interface->poll);
}

/* What an opening looks like from outside; kept while the interface is away. */
static void keep_shown(struct pool_interface *pi)
{
	const struct interface *in = pi->interface;
	struct snapshot_interface *shown = &pi->shown;

	memset(shown, 0, sizeof(*shown));
	shown->nic_rx_pps = NAN;
	pi->nic_read_ns = 0;
	snprintf(shown->name, sizeof(shown->name), "%s", in->link.name);
	snprintf(shown->driver, sizeof(shown->driver), "%s", in->link.driver);
	snprintf(shown->io, sizeof(shown->io), "%s", in->ops->name);
	if (in->program)
		snprintf(shown->xdp, sizeof(shown->xdp), in->generic ? "generic" : "native");
	snprintf(shown->poll, sizeof(shown->poll), "%s", in->poll);
	snprintf(shown->why, sizeof(shown->why), "%s", in->why);
	shown->mtu = in->link.mtu;
	/* without sockets, since the kernel half answers alone, there is no zero copy either */
	pi->has_kernel_half = in->program || in->own_hooks;
	shown->zero_copy = in->program ? in->zero_copy == 1 : -1;
	watch_note_paths(pi);
	memset(pi->queue_watches, 0, sizeof(pi->queue_watches));
	pi->timed_from = in->ops->timed_from;
	pi->timed_to = in->ops->timed_to;
	pi->carrier = in->link.up && in->link.carrier;
	pi->ifindex = in->link.index;
	pi->failure[0] = '\0';
}

static void log_opened(struct pool *pool, const struct pool_interface *pi)
{
	const struct interface *in = pi->interface;
	const char *pages = in->program && in->io[0] ? af_xdp_pages(in->io[0]) : NULL;

	log_write(pool->log, LOG_INFO, "%s: %s%s%s%s, %u queue%s%s%s", in->link.name, in->ops->name,
		in->program ? (in->generic ? ", generic XDP" : ", native XDP") : "",
		in->zero_copy == 1   ? ", zero copy"
		: in->zero_copy == 0 ? ", copy mode"
				     : "",
		pi->has_kernel_half && in->zero_copy < 0 ? ", answered in the kernel half" : "",
		in->queues_count, in->queues_count == 1 ? "" : "s", pages ? ", " : "",
		pages ? pages : "");
}

int watch_open_interface(struct pool *pool, struct pool_interface *pi, struct err *err)
{
	int ret;

	pi->settings.level = pool->applied_level;
	ret = interface_open(&pi->interface, &pi->settings, err);
	if (ret)
		return ret;
	ret = interface_start(pi->interface, err);
	if (ret) {
		interface_stop(pi->interface);
		interface_close(pi->interface);
		pi->interface = NULL;
		return ret;
	}
	pi->interface->opening = ++pool->openings;
	keep_shown(pi);
	log_opened(pool, pi);
	return 0;
}

void watch_close_interface(struct pool_interface *pi)
{
	interface_stop(pi->interface);
	sampler_keep_past(pi);
	interface_close(pi->interface);
	pi->interface = NULL;
	pi->carrier = false;
}

static void lose_interface(struct pool *pool, struct pool_interface *pi, const char *why)
{
	log_write(pool->log, LOG_WARNING, "%s: %s; waiting for it", pi->settings.interface->name,
		why);
	watch_close_interface(pi);
	pi->retry_ns = 0;
}

static void try_again(struct pool *pool, struct pool_interface *pi)
{
	uint64_t now_ns = clock_now_ns();
	struct err err = { 0 };

	if (now_ns < pi->retry_ns)
		return;
	pi->retry_ns = now_ns + RETRY_NS;
	if (watch_open_interface(pool, pi, &err)) {
		char failure[sizeof(pi->failure)];

		snprintf(failure, sizeof(failure), "%.380s", err.text);
		if (strcmp(failure, pi->failure))
			log_write(pool->log, LOG_INFO, "%s", failure);
		memcpy(pi->failure, failure, sizeof(failure));
	}
}

static void take_event(struct pool *pool, struct pool_interface *pi, const struct link_event *event)
{
	struct interface *in = pi->interface;
	bool carrier = event->up && event->carrier;

	if (strcmp(event->name, pi->settings.interface->name) && event->index != pi->ifindex)
		return;
	if (!in) {
		if (!event->gone)
			pi->retry_ns = 0;
		return;
	}
	if (event->gone && event->index == in->link.index) {
		lose_interface(pool, pi, "the interface is gone");
		return;
	}
	if (event->gone || event->index != in->link.index)
		return;
	if (carrier != pi->carrier)
		log_write(pool->log, LOG_WARNING, "%s: link %s", in->link.name,
			carrier ? "up" : "down");
	pi->carrier = carrier;
	pi->shown.mtu = event->mtu;
	if (!pi->settings.interface->mac.given && memcmp(in->state->mac, event->mac, 6)) {
		log_write(pool->log, LOG_INFO, "%s: MAC address changed", in->link.name);
		memcpy(in->state->mac, event->mac, 6);
	}
}

/* The NIC's own count tells what reaches it from what reaches us. */
static void count_nic(struct pool_interface *pi, const struct link *link)
{
	uint64_t now_ns = clock_now_ns(), elapsed_ns = now_ns - pi->nic_read_ns;

	pi->shown.nic_rx_pps = NAN;
	if (pi->nic_read_ns && link->rx_packets != UINT64_MAX &&
		link->rx_packets >= pi->nic_rx_packets)
		pi->shown.nic_rx_pps = (double)(link->rx_packets - pi->nic_rx_packets) *
				       (double)NSEC_PER_SEC / (double)elapsed_ns;
	pi->nic_rx_packets = link->rx_packets;
	pi->nic_read_ns = now_ns;
}

/* What events do not tell: another number of queues, and events that were lost. */
static void compare(struct pool *pool, struct pool_interface *pi)
{
	const struct interface *in = pi->interface;
	struct link link;
	int back, ret;

	if (!pi->watch || clock_now_ns() < pi->retry_ns)
		return;
	pi->retry_ns = clock_now_ns() + RETRY_NS;
	back = netns_enter(pi->settings.interface->netns, NULL);
	if (back < 0)
		return;
	ret = link_read(&link, in->link.name, NULL);
	interface_set_addresses(pi->interface);
	netns_leave(back);
	if (ret || link.index != in->link.index)
		lose_interface(pool, pi, "the interface is gone");
	else if (pi->has_kernel_half && link.rx_queues != in->link.rx_queues)
		lose_interface(pool, pi, "the number of queues changed");
	else {
		pi->carrier = link.up && link.carrier;
		count_nic(pi, &link);
	}
}

/* A worker that ended by itself: its device has gone, or its file is read. Returns true for the latter. */
static bool look_for_ended(struct pool *pool, struct pool_interface *pi)
{
	const struct interface *in = pi->interface;
	bool read = true;

	for (uint32_t i = 0; i < in->queues_count; i++) {
		const struct worker *worker = in->workers[i];
		bool ended = worker && __atomic_load_n(&worker->ended, __ATOMIC_ACQUIRE);

		/* a file does not come back: its end, good or bad, is ours */
		if (ended && worker->error && pi->watch) {
			char why[96];

			snprintf(why, sizeof(why), "queue %u: %s", in->queues[i],
				strerror(-worker->error));
			lose_interface(pool, pi, why);
			return false;
		}
		read &= ended;
	}
	return read;
}

void watch_interface(struct pool *pool, struct pool_interface *pi, bool *all_read)
{
	struct link_event event;

	while (pi->watch && link_watch_next(pi->watch, &event) == 1)
		take_event(pool, pi, &event);
	if (pi->unused)
		return;
	if (pi->interface)
		compare(pool, pi);
	if (pi->interface)
		*all_read &= look_for_ended(pool, pi);
	else
		*all_read = false;
	if (!pi->interface)
		try_again(pool, pi);
}
