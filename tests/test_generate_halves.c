// SPDX-License-Identifier: BSD-2-Clause
/* Both halves judge alike: right answers, and every single bit of them wrong, go through the XDP program
 * (BPF_PROG_TEST_RUN) and through the same functions in user space. Needs root. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <cmocka.h>

#include "generate/figures.h"
#include "generate/frame.h"
#include "generate/program.h"

#define STREAM 0xa1b2c3d4u
#define TIME 0x0000334455667788ull
#define SLOTS 65536
/* Of large frames every so many bytes behind the head are tried: a sum sees one as well as another. */
#define STRIDE 97

struct bench {
	struct generate_frame frame;
	uint8_t bytes[FRAME_BYTES_MAX], answer[FRAME_BYTES_MAX];
	struct program *program;
	uint64_t sequence;
	struct generate_counts before;
};

static struct generate_settings settings(bool ipv6, unsigned tags, uint32_t flows)
{
	struct generate_settings s = {
		.from = { { 2, 0, 0, 0, 0x0a, 1 }, { 198, 18, 0, 1 } },
		.to = { { 2, 0, 0, 0, 0x0b, 2 }, { 198, 18, 0, 2 } },
		.ipv6 = ipv6,
		.port = 3842,
		.signature = { 'D', 'A', 'T', 'A', ':', 'O', 'T' },
		.signature_at = 5,
		.tags = tags,
		.tag = { 0xa064, 0x2009 },
		.dscp = 46,
		.flows = flows,
	};

	return s;
}

static void swap(uint8_t *a, uint8_t *b, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++) {
		uint8_t kept = a[i];

		a[i] = b[i];
		b[i] = kept;
	}
}

static struct bench *begin(
	bool ipv6, unsigned tags, uint32_t flows, uint32_t size, uint64_t sequence)
{
	struct generate_settings s = settings(ipv6, tags, flows);
	struct bench *b = calloc(1, sizeof(*b));
	struct program_settings wanted = { .ifindex = 1, .slots = SLOTS };
	struct err err = { "" };
	uint8_t *ip;

	assert_non_null(b);
	b->sequence = sequence;
	frame_make(&b->frame, b->bytes, &s, size, STREAM, GENERATE_FLOOD_EVERY);
	wanted.frame = &b->frame;
	wanted.bytes = b->bytes;
	if (program_open(&b->program, &wanted, &err))
		fail_msg("%s", err.text);
	program_window(b->program)->next = 100;
	program_times(b->program)[0] = TIME;
	memcpy(b->answer, b->bytes, b->frame.length);
	generate_write(&b->frame, b->answer, sequence, sequence ? 0 : TIME);
	ip = b->answer + b->frame.ip_at;
	swap(b->answer, b->answer + 6, 6);
	swap(ip + (ipv6 ? 8 : 12), ip + (ipv6 ? 24 : 16), ipv6 ? 16 : 4);
	swap(b->answer + b->frame.udp_at, b->answer + b->frame.udp_at + 2, 2);
	return b;
}

static void end(struct bench *b)
{
	program_close(b->program);
	free(b);
}

/* What the kernel half makes of the answer, as if it were the first; CORRUPTIONS + 1: it is not ours. */
static unsigned judge_in_kernel(struct bench *b, uint32_t length)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = b->answer, .data_size_in = length,
		.repeat = 1);
	struct generate_counts now = { 0 };
	unsigned found = CORRUPT_NOT;

	program_answered(b->program)[b->sequence] = 0;
	assert_int_equal(bpf_prog_test_run_opts(program_receiver(b->program), &options), 0);
	assert_int_equal(program_add_counts(b->program, &now, NULL), 0);
	if (options.retval == XDP_PASS) {
		assert_int_equal(now.received, b->before.received);
		return CORRUPTIONS + 1;
	}
	assert_int_equal(options.retval, XDP_DROP);
	assert_int_equal(now.received, b->before.received + 1);
	for (unsigned i = 0; i < CORRUPTIONS; i++)
		if (now.corrupted[i] != b->before.corrupted[i])
			found = i;
	b->before = now;
	return found;
}

static unsigned judge_in_user_space(struct bench *b, uint32_t length)
{
	uint8_t *end_of = b->answer + length;
	int moved;

	if (!generate_find(&b->frame, b->answer, end_of, &moved))
		return CORRUPTIONS + 1;
	if (moved)
		return CORRUPT_TAGS;
	if (length != b->frame.length)
		return CORRUPT_HEADERS;
	return generate_judge(&b->frame, b->answer, b->sequence, b->sequence ? 0 : TIME,
		b->bytes + GENERATE_HEAD);
}

static void compare(struct bench *b, uint32_t length, const char *what, uint32_t at)
{
	unsigned kernel = judge_in_kernel(b, length), user = judge_in_user_space(b, length);

	if (kernel != user)
		fail_msg("%u bytes, ipv6 %u, %s %u: %u in the kernel, %u in user space",
			b->frame.length, b->frame.is_ipv6, what, at, kernel, user);
}

static void compare_all(bool ipv6, unsigned tags, uint32_t flows, uint32_t size, uint64_t sequence)
{
	struct bench *b = begin(ipv6, tags, flows, size, sequence);
	uint32_t sequence_at = b->frame.signature_at + GENERATE_SEQUENCE;

	compare(b, b->frame.length, "right", 0);
	assert_int_equal(judge_in_kernel(b, b->frame.length), CORRUPT_NOT);
	for (uint32_t at = 0; at < b->frame.length; at += at < GENERATE_HEAD + 4 ? 1 : STRIDE) {
		if (at >= sequence_at && at < sequence_at + 4)
			continue; /* would be another packet */
		for (unsigned bit = 0; bit < 8; bit++) {
			b->answer[at] ^= (uint8_t)(1u << bit);
			compare(b, b->frame.length, "bit", 8 * at + bit);
			b->answer[at] ^= (uint8_t)(1u << bit);
		}
	}
	b->answer[b->frame.length - 1] ^= 0x80;
	compare(b, b->frame.length, "last byte", b->frame.length - 1);
	b->answer[b->frame.length - 1] ^= 0x80;
	for (uint32_t cut = 1; cut < 50 && b->frame.length > cut + ETH_HLEN; cut++)
		compare(b, b->frame.length - cut, "cut by", cut);
	assert_int_equal(judge_in_kernel(b, b->frame.length), CORRUPT_NOT);
	end(b);
}

static void test_both_halves_judge_ipv4_alike(void **state)
{
	static const uint32_t sizes[] = { 64, 75, 76, 115, 116, 117, 118, 119, 120, 512, 1518,
		3000 };

	(void)state;
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		compare_all(false, 0, 1, sizes[i], i & 1);
	compare_all(false, 1, 5, 300, 3);
	compare_all(false, 2, 1, 128, 0);
}

static void test_both_halves_judge_ipv6_alike(void **state)
{
	static const uint32_t sizes[] = { 84, 99, 116, 117, 1000 };

	(void)state;
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		compare_all(true, 0, 1, sizes[i], i & 1);
	compare_all(true, 1, 7, 200, 4);
	compare_all(true, 2, 1, 1518, 0);
}

/* The sender reuses the frame: a payload that came back wrong must not be sent again. */
static void test_a_wrong_payload_is_restored_in_the_frame(void **state)
{
	struct bench *b = begin(false, 0, 1, 1518, 1);
	uint8_t after[FRAME_BYTES_MAX];
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = b->answer, .data_out = after,
		.repeat = 1, .data_size_in = b->frame.length, .data_size_out = sizeof(after));

	(void)state;
	b->answer[700] ^= 0x40;
	b->answer[1513] ^= 0x01;
	assert_int_equal(bpf_prog_test_run_opts(program_receiver(b->program), &options), 0);
	assert_int_equal(options.data_size_out, b->frame.length);
	assert_memory_equal(
		after + GENERATE_HEAD, b->bytes + GENERATE_HEAD, b->frame.length - GENERATE_HEAD);
	end(b);
}

static void test_order_fate_and_time_are_counted(void **state)
{
	struct bench *b = begin(false, 0, 1, 128, 0);
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = b->answer, .repeat = 1,
		.data_size_in = b->frame.length);
	static const uint32_t sequences[] = { 0, 2, 1, 1, 50, 100, UINT32_MAX };
	uint8_t *sequence_at = b->answer + b->frame.signature_at + GENERATE_SEQUENCE;
	struct generate_counts now = { 0 };

	(void)state;
	program_window(b->program)->late_before = 1;
	program_times(b->program)[0] = 1; /* long ago */
	for (unsigned i = 0; i < sizeof(sequences) / sizeof(*sequences); i++) {
		sequence_at[0] = sequence_at[1] = sequence_at[2] = 0;
		sequence_at[3] = (uint8_t)sequences[i];
		if (sequences[i] == UINT32_MAX)
			memset(sequence_at, 0xff, 4);
		assert_int_equal(bpf_prog_test_run_opts(program_receiver(b->program), &options), 0);
		assert_int_equal(options.retval, XDP_DROP);
	}
	assert_int_equal(program_add_counts(b->program, &now, NULL), 0);
	assert_int_equal(now.late, 1);
	assert_int_equal(now.received, 3); /* 2, 1 and 50 */
	assert_int_equal(now.duplicated, 1);
	assert_int_equal(now.reordered, 1);
	assert_int_equal(now.stray, 1); /* 100 was never sent */
	assert_int_equal(now.knocks, 1);
	assert_int_equal(now.times.count, 1); /* of 64 */
	assert_int_equal(now.bytes, 4 * b->frame.length);
	end(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_halves_judge_ipv4_alike),
		cmocka_unit_test(test_both_halves_judge_ipv6_alike),
		cmocka_unit_test(test_a_wrong_payload_is_restored_in_the_frame),
		cmocka_unit_test(test_order_fate_and_time_are_counted),
	};

	if (geteuid()) {
		printf("needs root: loads XDP programs\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
