/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sends test packets on an interface and measures what comes back: one run after another, each in a thread of
 * its own. All calls are for one thread, which stays in the interface's network namespace.
 */
#ifndef RINGSIDE_GENERATOR_H
#define RINGSIDE_GENERATOR_H

#include "generate/engine.h"
#include "generate/figures.h"
#include "generate/settings.h"

/* The paced engine keeps this rate on any machine that we have seen; what is asked for above it goes to the
 * flood engine, which times one packet in 64. */
#define GENERATOR_PACED_PPS 300000

struct generator;

/* Opens the engine for runs up to a rate (0: as fast as it goes); keeps the settings. -ENODEV: no such
 * interface; -ENETDOWN: it is down. */
int generator_open(struct generator **generator, const struct generate_settings *settings,
	uint64_t rate_pps, struct err *err);
void generator_close(struct generator *generator);

const struct link *generator_link(const struct generator *generator);

/* Begins a run; the generator knocks until the far end has answered once. */
int generator_start(
	struct generator *generator, const struct generate_trial *trial, struct err *err);
/* Polls readable when the run is over. */
int generator_fd(const struct generator *generator);
void generator_order(struct generator *generator, enum engine_order order);
/* Ends the run if the interface is gone, which the sockets would not say: to be called now and then. */
void generator_watch(struct generator *generator);
/* What it has shown so far. */
void generator_sample(struct generator *generator, struct figures *figures);
/* Waits for the end; then nothing is in flight. -ETIMEDOUT: the far end has never answered. -ENODEV: the
 * interface is gone. */
int generator_finish(struct generator *generator, struct figures *figures, struct err *err);

#endif
