// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/counter.h"
#include "base/cpu.h"
#include "base/privilege.h"
#include "base/thread.h"
#include "worker/change.h"
#include "worker/record.h"
#include "worker/tap_queue.h"
#include "worker/worker.h"

/* An idle worker wakes up this often to show that it lives. */
#define WAIT_MS 250
/* A worker that stops waits so long for the kernel to send what is on its way. */
#define DRAIN_NS NSEC_PER_SEC
/* The kernel may still be putting the last frames into the ring when the program is detached. */
#define QUIET_NS (5 * NSEC_PER_MSEC)

/* What a service's handler makes of a frame; without one it is the stack's. */
static inline int hand_to_service(struct worker *w, const struct service_rule *rule,
	const struct rule_tables *tables, struct io_frame *io, const struct frame *frame,
	uint64_t now_ns)
{
	const struct worker_handler *handler = &w->handlers[rule->slot];
	uint32_t given = UINT32_MAX;
	const struct service_frame handed = { frame, rule, tables, io->hook_ns, now_ns, io->handle,
		&given };
	int outcome;

	if (!handler->handle)
		return OUTCOME_PASS;
	w->handled |= 1u << rule->slot;
	outcome = handler->handle(handler->handler, &handed);
	io->send = outcome == OUTCOME_TX;
	io->kept = given != UINT32_MAX;
	io->given = given;
	return outcome;
}

static inline void flush_services(struct worker *w)
{
	for (; w->handled; w->handled &= w->handled - 1) {
		const struct worker_handler *handler = &w->handlers[__builtin_ctz(w->handled)];

		if (handler->flush)
			handler->flush(handler->handler);
	}
}

/* What the frame is for, if it is not for the services. */
static inline int pass(const struct worker *w)
{
	return w->can_pass ? OUTCOME_PASS : OUTCOME_DROP + DROP_not_passable;
}

/* What [access] makes of a frame that a service wants; else the service's own verdict. */
static inline int judge_source(
	struct worker *w, const struct service_rule *rule, const struct frame *frame, int verdict)
{
	struct access_samples *samples = w->access_memory.samples;
	const struct access_source source = access_source(frame);
	struct access_sample sample = { .weight = w->state->source_every, .slot = rule->slot };
	int judged = w->access->on
			     ? access_judge(&w->access_memory, w->access, &source, rule->slot, 1)
			     : VERDICT_NEXT;

	if (judged >= VERDICT_DROP && rule->monitor)
		judged += VERDICT_SPARE - VERDICT_DROP;
	if (judged != VERDICT_NEXT)
		verdict = judged;
	if (verdict == VERDICT_PASS || !access_is_sample(&w->books.cells.wanted, sample.weight))
		return verdict;
	memcpy(sample.word, source.word, sizeof(sample.word));
	sample.is_ipv6 = source.is_ipv6 != 0;
	sample.dropped = verdict >= VERDICT_DROP && verdict < VERDICT_SPARE;
	if (verdict == VERDICT_HANDLE)
		sample.has_key = (__u8)service_key(frame, rule, &sample.key);
	access_note(samples, &sample);
	return verdict;
}

/* What the services of these rules make of a frame, an enum outcome, or -1: none of them wants it. The
 * slot of the one that does goes to *slot. */
static inline int offer(struct worker *w, const struct service_rule *services,
	const struct rule_tables *tables, struct io_frame *io, const struct frame *frame,
	uint8_t *slot, uint64_t now_ns)
{
	unsigned mask = tables->udp_port_services[BE16(frame->udp->dest)];

	for (; mask; mask &= mask - 1) {
		unsigned i = (unsigned)__builtin_ctz(mask);
		const struct service_rule *rule = &services[i];
		int verdict = service_match(frame, rule, tables, w->state);

		if (verdict == VERDICT_NEXT)
			continue;
		*slot = rule->slot;
		if (w->access && verdict != VERDICT_PASS)
			verdict = judge_source(w, rule, frame, verdict);
		if (verdict == VERDICT_PASS)
			return pass(w);
		if (verdict == VERDICT_HANDLE) {
			int outcome = hand_to_service(w, rule, tables, io, frame, now_ns);

			return outcome == OUTCOME_PASS ? pass(w) : outcome;
		}
		if (verdict == VERDICT_BOUNCE && w->first_half && rule->limit_cost &&
			!bucket_take(&w->buckets[rule->slot], rule->limit_cost, rule->limit_burst,
				now_ns))
			verdict = VERDICT_DROP + DROP_rate_limited;
		if (verdict >= VERDICT_SPARE && !w->can_pass)
			return pass(w);
		if (verdict >= VERDICT_DROP)
			return OUTCOME_DROP + verdict - VERDICT_DROP;
		service_answer(frame, rule);
		io->send = true;
		return OUTCOME_TX;
	}
	return -1;
}

/* One frame's outcome; the slot it belongs to goes to *slot. Rewrites it when it is to be sent. */
static inline int judge(struct worker *w, struct io_frame *io, uint8_t *slot, uint64_t now_ns)
{
	struct frame frame;
	int outcome;

	*slot = SLOT_NONE;
	if (io->broken)
		return OUTCOME_DROP + DROP_bad_frame;
	if (frame_parse(&frame, io->data, io->data + io->length) < 0)
		return pass(w);
	outcome = offer(w, w->services, w->tables, io, &frame, slot, now_ns);
	if (outcome < 0 && w->services_before)
		outcome = offer(w, w->services_before, w->tables_before, io, &frame, slot, now_ns);
	return outcome < 0 ? pass(w) : outcome;
}

/* One batch, in a variant for each level: what a level does not show costs nothing. */
static inline __attribute__((always_inline)) int run_batch(struct worker *w, enum level level)
{
	int n = w->ops->receive(w->io, w->frames, w->batch, level >= LEVEL_DETAILED);
	uint64_t start_ns = 0, sent_ns = 0;

	if (n <= 0) {
		w->ops->finish(w->io, NULL, 0);
		w->batch_end_ns = 0;
		return n;
	}
	counter_set(&w->books.lent, (unsigned)n);
	/* services compare it with the frames' times of arrival: it must not be older */
	if (w->limited || w->handles || w->tap)
		start_ns = clock_now_ns();
	else if (level >= LEVEL_DETAILED)
		start_ns = record_start(w);
	w->access_memory.now_ns = start_ns;
	if (w->tap)
		tap_queue_keep(w->tap, w, (unsigned)n);
	for (int i = 0; i < n; i++) {
		if (i + 1 < n)
			__builtin_prefetch(w->frames[i + 1].data);
		w->outcomes[i] = (uint8_t)judge(w, &w->frames[i], &w->slots[i], start_ns);
	}
	flush_services(w);
	if (level >= LEVEL_DETAILED)
		sent_ns = clock_now_ns();
	w->ops->finish(w->io, w->frames, (unsigned)n);
	record_counts(w, (unsigned)n);
	if (w->tap)
		tap_queue_show(w->tap, w, (unsigned)n, start_ns);
	/* pairs with the sampler's acquire: whoever sees 0 sees the cells */
	__atomic_store_n(&w->books.lent, 0, __ATOMIC_RELEASE);
	if (level >= LEVEL_DETAILED)
		record_details(w, (unsigned)n, start_ns, sent_ns, level);
	return n;
}

static inline int run_batch_at_level(struct worker *w)
{
	uint32_t level = __atomic_load_n(&w->state->level, __ATOMIC_RELAXED);

	if (level != w->level) {
		w->recording_since_ns = clock_now_ns();
		w->batch_end_ns = 0;
		w->level = level;
		if (level != LEVEL_BASIC && level != w->recorded_level)
			memset(w->latency, 0, sizeof(w->latency));
		if (level != LEVEL_BASIC)
			w->recorded_level = level;
	}
	switch (level) {
	case LEVEL_BASIC:
		return run_batch(w, LEVEL_BASIC);
	case LEVEL_DETAILED:
		return run_batch(w, LEVEL_DETAILED);
	default:
		return run_batch(w, LEVEL_DEBUG);
	}
}

int worker_run_batch(struct worker *w)
{
	int n;

	if (!change_is_due(w))
		return run_batch_at_level(w);
	change_step(w);
	n = run_batch_at_level(w);
	change_saw(w, n > 0 ? (unsigned)n : 0);
	return n;
}

/* Takes what is left: until nothing has come for a while and all is sent, or the time is over. */
static int drain(struct worker *w)
{
	uint64_t start_ns = clock_now_ns(), last_ns = start_ns, now_ns = start_ns;

	while (now_ns - start_ns < DRAIN_NS) {
		int n = worker_run_batch(w);

		if (n < 0)
			return n;
		now_ns = clock_now_ns();
		if (n)
			last_ns = now_ns;
		else if (w->ops->is_drained(w->io) && now_ns - last_ns > QUIET_NS)
			break;
		else
			w->ops->wait(w->io, -1, 1);
	}
	return 0;
}

/* Lowers the descriptor that has ended a wait, else it would end all others, too. */
static void take_wakes(struct worker *w)
{
	uint64_t count;

	if (__atomic_load_n(&w->wakes, __ATOMIC_RELAXED) != w->wakes_taken &&
		read(w->wake_fd, &count, sizeof(count)) == sizeof(count))
		w->wakes_taken += count;
}

static int run(struct worker *w)
{
	while (!__atomic_load_n(&w->stop, __ATOMIC_RELAXED)) {
		int n = worker_run_batch(w);

		counter_add(&w->books.beats, 1);
		if (n < 0)
			return n;
		if (n)
			continue;
		w->ops->wait(w->io, w->wake_fd, WAIT_MS);
		take_wakes(w);
	}
	return drain(w);
}

/* Nothing but the ring and what it needs of the kernel: whoever takes over a worker by a packet has
 * no more. A kernel that cannot do it is no reason not to run. */
static void confine(struct worker *w)
{
	const struct confine_rule *const lists[] = { w->ops->calls, NULL };
	struct err err = { "" };

	if (privilege_keep(0, &err) || confine_thread(lists, &err))
		log_write(w->log, LOG_WARNING, "%s: runs unconfined: %s", w->name, err.text);
}

static void *worker_thread(void *arg)
{
	struct worker *w = arg;

	prctl(PR_SET_NAME, w->name);
	/* the starter has checked the CPU; should it have gone offline since, the thread runs anywhere */
	if (w->cpu != SNAPSHOT_NONE)
		cpu_pin(w->cpu, NULL);
	confine(w);
	w->error = run(w);
	__atomic_store_n(&w->ended, 1, __ATOMIC_RELEASE); /* pairs with the watcher's acquire */
	return NULL;
}

int worker_start(struct worker *w, struct err *err)
{
	int ret;

	w->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->wake_fd < 0)
		return err_set(err, -errno, "make an eventfd");
	w->level = LEVEL_BASIC;
	ret = thread_start(&w->thread, worker_thread, w);
	if (ret) {
		close(w->wake_fd);
		return err_set(err, ret, "start a thread");
	}
	w->started = true;
	return 0;
}

void worker_wake(struct worker *w)
{
	uint64_t one = 1;

	if (!w->started)
		return;
	__atomic_fetch_add(&w->wakes, 1, __ATOMIC_RELAXED);
	while (write(w->wake_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

void worker_ask_to_stop(struct worker *w)
{
	if (!w->started)
		return;
	__atomic_store_n(&w->stop, 1, __ATOMIC_RELAXED);
	worker_wake(w);
}

void worker_join(struct worker *w)
{
	if (!w->started)
		return;
	pthread_join(w->thread, NULL);
	close(w->wake_fd);
	w->started = false;
}
