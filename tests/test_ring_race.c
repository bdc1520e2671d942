// SPDX-License-Identifier: BSD-2-Clause
/* A writer, consumers that sleep, and one that comes and goes, as threads of one process, for
 * ThreadSanitizer: built with it, whatever the rest is built with. It knows memory by its address, so
 * both ends must have the same memory at the same address: mmap() and munmap() are wrapped. */
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "ring_stage.h"

#define MAPPINGS 64

static struct mapping {
	ino_t inode;
	void *at;
	unsigned uses;
} mappings[MAPPINGS];
static pthread_mutex_t mappings_lock = PTHREAD_MUTEX_INITIALIZER;

void *__real_mmap(void *at, size_t bytes, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap(void *at, size_t bytes, int protection, int flags, int fd, off_t offset);
int __real_munmap(void *at, size_t bytes);
int __wrap_munmap(void *at, size_t bytes);

/* The first one maps it for everybody; it comes before the seals. */
void *__wrap_mmap(void *at, size_t bytes, int protection, int flags, int fd, off_t offset)
{
	struct mapping *unused = NULL;
	void *area = MAP_FAILED;
	struct stat stat;

	if (fstat(fd, &stat))
		abort();
	pthread_mutex_lock(&mappings_lock);
	for (unsigned i = 0; i < MAPPINGS && area == MAP_FAILED; i++) {
		if (!mappings[i].uses)
			unused = &mappings[i];
		else if (mappings[i].inode == stat.st_ino && ++mappings[i].uses)
			area = mappings[i].at;
	}
	if (area == MAP_FAILED && unused) {
		area = __real_mmap(at, bytes, protection | PROT_WRITE, flags, fd, offset);
		if (area != MAP_FAILED)
			*unused = (struct mapping){ stat.st_ino, area, 1 };
	}
	pthread_mutex_unlock(&mappings_lock);
	return area;
}

int __wrap_munmap(void *at, size_t bytes)
{
	int ret = 0;

	pthread_mutex_lock(&mappings_lock);
	for (unsigned i = 0; i < MAPPINGS; i++)
		if (mappings[i].uses && mappings[i].at == at && !--mappings[i].uses)
			ret = __real_munmap(at, bytes);
	pthread_mutex_unlock(&mappings_lock);
	return ret;
}

#define PACKETS 400000u
#define PACKET_BYTES 128
#define VISITS 200

static int failed; /* atomic */

static void *consume(void *arg)
{
	struct ringside_counts counts;

	if (stage_consume(arg, PACKET_BYTES, 50, &counts) ||
		counts.received + counts.lost_polling + counts.lost_reading != PACKETS)
		__atomic_store_n(&failed, 1, __ATOMIC_RELAXED);
	return NULL;
}

static void *visit(void *arg)
{
	struct stage *s = arg;

	for (int i = 0; i < VISITS; i++) {
		struct audience_row rows[AUDIENCE_SEATS];
		struct ringside_packet packets[16];
		struct ringside *consumer = stage_consumer(s, 0);

		for (int k = 0; k < 20; k++)
			if (ringside_wait(consumer, 1) == 1)
				ringside_receive(consumer, packets, 16);
		audience_rows(&s->audience, rows);
		ringside_close(consumer);
		audience_sweep(&s->audience);
	}
	return NULL;
}

int main(void)
{
	pthread_t threads[3];
	struct stage s;

	stage_open(&s, 64, PACKET_BYTES, 1);
	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, consume, stage_consumer(&s, 0));
	pthread_create(&threads[2], NULL, visit, &s);
	for (unsigned done = 0; done < PACKETS; done += 32)
		stage_publish(&s, 0, 32, PACKET_BYTES);
	ring_end(&s.ring[0]);
	audience_wake(&s.audience, 0);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	stage_close(&s);
	return failed;
}
