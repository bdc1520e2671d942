// SPDX-License-Identifier: BSD-2-Clause
#include "io/tap_reader.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cpu.h"

/* Of a CPU's ring. With the page of its head that is what the kernel lets a user lock for each CPU without asking
 * more of him: kernel.perf_event_mlock_kb is 516. */
#define RING_BYTES (512u << 10)
/* The reader is woken when so much of it is used, for to wake it costs the CPU that receives packets. */
#define WAKE_BYTES (RING_BYTES / 4)

struct tap_reader {
	struct perf_buffer *buffer;
	int map_fd; /* of our own: the program's goes with it */
	const struct tap_lost *lost; /* [cpus][places] */
	unsigned cpus, places;
	tap_reader_take *take;
	void *context;
};

/* As the kernel writes it: linux/perf_event.h, PERF_SAMPLE_RAW. */
struct sample {
	struct perf_event_header header;
	__u32 size;
	__u8 bytes[];
};

static enum bpf_perf_event_ret take(void *context, int cpu, struct perf_event_header *header)
{
	const struct tap_reader *reader = context;
	const struct sample *sample = (const void *)header;
	struct tap_note note;

	(void)cpu;
	/* the others say what was lost, which the kernel half has counted by target */
	if (header->type != PERF_RECORD_SAMPLE || sample->size < sizeof(note))
		return LIBBPF_PERF_EVENT_CONT;
	memcpy(&note, sample->bytes, sizeof(note));
	if (note.bytes <= sample->size - sizeof(note) && note.slot <= SLOT_NONE)
		reader->take(reader->context, &note, sample->bytes + sizeof(note));
	return LIBBPF_PERF_EVENT_CONT;
}

static int open_rings(struct tap_reader *reader, struct err *err)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_BPF_OUTPUT,
		.sample_type = PERF_SAMPLE_RAW,
		.sample_period = 1,
		.watermark = 1,
		.wakeup_watermark = WAKE_BYTES,
	};
	int ret;

	reader->buffer = perf_buffer__new_raw(reader->map_fd,
		RING_BYTES / (size_t)sysconf(_SC_PAGESIZE), &attr, take, reader, NULL);
	if (reader->buffer)
		return 0;
	ret = -errno;
	err_set(err, ret, "make perf rings for taps");
	/* Debian's older kernels know a level above the three, at which no CAP_PERFMON helps */
	return ret == -EACCES
		       ? err_add(err, ret, " (sysctl kernel.perf_event_paranoid=2 allows it)")
		       : ret;
}

static size_t lost_bytes(const struct tap_reader *reader)
{
	return (size_t)reader->cpus * reader->places * sizeof(*reader->lost);
}

int tap_reader_open(struct tap_reader **reader, const struct tap_maps *maps, tap_reader_take *taker,
	void *context, struct err *err)
{
	struct tap_reader *r;
	void *lost;
	int ret;

	if (maps->packets_fd < 0 || maps->lost_fd < 0)
		return err_set(err, -ENOENT, "find what the kernel half shows");
	r = calloc(1, sizeof(*r));
	if (!r)
		return err_set(err, -ENOMEM, "make rings for taps");
	*r = (struct tap_reader){
		.cpus = cpu_possible(),
		.places = maps->places,
		.take = taker,
		.context = context,
	};
	r->map_fd = fcntl(maps->packets_fd, F_DUPFD_CLOEXEC, 0);
	lost = mmap(NULL, lost_bytes(r), PROT_READ, MAP_SHARED, maps->lost_fd, 0);
	r->lost = lost == MAP_FAILED ? NULL : lost;
	ret = r->map_fd < 0 || !r->lost ? err_set(err, -errno, "map what taps have lost")
					: open_rings(r, err);
	if (ret) {
		tap_reader_close(r);
		return ret;
	}
	*reader = r;
	return 0;
}

int tap_reader_fd(const struct tap_reader *reader)
{
	return perf_buffer__epoll_fd(reader->buffer);
}

void tap_reader_read(struct tap_reader *reader)
{
	perf_buffer__consume(reader->buffer);
}

uint64_t tap_reader_lost(const struct tap_reader *reader, unsigned place, unsigned target)
{
	uint64_t sum = 0;

	for (unsigned cpu = 0; cpu < reader->cpus; cpu++)
		sum += __atomic_load_n(&reader->lost[cpu * reader->places + place].packets[target],
			__ATOMIC_RELAXED);
	return sum;
}

void tap_reader_close(struct tap_reader *reader)
{
	if (!reader)
		return;
	perf_buffer__free(reader->buffer);
	if (reader->lost)
		munmap((void *)reader->lost, lost_bytes(reader));
	if (reader->map_fd >= 0)
		close(reader->map_fd);
	free(reader);
}
