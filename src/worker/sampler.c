// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/counter.h"
#include "worker/access_books.h"
#include "worker/books.h"
#include "worker/instances.h"
#include "worker/pool.h"

#define STALLED_NS NSEC_PER_SEC
#define TIMED_BYTES 48 /* as snapshot_latency's */

static uint32_t sampled(uint32_t level)
{
	return level == LEVEL_BASIC ? 0 : level == LEVEL_DETAILED ? SAMPLE_DETAILED : 1;
}

static const struct worker *worker_of(const struct pool_interface *pi, uint32_t i)
{
	return pi->interface && i < pi->interface->queues_count ? pi->interface->workers[i] : NULL;
}

/* A queue without a worker is the kernel's, which does not stall. */
static bool is_stalled(struct queue_watch *watch, const struct worker *worker)
{
	uint64_t now_ns = clock_now_ns(), beats = counter_get(&worker->books.beats);

	if (beats != watch->beats || !watch->moved_ns) {
		watch->beats = beats;
		watch->moved_ns = now_ns;
	}
	return now_ns - watch->moved_ns > STALLED_NS;
}

static uint32_t queue_state(const struct pool *pool, struct pool_interface *pi, uint32_t i)
{
	const struct worker *worker = worker_of(pi, i);

	if (pool->final || pi->unused)
		return QUEUE_STOPPED;
	if (!pi->interface || i >= pi->interface->queues_count)
		return QUEUE_ABSENT;
	if (worker && __atomic_load_n(&worker->ended, __ATOMIC_ACQUIRE))
		return worker->error == -ENODATA ? QUEUE_STOPPED : QUEUE_FAILED;
	if (worker && is_stalled(&pi->queue_watches[i], worker))
		return QUEUE_STALLED;
	return pi->carrier ? QUEUE_RUNNING : QUEUE_DOWN;
}

/* Answers that were counted as sent and never were: those that the driver failed to transmit, those that
 * the kernel refused, and those that a closed socket still had in its ring. */
static uint64_t sum_failed(const struct books *books, bool final)
{
	uint64_t failed = known(books->tx_errors) + known(books->gauges.tx_invalid) +
			  books->unsent + (final ? known(books->gauges.tx_ring) : 0);
	struct cell tx = { 0 };

	cells_sum(&books->kernel, OUTCOME_TX, &tx);
	cells_sum(&books->worker, OUTCOME_TX, &tx);
	cells_sum(&books->direct, OUTCOME_TX, &tx);
	/* the driver may have failed on answers that came after the cells were read */
	return failed < tx.packets ? failed : tx.packets;
}

static void fill_flow(struct snapshot_queue *q, const struct books *books, uint64_t failed)
{
	struct cell rx = books->redirect, tx = { 0 }, pass = { 0 }, delivered = { 0 };

	cells_sum(&books->kernel, OUTCOME_TX, &tx);
	cells_sum_passed(&books->kernel, &pass);
	rx.packets += tx.packets + pass.packets;
	rx.bytes += tx.bytes + pass.bytes;
	cells_sum_drops(&books->kernel, &rx);
	rx.packets += books->received.packets;
	rx.bytes += books->received.bytes;
	cells_sum(&books->worker, OUTCOME_TX, &tx);
	cells_sum(&books->direct, OUTCOME_TX, &tx);
	cells_sum_passed(&books->worker, &pass);
	cells_sum_passed(&books->direct, &pass);
	cells_sum(&books->kernel, OUTCOME_DELIVER, &delivered);
	cells_sum(&books->worker, OUTCOME_DELIVER, &delivered);
	cells_sum(&books->direct, OUTCOME_DELIVER, &delivered);
	for (unsigned slot = 0; slot < SERVICE_SLOTS; slot++) {
		q->made_packets += books->made[slot].packets;
		tx.bytes += books->made[slot].bytes;
	}
	tx.packets += q->made_packets;
	q->flow.rx_packets = rx.packets;
	q->flow.rx_bytes = rx.bytes;
	/* failures are counted in packets alone: their bytes are those of the mean answer */
	q->flow.tx_bytes = tx.bytes;
	if (failed)
		q->flow.tx_bytes -=
			(uint64_t)((double)tx.bytes * (double)failed / (double)tx.packets);
	q->flow.tx_packets = tx.packets - failed;
	q->pass_packets = pass.packets;
	q->delivered_packets = delivered.packets;
	q->in_flight_packets = books->in_flight;
	for (unsigned slot = 0; slot < SERVICE_SLOTS; slot++) {
		const struct service_way *way = &books->ways[slot];

		q->pass_packets -= way->lost + way->in_flight;
		q->delivered_packets -= way->lost + way->in_flight;
		q->in_flight_packets += way->in_flight;
	}
	q->unaccounted_packets = books->unaccounted;
}

/* Drops of both halves, and those that only the kernel's own counters know. */
static void fill_drops(struct snapshot_queue *q, const struct books *books, uint64_t failed)
{
	for (unsigned reason = 0; reason < DROPS; reason++) {
		struct cell sum = { 0 };

		cells_sum(&books->kernel, OUTCOME_DROP + reason, &sum);
		cells_sum(&books->worker, OUTCOME_DROP + reason, &sum);
		cells_sum(&books->direct, OUTCOME_DROP + reason, &sum);
		q->drop[reason] = sum.packets;
	}
	for (unsigned slot = 0; slot < SERVICE_SLOTS; slot++)
		q->drop[DROP_cpu_ring_full] += books->ways[slot].lost;
	q->drop[DROP_rx_ring_full] +=
		known(books->gauges.rx_ring_full) + known(books->direct_gauges.rx_ring_full);
	q->drop[DROP_rx_dropped] +=
		known(books->gauges.rx_dropped) + known(books->direct_gauges.rx_dropped);
	q->drop[DROP_tx_failed] += failed;
	/* unknown, unless there is something to say */
	if (!q->drop[DROP_tx_failed] && books->tx_errors == UINT64_MAX)
		q->drop[DROP_tx_failed] = SNAPSHOT_UNKNOWN;
}

static void fill_rings(struct snapshot_queue *q, const struct books *books, bool has_worker,
	const struct io_gauges *gauges)
{
	static const struct io_gauges unknown = {
		.rx_ring = SNAPSHOT_UNKNOWN,
		.tx_ring = SNAPSHOT_UNKNOWN,
		.fill_ring = SNAPSHOT_UNKNOWN,
		.completion_ring = SNAPSHOT_UNKNOWN,
		.ring_size = SNAPSHOT_UNKNOWN,
		.wakeups = SNAPSHOT_UNKNOWN,
		.empty_polls = SNAPSHOT_UNKNOWN,
		.fill_ring_empty = SNAPSHOT_UNKNOWN,
	};

	if (!has_worker)
		gauges = &unknown;
	q->rx_ring = gauges->rx_ring;
	q->tx_ring = gauges->tx_ring;
	q->fill_ring = gauges->fill_ring;
	q->completion_ring = gauges->completion_ring;
	q->ring_size = gauges->ring_size;
	q->wakeups = gauges->wakeups;
	q->empty_polls = gauges->empty_polls;
	q->fill_ring_empty = gauges->fill_ring_empty;
	q->busy_ns = has_worker ? books->busy_ns : SNAPSHOT_UNKNOWN;
	for (unsigned k = 0; k < SNAPSHOT_BATCH_BINS; k++)
		q->batches[k] = has_worker ? books->batches[k] : SNAPSHOT_UNKNOWN;
	for (unsigned k = 0; k < SIZE_BINS; k++)
		q->sizes[k] = books->kernel.sizes[k] + books->direct.sizes[k];
}

/* Where a worker's way with a frame of a service ends; type NULL: of one that has no part in workers. */
static const char *timed_to(const struct pool_interface *pi, const struct service_type *type)
{
	return type && type->timed_to ? type->timed_to : pi->timed_to;
}

/* "hook to ring"; nothing where nothing is timed. */
static void say_timed(char what[TIMED_BYTES], const char *from, const char *to)
{
	snprintf(what, TIMED_BYTES, "%s%s%s", from, *from ? " to " : "", *from ? to : "");
}

/* Of the queue's worker; the kernel half keeps its histograms by service, not by queue. */
static void fill_queue_latency(const struct pool_interface *pi, const struct worker *worker,
	uint32_t level, struct snapshot_latency *latency)
{
	struct histogram *sum = worker && level != LEVEL_BASIC ? calloc(1, sizeof(*sum)) : NULL;
	const char *to = NULL;
	char what[TIMED_BYTES];

	for (unsigned slot = 0; sum && slot < SERVICE_SLOTS; slot++) {
		const char *end = timed_to(pi, pi->interface->services[slot].type);

		if (!pi->paths[slot].used)
			continue;
		histogram_merge(sum, &worker->latency[slot]);
		to = to && strcmp(to, end) ? "each frame's end" : end;
	}
	say_timed(what, to ? pi->timed_from : "", to);
	snapshot_set_latency(latency, sum, what, sum ? sampled(level) : 0);
	free(sum);
}

static void fill_queue(struct pool *pool, struct pool_interface *pi, uint32_t i,
	struct snapshot_queue *q, struct books *books)
{
	struct interface *in = pi->interface;
	const struct worker *worker = worker_of(pi, i);
	uint64_t failed;

	books_settle(in, i, &pi->past[i], pool->final, books);
	q->queue = in && i < in->queues_count ? in->queues[i] : i;
	q->cpu = worker ? worker->cpu : SNAPSHOT_NONE;
	q->state = queue_state(pool, pi, i);
	q->zero_copy = in && in->zero_copy == 1;
	q->busy_percent = NAN;
	failed = sum_failed(books, pool->final);
	fill_flow(q, books, failed);
	fill_drops(q, books, failed);
	fill_rings(q, books, worker, in && in->program ? &books->gauges : &books->direct_gauges);
	fill_queue_latency(pi, worker, pool->applied_level, &q->latency);
}

/* What a service got at the first count, and what became of it in either half. */
static void add_service(struct snapshot_service *service, const struct books *books, unsigned slot)
{
	const struct cell *kernel = books->kernel.cell[slot], *worker = books->worker.cell[slot],
			  *direct = books->direct.cell[slot];
	struct snapshot_flow *flow = &service->flow;

	for (unsigned outcome = 0; outcome < OUTCOMES; outcome++) {
		flow->rx_packets += kernel[outcome].packets + direct[outcome].packets;
		flow->rx_bytes += kernel[outcome].bytes + direct[outcome].bytes;
	}
	flow->tx_packets += kernel[OUTCOME_TX].packets + worker[OUTCOME_TX].packets +
			    direct[OUTCOME_TX].packets + books->made[slot].packets;
	flow->tx_bytes += kernel[OUTCOME_TX].bytes + worker[OUTCOME_TX].bytes +
			  direct[OUTCOME_TX].bytes + books->made[slot].bytes;
	service->made_packets += books->made[slot].packets;
	service->pass_packets += kernel[OUTCOME_PASS].packets + worker[OUTCOME_PASS].packets +
				 direct[OUTCOME_PASS].packets;
	service->delivered_packets += kernel[OUTCOME_DELIVER].packets +
				      worker[OUTCOME_DELIVER].packets +
				      direct[OUTCOME_DELIVER].packets;
	service->delivered_packets -= books->ways[slot].lost + books->ways[slot].in_flight;
	service->drop[DROP_cpu_ring_full] += books->ways[slot].lost;
	for (unsigned reason = 0; reason < DROPS_OF_SERVICE; reason++) {
		uint64_t spared = kernel[OUTCOME_SPARE + reason].packets +
				  worker[OUTCOME_SPARE + reason].packets +
				  direct[OUTCOME_SPARE + reason].packets;

		service->spared[reason] += spared;
		service->pass_packets += spared;
	}
	for (unsigned reason = 0; reason < DROPS; reason++)
		service->drop[reason] += kernel[OUTCOME_DROP + reason].packets +
					 worker[OUTCOME_DROP + reason].packets +
					 direct[OUTCOME_DROP + reason].packets;
}

static void add_kernel(struct snapshot_interface *i, const struct books *books)
{
	struct cell rx = books->redirect, pass = { 0 }, tx = { 0 }, drop = { 0 };
	struct cell deliver = { 0 };

	cells_sum_passed(&books->kernel, &pass);
	cells_sum(&books->kernel, OUTCOME_TX, &tx);
	cells_sum(&books->kernel, OUTCOME_DELIVER, &deliver);
	cells_sum_drops(&books->kernel, &drop);
	i->kernel_rx_packets += rx.packets + pass.packets + tx.packets + drop.packets;
	i->kernel_rx_bytes += rx.bytes + pass.bytes + tx.bytes + drop.bytes;
	i->kernel_deliver += deliver.packets;
	i->kernel_pass += pass.packets - deliver.packets;
	i->kernel_tx += tx.packets;
	i->kernel_drop += drop.packets;
	i->kernel_redirect += books->redirect.packets;
	add_known(&i->kernel_tx_errors, books->tx_errors);
}

static void fill_interface(const struct pool_interface *pi, struct snapshot_interface *i)
{
	*i = pi->shown;
	snprintf(i->state, sizeof(i->state), "%s",
		pi->unused	 ? "unused"
		: !pi->interface ? "absent"
		: pi->carrier	 ? "up"
				 : "down");
	if (!pi->interface)
		snprintf(i->why, sizeof(i->why), "%s", pi->failure);
	if (!pi->has_kernel_half) {
		i->kernel_rx_packets = i->kernel_rx_bytes = i->kernel_pass = SNAPSHOT_UNKNOWN;
		i->kernel_drop = i->kernel_tx = SNAPSHOT_UNKNOWN;
		i->kernel_tx_errors = i->kernel_redirect = i->kernel_deliver = SNAPSHOT_UNKNOWN;
	}
}

/* Adds what an interface has timed for a service in one of its halves. */
static void add_latency(
	const struct pool_interface *pi, unsigned slot, enum half half, struct histogram *sum)
{
	const struct interface *in = pi->interface;

	histogram_merge(sum, &pi->past_latency[slot][half]);
	if (in && half == HALF_KERNEL && in->program)
		xdp_program_add_latency(in->program, slot, sum->bucket, &sum->sum, &sum->max);
	for (uint32_t i = 0; in && half == HALF_USER && i < in->queues_count; i++)
		if (in->workers[i])
			histogram_merge(sum, &in->workers[i]->latency[slot]);
}

/* A service's latency is that of the half that answers on its first interface; the halves measure
 * different ways and are never mixed. */
static void fill_latency(const struct pool *pool, struct snapshot_service *service,
	const struct config_service *config)
{
	const struct service_type *type = config->type;
	const char *why = type->untimed ? type->untimed(config->settings) : NULL;
	const struct pool_interface *first = NULL;
	unsigned slot = config->slot;
	char what[TIMED_BYTES] = "";

	if (why) {
		snapshot_set_latency(&service->latency, NULL, why, 0);
		return;
	}
	for (unsigned k = 0; k < pool->interfaces_count; k++) {
		const struct pool_interface *pi = &pool->interfaces[k];

		if (!pi->paths[slot].used)
			continue;
		if (!first) {
			first = pi;
			if (pi->paths[slot].half == HALF_KERNEL)
				say_timed(what, "hook", "transmit verdict");
			else
				say_timed(what, pi->timed_from, timed_to(pi, type));
		}
		if (pi->paths[slot].half == first->paths[slot].half)
			add_latency(pi, slot, pi->paths[slot].half, &service->histogram);
	}
	snapshot_set_latency(
		&service->latency, &service->histogram, what, sampled(pool->applied_level));
}

/* A service with hooks of its own knows better than its rules. */
static const char *where(const struct interface *in, unsigned slot, const char *why)
{
	const struct interface_service *is = in ? &in->services[slot] : NULL;

	return is && is->type && is->type->where ? is->type->where(is->part) : why;
}

static void fill_service(const struct pool *pool, struct snapshot_service *service,
	const struct config_service *config)
{
	unsigned slot = config->slot;

	snprintf(service->name, sizeof(service->name), "%.31s", config->name);
	snprintf(service->type, sizeof(service->type), "%s", config->type->name);
	snprintf(service->state, sizeof(service->state),
		pool->final			    ? "stopped"
		: pool->paused & 1u << config->slot ? "paused"
						    : "running");
	for (unsigned k = 0; k < pool->interfaces_count; k++) {
		const struct interface_path *from = &pool->interfaces[k].paths[slot];
		struct snapshot_service_path *path = &service->paths[service->paths_count];

		if (!from->used)
			continue;
		path->interface = k;
		snprintf(path->path, sizeof(path->path), "%s",
			path_names[from->half == HALF_KERNEL ? PATH_KERNEL : PATH_USER]);
		snprintf(path->why, sizeof(path->why), "%s",
			where(pool->interfaces[k].interface, slot, from->why));
		service->paths_count++;
	}
	fill_latency(pool, service, config);
}

void sampler_keep_past(struct pool_interface *pi)
{
	struct interface *in = pi->interface;

	access_books_keep(in->settings->access_books, in);
	for (uint32_t i = 0; i < in->queues_count; i++) {
		struct books now = { 0 };

		books_read(in, i, &pi->past[i], &now);
		/* a closed socket has nothing in flight: what its ring still held is lost with it */
		now.gauges.rx_dropped =
			known(now.gauges.rx_dropped) + now.gauges.in_flight + now.lent;
		now.direct_gauges.rx_dropped = known(now.direct_gauges.rx_dropped) +
					       now.direct_gauges.in_flight + now.direct_lent;
		now.gauges.in_flight = now.direct_gauges.in_flight = 0;
		for (unsigned slot = 0; slot < SERVICE_SLOTS; slot++) {
			now.ways[slot].lost += now.ways[slot].in_flight;
			now.ways[slot].in_flight = 0;
		}
		now.unsent += known(now.gauges.tx_ring);
		now.gauges.tx_ring = 0;
		pi->past[i] = now;
	}
	for (unsigned slot = 0; slot < SERVICE_SLOTS; slot++)
		for (int half = HALF_KERNEL; half <= HALF_USER; half++) {
			struct histogram *past = &pi->past_latency[slot][half];

			if (in->program && half == HALF_KERNEL)
				xdp_program_add_latency(
					in->program, slot, past->bucket, &past->sum, &past->max);
			for (uint32_t i = 0; half == HALF_USER && i < in->queues_count; i++)
				if (in->workers[i])
					histogram_merge(past, &in->workers[i]->latency[slot]);
		}
	if (in->queues_count > pi->past_queues)
		pi->past_queues = in->queues_count;
}

static void fill_prices(const struct pool *pool, struct snapshot *s)
{
	struct price kernel[LEVEL_DEBUG + 1];

	memcpy(s->level_price_ns, pool->level_price_ns, sizeof(s->level_price_ns));
	price_kernel_get(&pool->kernel_price, kernel);
	for (unsigned level = 0; level <= LEVEL_DEBUG; level++) {
		s->kernel_price_ns[level] = kernel[level].ns;
		s->kernel_price_error_ns[level] = kernel[level].error_ns;
	}
}

static void fill_head(struct pool *pool, struct snapshot *s)
{
	uint64_t now_ns = clock_now_ns();

	snprintf(s->name, sizeof(s->name), "%s", pool->config->name);
	snprintf(s->version, sizeof(s->version), "%s", PACKAGE_VERSION);
	s->time_ns = (int64_t)clock_read_ns(CLOCK_REALTIME);
	s->monotonic_ns = now_ns;
	s->uptime_ns = now_ns - pool->start_ns;
	s->level = pool->applied_level;
	s->final = pool->final;
	if (pool->applied_debug_ends_ns > now_ns)
		s->debug_left_s =
			(uint32_t)((pool->applied_debug_ends_ns - now_ns) / NSEC_PER_SEC) + 1;
	s->events_count = log_newest(pool->log, s->events, SNAPSHOT_EVENTS);
	s->interfaces_count = pool->interfaces_count;
	s->services_count = pool->config->services_count;
	fill_prices(pool, s);
}

void sampler_take(struct pool *pool, struct snapshot *s)
{
	const struct config_service *services = pool->config->services;
	struct books *books = calloc(1, sizeof(*books));

	memset(s, 0, sizeof(*s));
	fill_head(pool, s);
	for (unsigned k = 0; books && k < pool->interfaces_count; k++) {
		struct pool_interface *pi = &pool->interfaces[k];
		uint32_t queues = pi->past_queues;

		fill_interface(pi, &s->interfaces[k]);
		if (pi->interface && pi->interface->queues_count > queues)
			queues = pi->interface->queues_count;
		for (uint32_t i = 0; i < queues && s->queues_count < SNAPSHOT_QUEUES; i++) {
			struct snapshot_queue *q = &s->queues[s->queues_count++];

			q->interface = k;
			fill_queue(pool, pi, i, q, books);
			if (pi->has_kernel_half)
				add_kernel(&s->interfaces[k], books);
			for (unsigned m = 0; m < s->services_count; m++)
				add_service(&s->services[m], books, services[m].slot);
		}
	}
	free(books);
	access_books_read(pool);
	for (unsigned i = 0; i < s->services_count; i++) {
		fill_service(pool, &s->services[i], &services[i]);
		instances_sample(services[i].type, pool->instances[services[i].slot], i, s);
		access_books_sample(pool, &services[i], i, s);
	}
	snapshot_add_up(s);
}
