// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/counter.h"
#include "worker/books.h"

/* The kernel half counts a frame before it is in the ring, and puts it there at the end of its batch:
 * what seems to be missing gets this long to show up. */
#define SETTLE_TRIES 3
#define SETTLE_NS 200000

static void add_cells(struct cells *sum, const struct cells *cells)
{
	for (unsigned i = 0; i < sizeof(*sum) / sizeof(__u64); i++)
		((__u64 *)sum)[i] += counter_get(&((const __u64 *)cells)[i]);
}

void cells_sum(const struct cells *cells, unsigned outcome, struct cell *sum)
{
	for (unsigned slot = 0; slot <= SERVICE_SLOTS; slot++) {
		sum->packets += cells->cell[slot][outcome].packets;
		sum->bytes += cells->cell[slot][outcome].bytes;
	}
}

void cells_sum_passed(const struct cells *cells, struct cell *sum)
{
	cells_sum(cells, OUTCOME_PASS, sum);
	cells_sum(cells, OUTCOME_DELIVER, sum);
	for (unsigned reason = 0; reason < DROPS_OF_SERVICE; reason++)
		cells_sum(cells, OUTCOME_SPARE + reason, sum);
}

void cells_sum_drops(const struct cells *cells, struct cell *sum)
{
	for (unsigned reason = 0; reason < DROPS; reason++)
		cells_sum(cells, OUTCOME_DROP + reason, sum);
}

void cells_sum_all(const struct cells *cells, struct cell *sum)
{
	for (unsigned outcome = 0; outcome < OUTCOMES; outcome++)
		cells_sum(cells, outcome, sum);
}

static void add_gauges(struct io_gauges *now, const struct io_gauges *past)
{
	add_known(&now->received, past->received);
	add_known(&now->rx_ring_full, past->rx_ring_full);
	add_known(&now->rx_dropped, past->rx_dropped);
	add_known(&now->fill_ring_empty, past->fill_ring_empty);
	add_known(&now->tx_invalid, past->tx_invalid);
	add_known(&now->wakeups, past->wakeups);
	add_known(&now->empty_polls, past->empty_polls);
}

static bool has_queue(const struct interface *in, uint32_t i)
{
	return in && i < in->queues_count;
}

static void add_cell(struct cell *sum, const struct cell *cell)
{
	sum->packets += cell->packets;
	sum->bytes += cell->bytes;
}

/* Counts may have been read at different moments: what is not there cannot move. */
static void move_cell(struct cell *from, const struct cell *moved)
{
	from->packets -= moved->packets < from->packets ? moved->packets : from->packets;
	from->bytes -= moved->bytes < from->bytes ? moved->bytes : from->bytes;
}

/* What the services' own hooks have counted. */
struct hooks {
	bool there[SERVICE_SLOTS];
	struct hook_books books[SERVICE_SLOTS];
};

/* The last one first: a frame that moves on meanwhile is missing in none of those that it came from. */
static void read_hooks(const struct interface *in, uint32_t i, struct hooks *hooks)
{
	*hooks = (struct hooks){ 0 };
	for (unsigned slot = SERVICE_SLOTS; slot-- > 0;) {
		const struct interface_service *is = &in->services[slot];

		hooks->there[slot] = is->type && is->type->read_books;
		if (hooks->there[slot])
			is->type->read_books(is->part, in->queues[i], &hooks->books[slot]);
	}
}

/* A frame that comes to a service's own hook has passed the hook before it, XDP's or another service's: what
 * became of it takes the place of that. Without XDP the first of them counts every frame. */
static void add_hooks(const struct hooks *hooks, bool has_xdp, struct books *books)
{
	struct cells *cells = &books->kernel;
	struct cell *passed = &cells->cell[SLOT_NONE][OUTCOME_PASS];
	bool is_first = !has_xdp;

	for (unsigned slot = 0; slot < SERVICE_SLOTS; slot++) {
		const struct hook_books *hook = &hooks->books[slot];

		if (!hooks->there[slot])
			continue;
		for (unsigned k = 0; k < OUTCOMES; k++) {
			add_cell(&cells->cell[slot][k], &hook->own[k]);
			if (!is_first)
				move_cell(passed, &hook->own[k]);
		}
		add_cell(&books->made[slot], &hook->made);
		if (is_first)
			add_cell(passed, &hook->other);
		is_first = false;
	}
}

/* Sums what came to services' own hooks behind another one; false: there is no such hook. */
static bool sum_hooked(const struct interface *in, const struct cells *cells, struct cell *sum)
{
	bool is_first = !in->program, found = false;

	*sum = (struct cell){ 0 };
	for (unsigned slot = 0; slot < SERVICE_SLOTS; slot++) {
		if (!in->services[slot].type || !in->services[slot].type->read_books)
			continue;
		for (unsigned k = 0; !is_first && k < OUTCOMES; k++)
			add_cell(sum, &cells->cell[slot][k]);
		found |= !is_first;
		is_first = false;
	}
	return found;
}

/* What the hooks had counted a moment before the rest of the books. */
struct early {
	bool hooks; /* some are behind another one */
	struct cell passed; /* by that one, and not come to them */
	struct cell hooked; /* come to them */
};

/* Then as much time as a frame needs from one hook to the next, if there may be any on their way. */
static void read_early(
	const struct interface *in, uint32_t i, const struct books *books, struct early *early)
{
	const struct timespec pause = { .tv_nsec = SETTLE_NS };

	early->hooks = has_queue(in, i) && sum_hooked(in, &books->kernel, &early->hooked);
	early->passed = books->kernel.cell[SLOT_NONE][OUTCOME_PASS];
	if (early->hooks && (early->hooked.packets != in->hooked[i].packets ||
				    early->passed.packets != in->passed[i].packets))
		nanosleep(&pause, NULL);
}

/*
 * A frame between two hooks counts as passed and may yet be answered by the second: then what has passed would go
 * back. So the first hook's count is that of a moment ago, of which each frame has come to the second by now; what has
 * come to it since is taken off as well, so that it is never too high, and too low only until the next time. Should a frame
 * have taken longer, what is shown waits for the count to come after it; the last books are exact.
 */
static void settle_passed(struct interface *in, uint32_t i, const struct early *early, bool final,
	struct books *books)
{
	struct cell *now = &books->kernel.cell[SLOT_NONE][OUTCOME_PASS], hooked, since;
	struct cell *shown;

	if (!early->hooks)
		return;
	shown = &in->passed[i];
	sum_hooked(in, &books->kernel, &hooked);
	since.packets = hooked.packets - early->hooked.packets;
	since.bytes = hooked.bytes - early->hooked.bytes;
	if (!final) {
		*now = early->passed;
		move_cell(now, &since);
		now->packets = now->packets > shown->packets ? now->packets : shown->packets;
		now->bytes = now->bytes > shown->bytes ? now->bytes : shown->bytes;
	}
	in->hooked[i] = hooked;
	*shown = *now;
}

/* Just those of one queue; in sums of sums a count may be less than 0 for a while. */
static void keep_hook(struct interface *in, unsigned slot, uint32_t i)
{
	const struct interface_service *is = &in->services[slot];
	struct hook_books books = { 0 };
	struct cells *gone = &in->gone[i].cells;
	struct cell *passed = &gone->cell[SLOT_NONE][OUTCOME_PASS];

	is->type->read_books(is->part, in->queues[i], &books);
	for (unsigned k = 0; k < OUTCOMES; k++) {
		add_cell(&gone->cell[slot][k], &books.own[k]);
		passed->packets -= books.own[k].packets;
		passed->bytes -= books.own[k].bytes;
	}
	add_cell(&in->gone[i].made[slot], &books.made);
}

int books_keep_hook(struct interface *in, unsigned slot)
{
	if (!in->services[slot].type || !in->services[slot].type->read_books)
		return 0;
	if (!in->gone)
		in->gone = calloc(INTERFACE_QUEUES, sizeof(*in->gone));
	for (uint32_t i = 0; in->gone && i < in->queues_count; i++)
		keep_hook(in, slot, i);
	return in->gone ? 0 : -ENOMEM;
}

static void read_kernel(
	const struct interface *in, uint32_t i, const struct books *past, struct books *books)
{
	struct hooks hooks;

	books->kernel = past->kernel;
	memcpy(books->made, past->made, sizeof(books->made));
	if (!has_queue(in, i))
		return;
	read_hooks(in, i, &hooks);
	if (in->program)
		xdp_program_add_cells(in->program, in->queues[i], &books->kernel);
	if (in->gone)
		add_cells(&books->kernel, &in->gone[i].cells);
	for (unsigned slot = 0; in->gone && slot < SERVICE_SLOTS; slot++)
		add_cell(&books->made[slot], &in->gone[i].made[slot]);
	add_hooks(&hooks, in->program, books);
}

static void read_worker(
	const struct interface *in, uint32_t i, const struct books *past, struct books *books)
{
	const struct worker *worker = has_queue(in, i) ? in->workers[i] : NULL;
	struct io_gauges *gauges;
	struct cells *cells;
	uint64_t *lent;

	books->worker = past->worker;
	books->direct = past->direct;
	books->gauges = past->gauges;
	books->direct_gauges = past->direct_gauges;
	books->lent = books->direct_lent = 0;
	books->busy_ns = past->busy_ns;
	memcpy(books->batches, past->batches, sizeof(books->batches));
	if (!worker)
		return;
	gauges = in->program ? &books->gauges : &books->direct_gauges;
	cells = in->program ? &books->worker : &books->direct;
	lent = in->program ? &books->lent : &books->direct_lent;
	/* upstream first, so that a frame that moves on meanwhile is seen at least once */
	in->ops->read_gauges(in->io[i], gauges);
	add_gauges(gauges, in->program ? &past->gauges : &past->direct_gauges);
	*lent = __atomic_load_n(&worker->books.lent, __ATOMIC_ACQUIRE);
	add_cells(cells, &worker->books.cells);
	books->busy_ns += counter_get(&worker->books.busy_ns);
	for (unsigned k = 0; k < SNAPSHOT_BATCH_BINS; k++)
		books->batches[k] += counter_get(&worker->books.batches[k]);
}

/* A driver that has gone counts no more, and one that came back counts anew. */
static uint64_t read_tx_errors(struct interface *in, uint32_t i)
{
	uint64_t now = link_counter_read(in->tx_errors[i]), before = in->tx_errors_before[i];

	if (now != UINT64_MAX && now >= before && now - before >= in->tx_errors_since[i])
		in->tx_errors_since[i] = now - before;
	return in->tx_errors_since[i];
}

static void read_ways(
	const struct interface *in, uint32_t i, const struct books *past, struct books *books)
{
	memcpy(books->ways, past->ways, sizeof(books->ways));
	for (unsigned slot = 0; has_queue(in, i) && slot < SERVICE_SLOTS; slot++) {
		const struct interface_service *service = &in->services[slot];
		struct service_way now;

		if (!service->type || !service->type->follow)
			continue;
		service->type->follow(service->part, in->queues[i], &now);
		books->ways[slot].sent += now.sent;
		books->ways[slot].lost += now.lost;
		books->ways[slot].in_flight = now.in_flight;
	}
}

void books_read(struct interface *in, uint32_t i, const struct books *past, struct books *books)
{
	read_kernel(in, i, past, books);
	read_worker(in, i, past, books);
	read_ways(in, i, past, books);
	books->tx_errors = past->tx_errors;
	books->unsent = past->unsent;
	if (!has_queue(in, i))
		return;
	if (!in->tx_errors[i])
		books->tx_errors = UINT64_MAX;
	else
		add_known(&books->tx_errors, read_tx_errors(in, i));
}

/* A first count of frames, and the places in which each of them must be. */
struct account {
	struct cell before, after; /* the first count, read before and after all the rest */
	struct cell judged;
	uint64_t held; /* in rings and hands */
	uint64_t arrived;
};

static void add_places(struct account *account, const struct cells *cells, uint64_t lent,
	const struct io_gauges *gauges)
{
	account->judged = (struct cell){ 0 };
	cells_sum_all(cells, &account->judged);
	account->held = lent + gauges->in_flight;
	account->arrived = account->judged.packets + account->held + known(gauges->rx_ring_full) +
			   known(gauges->rx_dropped);
}

static void read_places(const struct books *books, struct account *hook, struct account *direct)
{
	add_places(hook, &books->worker, books->lent, &books->gauges);
	add_places(direct, &books->direct, books->direct_lent, &books->direct_gauges);
}

/* The driver fails to transmit answers only after they were counted, at the end of its batch: its own count
 * is read last, and when there were answers meanwhile, a batch later. */
static void read_failures(
	struct interface *in, uint32_t i, const struct books *past, struct books *books)
{
	const struct timespec pause = { .tv_nsec = SETTLE_NS };
	struct cell tx = { 0 };

	if (!has_queue(in, i) || !in->tx_errors[i])
		return;
	cells_sum(&books->kernel, OUTCOME_TX, &tx);
	if (tx.packets != in->tx_counted[i])
		nanosleep(&pause, NULL);
	in->tx_counted[i] = tx.packets;
	books->tx_errors = past->tx_errors;
	add_known(&books->tx_errors, read_tx_errors(in, i));
}

/* Reads a backend's own count once more. */
static void read_received(
	const struct interface *in, uint32_t i, const struct books *past, struct books *books)
{
	struct io_gauges again;

	if (!has_queue(in, i) || in->program || !in->workers[i])
		return;
	in->ops->read_gauges(in->io[i], &again);
	books->direct_gauges.received = past->direct_gauges.received;
	add_known(&books->direct_gauges.received, again.received);
}

/* A backend that does not count by itself (a capture file) has received what it lent. */
static uint64_t first_count(const struct books *books, const struct account *direct)
{
	return books->direct_gauges.received == UINT64_MAX ? direct->arrived
							   : books->direct_gauges.received;
}

/*
 * If the books balance, the first count was, at some instant between its two readings, what the places
 * add up to: that is then the count to show. What lies outside of the two is unaccounted for.
 */
static int64_t balance(struct account *account)
{
	struct cell *count = &account->after;
	uint64_t span = account->after.packets - account->before.packets;

	/* frames that moved on between the reads were counted in both places */
	if (account->arrived > count->packets) {
		uint64_t twice = account->arrived - count->packets;

		twice = twice < account->held ? twice : account->held;
		account->held -= twice;
		account->arrived -= twice;
	}
	if (account->arrived >= account->before.packets && account->arrived < count->packets) {
		uint64_t later = count->packets - account->arrived;

		count->packets = account->arrived;
		count->bytes -= (count->bytes - account->before.bytes) / span * later;
	}
	return (int64_t)(count->packets - account->arrived);
}

/* The frames that were put on their ways when these were read: the hook has counted them by now. */
static void settle_ways(struct books *books)
{
	for (unsigned slot = 0; slot < SERVICE_SLOTS; slot++) {
		struct cell *cell = &books->kernel.cell[slot][OUTCOME_DELIVER];
		const struct service_way *way = &books->ways[slot];

		if (!way->sent || way->sent >= cell->packets)
			continue;
		cell->bytes -= cell->bytes / cell->packets * (cell->packets - way->sent);
		cell->packets = way->sent;
	}
}

void books_settle(
	struct interface *in, uint32_t i, const struct books *past, bool final, struct books *books)
{
	struct account hook = { 0 }, direct = { 0 };
	struct early early;

	books_read(in, i, past, books);
	read_early(in, i, books, &early);
	read_places(books, &hook, &direct);
	cells_sum(&books->kernel, OUTCOME_REDIRECT, &hook.before);
	direct.before.packets = first_count(books, &direct);
	for (int try = 0; try < SETTLE_TRIES && (hook.arrived < hook.before.packets ||
							direct.arrived < direct.before.packets);
		try++) {
		const struct timespec pause = { .tv_nsec = SETTLE_NS };

		nanosleep(&pause, NULL);
		read_worker(in, i, past, books);
		read_places(books, &hook, &direct);
	}
	read_kernel(in, i, past, books);
	settle_passed(in, i, &early, final, books);
	settle_ways(books);
	cells_sum(&books->kernel, OUTCOME_REDIRECT, &hook.after);
	read_failures(in, i, past, books);
	read_received(in, i, past, books);
	direct.after.packets = first_count(books, &direct);
	books->unaccounted = balance(&hook) + balance(&direct);
	books->redirect = hook.after;
	books->received = (struct cell){ direct.after.packets, direct.judged.bytes };
	books->in_flight = hook.held + direct.held;
}
