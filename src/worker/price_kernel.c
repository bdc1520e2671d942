// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <linux/if_ether.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/cpu.h"
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

/* A tenth of an ordinary thread's share: whatever needs the CPU has it. Not the least that there is, since others may
 * have to wait for the end of a run that has begun: RCU, and whoever stops the instance. */
#define NICE 10

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

int price_run_kernel(struct price_log *log, const bool *stop, struct err *err)
{
	struct place *place = calloc(1, sizeof(*place));
	int ret = place ? compile(place, stop, err) : err_set(err, -ENOMEM, "measure statistics");

	if (!ret)
		ret = xdp_price_run(&place->trial, log, err);
	free(place);
	return ret;
}

int price_measure_kernel(struct price price[LEVEL_DEBUG + 1], const bool *stop, struct err *err)
{
	struct price_log copies[XDP_PRICE_COPIES];

	for (unsigned level = 0; level <= LEVEL_DEBUG; level++)
		price[level] = (struct price){ NAN, NAN };
	for (unsigned i = 0; i < XDP_PRICE_COPIES; i++) {
		int ret = price_run_kernel(&copies[i], stop, err);

		if (ret)
			return ret;
	}
	xdp_price_judge(copies, price);
	return 0;
}

static void *price_thread(void *arg)
{
	struct price_kernel *kernel = arg;
	struct err err = { "" };
	int ret;

	prctl(PR_SET_NAME, "ringside/price");
	cpu_keep_off(kernel->workers_cpus, kernel->workers_cpus_count);
	setpriority(PRIO_PROCESS, 0, NICE); /* of this thread alone */
	ret = price_measure_kernel(kernel->price, &kernel->stop, &err);
	if (!ret)
		__atomic_store_n(&kernel->known, true, __ATOMIC_RELEASE);
	else if (ret != -ECANCELED)
		log_write(kernel->log, LOG_INFO,
			"what statistics cost in the kernel half is not known: %s", err.text);
	return NULL;
}

void price_kernel_start(
	struct price_kernel *kernel, const struct snapshot *snapshot, struct log *log)
{
	if (kernel->started)
		return;
	kernel->log = log;
	kernel->workers_cpus_count = 0;
	for (unsigned i = 0; i < snapshot->queues_count && i < SNAPSHOT_QUEUES; i++)
		kernel->workers_cpus[kernel->workers_cpus_count++] = snapshot->queues[i].cpu;
	kernel->started = !thread_start(&kernel->thread, price_thread, kernel);
}

void price_kernel_get(const struct price_kernel *kernel, struct price price[LEVEL_DEBUG + 1])
{
	/* after the thread's last store to them */
	bool known = __atomic_load_n(&kernel->known, __ATOMIC_ACQUIRE);

	for (unsigned level = 0; level <= LEVEL_DEBUG; level++)
		price[level] = known ? kernel->price[level] : (struct price){ NAN, NAN };
}

void price_kernel_stop(struct price_kernel *kernel)
{
	if (!kernel->started)
		return;
	__atomic_store_n(&kernel->stop, true, __ATOMIC_RELAXED);
	pthread_join(kernel->thread, NULL);
	kernel->started = false;
}
