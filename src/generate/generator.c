// SPDX-License-Identifier: BSD-2-Clause
#include "generate/generator.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

struct generator {
	const struct generate_settings *settings;
	const struct engine_ops *ops;
	struct engine *engine;
	struct link link;
	struct generate_trial trial;
	char why[FIGURES_WHY]; /* why not the other engine */
	bool has_answered; /* the far end: it is not knocked at again */
	bool running;
	pthread_t thread;
	int over; /* eventfd */
	int code; /* of the run */
	struct err err;
};

static int read_link(struct generator *g, struct err *err)
{
	int code = link_read(&g->link, g->settings->interface, err);

	if (code)
		return err_where(err, code, "%s", g->settings->interface);
	if (!g->link.up || !g->link.carrier)
		return err_say(err, -ENETDOWN, "%s: the link is down", g->settings->interface);
	return 0;
}

static bool wants_flood(const struct generate_settings *settings, uint64_t rate_pps)
{
	if (settings->engine != ENGINE_AUTO)
		return settings->engine == ENGINE_FLOOD;
	return settings->io == GENERATE_IO_AUTO && (!rate_pps || rate_pps > GENERATOR_PACED_PPS);
}

static int open_engine(struct generator *g, uint64_t rate_pps, struct err *err)
{
	bool flood = wants_flood(g->settings, rate_pps);
	int code;

	g->ops = flood ? &engine_flood : &engine_paced;
	code = g->ops->open(&g->engine, g->settings, &g->link, err);
	if (!code || !flood || g->settings->engine == ENGINE_FLOOD)
		return code;
	engine_why(g->why, "no flood: %s", err->text);
	err->text[0] = '\0';
	g->ops = &engine_paced;
	return g->ops->open(&g->engine, g->settings, &g->link, err);
}

int generator_open(struct generator **generator, const struct generate_settings *settings,
	uint64_t rate_pps, struct err *err)
{
	struct generator *g = calloc(1, sizeof(*g));
	int code;

	if (!g)
		return err_set(err, -ENOMEM, "make room for the generator");
	g->settings = settings;
	g->over = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	code = g->over < 0 ? err_set(err, -errno, "make an eventfd") : read_link(g, err);
	if (!code) {
		code = open_engine(g, rate_pps, err);
		if (code)
			err_where(err, code, "%s", settings->interface);
	}
	if (code)
		generator_close(g);
	else
		*generator = g;
	return code;
}

void generator_close(struct generator *g)
{
	if (!g)
		return;
	if (g->running) {
		generator_order(g, ORDER_ABANDON);
		pthread_join(g->thread, NULL);
	}
	if (g->engine)
		g->ops->close(g->engine);
	if (g->over >= 0)
		close(g->over);
	free(g);
}

const struct link *generator_link(const struct generator *g)
{
	return &g->link;
}

static void *run(void *context)
{
	struct generator *g = context;
	uint64_t one = 1;

	g->code = g->ops->run(g->engine, !g->has_answered && g->settings->patience_ns, &g->err);
	if (write(g->over, &one, sizeof(one)) < 0)
		abort(); /* of an eventfd that holds 0 and is ours, not possible */
	return NULL;
}

int generator_start(struct generator *g, const struct generate_trial *trial, struct err *err)
{
	uint32_t stream;
	uint64_t count;
	int code = frame_check_size(g->settings, g->link.mtu, trial->size, err);

	if (code)
		return code;
	if (getrandom(&stream, sizeof(stream), 0) != sizeof(stream))
		return err_set(err, -errno, "choose a stream's number");
	if (read(g->over, &count, sizeof(count)) < 0 && errno != EAGAIN)
		return err_set(err, -errno, "read an eventfd");
	g->trial = *trial;
	g->err.text[0] = '\0';
	code = g->ops->prepare(g->engine, trial, stream, err);
	if (code)
		return err_where(err, code, "%s", g->settings->interface);
	code = -pthread_create(&g->thread, NULL, run, g);
	if (code)
		return err_set(err, code, "start a thread");
	g->running = true;
	return 0;
}

int generator_fd(const struct generator *g)
{
	return g->over;
}

void generator_order(struct generator *g, enum engine_order order)
{
	g->ops->order(g->engine, order);
}

void generator_watch(struct generator *g)
{
	if (if_nametoindex(g->settings->interface) != g->link.index)
		generator_order(g, ORDER_ABANDON);
}

void generator_sample(struct generator *g, struct figures *f)
{
	*f = (struct figures){
		.size = g->trial.size,
		.rate_pps = g->trial.rate_pps,
		.engine = g->ops->name,
	};
	g->ops->sample(g->engine, f);
	if (g->why[0])
		engine_why(f->why, "%s", g->why);
}

int generator_finish(struct generator *g, struct figures *f, struct err *err)
{
	struct link now;

	pthread_join(g->thread, NULL);
	g->running = false;
	generator_sample(g, f);
	if (f->counts.knocks || figures_answered(f))
		g->has_answered = true;
	if (g->code && g->code != -ETIMEDOUT) {
		*err = g->err;
		return err_where(err, g->code, "%s", g->settings->interface);
	}
	if (link_read(&now, g->settings->interface, NULL) || now.index != g->link.index)
		return err_say(err, -ENODEV, "%s: the interface is gone", g->settings->interface);
	if (g->code) {
		*err = g->err;
		return err_where(err, g->code, "%s", g->settings->interface);
	}
	return 0;
}
