/* SPDX-License-Identifier: BSD-2-Clause */
/* The backend for capture files, on files made in a temporary directory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pcap/pcap.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/io.h"

#define FRAMES 600 /* several batches */

struct files {
	char directory[64];
	char in[96], out[96];
};

static int files_make(void **state)
{
	struct files *files = calloc(1, sizeof(*files));

	if (!files)
		return -1;
	strcpy(files->directory, "/tmp/ringside-pcap-XXXXXX");
	if (!mkdtemp(files->directory))
		return -1;
	snprintf(files->in, sizeof(files->in), "%s/in.pcap", files->directory);
	snprintf(files->out, sizeof(files->out), "%s/out.pcap", files->directory);
	*state = files;
	return 0;
}

static int files_remove(void **state)
{
	struct files *files = *state;

	unlink(files->in);
	unlink(files->out);
	rmdir(files->directory);
	free(files);
	return 0;
}

/* The frame with a number: its length and every byte follow from it. */
static uint32_t frame_make(uint8_t *bytes, unsigned number)
{
	uint32_t length = 14 + number * 7 % 1500;

	for (uint32_t i = 0; i < length; i++)
		bytes[i] = (uint8_t)(number + i * 3);
	return length;
}

static struct pcap_pkthdr header_make(unsigned number, uint32_t caplen, uint32_t len)
{
	struct pcap_pkthdr header = { .caplen = caplen, .len = len };

	header.ts.tv_sec = 1700000000 + number;
	header.ts.tv_usec = number * 1001; /* or nanoseconds */
	return header;
}

struct capture {
	pcap_t *shape;
	pcap_dumper_t *dumper;
};

static struct capture capture_open(const char *name, int link_type, unsigned precision)
{
	struct capture capture;

	capture.shape = pcap_open_dead_with_tstamp_precision(link_type, 65535, precision);
	assert_non_null(capture.shape);
	capture.dumper = pcap_dump_open(capture.shape, name);
	assert_non_null(capture.dumper);
	return capture;
}

static void capture_close(struct capture *capture)
{
	pcap_dump_close(capture->dumper);
	pcap_close(capture->shape);
}

static void capture_make(const char *name, unsigned count, unsigned precision)
{
	struct capture capture = capture_open(name, DLT_EN10MB, precision);
	uint8_t bytes[2048];

	for (unsigned i = 0; i < count; i++) {
		uint32_t length = frame_make(bytes, i);
		struct pcap_pkthdr header = header_make(i, length, length);

		pcap_dump((void *)capture.dumper, &header, bytes);
	}
	capture_close(&capture);
}

static struct io_queue_settings settings_for(const struct files *files)
{
	return (struct io_queue_settings){
		.interface = "file",
		.netns = "",
		.mtu = 1500,
		.frames = 4096,
		.frame_size = 2048,
		.batch = 64,
		.numa_node = -1,
		.read = files->in,
		.write = files->out,
	};
}

static struct io_queue *queue_open(const struct io_queue_settings *settings)
{
	struct io_queue *queue = NULL;
	struct err err = { "" };

	if (io_pcap_file.open(&queue, settings, &err))
		fail_msg("%s", err.text);
	return queue;
}

static void expect_refusal(const struct io_queue_settings *settings, int error, const char *words)
{
	struct io_queue *queue = NULL;
	struct err err = { "" };

	assert_int_equal(io_pcap_file.open(&queue, settings, &err), error);
	assert_null(queue);
	if (!strstr(err.text, words))
		fail_msg("\"%s\" does not say \"%s\"", err.text, words);
}

/* Answers every second frame with its bytes turned over; returns how many were read. */
static unsigned answer_all(struct io_queue *queue, int *end)
{
	struct io_frame frames[64];
	unsigned number = 0;
	int count;

	while ((count = io_pcap_file.receive(queue, frames, 64, false)) > 0) {
		for (int i = 0; i < count; i++, number++) {
			uint8_t expected[2048];
			uint32_t length = frame_make(expected, number);

			assert_int_equal(frames[i].length, length);
			assert_memory_equal(frames[i].data, expected, length);
			assert_false(frames[i].broken);
			assert_int_equal(frames[i].hook_ns, 0);
			frames[i].send = number % 2;
			for (uint32_t k = 0; k < length; k++)
				frames[i].data[k] ^= 0xff;
		}
		io_pcap_file.finish(queue, frames, (unsigned)count);
		for (int i = 0; i < count; i++)
			assert_int_equal(frames[i].sent, frames[i].send);
	}
	*end = count;
	return number;
}

static void expect_answers(const char *name, unsigned read, unsigned precision)
{
	char why[PCAP_ERRBUF_SIZE];
	pcap_t *in = pcap_open_offline_with_tstamp_precision(name, precision, why);
	struct pcap_pkthdr *header;
	const uint8_t *bytes;
	unsigned number;

	assert_non_null(in);
	assert_int_equal(pcap_datalink(in), DLT_EN10MB);
	for (number = 1; pcap_next_ex(in, &header, &bytes) == 1; number += 2) {
		uint8_t expected[2048];
		uint32_t length = frame_make(expected, number);
		struct pcap_pkthdr stamp = header_make(number, length, length);

		for (uint32_t k = 0; k < length; k++)
			expected[k] ^= 0xff;
		assert_int_equal(header->caplen, length);
		assert_int_equal(header->len, length);
		assert_int_equal(header->ts.tv_sec, stamp.ts.tv_sec);
		assert_int_equal(header->ts.tv_usec, stamp.ts.tv_usec);
		assert_memory_equal(bytes, expected, length);
	}
	assert_int_equal(number / 2, read / 2);
	pcap_close(in);
}

static uint32_t magic_of(const char *name)
{
	FILE *file = fopen(name, "r");
	uint32_t magic = 0;

	assert_non_null(file);
	assert_int_equal(fread(&magic, sizeof(magic), 1, file), 1);
	fclose(file);
	return magic;
}

static void round_trip(const struct files *files, unsigned precision)
{
	struct io_queue_settings settings = settings_for(files);
	struct io_queue *queue;
	int end;

	capture_make(files->in, FRAMES, precision);
	queue = queue_open(&settings);
	assert_int_equal(answer_all(queue, &end), FRAMES);
	assert_int_equal(end, -ENODATA);
	assert_int_equal(answer_all(queue, &end), 0);
	assert_int_equal(end, -ENODATA);
	assert_true(io_pcap_file.is_drained(queue));
	io_pcap_file.close(queue);
	expect_answers(files->out, FRAMES, precision);
	assert_int_equal(magic_of(files->in), magic_of(files->out));
}

static void test_answers_have_the_stamps_of_their_frames_in_microseconds(void **state)
{
	round_trip(*state, PCAP_TSTAMP_PRECISION_MICRO);
}

static void test_answers_have_the_stamps_of_their_frames_in_nanoseconds(void **state)
{
	round_trip(*state, PCAP_TSTAMP_PRECISION_NANO);
}

static void test_reads_from_a_pipe(void **state)
{
	const struct files *files = *state;
	struct io_queue_settings settings = settings_for(files);
	char pipe_name[96], command[320];
	struct io_queue *queue;
	FILE *writer;
	int end;

	snprintf(pipe_name, sizeof(pipe_name), "%s/pipe", files->directory);
	assert_int_equal(mkfifo(pipe_name, 0600), 0);
	capture_make(files->in, FRAMES, PCAP_TSTAMP_PRECISION_MICRO);
	snprintf(command, sizeof(command), "cat %s > %s", files->in, pipe_name);
	writer = popen(command, "w");
	assert_non_null(writer);
	settings.read = pipe_name;
	queue = queue_open(&settings);
	assert_int_equal(answer_all(queue, &end), FRAMES);
	assert_int_equal(end, -ENODATA);
	io_pcap_file.close(queue);
	assert_int_equal(pclose(writer), 0);
	unlink(pipe_name);
	expect_answers(files->out, FRAMES, PCAP_TSTAMP_PRECISION_MICRO);
}

static void test_without_a_file_to_write_answers_are_counted_as_sent(void **state)
{
	const struct files *files = *state;
	struct io_queue_settings settings = settings_for(files);
	struct io_queue *queue;
	int end;

	capture_make(files->in, FRAMES, PCAP_TSTAMP_PRECISION_MICRO);
	settings.write = "";
	queue = queue_open(&settings);
	assert_int_equal(answer_all(queue, &end), FRAMES);
	io_pcap_file.close(queue);
	assert_int_equal(access(files->out, F_OK), -1);
}

static void test_frames_cut_short_or_too_long_for_a_buffer_are_broken(void **state)
{
	static const struct {
		uint32_t caplen, len, lent;
		bool broken;
	} rows[] = {
		{ 60, 60, 60, false },
		{ 60, 61, 60, true },
		{ 0, 0, 0, false },
		{ 0, 60, 0, true },
		{ 61, 60, 61, true },
		{ 2048, 2048, 2048, false },
		{ 2049, 2049, 2048, true },
		{ 9000, 9000, 2048, true },
	};
	enum { ROWS = sizeof(rows) / sizeof(rows[0]) };
	const struct files *files = *state;
	struct io_queue_settings settings = settings_for(files);
	struct capture capture = capture_open(files->in, DLT_EN10MB, PCAP_TSTAMP_PRECISION_MICRO);
	struct io_frame frames[64];
	struct io_queue *queue;
	uint8_t bytes[9000];

	memset(bytes, 0x5a, sizeof(bytes));
	for (unsigned i = 0; i < ROWS; i++) {
		struct pcap_pkthdr header = header_make(i, rows[i].caplen, rows[i].len);

		pcap_dump((void *)capture.dumper, &header, bytes);
	}
	capture_close(&capture);
	queue = queue_open(&settings);
	assert_int_equal(io_pcap_file.receive(queue, frames, 64, false), ROWS);
	for (unsigned i = 0; i < ROWS; i++) {
		assert_int_equal(frames[i].length, rows[i].lent);
		assert_int_equal(frames[i].broken, rows[i].broken);
		assert_memory_equal(frames[i].data, bytes, rows[i].lent);
	}
	io_pcap_file.finish(queue, frames, ROWS);
	io_pcap_file.close(queue);
}

static void test_hook_times_are_of_the_monotonic_clock_and_only_when_asked_for(void **state)
{
	const struct files *files = *state;
	struct io_queue_settings settings = settings_for(files);
	struct io_frame frames[1];
	struct io_queue *queue;
	uint64_t before;

	capture_make(files->in, 2, PCAP_TSTAMP_PRECISION_MICRO);
	queue = queue_open(&settings);
	before = clock_now_ns();
	assert_int_equal(io_pcap_file.receive(queue, frames, 1, true), 1);
	assert_in_range(frames[0].hook_ns, before, clock_now_ns());
	io_pcap_file.finish(queue, frames, 1);
	io_pcap_file.close(queue);
}

static void test_a_truncated_file_gives_its_frames_then_an_error(void **state)
{
	const struct files *files = *state;
	struct io_queue_settings settings = settings_for(files);
	struct io_queue *queue;
	struct stat status;
	int end;

	capture_make(files->in, FRAMES, PCAP_TSTAMP_PRECISION_MICRO);
	assert_int_equal(stat(files->in, &status), 0);
	assert_int_equal(truncate(files->in, status.st_size - 5), 0);
	queue = queue_open(&settings);
	assert_int_equal(answer_all(queue, &end), FRAMES - 1);
	assert_int_equal(end, -EIO);
	io_pcap_file.close(queue);
	expect_answers(files->out, FRAMES - 1, PCAP_TSTAMP_PRECISION_MICRO);
}

static void test_refuses_another_link_type(void **state)
{
	const struct files *files = *state;
	struct io_queue_settings settings = settings_for(files);
	struct capture capture =
		capture_open(files->in, DLT_LINUX_SLL, PCAP_TSTAMP_PRECISION_MICRO);

	capture_close(&capture);
	expect_refusal(&settings, -EINVAL, "link type LINUX_SLL, not of Ethernet");
	assert_int_equal(access(files->out, F_OK), -1);
}

static void test_refuses_what_is_no_capture_file(void **state)
{
	const struct files *files = *state;
	struct io_queue_settings settings = settings_for(files);
	FILE *file = fopen(files->in, "w");

	assert_non_null(file);
	expect_refusal(&settings, -EINVAL, "in.pcap: ");
	fputs("no capture file, but some text that is long enough", file);
	fclose(file);
	expect_refusal(&settings, -EINVAL, "unknown file format");
}

static void test_refuses_files_that_cannot_be_opened(void **state)
{
	const struct files *files = *state;
	struct io_queue_settings settings = settings_for(files);

	expect_refusal(&settings, -ENOENT, "in.pcap: No such file or directory");
	capture_make(files->in, 1, PCAP_TSTAMP_PRECISION_MICRO);
	settings.write = files->directory;
	expect_refusal(&settings, -EISDIR, "Is a directory");
	settings.read = "";
	expect_refusal(&settings, -EINVAL, "no file to read");
	settings.read = files->in;
	settings.write = files->out;
	settings.queue = 1;
	expect_refusal(&settings, -EINVAL, "queue 0");
}

static void test_refuses_to_write_over_the_file_it_reads(void **state)
{
	const struct files *files = *state;
	struct io_queue_settings settings = settings_for(files);
	struct stat before, after;

	capture_make(files->in, FRAMES, PCAP_TSTAMP_PRECISION_MICRO);
	assert_int_equal(stat(files->in, &before), 0);
	assert_int_equal(link(files->in, files->out), 0); /* the same by another name */
	expect_refusal(&settings, -EINVAL, "are the same file");
	assert_int_equal(stat(files->in, &after), 0);
	assert_int_equal(before.st_size, after.st_size);
}

static void test_answers_that_cannot_be_written_are_not_sent(void **state)
{
	const struct files *files = *state;
	struct io_queue_settings settings = settings_for(files);
	struct io_frame frames[64];
	struct io_queue *queue = NULL;
	struct err err = { "" };
	FILE *reader;

	capture_make(files->in, FRAMES, PCAP_TSTAMP_PRECISION_MICRO);
	/* always full: the header is refused already */
	settings.write = "/dev/full";
	assert_int_equal(io_pcap_file.open(&queue, &settings, &err), -ENOSPC);
	assert_non_null(strstr(err.text, "No space left"));
	/* goes away while it is being written to: a pipe without a reader */
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(mkfifo(files->out, 0600), 0);
	reader = fopen(files->out, "r+");
	settings.write = files->out;
	queue = queue_open(&settings);
	fclose(reader);
	for (unsigned batch = 0; batch < 2; batch++) {
		assert_int_equal(io_pcap_file.receive(queue, frames, 64, false), 64);
		for (unsigned i = 0; i < 64; i++)
			frames[i].send = frames[i].sent = true;
		io_pcap_file.finish(queue, frames, 64);
		for (unsigned i = 0; i < 64; i++)
			assert_false(frames[i].sent);
	}
	io_pcap_file.close(queue);
}

static void test_waits_for_nothing_until_the_end_and_then_for_the_wake_up(void **state)
{
	const struct files *files = *state;
	struct io_queue_settings settings = settings_for(files);
	int wake = eventfd(0, EFD_CLOEXEC), end;
	struct io_queue *queue;

	capture_make(files->in, 1, PCAP_TSTAMP_PRECISION_MICRO);
	queue = queue_open(&settings);
	io_pcap_file.wait(queue, wake, -1);
	assert_int_equal(answer_all(queue, &end), 1);
	assert_int_equal(eventfd_write(wake, 1), 0);
	io_pcap_file.wait(queue, wake, -1);
	io_pcap_file.close(queue);
	close(wake);
}

static void test_gauges_are_zero_and_rings_unknown(void **state)
{
	const struct files *files = *state;
	struct io_queue_settings settings = settings_for(files);
	const uint64_t none = UINT64_MAX; /* rx_ring to ring_size */
	struct io_gauges gauges, expected = { none, 0, 0, 0, 0, 0, none, none, none, none, none, 0, 0 };
	struct io_queue *queue;

	capture_make(files->in, 1, PCAP_TSTAMP_PRECISION_MICRO);
	queue = queue_open(&settings);
	io_pcap_file.read_gauges(queue, &gauges);
	assert_memory_equal(&gauges, &expected, sizeof(gauges));
	io_pcap_file.close(queue);
	io_pcap_file.close(NULL);
}

#define ON_FILES(test) cmocka_unit_test_setup_teardown(test, files_make, files_remove)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		ON_FILES(test_answers_have_the_stamps_of_their_frames_in_microseconds),
		ON_FILES(test_answers_have_the_stamps_of_their_frames_in_nanoseconds),
		ON_FILES(test_reads_from_a_pipe),
		ON_FILES(test_without_a_file_to_write_answers_are_counted_as_sent),
		ON_FILES(test_frames_cut_short_or_too_long_for_a_buffer_are_broken),
		ON_FILES(test_hook_times_are_of_the_monotonic_clock_and_only_when_asked_for),
		ON_FILES(test_a_truncated_file_gives_its_frames_then_an_error),
		ON_FILES(test_refuses_another_link_type),
		ON_FILES(test_refuses_what_is_no_capture_file),
		ON_FILES(test_refuses_files_that_cannot_be_opened),
		ON_FILES(test_refuses_to_write_over_the_file_it_reads),
		ON_FILES(test_answers_that_cannot_be_written_are_not_sent),
		ON_FILES(test_waits_for_nothing_until_the_end_and_then_for_the_wake_up),
		ON_FILES(test_gauges_are_zero_and_rings_unknown),
	};

	return cmocka_run_group_tests_name("pcap_file", tests, NULL, NULL);
}
