/* SPDX-License-Identifier: BSD-2-Clause */
#include "ring/consumer.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "ring/reader.h"

/* Packets of one receive, copied one behind the other: 64 bytes apart for short ones, so that a batch
 * stays in the first level cache. */
#define BUFFER_BYTES (256u << 10)
#define PACKET_ALIGN 64u
/* Who polls without a pause looks this seldom whether the daemon still lives: a system call. */
#define IDLE_POLLS 4096
/* Who sleeps looks this often. */
#define SLEEP_NS 100000000ll

struct ringside {
	int socket;
	bool gone; /* the daemon has hung up */
	unsigned count;
	unsigned turn; /* the ring to begin with */
	unsigned idle; /* receives in a row without a packet */
	uint32_t snap;
	uint64_t boot_id;
	uint32_t readers;
	struct ringside_report *report; /* written here alone */
	const struct ringside_wake *wake;
	uint8_t *buffer;
	uint32_t place[RINGSIDE_RINGS]; /* of each ring in the report */
	struct ringside_reader reader[];
};

static int map(int fd, size_t bytes, int protection, void *at)
{
	struct stat stat;
	void *area;

	if (fstat(fd, &stat))
		return -errno;
	if (stat.st_size < (off_t)bytes)
		return -EPROTO;
	area = mmap(NULL, bytes, protection, MAP_SHARED, fd, 0);
	if (area == MAP_FAILED)
		return -errno;
	*(void **)at = area;
	return 0;
}

static void close_all(int *fds, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

static int take_offer(struct ringside *r, unsigned index)
{
	struct ringside_offer offer;
	int fds[2], ret = ringside_take(r->socket, &offer, sizeof(offer), fds, 2);

	if (ret)
		return ret;
	if (offer.magic != RINGSIDE_MAGIC || offer.index >= RINGSIDE_RINGS || fds[0] < 0 ||
		(offer.descriptors == 2) != (fds[1] >= 0))
		ret = -EPROTO;
	r->place[index] = offer.index;
	if (!ret)
		ret = ringside_reader_open(&r->reader[index], fds[0], fds[1]);
	close_all(fds, 2);
	return ret;
}

static void report(struct ringside *r, unsigned index)
{
	const struct ringside_reader *reader = &r->reader[index];
	struct ringside_report_ring *to = &r->report->ring[r->place[index]];

	__atomic_store_n(&to->position, reader->want, __ATOMIC_RELAXED);
	__atomic_store_n(&to->received, reader->received, __ATOMIC_RELAXED);
	__atomic_store_n(&to->lost_polling, reader->lost_polling, __ATOMIC_RELAXED);
	__atomic_store_n(&to->lost_reading, reader->lost_reading, __ATOMIC_RELAXED);
}

/* Says that what the caller has been given is dealt with. Pairs with the acquire of audience_is_past(). */
static void finish(struct ringside *r)
{
	for (unsigned i = 0; i < r->count; i++)
		if (r->reader[i].done != r->reader[i].want) {
			r->reader[i].done = r->reader[i].want;
			__atomic_store_n(&r->report->ring[r->place[i]].done, r->reader[i].done,
				__ATOMIC_RELEASE);
		}
}

static int take_offers(struct ringside *r)
{
	size_t longest = 0;

	for (unsigned i = 0; i < r->count; i++) {
		int ret = take_offer(r, i);

		if (ret)
			return ret;
		if (r->reader[i].packet_bytes > longest)
			longest = r->reader[i].packet_bytes;
		report(r, i);
	}
	finish(r);
	if (longest + PACKET_ALIGN > BUFFER_BYTES)
		return -EPROTO;
	r->buffer = aligned_alloc(PACKET_ALIGN, BUFFER_BYTES);
	return r->buffer ? 0 : -ENOMEM;
}

int ringside_open_connection(
	struct ringside **ring, int socket, const struct ringside_options *options)
{
	struct ringside_greeting greeting;
	struct ringside *r = NULL;
	int fds[2], ret = ringside_take(socket, &greeting, sizeof(greeting), fds, 2);

	if (ret)
		goto out_close;
	ret = -EPROTO;
	if (greeting.magic != RINGSIDE_MAGIC || greeting.version != RINGSIDE_VERSION ||
		greeting.rings > RINGSIDE_RINGS || fds[0] < 0 || fds[1] < 0)
		goto out_fds;
	ret = -ENOMEM;
	r = calloc(1, sizeof(*r) + greeting.rings * sizeof(r->reader[0]));
	if (!r)
		goto out_fds;
	r->socket = socket;
	r->count = greeting.rings;
	r->boot_id = greeting.boot_id;
	r->readers = greeting.readers;
	r->snap = options ? options->snap : 0;
	ret = map(fds[0], sizeof(*r->wake), PROT_READ, &r->wake);
	if (!ret)
		ret = map(fds[1], sizeof(*r->report), PROT_READ | PROT_WRITE, &r->report);
	if (!ret)
		ret = take_offers(r);
out_fds:
	close_all(fds, 2);
	if (!ret) {
		*ring = r;
		return 0;
	}
	if (r) {
		ringside_close(r);
		return ret;
	}
out_close:
	close(socket);
	return ret;
}

int ringside_open(struct ringside **ring, const char *instance, const char *name,
	const struct ringside_options *options)
{
	int fd = ringside_connect(
		instance, name, options && options->look_on ? RINGSIDE_LOOK_ON : RINGSIDE_READ);

	return fd < 0 ? fd : ringside_open_connection(ring, fd, options);
}

void ringside_close(struct ringside *r)
{
	if (!r)
		return;
	for (unsigned i = 0; i < r->count; i++)
		ringside_reader_close(&r->reader[i]);
	if (r->wake)
		munmap((void *)r->wake, sizeof(*r->wake));
	if (r->report)
		munmap(r->report, sizeof(*r->report));
	free(r->buffer);
	close(r->socket);
	free(r);
}

/* The daemon sends nothing after its offers: what can be received is its end. */
static void look_for_end(struct ringside *r)
{
	char byte;
	ssize_t n = recv(r->socket, &byte, 1, MSG_DONTWAIT);

	if (n >= 0 || (errno != EAGAIN && errno != EINTR))
		r->gone = true;
}

static bool is_done(const struct ringside *r)
{
	for (unsigned i = 0; i < r->count; i++)
		if (!ringside_reader_is_done(&r->reader[i]))
			return false;
	return r->count > 0;
}

static unsigned read_ring(struct ringside *r, unsigned index, struct ringside_packet *packets,
	unsigned max, uint8_t **into)
{
	struct ringside_reader *reader = &r->reader[index];
	const uint8_t *last = r->buffer + BUFFER_BYTES - reader->packet_bytes - PACKET_ALIGN;
	unsigned n = 0;

	while (n < max && *into <= last &&
		ringside_reader_read(reader, &packets[n], *into, r->snap)) {
		packets[n].ring = index;
		*into += (packets[n].captured + PACKET_ALIGN - 1) & ~(PACKET_ALIGN - 1);
		n++;
	}
	if (n)
		report(r, index);
	return n;
}

int ringside_receive(struct ringside *r, struct ringside_packet *packets, unsigned max)
{
	uint8_t *into = r->buffer;
	unsigned n = 0;

	finish(r);
	for (unsigned i = 0; i < r->count && n < max; i++) {
		n += read_ring(r, r->turn, packets + n, max - n, &into);
		r->turn = r->turn + 1 < r->count ? r->turn + 1 : 0;
	}
	if (n || !max) {
		r->idle = 0;
		return (int)n;
	}
	if (r->gone || is_done(r))
		return -ESTALE;
	if (++r->idle >= IDLE_POLLS) {
		r->idle = 0;
		look_for_end(r);
	}
	return 0;
}

static bool is_ready(const struct ringside *r)
{
	for (unsigned i = 0; i < r->count; i++)
		if (ringside_reader_is_ready(&r->reader[i]))
			return true;
	return false;
}

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

/* Returns 0 or the errno of the futex. */
static int sleep_once(struct ringside *r, int64_t limit_ns)
{
	uint32_t word = __atomic_load_n(&r->wake->word, __ATOMIC_ACQUIRE);
	uint32_t turn = r->report->sleep | 1;
	struct timespec limit = { limit_ns / 1000000000, limit_ns % 1000000000 };
	int error = 0;

	__atomic_store_n(&r->report->sleep, turn, __ATOMIC_RELAXED);
	/* pairs with audience_wake()'s: either it sees that we sleep, or we see what it has published */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!is_ready(r) && !is_done(r) &&
		syscall(SYS_futex, &r->wake->word, FUTEX_WAIT, word, &limit, NULL, 0))
		error = errno;
	__atomic_store_n(&r->report->sleep, turn + 1, __ATOMIC_RELAXED);
	return error;
}

int ringside_wait(struct ringside *r, int timeout_ms)
{
	int64_t end_ns = timeout_ms < 0 ? INT64_MAX : now_ns() + timeout_ms * 1000000ll;

	finish(r);
	while (!is_ready(r)) {
		int64_t left_ns;

		look_for_end(r);
		if (r->gone || is_done(r))
			return -ESTALE;
		left_ns = end_ns - now_ns();
		if (left_ns <= 0)
			return 0;
		if (sleep_once(r, left_ns < SLEEP_NS ? left_ns : SLEEP_NS) == EINTR)
			return -EINTR;
	}
	return 1;
}

unsigned ringside_rings(const struct ringside *r)
{
	return r->count;
}

int ringside_counts(const struct ringside *r, unsigned index, struct ringside_counts *counts)
{
	const struct ringside_reader *reader = &r->reader[index];
	uint64_t published;

	if (index >= r->count)
		return -EINVAL;
	published = __atomic_load_n(&reader->head->published, __ATOMIC_ACQUIRE);
	counts->received = reader->received;
	counts->lost_polling = reader->lost_polling;
	counts->lost_reading = reader->lost_reading;
	/* the writer shows how far it has come once a batch: the reader can be ahead of that */
	counts->waiting = (int64_t)(published - reader->want) > 0 ? published - reader->want : 0;
	return 0;
}

const char *ringside_interface(const struct ringside *r, unsigned index, uint32_t *queue)
{
	if (index >= r->count)
		return NULL;
	if (queue)
		*queue = r->reader[index].head->queue;
	return r->reader[index].head->interface;
}

uint64_t ringside_boot_id(const struct ringside *r)
{
	return r->boot_id;
}

unsigned ringside_readers(const struct ringside *r)
{
	return r->readers;
}
