// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <linux/if_ether.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/thread.h"
#include "io/xdp_price.h"
#include "service/reflect.h"
#include "worker/price.h"

/* A test packet from a port and an address to themselves: swapped, it is the same again. */
#define MAC "\x02\0\0\0\x0b\x02"
static const char frame[] =
	MAC MAC "\x08\0"
		"\x45\0\0\x32\0\0\0\0\x40\x11\0\0\xc6\x12\0\x01\xc6\x12\0\x01"
		"\x0f\x02\x0f\x02\0\x1e\0\0\x09\x10\xea\x1d\0PROBEOT\0\0\0\0\0\0\0\0\0\0";

struct place {
	struct reflect_settings settings;
	struct service_rule rules[SERVICE_SLOTS];
	struct rule_tables tables;
	struct xdp_price_trial trial;
};

/* reflect as it is by default; statistics are the same lines of the program for every service. */
static int compile(struct place *place, const bool *stop, struct err *err)
{
	const struct service_compile compile = {
		.settings = &place->settings,
		.queues = 1,
		.rule = &place->rules[0],
		.tables = &place->tables,
	};
	int ret;

	option_set_defaults(
		service_reflect.options, service_reflect.options_count, &place->settings);
	place->settings.loop_guard = 1; /* or the TTL would be used up */
	rule_tables_init(&place->tables);
	ret = service_reflect.compile(&compile, err);
	place->trial = (struct xdp_price_trial){
		.services = place->rules,
		.tables = &place->tables,
		.frame = frame,
		.length = sizeof(frame) - 1,
		.stop = stop,
	};
	memcpy(place->trial.state.mac, frame, ETH_ALEN);
	return ret;
}

int price_measure_kernel(double ns[LEVEL_DEBUG + 1], const bool *stop, struct err *err)
{
	struct place *place = calloc(1, sizeof(*place));
	int ret = place ? compile(place, stop, err) : err_set(err, -ENOMEM, "measure statistics");

	if (!ret)
		ret = xdp_price_measure(&place->trial, ns, err);
	free(place);
	return ret;
}

static void *price_thread(void *arg)
{
	struct price_kernel *price = arg;
	struct err err = { "" };
	int ret;

	prctl(PR_SET_NAME, "ringside/price");
	ret = price_measure_kernel(price->ns, &price->stop, &err);
	if (!ret)
		__atomic_store_n(&price->known, true, __ATOMIC_RELEASE);
	else if (ret != -ECANCELED)
		log_write(price->log, LOG_INFO,
			"what statistics cost in the kernel half is not known: %s", err.text);
	return NULL;
}

void price_kernel_start(struct price_kernel *price, struct log *log)
{
	price->log = log;
	price->started = !thread_start(&price->thread, price_thread, price);
}

void price_kernel_get(const struct price_kernel *price, double ns[LEVEL_DEBUG + 1])
{
	/* after the thread's last store to them */
	bool known = __atomic_load_n(&price->known, __ATOMIC_ACQUIRE);

	for (unsigned level = 0; level <= LEVEL_DEBUG; level++)
		ns[level] = known ? price->ns[level] : NAN;
}

void price_kernel_stop(struct price_kernel *price)
{
	if (!price->started)
		return;
	__atomic_store_n(&price->stop, true, __ATOMIC_RELAXED);
	pthread_join(price->thread, NULL);
	price->started = false;
}
