// SPDX-License-Identifier: BSD-2-Clause
/* Frames that a service finishes in the kernel half, with a map of its own: a kernel half that knows one
 * more service. */
#include "probe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "bpf/services.h"
#include "tests/probe.skel.h" /* in place of entry.skel.h, whose names it has */
#include "io/xdp_program.c"
#include "packet.h"

#define PROBE_PORT 7000
/* Not the service's place in the order of offer. */
#define PROBE_SLOT 5

static struct service_rule rules[SERVICE_SLOTS];
static struct rule_tables tables;
static struct rule_state state;

/* Loads a kernel half; NULL when that is not allowed here. */
static struct xdp_program *load(enum half half)
{
	const struct xdp_program_settings settings = {
		.queues = 1, .services = rules, .tables = &tables, .state = &state
	};
	struct xdp_program *program = NULL;
	struct err err = { 0 };
	int ret;

	rules[1].half = (__u8)half;
	ret = xdp_program_open(&program, &settings, &err);
	if (ret && ret != -EPERM)
		fail_msg("%s", err.text);
	return program;
}

static void set_rule(unsigned kind)
{
	rules[1] = (struct service_rule){ .kind = (__u8)kind, .slot = PROBE_SLOT };
	if (kind == SERVICE_probe)
		rules[1].probe.verdict = VERDICT_HANDLE;
	tables.udp_port_services[PROBE_PORT] = 1 << 1;
}

/* Feeds a frame with so much payload; returns the action. */
static unsigned feed(struct xdp_program *program, unsigned payload)
{
	const struct packet packet = V4(.dport = PROBE_PORT, .payload = payload);
	uint8_t frame[PACKET_BYTES_MAX];
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .repeat = 1);

	opts.data_size_in = (__u32)packet_build(&packet, frame);
	assert_int_equal(bpf_prog_test_run_opts(xdp_program_fd(program), &opts), 0);
	return opts.retval;
}

static void check_cells(struct xdp_program *program, uint64_t delivered, uint64_t passed)
{
	struct cells cells = { 0 };
	uint64_t sum = 0;

	assert_int_equal(xdp_program_add_cells(program, 0, &cells), 0);
	assert_int_equal(cells.cell[PROBE_SLOT][OUTCOME_DELIVER].packets, delivered);
	assert_int_equal(cells.cell[PROBE_SLOT][OUTCOME_PASS].packets, passed);
	for (unsigned slot = 0; slot <= SERVICE_SLOTS; slot++)
		for (unsigned i = 0; i < OUTCOMES; i++)
			sum += cells.cell[slot][i].packets;
	assert_int_equal(sum, delivered + passed);
}

static void test_the_kernel_half_finishes_what_it_can_and_counts_it_once(void **unused)
{
	struct xdp_program *program;
	__u32 slot = PROBE_SLOT;
	__u64 count = 0;
	int fd;

	(void)unused;
	set_rule(SERVICE_probe);
	program = load(HALF_KERNEL);
	assert_non_null(program);
	assert_int_equal(feed(program, 20), XDP_PASS);
	assert_int_equal(feed(program, 22), XDP_PASS);
	/* not finished: for the worker, and there is none */
	assert_int_equal(feed(program, 21), XDP_PASS);
	check_cells(program, 2, 1);
	fd = xdp_program_map_fd(program, "probe_counts");
	assert_true(fd >= 0);
	assert_int_equal(bpf_map_lookup_elem(fd, &slot, &count), 0);
	assert_int_equal(count, 2);
	xdp_program_close(program);
}

static void test_with_the_user_half_the_kernel_half_leaves_it_alone(void **unused)
{
	struct xdp_program *program;

	(void)unused;
	set_rule(SERVICE_probe);
	program = load(HALF_USER);
	assert_non_null(program);
	assert_int_equal(feed(program, 20), XDP_PASS);
	check_cells(program, 0, 1);
	xdp_program_close(program);
}

static void test_who_does_not_use_a_service_has_none_of_its_maps(void **unused)
{
	struct xdp_program *program;

	(void)unused;
	set_rule(SERVICE_NONE);
	program = load(HALF_KERNEL);
	assert_non_null(program);
	assert_int_equal(xdp_program_map_fd(program, "probe_counts"), -ENOENT);
	assert_true(xdp_program_map_fd(program, "books") >= 0);
	assert_int_equal(xdp_program_map_fd(program, "no_such_map"), -ENOENT);
	xdp_program_close(program);
}

/* An atomic operation with a result: BPF_FETCH, BPF_XCHG and BPF_CMPXCHG have this bit. */
static bool is_newer(const struct bpf_insn *insn)
{
	return BPF_CLASS(insn->code) == BPF_STX && BPF_MODE(insn->code) == BPF_ATOMIC &&
	       insn->imm & BPF_FETCH;
}

/* Kernels look at all of it before they leave out what is dead. */
static void test_linux_5_10_knows_every_instruction(void **unused)
{
	struct xdp_program *loaded;
	struct bpf_program *program;
	const struct bpf_insn *insns;
	size_t count;

	(void)unused;
	set_rule(SERVICE_probe);
	loaded = load(HALF_KERNEL);
	assert_non_null(loaded);
	program = loaded->entry->progs.ringside;
	insns = bpf_program__insns(program); /* once loaded, with what it calls */
	count = bpf_program__insn_cnt(program);
	assert_true(count > 1000);
	for (size_t i = 0; i < count; i++)
		if (is_newer(&insns[i]))
			fail_msg("instruction %zu of %zu", i, count);
	xdp_program_close(loaded);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_linux_5_10_knows_every_instruction),
		cmocka_unit_test(test_the_kernel_half_finishes_what_it_can_and_counts_it_once),
		cmocka_unit_test(test_with_the_user_half_the_kernel_half_leaves_it_alone),
		cmocka_unit_test(test_who_does_not_use_a_service_has_none_of_its_maps),
	};
	struct xdp_program *program = load(HALF_KERNEL);

	if (!program) {
		printf("no program can be loaded (needs CAP_BPF and CAP_NET_ADMIN)\n");
		return 77;
	}
	xdp_program_close(program);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
