// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/privilege.h"
#include "base/thread.h"
#include "worker/access_books.h"
#include "worker/instances.h"
#include "worker/pool.h"
#include "worker/price.h"
#include "worker/reload.h"
#include "worker/roster.h"
#include "worker/tap.h"
#include "worker/watch.h"

#define SAMPLE_NS (100 * NSEC_PER_MSEC)
#define DEBUG_NS (60 * NSEC_PER_SEC)
#define PRICE_AFTER_TICKS 20

static void expire_debug(struct pool *pool)
{
	bool expired;

	pthread_mutex_lock(&pool->lock);
	expired = pool->debug_ends_ns && clock_now_ns() >= pool->debug_ends_ns;
	pthread_mutex_unlock(&pool->lock);
	if (expired)
		pool_set_level(pool, LEVEL_DETAILED, "time limit of 60 s", false);
}

static void publish(struct pool *pool, struct snapshot *next)
{
	sampler_take(pool, next);
	pthread_mutex_lock(&pool->lock);
	next->sequence = pool->current.sequence + 1;
	pool->current = *next;
	if (pool->published)
		published_put(pool->published, next);
	pthread_mutex_unlock(&pool->lock);
}

/* Latencies of another rate of samples go; workers see to their own. */
static void begin_latencies(struct pool *pool)
{
	if (pool->applied_level == LEVEL_BASIC || pool->applied_level == pool->recorded_level)
		return;
	if (pool->recorded_level != LEVEL_BASIC)
		log_write(pool->log, LOG_INFO, "latencies begin anew: 1 packet in %u from here on",
			pool->applied_level == LEVEL_DEBUG ? 1 : SAMPLE_DETAILED);
	for (unsigned i = 0; i < pool->interfaces_count; i++) {
		struct pool_interface *pi = &pool->interfaces[i];

		memset(pi->past_latency, 0, sizeof(pi->past_latency));
		for (uint32_t slot = 0; slot < SERVICE_SLOTS; slot++)
			if (pi->interface && pi->interface->program &&
				pool->recorded_level != LEVEL_BASIC)
				xdp_program_forget_latency(pi->interface->program, slot);
	}
	pool->recorded_level = pool->applied_level;
}

/* The levels that the interfaces have follow the pool's; only this thread touches them. */
static void apply_level(struct pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	pool->applied_level = pool->level;
	pool->applied_debug_ends_ns = pool->debug_ends_ns;
	pthread_mutex_unlock(&pool->lock);
	for (unsigned i = 0; i < pool->interfaces_count; i++) {
		struct interface *in = pool->interfaces[i].interface;

		if (in && in->state->level != pool->applied_level)
			interface_set_level(in, pool->applied_level);
	}
	begin_latencies(pool);
}

/* What another thread has asked for, and waits for. */
static void serve_request(struct pool *pool)
{
	struct pool_request *request;
	uint64_t count;

	if (read(pool->request_fd, &count, sizeof(count)) < 0)
		return;
	pthread_mutex_lock(&pool->lock);
	request = pool->request;
	pthread_mutex_unlock(&pool->lock);
	if (!request)
		return;
	request->ret = reload_serve(pool, request);
	pthread_mutex_lock(&pool->lock);
	pool->request = NULL;
	pthread_cond_broadcast(&pool->served);
	pthread_mutex_unlock(&pool->lock);
}

/* Two seconds after there is a kernel half to run with statistics, be it since a reload: 0.2 s of a CPU are too much for
 * an instance that is to start fast, or to live for a moment. */
static void price_kernel_half(struct pool *pool)
{
	bool has_program = false;

	for (unsigned i = 0; i < pool->interfaces_count; i++)
		if (pool->interfaces[i].interface && pool->interfaces[i].interface->program)
			has_program = true;
	if (has_program && ++pool->ticks_with_program == PRICE_AFTER_TICKS)
		price_kernel_start(&pool->kernel_price, &pool->current, pool->log);
}

static void *watcher_thread(void *arg)
{
	struct pool *pool = arg;
	struct snapshot *next = malloc(sizeof(*next));
	struct pollfd fds[] = {
		{ .fd = pool->stop_fd, .events = POLLIN },
		{ .fd = pool->timer_fd, .events = POLLIN },
		{ .fd = pool->request_fd, .events = POLLIN },
	};

	prctl(PR_SET_NAME, "ringside/watch");
	/* interfaces are opened again by this thread, namespaces entered, offloads restored */
	privilege_keep(config_keeps(pool->config), NULL);
	while (next && (poll(fds, 3, -1) < 0 || !fds[0].revents)) {
		bool all_read = true;
		uint64_t ticks;

		if (fds[2].revents)
			serve_request(pool);
		if (!fds[1].revents || read(pool->timer_fd, &ticks, sizeof(ticks)) < 0)
			continue;
		expire_debug(pool);
		apply_level(pool);
		for (unsigned i = 0; i < pool->interfaces_count; i++)
			watch_interface(pool, &pool->interfaces[i], &all_read);
		taps_serve(pool);
		publish(pool, next);
		price_kernel_half(pool);
		if (all_read)
			eventfd_write(pool->end_fd, 1);
	}
	free(next);
	return NULL;
}

static int open_all(struct pool *pool, struct err *err)
{
	const struct config *config = pool->config;
	const struct interface_settings settings = {
		.config = config,
		.service_queues = pool->service_queues,
		.instances = pool->instances,
		.access_books = pool->access_books,
		.taps = pool->taps,
		.paused = &pool->paused,
		.log = pool->log,
	};
	int ret;

	pool->interfaces = calloc(SNAPSHOT_INTERFACES, sizeof(*pool->interfaces));
	if (!pool->interfaces)
		return err_set(err, -ENOMEM, "make room for the interfaces");
	roster_count_queues(config, pool->service_queues);
	ret = instances_open(pool, err);
	for (unsigned i = 0; !ret && i < config->interfaces_count; i++) {
		struct pool_interface *pi;

		if (!roster_uses(config, config->interfaces[i].name))
			continue;
		ret = roster_add(pool, &config->interfaces[i], &settings, &pi, err);
		if (!ret)
			ret = watch_open_interface(pool, pi, err);
	}
	return ret;
}

static int start_watcher(struct pool *pool, struct err *err)
{
	const struct itimerspec tick = {
		.it_value = { .tv_nsec = SAMPLE_NS },
		.it_interval = { .tv_nsec = SAMPLE_NS },
	};
	struct snapshot *first;
	int ret;

	pool->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	if (pool->timer_fd < 0 || timerfd_settime(pool->timer_fd, 0, &tick, NULL))
		return err_set(err, -errno, "make a timer");
	/* readers measure their first interval from here */
	first = malloc(sizeof(*first));
	if (!first)
		return err_set(err, -ENOMEM, "make room for a snapshot");
	publish(pool, first);
	free(first);
	ret = thread_start(&pool->watcher, watcher_thread, pool);
	pool->watching = !ret;
	return ret ? err_set(err, ret, "start a thread") : 0;
}

int pool_start(struct pool **pool, const struct config *config, struct log *log, struct err *err)
{
	struct pool *p = calloc(1, sizeof(*p));
	int ret;

	if (!p)
		return err_set(err, -ENOMEM, "make room for the instance");
	p->config = config;
	p->log = log;
	p->level = p->applied_level = p->recorded_level = (uint32_t)config->stats_level;
	p->start_ns = clock_now_ns();
	price_measure(p->level_price_ns);
	p->timer_fd = -1;
	pthread_mutex_init(&p->lock, NULL);
	pthread_mutex_init(&p->clients_lock, NULL);
	pthread_cond_init(&p->served, NULL);
	p->stop_fd = eventfd(0, EFD_CLOEXEC);
	p->end_fd = eventfd(0, EFD_CLOEXEC);
	p->request_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	ret = p->stop_fd < 0 || p->end_fd < 0 || p->request_fd < 0
		      ? err_set(err, -errno, "make an eventfd")
		      : 0;
	if (!ret)
		ret = access_books_open(&p->access_books, &config->access, err);
	if (!ret)
		ret = taps_open(&p->taps, log, err);
	if (!ret)
		ret = open_all(p, err);
	if (!ret)
		ret = start_watcher(p, err);
	if (ret) {
		for (unsigned i = 0; i < p->interfaces_count; i++)
			if (p->interfaces[i].interface)
				watch_close_interface(&p->interfaces[i]);
		pool_close(p);
		return ret;
	}
	*pool = p;
	return 0;
}

bool pool_take(struct pool *pool, struct snapshot *into, uint64_t sequence)
{
	bool newer;

	pthread_mutex_lock(&pool->lock);
	newer = pool->current.sequence > sequence;
	if (newer)
		*into = pool->current;
	pthread_mutex_unlock(&pool->lock);
	return newer;
}

void pool_publish(struct pool *pool, struct published *published)
{
	pthread_mutex_lock(&pool->lock);
	pool->published = published;
	published_put(published, &pool->current);
	pthread_mutex_unlock(&pool->lock);
}

int pool_end_fd(const struct pool *pool)
{
	return pool->end_fd;
}

void pool_set_level(struct pool *pool, enum level level, const char *who, bool expires)
{
	uint32_t before;

	pthread_mutex_lock(&pool->lock);
	before = pool->level;
	pool->level = level;
	pool->debug_ends_ns = level == LEVEL_DEBUG && expires ? clock_now_ns() + DEBUG_NS : 0;
	pthread_mutex_unlock(&pool->lock);
	if (before != level)
		log_write(pool->log, LOG_INFO, "statistics level %s -> %s (%s)",
			level_names[before], level_names[level], who);
}

/* Has the watcher serve a request, after those that came before it. */
static int ask(struct pool *pool, struct pool_request *request)
{
	pthread_mutex_lock(&pool->lock);
	while (pool->request)
		pthread_cond_wait(&pool->served, &pool->lock);
	pool->request = request;
	eventfd_write(pool->request_fd, 1);
	while (pool->request == request)
		pthread_cond_wait(&pool->served, &pool->lock);
	pthread_mutex_unlock(&pool->lock);
	return request->ret;
}

int pool_reload(struct pool *pool, struct config *config, struct err *err)
{
	struct pool_request request = { .config = config, .err = err };

	return ask(pool, &request);
}

int pool_set_service_state(struct pool *pool, const char *name, bool paused, struct err *err)
{
	struct pool_request request = { .service = name, .paused = paused, .err = err };

	return ask(pool, &request);
}

int pool_set_service(
	struct pool *pool, const char *name, const char *key, const char *value, struct err *err)
{
	struct pool_request request = { .service = name, .key = key, .value = value, .err = err };

	return ask(pool, &request);
}

int pool_stop(struct pool *pool, struct snapshot *final, struct err *err)
{
	int ret = 0;

	eventfd_write(pool->stop_fd, 1);
	if (pool->watching)
		pthread_join(pool->watcher, NULL);
	pool->watching = false;
	price_kernel_stop(&pool->kernel_price);
	for (unsigned i = 0; i < pool->interfaces_count; i++) {
		struct interface *in = pool->interfaces[i].interface;

		if (in)
			interface_stop(in);
		for (uint32_t k = 0; in && k < in->queues_count; k++)
			if (in->workers[k] && in->workers[k]->error &&
				in->workers[k]->error != -ENODATA)
				ret = err_set(err, in->workers[k]->error, "%s queue %u",
					in->link.name, in->queues[k]);
	}
	pool->final = true;
	publish(pool, final);
	return ret;
}

void pool_close(struct pool *pool)
{
	if (!pool)
		return;
	taps_close(pool->taps);
	for (unsigned i = 0; i < pool->interfaces_count; i++) {
		interface_close(pool->interfaces[i].interface);
		link_watch_close(pool->interfaces[i].watch);
	}
	free(pool->interfaces);
	access_books_close(pool->access_books);
	instances_close(pool);
	if (pool->timer_fd >= 0)
		close(pool->timer_fd);
	close(pool->stop_fd);
	close(pool->end_fd);
	pthread_mutex_destroy(&pool->clients_lock);
	close(pool->request_fd);
	pthread_cond_destroy(&pool->served);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}
