// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/counter.h"
#include "generate/engine.h"
#include "generate/program.h"
#include "generate/window.h"

/* Runs of the sender in one call: a tenth of a second and more. Each call makes its frames anew, and many
 * short ones are 20 times slower. */
#define REPEAT (1u << 21)
/* At a rate most runs only look at the clock: a tenth of a millisecond for a call's own cost is little even so,
 * and what is left of the last call is run to its end for nothing. */
#define REPEAT_PACED (1u << 18)
/* What a page holds behind the kernel's own head of a live frame, XDP's headroom, and in front of what a driver
 * keeps at its end; with FCS. */
#define SIZE_MAX_BYTES 3300u
/* Between two looks of the accountant. */
#define LOOK_NS 5000000ull
/* What the driver counts when it refuses frames that XDP sends: veth's name for it. */
#define FAILED_PATTERN "tx_queue_*_xdp_xmit_errors"

struct engine {
	const struct generate_settings *settings;
	struct link link;
	struct generate_trial trial;
	struct hook hook;
	struct program *program;
	struct window window;
	struct link_counter *failed; /* NULL: the driver does not count them */
	uint64_t failed_before;
	struct link_vlan_offload offload;
	pthread_mutex_t reading; /* the program's counts, by one at a time */
	uint32_t ordered; /* enum engine_order */
	uint32_t over; /* the accountant has seen the end */
};

static void flood_close(struct engine *e)
{
	if (!e)
		return;
	hook_detach(&e->hook);
	program_close(e->program);
	link_counter_close(e->failed);
	link_vlan_offload_restore(e->link.name, &e->offload, NULL);
	pthread_mutex_destroy(&e->reading);
	free(e);
}

static int load(
	struct engine *e, const struct generate_trial *trial, uint32_t stream, struct err *err)
{
	uint8_t bytes[FRAME_BYTES_MAX];
	struct generate_frame frame;
	const struct program_settings wanted = {
		.frame = &frame,
		.bytes = bytes,
		.ifindex = e->link.index,
		.slots = window_slots(trial->rate_pps, e->settings->wait_ns),
	};
	struct program *program = NULL;
	int code;

	frame_make(&frame, bytes, e->settings, trial->size, stream, GENERATE_FLOOD_EVERY);
	code = program_open(&program, &wanted, err);
	if (!code)
		code = hook_attach(&e->hook, program, err);
	if (code) {
		program_close(program);
		return code;
	}
	pthread_mutex_lock(&e->reading);
	program_close(e->program);
	e->program = program;
	pthread_mutex_unlock(&e->reading);
	return 0;
}

static int flood_open(struct engine **engine, const struct generate_settings *settings,
	const struct link *link, struct err *err)
{
	const struct generate_trial any = { .size = frame_size_min(settings), .rate_pps = 1 };
	struct engine *e = calloc(1, sizeof(*e));
	int code;

	if (!e)
		return err_set(err, -ENOMEM, "make room for the flood engine");
	if (settings->largest > SIZE_MAX_BYTES) {
		free(e);
		return err_say(
			err, -EMSGSIZE, "a flood takes frames of at most %u bytes", SIZE_MAX_BYTES);
	}
	e->settings = settings;
	e->link = *link;
	e->hook = (struct hook){ .fd = -1, .ifindex = link->index };
	pthread_mutex_init(&e->reading, NULL);
	engine_show_tags(settings, &e->offload);
	e->failed = link_counter_open(link->name, FAILED_PATTERN);
	/* to see now whether it can be had */
	code = load(e, &any, 0, err);
	if (code)
		flood_close(e);
	else
		*engine = e;
	return code;
}

static uint64_t failed(struct engine *e)
{
	uint64_t count = e->failed ? link_counter_read(e->failed) : UINT64_MAX;

	return count == UINT64_MAX ? 0 : count - e->failed_before;
}

static int flood_prepare(
	struct engine *e, const struct generate_trial *trial, uint32_t stream, struct err *err)
{
	int code;

	e->trial = *trial;
	e->ordered = ORDER_GO;
	e->over = 0;
	code = load(e, trial, stream, err);
	if (code)
		return code;
	e->window = (struct window){
		.shared = program_window(e->program),
		.answered = program_answered(e->program),
		.times = program_times(e->program),
		.every = GENERATE_FLOOD_EVERY,
		.deadline_ns = e->settings->deadline_ns,
		.wait_ns = e->settings->wait_ns,
	};
	e->failed_before = 0;
	e->failed_before = failed(e);
	return 0;
}

static enum engine_order order_of(const struct engine *e)
{
	return (enum engine_order)__atomic_load_n(&e->ordered, __ATOMIC_RELAXED);
}

static void read_counts(struct engine *e, struct generate_counts *counts)
{
	pthread_mutex_lock(&e->reading);
	*counts = (struct generate_counts){ 0 };
	program_add_counts(e->program, counts, NULL);
	pthread_mutex_unlock(&e->reading);
}

static void nap(uint64_t ns)
{
	clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){ .tv_nsec = (long)ns }, NULL);
}

static int knock(struct engine *e, struct err *err)
{
	uint64_t start = clock_now_ns();
	struct generate_counts counts;
	int code = 0;

	for (read_counts(e, &counts); !counts.knocks && order_of(e) == ORDER_GO && !code;
		read_counts(e, &counts)) {
		if (clock_now_ns() - start > e->settings->patience_ns)
			return err_say(err, -ETIMEDOUT, "the far end does not answer");
		code = program_knock(e->program, err);
		nap(ENGINE_KNOCK_NS);
	}
	return code;
}

/* A thread of its own: the ages of packets, and orders, while the sender is in the kernel. */
static void *account(void *context)
{
	struct engine *e = context;
	struct generate_pace *pace = program_pace(e->program);

	while (!__atomic_load_n(&e->over, __ATOMIC_ACQUIRE)) {
		uint64_t now = clock_now_ns();

		if (order_of(e) != ORDER_GO && !counter_get(&pace->end_ns)) {
			__atomic_store_n(&pace->stop, 1, __ATOMIC_RELAXED);
			counter_set(&pace->end_ns, now);
		}
		window_advance(&e->window, now, counter_get(&pace->end_ns));
		nap(LOOK_NS);
	}
	return NULL;
}

static int flood_send(struct engine *e, struct err *err)
{
	const struct generate_pace *pace = program_pace(e->program);
	uint32_t repeat = pace->interval ? REPEAT_PACED : REPEAT;
	int code = 0;

	while (!code && !__atomic_load_n(&pace->stop, __ATOMIC_RELAXED))
		code = program_send(e->program, repeat, err);
	return code;
}

static void flood_await(struct engine *e)
{
	struct generate_pace *pace = program_pace(e->program);
	uint64_t heard_ns = clock_now_ns(), heard = 0;

	while (order_of(e) != ORDER_ABANDON) {
		uint64_t now = clock_now_ns(), done, sum;
		struct generate_counts counts;

		read_counts(e, &counts);
		sum = counts.received + counts.late + counts.duplicated + counts.stray;
		if (sum != heard)
			heard_ns = now;
		heard = sum;
		done = counts.received + counts.late + counter_get(&e->window.lost) + failed(e);
		if (done >= e->window.shared->next && now - heard_ns > ENGINE_QUIET_NS)
			break;
		if (now - pace->end_ns > e->settings->wait_ns + 4 * LOOK_NS)
			break;
		nap(LOOK_NS);
	}
}

static int flood_run(struct engine *e, bool with_knock, struct err *err)
{
	pthread_t accountant;
	int code = with_knock ? knock(e, err) : 0;

	if (code || order_of(e) != ORDER_GO)
		return code;
	engine_start(program_pace(e->program), &e->trial);
	code = -pthread_create(&accountant, NULL, account, e);
	if (code)
		return err_set(err, code, "start a thread");
	code = flood_send(e, err);
	if (!code)
		flood_await(e);
	__atomic_store_n(&e->over, 1, __ATOMIC_RELEASE);
	pthread_join(accountant, NULL);
	/* a receiver that is just at work on an answer sees the end or is seen by it */
	counter_set(&e->window.shared->dead_before, e->window.shared->next);
	nap(LOOK_NS);
	window_close(&e->window);
	return code;
}

static void flood_order(struct engine *e, enum engine_order order)
{
	__atomic_store_n(&e->ordered, (uint32_t)order, __ATOMIC_RELAXED);
}

static void flood_sample(struct engine *e, struct figures *f)
{
	uint64_t lost = counter_get(&e->window.lost);

	read_counts(e, &f->counts);
	f->last_answered = engine_last_answered(program_order(e->program), e->settings->flows);
	f->sampled = GENERATE_FLOOD_EVERY;
	f->receiver_drops = 0; /* the program sees all that comes */
	strcpy(f->mode, e->hook.generic ? "live frames, generic" : "live frames, native");
	if (e->hook.generic)
		engine_why(f->why, "native XDP is refused here");
	if (!e->failed)
		engine_why(f->why, "the driver does not count frames that it fails to send");
	engine_sum_up(
		f, program_pace(e->program), counter_get(&e->window.shared->next), lost, failed(e));
}

const struct engine_ops engine_flood = {
	.name = "flood",
	.open = flood_open,
	.prepare = flood_prepare,
	.run = flood_run,
	.order = flood_order,
	.sample = flood_sample,
	.close = flood_close,
};
