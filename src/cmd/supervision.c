/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/supervision.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/privilege.h"
#include "stats/units.h"
#include "base/thread.h"

/* How often systemd is told something without a watchdog; with one, three times in its time at least,
 * so that one late feeding is not the end. */
#define STATUS_NS (10 * NSEC_PER_SEC)
#define FEEDINGS 3
#define PAUSE_MS_MIN 10

static size_t print_interface(
	const struct snapshot *snapshot, uint32_t index, char *text, size_t size)
{
	const struct snapshot_interface *interface = &snapshot->interfaces[index];
	unsigned queues = 0;

	for (uint32_t i = 0; i < snapshot->queues_count; i++)
		queues += snapshot->queues[i].interface == index;
	return (size_t)snprintf(text, size, "%s%s %s, %s%s%s%s, %u queue%s", index ? "; " : "",
		interface->name, interface->state, interface->io, *interface->xdp ? " " : "",
		interface->xdp, interface->zero_copy == 1 ? " zero copy" : "", queues,
		queues == 1 ? "" : "s");
}

void supervision_print_status(const struct snapshot *snapshot, char *text, size_t size)
{
	char rx[UNITS_BYTES], tx[UNITS_BYTES];
	size_t used = 0;

	for (uint32_t i = 0; i < snapshot->interfaces_count && used < size; i++)
		used += print_interface(snapshot, i, text + used, size - used);
	if (used < size)
		snprintf(text + used, size - used, "; in %s, out %s",
			units_si(rx, sizeof(rx), snapshot->totals.flow.rx_pps, "pps"),
			units_si(tx, sizeof(tx), snapshot->totals.flow.tx_pps, "pps"));
}

/* The queue whose worker does not move, or -1. */
static int find_stalled(const struct snapshot *snapshot)
{
	for (uint32_t i = 0; i < snapshot->queues_count; i++)
		if (snapshot->queues[i].state == QUEUE_STALLED)
			return (int)i;
	return -1;
}

/* Whether everything has moved since the last time; says so in the log when that changes. */
static bool moves(struct supervision *s, bool newer)
{
	int stalled = newer ? find_stalled(s->now) : -1;
	bool starves = !newer || stalled >= 0;

	if (starves == s->starved)
		return !starves;
	s->starved = starves;
	if (!starves)
		log_write(s->log, LOG_INFO, "everything moves again: the watchdog is fed");
	else if (stalled < 0)
		log_write(s->log, LOG_ERROR, "no new snapshot: the watchdog is not fed");
	else
		log_write(s->log, LOG_ERROR, "%s queue %u has stalled: the watchdog is not fed",
			s->now->interfaces[s->now->queues[stalled].interface].name,
			s->now->queues[stalled].queue);
	return !starves;
}

static void report(struct supervision *s)
{
	bool newer = s->ops->take(s->ops->context, s->now, s->before->sequence);
	bool feed = moves(s, newer) && s->notify.watchdog_ns;
	char status[512];

	if (!newer)
		return;
	snapshot_set_rates(s->now, s->before->sequence ? s->before : NULL);
	supervision_print_status(s->now, status, sizeof(status));
	notify_send(&s->notify, "STATUS=%s%s", status, feed ? "\nWATCHDOG=1" : "");
	*s->before = *s->now;
}

static void *supervision_thread(void *arg)
{
	struct supervision *s = arg;
	uint64_t every_ns = s->notify.watchdog_ns ? s->notify.watchdog_ns / FEEDINGS : STATUS_NS;
	struct pollfd stop = { .fd = s->stop_fd, .events = POLLIN };
	int pause_ms;

	if (every_ns > STATUS_NS)
		every_ns = STATUS_NS;
	pause_ms = (int)(every_ns / NSEC_PER_MSEC);
	if (pause_ms < PAUSE_MS_MIN)
		pause_ms = PAUSE_MS_MIN;
	prctl(PR_SET_NAME, "ringside/notify");
	privilege_keep(0, NULL);
	do
		report(s);
	while (poll(&stop, 1, pause_ms) <= 0);
	return NULL;
}

void supervision_open(struct supervision *s, const struct control_ops *ops, struct log *log)
{
	*s = (struct supervision){ .ops = ops, .log = log, .stop_fd = -1 };
	notify_open(&s->notify);
	if (s->notify.fd < 0)
		return;
	notify_send(&s->notify, "READY=1");
	s->now = calloc(1, sizeof(*s->now));
	s->before = calloc(1, sizeof(*s->before));
	s->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (s->now && s->before && s->stop_fd >= 0)
		s->started = !thread_start(&s->thread, supervision_thread, s);
	if (!s->started)
		log_write(log, LOG_WARNING, "no thread to feed the watchdog");
}

void supervision_reloading(const struct supervision *s)
{
	notify_send(&s->notify, "RELOADING=1\nMONOTONIC_USEC=%llu",
		(unsigned long long)(clock_now_ns() / 1000));
}

void supervision_ready(const struct supervision *s)
{
	notify_send(&s->notify, "READY=1");
}

void supervision_close(struct supervision *s)
{
	if (!s->ops)
		return;
	notify_send(&s->notify, "STOPPING=1");
	if (s->started) {
		eventfd_write(s->stop_fd, 1);
		pthread_join(s->thread, NULL);
	}
	if (s->stop_fd >= 0)
		close(s->stop_fd);
	notify_close(&s->notify);
	free(s->now);
	free(s->before);
	*s = (struct supervision){ 0 };
}
