/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The backend for capture files: frames come from one file, answers go to another with the time
 * stamps of the frames that they answer. Needs neither a network nor permissions.
 */
#include <pcap/pcap.h> /* its C library headers have to come before the kernel's in io.h */

#include "io/io.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/clock.h"

/* First bytes of a file whose stamps are in microseconds (pcap-savefile(5)), in both byte
 * orders. */
#define MAGIC_MICROSECONDS 0xa1b2c3d4u

struct io_queue {
	pcap_t *in;
	pcap_t *shape; /* what the written file's header says */
	pcap_dumper_t *out;
	struct log *log;
	const char *reading, *writing; /* names, copied behind the buffers */
	bool microseconds; /* of the written file; what libpcap reads is in nanoseconds */
	int end; /* 0, or what receive returns from now on */
	uint32_t frame_size;
	unsigned buffers;
	struct pcap_pkthdr headers[IO_BATCH_MAX];
	uint8_t *memory; /* buffers * frame_size */
};

static void frame_lend(struct io_queue *queue, unsigned buffer, struct io_frame *frame,
	const struct pcap_pkthdr *header, const uint8_t *bytes)
{
	uint32_t length = header->caplen;

	if (length > queue->frame_size)
		length = queue->frame_size;
	*frame = (struct io_frame){
		.data = queue->memory + (size_t)buffer * queue->frame_size,
		.length = length,
		.handle = buffer,
		.broken = length != header->len,
	};
	memcpy(frame->data, bytes, length);
	queue->headers[buffer] = *header;
}

/* Sets what comes after the last frame. */
static void reading_ends(struct io_queue *queue, int result)
{
	queue->end = -ENODATA;
	if (result == PCAP_ERROR_BREAK) /* the end of the file */
		return;
	queue->end = -EIO;
	log_write(queue->log, LOG_ERROR, "read %s: %s", queue->reading, pcap_geterr(queue->in));
}

static int pcap_file_receive(
	struct io_queue *queue, struct io_frame *frames, unsigned max, bool times)
{
	uint64_t now = times ? clock_now_ns() : 0;
	unsigned count = 0;

	if (max > queue->buffers)
		max = queue->buffers;
	while (count < max && !queue->end) {
		struct pcap_pkthdr *header;
		const uint8_t *bytes;
		int result = pcap_next_ex(queue->in, &header, &bytes);

		if (result != 1) {
			reading_ends(queue, result);
			break;
		}
		frame_lend(queue, count, &frames[count], header, bytes);
		frames[count++].hook_ns = now;
	}
	return count ? (int)count : queue->end;
}

static void answer_write(struct io_queue *queue, const struct io_frame *frame)
{
	struct pcap_pkthdr header = queue->headers[frame->handle];

	header.caplen = header.len = frame->length;
	if (queue->microseconds)
		header.ts.tv_usec /= 1000;
	pcap_dump((void *)queue->out, &header, frame->data);
}

/* Writes a batch through to the file: what is still in a buffer has not been sent, and might
 * fail. */
static void writing_flush(struct io_queue *queue, struct io_frame *frames, unsigned count)
{
	if (!pcap_dump_flush(queue->out) && !ferror(pcap_dump_file(queue->out)))
		return;
	log_write(queue->log, LOG_ERROR, "write %s: %s; further answers are dropped",
		queue->writing, strerror(errno));
	pcap_dump_close(queue->out);
	queue->out = NULL;
	for (unsigned i = 0; i < count; i++)
		frames[i].sent = false;
}

static void pcap_file_finish(struct io_queue *queue, struct io_frame *frames, unsigned count)
{
	bool is_open = queue->out || !*queue->writing;
	unsigned written = 0;

	for (unsigned i = 0; i < count; i++) {
		frames[i].sent = frames[i].send && is_open;
		if (!frames[i].sent || !queue->out)
			continue;
		answer_write(queue, &frames[i]);
		written++;
	}
	if (written)
		writing_flush(queue, frames, count);
}

/* A file has always something to read until it ends. */
static void pcap_file_wait(struct io_queue *queue, int wake_fd, int timeout_ms)
{
	struct pollfd wake = { .fd = wake_fd, .events = POLLIN };

	if (queue->end)
		(void)poll(&wake, 1, timeout_ms);
}

static bool pcap_file_is_drained(struct io_queue *queue)
{
	(void)queue;
	return true;
}

/* A file loses nothing and has no rings. */
static void pcap_file_read_gauges(struct io_queue *queue, struct io_gauges *gauges)
{
	(void)queue;
	*gauges = (struct io_gauges){
		.received = UINT64_MAX,
		.rx_ring = UINT64_MAX,
		.tx_ring = UINT64_MAX,
		.fill_ring = UINT64_MAX,
		.completion_ring = UINT64_MAX,
		.ring_size = UINT64_MAX,
	};
}

static void pcap_file_close(struct io_queue *queue)
{
	if (!queue)
		return;
	if (queue->out)
		pcap_dump_close(queue->out);
	if (queue->shape)
		pcap_close(queue->shape);
	if (queue->in)
		pcap_close(queue->in);
	free(queue->memory);
	free(queue);
}

/* Whether the file's time stamps are known to be no finer than microseconds; pcapng's may be
 * anything. Looks without moving on, also in a pipe. */
static bool has_microseconds(FILE *file)
{
	uint8_t bytes[4];
	size_t count = fread(bytes, 1, sizeof(bytes), file);
	uint32_t magic;

	for (size_t i = count; i > 0; i--)
		(void)ungetc(bytes[i - 1], file);
	if (count < sizeof(bytes))
		return false;
	memcpy(&magic, bytes, sizeof(magic));
	return magic == MAGIC_MICROSECONDS || magic == __builtin_bswap32(MAGIC_MICROSECONDS);
}

static int reading_open(struct io_queue *queue, const char *name, struct err *err)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	FILE *file = fopen(name, "re");
	int type;

	if (!file)
		return err_set(err, -errno, "open %s", name);
	queue->microseconds = has_microseconds(file);
	queue->in = pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, why);
	if (!queue->in) {
		fclose(file);
		return err_say(err, -EINVAL, "read %s: %s", name, why);
	}
	type = pcap_datalink(queue->in);
	if (type != DLT_EN10MB)
		return err_say(err, -EINVAL, "%s holds frames of link type %s, not of Ethernet",
			name, pcap_datalink_val_to_name(type) ?: "unknown");
	return 0;
}

static bool is_same_file(const char *one, const char *other)
{
	struct stat a, b;

	return !stat(one, &a) && !stat(other, &b) && S_ISREG(a.st_mode) && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

static int writing_open(struct io_queue *queue, const char *name, struct err *err)
{
	int precision =
		queue->microseconds ? PCAP_TSTAMP_PRECISION_MICRO : PCAP_TSTAMP_PRECISION_NANO;
	FILE *file;
	int error;

	queue->shape = pcap_open_dead_with_tstamp_precision(
		DLT_EN10MB, pcap_snapshot(queue->in), (unsigned)precision);
	if (!queue->shape)
		return err_set(err, -ENOMEM, "create %s", name);
	file = fopen(name, "we");
	if (!file)
		return err_set(err, -errno, "create %s", name);
	queue->out = pcap_dump_fopen(queue->shape, file);
	if (queue->out && !pcap_dump_flush(queue->out))
		return 0;
	error = err_set(err, -errno, "write %s", name);
	if (!queue->out)
		fclose(file);
	return error;
}

static int settings_check(const struct io_queue_settings *settings, struct err *err)
{
	if (settings->queue)
		return err_say(err, -EINVAL, "a capture file has queue 0 only");
	if (!settings->read || !*settings->read)
		return err_say(err, -EINVAL, "no file to read is given");
	if (!settings->frame_size || !settings->frames)
		return err_say(err, -EINVAL, "%u frames of %u bytes hold nothing", settings->frames,
			settings->frame_size);
	if (settings->write && *settings->write && is_same_file(settings->read, settings->write))
		return err_say(err, -EINVAL, "%s and %s are the same file", settings->read,
			settings->write);
	return 0;
}

/* Buffers, and behind them the names, which the caller's settings may not outlive. */
static int memory_open(
	struct io_queue *queue, const struct io_queue_settings *settings, struct err *err)
{
	const char *write = settings->write ? settings->write : "";
	size_t bytes, read_bytes = strlen(settings->read) + 1, write_bytes = strlen(write) + 1;

	queue->frame_size = settings->frame_size;
	queue->buffers = settings->frames < IO_BATCH_MAX ? settings->frames : IO_BATCH_MAX;
	bytes = (size_t)queue->buffers * queue->frame_size;
	queue->memory = malloc(bytes + read_bytes + write_bytes);
	if (!queue->memory)
		return err_set(err, -ENOMEM, "open %s", settings->read);
	queue->reading = memcpy(queue->memory + bytes, settings->read, read_bytes);
	queue->writing = memcpy(queue->memory + bytes + read_bytes, write, write_bytes);
	return 0;
}

static int pcap_file_open(
	struct io_queue **result, const struct io_queue_settings *settings, struct err *err)
{
	struct io_queue *queue;
	int error = settings_check(settings, err);

	if (error)
		return error;
	queue = calloc(1, sizeof(*queue));
	if (!queue)
		return err_set(err, -ENOMEM, "open %s", settings->read);
	queue->log = settings->log;
	error = memory_open(queue, settings, err);
	if (!error)
		error = reading_open(queue, settings->read, err);
	if (!error && *queue->writing)
		error = writing_open(queue, queue->writing, err);
	if (error)
		pcap_file_close(queue);
	else
		*result = queue;
	return error;
}

/* What the C library's streams call; the files are open already. */
static const struct confine_rule pcap_file_calls[] = {
	{ .call = __NR_lseek },
	{ .call = __NR_newfstatat },
	{ .call = __NR_fstat },
	{ .call = __NR_close },
	{ .call = CONFINE_END },
};

const struct io_ops io_pcap_file = {
	.name = "pcap",
	.calls = pcap_file_calls,
	.timed_from = "read",
	.timed_to = "write",
	.can_pass = true,
	.open = pcap_file_open,
	.receive = pcap_file_receive,
	.finish = pcap_file_finish,
	.wait = pcap_file_wait,
	.is_drained = pcap_file_is_drained,
	.read_gauges = pcap_file_read_gauges,
	.close = pcap_file_close,
};
