// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/clock.h"
#include "base/counter.h"
#include "generate/engine.h"
#include "generate/paced_queues.h"
#include "generate/window.h"

#define BATCH 64
/* More than one CPU sends through sockets: the window is made for it when there is no rate. */
#define FASTEST_PPS 2000000
/* A wait shorter than this is spent looking at the rings: a sleep would be as long by itself. */
#define SPIN_NS 20000ull
/* Sleeps end so long before a packet is due: what waking up takes. */
#define WAKE_NS 10000ull
/* The longest sleep at rates that could fill the receive rings meanwhile, and at others. */
#define NAP_FAST_NS 1000000ull
#define NAP_SLOW_NS 10000000ull
#define SLOW_PPS 10000
/* Between two looks at the ages of packets. */
#define ADVANCE_NS 1000000ull
/* The kernel's default of 50 us would be most of a sleep. */
#define TIMER_SLACK_NS 1000

struct engine {
	const struct generate_settings *settings;
	struct generate_trial trial;
	struct paced_queues queues;
	struct generate_frame frame;
	uint8_t bytes[FRAME_BYTES_MAX]; /* a whole packet */
	struct generate_window shared;
	struct generate_pace pace;
	struct generate_counts counts;
	struct window window;
	__u64 *order; /* [flows]: the sequence behind the highest answered */
	uint64_t drops_before; /* at our own end, in runs before */
	uint64_t advanced_ns, heard_ns; /* when last looked at ages; when something last came */
	uint32_t ordered; /* enum engine_order */
	struct io_frame batch[PACED_QUEUES_MAX][BATCH];
	unsigned batched[PACED_QUEUES_MAX];
};

static void paced_close(struct engine *e)
{
	if (!e)
		return;
	paced_queues_close(&e->queues);
	free(e->window.answered);
	free(e->window.times);
	free(e->order);
	free(e);
}

static int paced_open(struct engine **engine, const struct generate_settings *settings,
	const struct link *link, struct err *err)
{
	struct engine *e = calloc(1, sizeof(*e));
	int code;

	if (!e)
		return err_set(err, -ENOMEM, "make room for the paced engine");
	e->settings = settings;
	e->order = calloc(settings->flows, sizeof(*e->order));
	if (!e->order) {
		paced_close(e);
		return err_set(err, -ENOMEM, "make room for %u flows", settings->flows);
	}
	code = paced_queues_open(&e->queues, settings, link, err);
	if (code)
		paced_close(e);
	else
		*engine = e;
	return code;
}

static int make_window(struct engine *e, struct err *err)
{
	uint64_t rate = e->trial.rate_pps ? e->trial.rate_pps : FASTEST_PPS;
	uint32_t slots = window_slots(rate, e->settings->wait_ns);

	free(e->window.answered);
	free(e->window.times);
	e->shared = (struct generate_window){ .slots = slots };
	e->window = (struct window){
		.shared = &e->shared,
		.answered = calloc(slots, 1),
		.times = calloc(slots, sizeof(uint64_t)),
		.every = 1,
		.deadline_ns = e->settings->deadline_ns,
		.wait_ns = e->settings->wait_ns,
	};
	if (!e->window.answered || !e->window.times)
		return err_set(err, -ENOMEM, "make room for %u packets", slots);
	return 0;
}

static int paced_prepare(
	struct engine *e, const struct generate_trial *trial, uint32_t stream, struct err *err)
{
	int code;

	e->trial = *trial;
	e->pace = (struct generate_pace){ 0 };
	e->counts = (struct generate_counts){ 0 };
	e->ordered = ORDER_GO;
	memset(e->order, 0, e->settings->flows * sizeof(*e->order));
	code = make_window(e, err);
	if (code)
		return code;
	frame_make(&e->frame, e->bytes, e->settings, trial->size, stream, 1);
	e->drops_before = paced_queues_drops(&e->queues);
	return paced_queues_expect(&e->queues, &e->frame, e->bytes, err);
}

static void judge(struct engine *e, const struct io_frame *frame)
{
	uint8_t *data = frame->data, *end = data + frame->length;
	uint64_t mask = e->shared.slots - 1, sequence, sent, arrival;
	enum corruption corruption = CORRUPT_NOT;
	const uint8_t *stamp;
	enum fate fate;
	int moved, overtaken = 0;

	if (frame->broken)
		return;
	stamp = generate_find(&e->frame, data, end, &moved);
	if (!stamp)
		return;
	sequence = generate_extend(
		e->shared.next, BE32(FRAME_WORD(__be32, stamp + GENERATE_SEQUENCE)));
	fate = generate_account(&e->shared, sequence, &e->window.answered[sequence & mask]);
	sent = e->window.times[sequence & mask];
	if (fate <= FATE_LATE) {
		overtaken =
			generate_is_overtaken(&e->order[sequence % e->settings->flows], sequence);
		if (moved)
			corruption = CORRUPT_TAGS;
		else if (frame->length != e->frame.length)
			corruption = CORRUPT_HEADERS;
		else
			corruption = generate_judge(
				&e->frame, data, sequence, sent, e->bytes + GENERATE_HEAD);
	}
	arrival = frame->hook_ns ? frame->hook_ns : clock_now_ns();
	if (e->queues.program && frame->hook_ns)
		overtaken = frame->hook_ns & 1; /* of several queues only it knows the order */
	generate_count(&e->counts, fate, corruption, overtaken, frame->length,
		arrival > sent ? arrival - sent : 1);
}

/* Takes what has arrived, at most a batch a queue; returns how many frames, or a negative errno. */
static int receive(struct engine *e)
{
	struct io_frame frames[BATCH];
	int sum = 0;

	for (uint32_t q = 0; q < e->queues.count; q++) {
		int n = e->queues.ops->receive(e->queues.queue[q], frames, BATCH, true);

		if (n < 0)
			return n;
		for (int i = 0; i < n; i++) {
			judge(e, &frames[i]);
			frames[i].send = false;
		}
		if (n)
			e->queues.ops->finish(e->queues.queue[q], frames, (unsigned)n);
		sum += n;
	}
	if (sum)
		e->heard_ns = clock_now_ns();
	return sum;
}

/* Puts a packet into its flow's queue's batch; false: there is no room to transmit. */
static bool put(struct engine *e, uint64_t sequence, uint64_t time_ns)
{
	uint32_t q = (uint32_t)(sequence % e->settings->flows) % e->queues.count;
	struct io_frame *frame = &e->batch[q][e->batched[q]];

	if (!e->queues.ops->lend(e->queues.queue[q], frame, 1))
		return false;
	memcpy(frame->data, e->bytes, e->frame.length);
	generate_write(&e->frame, frame->data, sequence, time_ns);
	frame->length = e->frame.length;
	frame->send = true;
	e->batched[q]++;
	return true;
}

/* Hands all batches over; returns how many packets have not left. */
static unsigned flush(struct engine *e)
{
	unsigned unsent = 0;

	for (uint32_t q = 0; q < e->queues.count; q++) {
		if (!e->batched[q])
			continue;
		e->queues.ops->finish(e->queues.queue[q], e->batch[q], e->batched[q]);
		for (unsigned i = 0; i < e->batched[q]; i++)
			unsent += !e->batch[q][i].sent;
		e->batched[q] = 0;
	}
	return unsent;
}

static __u64 read_clock(void)
{
	return clock_now_ns();
}

/* Sends what is due, at most a batch; returns how many packets. */
static unsigned send_due(struct engine *e)
{
	unsigned count = 0, unsent;

	while (count < BATCH && e->shared.next - e->shared.cleared_before < e->shared.slots &&
		generate_is_due(&e->pace, e->shared.next, read_clock)) {
		uint64_t now = clock_now_ns();

		if (!put(e, e->shared.next, now))
			break;
		e->window.times[e->shared.next & (e->shared.slots - 1)] = now;
		counter_add(&e->shared.next, 1);
		e->pace.due += e->pace.interval;
		count++;
	}
	unsent = count ? flush(e) : 0;
	/* AF_PACKET, which has one queue, stops at the first it cannot send: the last ones are as if they
	 * had never been written */
	counter_set(&e->shared.next, e->shared.next - unsent);
	e->pace.due -= unsent * e->pace.interval;
	return count - unsent;
}

/* AF_XDP transmits in copy mode only when it is told to. */
static void push(struct engine *e)
{
	for (uint32_t q = 0; q < e->queues.count; q++)
		if (!e->queues.ops->is_drained(e->queues.queue[q]))
			e->queues.ops->finish(e->queues.queue[q], NULL, 0);
}

static void rest(const struct engine *e)
{
	uint64_t nap =
		e->trial.rate_pps && e->trial.rate_pps <= SLOW_PPS ? NAP_SLOW_NS : NAP_FAST_NS;
	uint64_t now = clock_now_ns(), due = e->pace.start_ns + (e->pace.due >> GENERATE_FRACTION);
	struct timespec time;

	if (!e->pace.stop) {
		if (due < now + SPIN_NS)
			return;
		if (nap > due - now - WAKE_NS)
			nap = due - now - WAKE_NS;
	} else {
		nap = NAP_FAST_NS;
	}
	time = (struct timespec){ .tv_nsec = (long)nap };
	clock_nanosleep(CLOCK_MONOTONIC, 0, &time, NULL);
}

static void advance(struct engine *e)
{
	uint64_t now = clock_now_ns();

	if (now - e->advanced_ns < ADVANCE_NS)
		return;
	e->advanced_ns = now;
	window_advance(&e->window, now, e->pace.end_ns);
}

static enum engine_order order_of(const struct engine *e)
{
	return (enum engine_order)__atomic_load_n(&e->ordered, __ATOMIC_RELAXED);
}

static int knock(struct engine *e, struct err *err)
{
	uint64_t start = clock_now_ns(), next = start;

	while (!e->counts.knocks && order_of(e) == ORDER_GO) {
		uint64_t now = clock_now_ns();
		int n = receive(e);

		if (n < 0)
			return n;
		if (now - start > e->settings->patience_ns)
			return err_say(err, -ETIMEDOUT, "the far end does not answer");
		if (now >= next && put(e, UINT64_MAX, 0)) {
			flush(e);
			next = now + ENGINE_KNOCK_NS;
		}
		push(e);
		if (!n)
			clock_nanosleep(CLOCK_MONOTONIC, 0,
				&(struct timespec){ .tv_nsec = NAP_FAST_NS }, NULL);
	}
	return 0;
}

static bool is_complete(const struct engine *e)
{
	uint64_t done = e->counts.received + e->counts.late + e->window.lost;

	return done >= e->shared.next && clock_now_ns() - e->heard_ns > ENGINE_QUIET_NS;
}

/* Sends until it is time to end, then waits for what is on its way. */
static int work(struct engine *e)
{
	uint64_t wait_ns = e->settings->wait_ns + 2 * ADVANCE_NS;

	while (order_of(e) != ORDER_ABANDON) {
		unsigned sent = 0;
		int n;

		if (order_of(e) != ORDER_GO && !e->pace.stop) {
			e->pace.stop = 1;
			counter_set(&e->pace.end_ns, clock_now_ns());
		}
		if (!e->pace.stop)
			sent = send_due(e);
		else if (is_complete(e) || clock_now_ns() - e->pace.end_ns > wait_ns)
			break;
		if (!sent)
			push(e);
		n = receive(e);
		if (n < 0)
			return n;
		advance(e);
		if (!sent && !n)
			rest(e);
	}
	if (!e->pace.end_ns)
		counter_set(&e->pace.end_ns, clock_now_ns());
	return 0;
}

static int paced_run(struct engine *e, bool with_knock, struct err *err)
{
	int code = with_knock ? knock(e, err) : 0;

	prctl(PR_SET_TIMERSLACK, TIMER_SLACK_NS);
	if (code == -ETIMEDOUT)
		return code;
	if (!code && order_of(e) == ORDER_GO) {
		e->heard_ns = clock_now_ns();
		engine_start(&e->pace, &e->trial);
		code = work(e);
	}
	window_close(&e->window);
	return code ? err_set(err, code, "receive") : 0;
}

static void paced_order(struct engine *e, enum engine_order order)
{
	__atomic_store_n(&e->ordered, (uint32_t)order, __ATOMIC_RELAXED);
}

static void paced_sample(struct engine *e, struct figures *f)
{
	uint64_t lost = counter_get(&e->window.lost), drops = paced_queues_drops(&e->queues);

	counts_merge(&f->counts, &e->counts);
	f->last_answered = engine_last_answered(e->order, e->settings->flows);
	f->sampled = 1;
	f->receiver_drops = drops - e->drops_before;
	memcpy(f->mode, e->queues.mode, sizeof(f->mode));
	memcpy(f->why, e->queues.why, sizeof(f->why));
	/* last, so that nothing is answered that is not sent */
	engine_sum_up(f, &e->pace, counter_get(&e->shared.next), lost, 0);
}

const struct engine_ops engine_paced = {
	.name = "paced",
	.open = paced_open,
	.prepare = paced_prepare,
	.run = paced_run,
	.order = paced_order,
	.sample = paced_sample,
	.close = paced_close,
};
