/* SPDX-License-Identifier: BSD-2-Clause */
#include "ring/audience.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

void audience_init(struct audience *audience, uint64_t boot_id)
{
	*audience = (struct audience){ .boot_id = boot_id };
	pthread_mutex_init(&audience->lock, NULL);
}

static void free_seat(struct seat *seat)
{
	if (!seat)
		return;
	if (seat->wake)
		munmap(seat->wake, sizeof(*seat->wake));
	if (seat->report)
		munmap((void *)seat->report, sizeof(*seat->report));
	if (seat->socket >= 0)
		close(seat->socket);
	free(seat);
}

/* Takes the seat away from the rings' threads: whoever was looking at it has looked away, and whoever
 * looks from now on sees no seat. They look for some 100 ns, so this waits for who is off its CPU. */
static void leave(struct audience *audience, unsigned place)
{
	struct seat *seat = audience->seat[place];

	audience_keep_had(audience, seat);
	__atomic_store_n(&audience->seat[place], NULL, __ATOMIC_SEQ_CST);
	for (unsigned i = 0; i < audience->count; i++) {
		uint32_t *scanning = &audience->rings[i].scanning;
		uint32_t before = __atomic_load_n(scanning, __ATOMIC_SEQ_CST);

		while (before & 1 && __atomic_load_n(scanning, __ATOMIC_ACQUIRE) == before)
			sched_yield();
	}
	free_seat(seat);
}

static void send_away(struct audience *audience)
{
	for (unsigned i = 0; i < AUDIENCE_SEATS; i++)
		if (audience->seat[i])
			leave(audience, i);
}

void audience_fini(struct audience *audience)
{
	send_away(audience);
	pthread_mutex_destroy(&audience->lock);
}

int audience_add(struct audience *audience, struct ring_writer *ring, int data_fd, unsigned *index)
{
	unsigned i = 0;

	pthread_mutex_lock(&audience->lock);
	while (i < audience->count && audience->rings[i].ring)
		i++;
	if (i < RINGSIDE_RINGS) {
		send_away(audience);
		audience->rings[i] = (struct audience_ring){ .ring = ring, .data_fd = data_fd };
		if (i == audience->count)
			audience->count++;
		*index = i;
	}
	pthread_mutex_unlock(&audience->lock);
	return i < RINGSIDE_RINGS ? 0 : -ENOSPC;
}

void audience_remove(struct audience *audience, unsigned index)
{
	pthread_mutex_lock(&audience->lock);
	send_away(audience);
	audience->rings[index].ring = NULL;
	pthread_mutex_unlock(&audience->lock);
}

static unsigned count_readers(const struct audience *audience)
{
	unsigned n = 0;

	for (unsigned i = 0; i < AUDIENCE_SEATS; i++)
		n += audience->seat[i] && !audience->seat[i]->looks_on;
	return n;
}

unsigned audience_readers(struct audience *audience)
{
	unsigned n;

	pthread_mutex_lock(&audience->lock);
	n = count_readers(audience);
	pthread_mutex_unlock(&audience->lock);
	return n;
}

/* Memory for one consumer, which neither side can make shorter under the other's hands. Returns the
 * descriptor to hand out; the daemon's mapping goes to *at. */
static int make_memory(size_t bytes, int protection, int seals, void *at)
{
	int fd = memfd_create("ringside-seat", MFD_CLOEXEC | MFD_ALLOW_SEALING), ret;
	void *area;

	if (fd < 0)
		return -errno;
	if (!ftruncate(fd, (off_t)bytes)) {
		area = mmap(NULL, bytes, protection, MAP_SHARED | MAP_POPULATE, fd, 0);
		if (area != MAP_FAILED) {
			*(void **)at = area;
			if (!fcntl(fd, F_ADD_SEALS,
				    F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL | seals))
				return fd;
		}
	}
	ret = -errno;
	close(fd);
	return ret;
}

static int send_with(int socket, const void *message, size_t bytes, const int *fds, unsigned count)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(2 * sizeof(int))] = { 0 };
	struct iovec part = { (void *)message, bytes };
	struct msghdr header = { .msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = CMSG_SPACE(count * sizeof(int)) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&header);
	ssize_t n;

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(count * sizeof(int));
	memcpy(CMSG_DATA(c), fds, count * sizeof(int));
	n = sendmsg(socket, &header, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0)
		return -errno;
	return (size_t)n == bytes ? 0 : -EAGAIN;
}

static int greet(struct audience *audience, struct seat *seat)
{
	struct ringside_greeting greeting = { RINGSIDE_MAGIC, RINGSIDE_VERSION, 0,
		audience->boot_id, count_readers(audience), 0 };
	int fds[2], ret;

	for (unsigned i = 0; i < audience->count; i++)
		greeting.rings += audience->rings[i].ring != NULL;
	fds[0] = make_memory(
		sizeof(*seat->wake), PROT_READ | PROT_WRITE, F_SEAL_FUTURE_WRITE, &seat->wake);
	if (fds[0] < 0)
		return fds[0];
	fds[1] = make_memory(sizeof(*seat->report), PROT_READ, 0, &seat->report);
	if (fds[1] < 0) {
		close(fds[0]);
		return fds[1];
	}
	ret = send_with(seat->socket, &greeting, sizeof(greeting), fds, 2);
	close(fds[0]);
	close(fds[1]);
	return ret;
}

static int offer(struct audience *audience, struct seat *seat, unsigned index)
{
	const struct audience_ring *ring = &audience->rings[index];
	const int fds[2] = { ring->ring->fd, ring->data_fd };
	const struct ringside_offer message = { RINGSIDE_MAGIC, index,
		ring->ring->mode == RINGSIDE_SHARE ? 2 : 1 };

	seat->first[index] = __atomic_load_n(&ring->ring->head->published, __ATOMIC_RELAXED);
	return send_with(seat->socket, &message, sizeof(message), fds, message.descriptors);
}

/* Who is at the other end, as the kernel knows it. */
static void learn(struct seat *seat)
{
	struct ucred peer = { 0 };
	socklen_t size = sizeof(peer);
	char path[64];
	ssize_t n = 0;
	int fd;

	getsockopt(seat->socket, SOL_SOCKET, SO_PEERCRED, &peer, &size);
	seat->pid = peer.pid;
	snprintf(path, sizeof(path), "/proc/%d/comm", (int)peer.pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, seat->command, sizeof(seat->command) - 1);
		close(fd);
	}
	seat->command[n > 0 ? n : 0] = '\0';
	for (char *c = seat->command; *c; c++)
		if (*c < ' ' || *c > '~' || *c == '"' || *c == '\\')
			*c = c[1] ? '?' : '\0'; /* its last character is a newline */
}

static int find_place(const struct audience *audience)
{
	for (int i = 0; i < AUDIENCE_SEATS; i++)
		if (!audience->seat[i])
			return i;
	return -ENOSPC;
}

int audience_seat(struct audience *audience, int socket, bool looks_on, struct err *err)
{
	struct seat *seat = calloc(1, sizeof(*seat));
	int place, ret = 0;

	if (!seat) {
		close(socket);
		return err_set(err, -ENOMEM, "seat a consumer");
	}
	seat->socket = socket;
	seat->looks_on = looks_on;
	learn(seat);
	pthread_mutex_lock(&audience->lock);
	place = find_place(audience);
	if (place < 0) {
		ret = err_say(err, place, "all %d seats are taken", AUDIENCE_SEATS);
		goto out;
	}
	ret = greet(audience, seat);
	for (unsigned i = 0; i < audience->count && !ret; i++)
		ret = audience->rings[i].ring ? offer(audience, seat, i) : 0;
	if (ret)
		err_set(err, ret, "hand the rings to process %d", (int)seat->pid);
	else
		/* pairs with audience_wake()'s acquire */
		__atomic_store_n(&audience->seat[place], seat, __ATOMIC_RELEASE);
out:
	pthread_mutex_unlock(&audience->lock);
	if (ret)
		free_seat(seat);
	return ret;
}

void audience_sweep(struct audience *audience)
{
	pthread_mutex_lock(&audience->lock);
	for (unsigned i = 0; i < AUDIENCE_SEATS; i++) {
		/* what it sends, though it has nothing to say, stays unread */
		struct pollfd end = { .events = POLLRDHUP };

		if (!audience->seat[i])
			continue;
		end.fd = audience->seat[i]->socket;
		if (poll(&end, 1, 0) > 0)
			leave(audience, i);
	}
	pthread_mutex_unlock(&audience->lock);
}

static void wake(struct seat *seat, unsigned index)
{
	uint32_t turn = __atomic_load_n(&seat->report->sleep, __ATOMIC_RELAXED);

	/* one system call a sleep, however long the sleeper takes to get up */
	if (!(turn & 1) || turn == seat->woken[index])
		return;
	seat->woken[index] = turn;
	__atomic_fetch_add(&seat->wake->word, 1, __ATOMIC_RELEASE);
	syscall(SYS_futex, &seat->wake->word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

/* Seats stay where they are while the ring's thread is between these two: see leave(). */
static void begin_scan(struct audience_ring *ring)
{
	__atomic_store_n(&ring->scanning, ring->scanning + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static void end_scan(struct audience_ring *ring)
{
	__atomic_store_n(&ring->scanning, ring->scanning + 1, __ATOMIC_RELEASE);
}

void audience_wake(struct audience *audience, unsigned index)
{
	struct audience_ring *ring = &audience->rings[index];

	ring_show(ring->ring);
	/* its fence also pairs with the consumer's between saying that it sleeps and looking again */
	begin_scan(ring);
	for (unsigned i = 0; i < AUDIENCE_SEATS; i++) {
		struct seat *seat = __atomic_load_n(&audience->seat[i], __ATOMIC_ACQUIRE);

		if (seat)
			wake(seat, index);
	}
	end_scan(ring);
}

bool audience_is_past(struct audience *audience, unsigned index, uint64_t sequence)
{
	struct audience_ring *ring = &audience->rings[index];
	bool is_past = true;

	begin_scan(ring);
	for (unsigned i = 0; i < AUDIENCE_SEATS && is_past; i++) {
		const struct seat *seat = __atomic_load_n(&audience->seat[i], __ATOMIC_ACQUIRE);

		if (seat && !seat->looks_on)
			is_past = audience_done_by(seat, index) > sequence;
	}
	end_scan(ring);
	return is_past;
}
