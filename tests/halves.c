// SPDX-License-Identifier: BSD-2-Clause
#include "halves.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <limits.h>
#include <linux/bpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const uint8_t our_mac[6] = OUR_MAC;

static const struct service_type *type_of(const char *lines)
{
	return !strncmp(lines, "type = deliver", 14) ? &service_deliver
	       : !strncmp(lines, "type = steer", 12) ? &service_steer
						     : &service_reflect;
}

static void *settings_of(struct halves *halves, const struct service_type *type, unsigned i)
{
	return type == &service_deliver ? (void *)&halves->deliver[i]
	       : type == &service_steer ? (void *)&halves->steer[i]
					: (void *)&halves->settings[i];
}

static void parse_settings(
	struct halves *halves, const struct service_type *type, void *settings, const char *lines)
{
	char text[8192], *rest = text, *line;
	struct err err = { 0 };

	option_set_defaults(type->options, type->options_count, settings);
	snprintf(text, sizeof(text), "%s", lines);
	while ((line = strsep(&rest, ";"))) {
		char *value = strchr(line, '='), *to = settings;
		const struct option *option;

		if (!value || !strncmp(line, "type", 4))
			continue;
		*value++ = '\0';
		option = option_find(type->options, type->options_count, option_trim(line));
		if (!option) {
			option = option_find(config_access_options, config_access_options_count,
				option_trim(line));
			to = (char *)&halves->access_settings;
		}
		if (!option || option->parse(option, option_trim(value), to + option->offset, &err))
			fail_msg("%s = %s: %s", line, value, err.text);
	}
}

/* Slots are all of target 0, and targets of CPU 0, as long as nobody says otherwise. */
static void open_cpu(struct xdp_program *program)
{
	int cpus = xdp_program_map_fd(program, "steer_cpus");
	const struct bpf_cpumap_val value = { .qsize = 64 };
	const uint32_t cpu = 0;

	if (cpus >= 0)
		assert_int_equal(bpf_map_update_elem(cpus, &cpu, &value, BPF_ANY), 0);
}

static struct xdp_program *load(const struct halves *halves, const struct service_rule *rules)
{
	const struct xdp_program_settings settings = {
		.queues = 1,
		.services = rules,
		.tables = &halves->tables,
		.state = &halves->state,
		.access = { &halves->access->rule, halves->access->nodes,
			halves->access->nodes_count },
	};
	struct xdp_program *program = NULL;
	struct err err = { 0 };
	int ret = xdp_program_open(&program, &settings, &err);

	if (ret && ret != -EPERM)
		fail_msg("%s", err.text);
	if (program)
		open_cpu(program);
	return program;
}

/* A service's handler that takes every frame. */
static int deliver(void *handler, const struct service_frame *frame)
{
	(void)handler;
	(void)frame;
	return OUTCOME_DELIVER;
}

static void set_up_worker(struct halves *halves)
{
	struct worker *worker = &halves->worker;

	fake_io_reset(&halves->io);
	worker->ops = &fake_io;
	worker->io = &halves->io;
	worker->services = halves->rules;
	worker->tables = &halves->tables;
	worker->state = &halves->state;
	worker->batch = 1;
	worker->first_half = worker->can_pass = worker->limited = true;
	worker->cpu = SNAPSHOT_NONE;
	worker->access = &halves->access->rule;
	worker->access_memory = halves->access->memory;
}

static void compile_access(struct halves *halves)
{
	struct err err = { 0 };

	halves->state.source_every = 1;
	if (access_compile(&halves->access, &halves->access_settings, HALVES_SLOTS, true,
		    &halves->access_state, &err))
		fail_msg("%s", err.text);
}

struct halves *halves_open(const char *first, const char *second)
{
	const char *const lines[HALVES_SLOTS] = { first, second };
	struct halves *halves = aligned_alloc(64, sizeof(*halves));

	assert_non_null(halves);
	memset(halves, 0, sizeof(*halves));
	rule_tables_init(&halves->tables);
	memcpy(halves->state.mac, our_mac, sizeof(our_mac));
	for (unsigned i = 0; i < HALVES_SLOTS && lines[i]; i++) {
		const struct service_type *type = type_of(lines[i]);
		void *settings = settings_of(halves, type, i);
		const struct service_compile compile = {
			.settings = settings,
			.place = i,
			.queues = 1,
			.rule = &halves->rules[i],
			.tables = &halves->tables,
		};
		struct err err = { 0 };

		parse_settings(halves, type, settings, lines[i]);
		halves->rules[i].slot = (uint8_t)i;
		if (type->compile(&compile, &err))
			fail_msg("%s: %s", lines[i], err.text);
		halves->tables.deliver_attended[i] = 1;
		halves->tables.steer_attended[i] = 1; /* all slots are worker 0's */
		halves->worker.handlers[i].handle = deliver;
		halves->handover_rules[i] = halves->rules[i];
		halves->handover_rules[i].half = HALF_USER;
	}
	compile_access(halves);
	halves->kernel = load(halves, halves->rules);
	halves->handover = load(halves, halves->handover_rules);
	set_up_worker(halves);
	return halves;
}

void halves_close(struct halves *halves)
{
	xdp_program_close(halves->kernel);
	xdp_program_close(halves->handover);
	access_free(halves->access);
	access_settings_fini(&halves->access_settings);
	free(halves);
}

int halves_exit_status(void)
{
	struct halves *halves = halves_open("", NULL);
	int status = halves->kernel ? 0 : 77;

	halves_close(halves);
	if (status)
		printf("only the user half was tested (the other needs CAP_BPF and "
		       "CAP_NET_ADMIN)\n");
	return status;
}

/* Sets outcome and slot from the one cell that has grown by one frame. */
static void find_cell(
	const struct cells *before, const struct cells *after, size_t length, struct judged *judged)
{
	unsigned grown = 0;

	for (unsigned slot = 0; slot <= SERVICE_SLOTS; slot++)
		for (unsigned i = 0; i < OUTCOMES; i++) {
			const struct cell *old = &before->cell[slot][i],
					  *new = &after->cell[slot][i];

			if (old->packets == new->packets && old->bytes == new->bytes)
				continue;
			grown += new->packets == old->packets + 1 &&
						 new->bytes == old->bytes + length
					 ? 1
					 : 2;
			judged->outcome = (int)i;
			judged->slot = slot;
		}
	if (grown != 1)
		judged->outcome = JUDGED_TWICE;
}

static int action_of(int outcome)
{
	switch (outcome) {
	case OUTCOME_PASS:
		return XDP_PASS;
	case OUTCOME_TX:
		return XDP_TX;
	case OUTCOME_REDIRECT:
	case OUTCOME_DELIVER:
		return XDP_REDIRECT;
	default:
		return outcome >= OUTCOME_SPARE ? XDP_PASS : XDP_DROP;
	}
}

void halves_run_kernel(
	struct xdp_program *program, const uint8_t *frame, size_t length, struct judged *judged)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = (__u32)length,
		.data_out = judged->frame, .data_size_out = sizeof(judged->frame), .repeat = 1);
	struct cells before = { 0 }, after = { 0 };

	assert_int_equal(xdp_program_add_cells(program, 0, &before), 0);
	assert_int_equal(bpf_prog_test_run_opts(xdp_program_fd(program), &opts), 0);
	assert_int_equal(xdp_program_add_cells(program, 0, &after), 0);
	judged->length = opts.data_size_out;
	find_cell(&before, &after, length, judged);
	if (judged->outcome >= 0 && (int)opts.retval != action_of(judged->outcome))
		judged->outcome = JUDGED_LYING;
}

void halves_run_user(
	struct halves *halves, const uint8_t *frame, size_t length, struct judged *judged)
{
	uint8_t *copy =
		malloc(length ? length : 1); /* exactly as long, for the address sanitizer */
	struct cells before = halves->worker.books.cells;
	const struct io_frame *back = &halves->io.frames[0];

	assert_non_null(copy);
	memcpy(copy, frame, length);
	halves->io.arrived = halves->io.lent = halves->io.back = 0;
	fake_io_arrive(&halves->io, copy, (uint32_t)length);
	assert_int_equal(worker_run_batch(&halves->worker), 1);
	assert_int_equal(halves->io.back, 1);
	judged->length = back->length;
	memcpy(judged->frame, copy, length);
	find_cell(&before, &halves->worker.books.cells, length, judged);
	if (judged->outcome >= 0 && (judged->outcome == OUTCOME_TX) != back->send)
		judged->outcome = JUDGED_LYING;
	free(copy);
}

struct packet halves_answer(const struct packet *packet, const struct reflect_settings *settings)
{
	struct packet answer = *packet;

	memcpy(answer.to, packet->from, sizeof(answer.to));
	memcpy(answer.from, packet->to, sizeof(answer.from));
	if (settings->swap >= REFLECT_SWAP_IP) {
		answer.source = packet->destination;
		answer.destination = packet->source;
	}
	if (settings->swap >= REFLECT_SWAP_PORT) {
		answer.sport = packet->dport;
		answer.dport = packet->sport;
	}
	if (settings->loop_guard == 0)
		answer.ttl--;
	if (settings->checksum == REFLECT_RECOMPUTE) {
		answer.ip_error = answer.udp_error = 0;
		answer.no_udp_checksum = false;
	}
	return answer;
}

static void print_outcome(const char *what, int outcome, unsigned slot)
{
	static const char *const reasons[] = {
#define REASON(reason) #reason,
		DROP_REASONS(REASON)
#undef REASON
	};
	const char *text = outcome == OUTCOME_PASS	 ? "pass"
			   : outcome == OUTCOME_TX	 ? "answer"
			   : outcome == OUTCOME_REDIRECT ? "redirect"
			   : outcome == OUTCOME_DELIVER	 ? "deliver"
			   : outcome == JUDGED_TWICE	 ? "not counted once"
			   : outcome == JUDGED_LYING	 ? "done otherwise than counted"
			   : outcome >= OUTCOME_SPARE	 ? reasons[outcome - OUTCOME_SPARE]
							 : reasons[outcome - OUTCOME_DROP];

	if (slot == SLOT_NONE)
		print_error("%s %s", what, text);
	else
		print_error("%s %s (slot %u)", what, text, slot);
}

static void print_frame(const char *what, const uint8_t *frame, size_t length)
{
	print_error("  %-8s %zu bytes", what, length);
	for (size_t i = 0; i < length && i < 128; i++)
		print_error("%s%02x", i % 16 ? "" : "\n    ", frame[i]);
	print_error("\n");
}

static bool is_as_expected(const char *name, const char *half, const struct judged *is,
	const struct judged *expected, const uint8_t *frame, size_t length)
{
	if (is->outcome == expected->outcome && is->slot == expected->slot &&
		is->length == expected->length &&
		!memcmp(is->frame, expected->frame, expected->length))
		return true;
	print_error("%s: %s half:", name, half);
	print_outcome("", is->outcome, is->slot);
	print_outcome(", expected", expected->outcome, expected->slot);
	print_error("\n");
	print_frame("frame", frame, length);
	print_frame("became", is->frame, is->length);
	print_frame("expected", expected->frame, expected->length);
	return false;
}

/* What the kernel half makes of a frame that the worker would answer or hand to a service: it passes
 * without a socket. */
static struct judged *without_socket(struct judged *expected, const uint8_t *frame, size_t length)
{
	if (expected->outcome == OUTCOME_TX || expected->outcome == OUTCOME_DELIVER) {
		expected->outcome = OUTCOME_PASS;
		expected->length = length;
		memcpy(expected->frame, frame, length);
	}
	return expected;
}

static bool kernel_halves_agree(struct halves *halves, const char *name, const uint8_t *frame,
	size_t length, struct judged *expected)
{
	struct judged is;
	bool good;

	if (!halves->kernel || length < KERNEL_BYTES_MIN || length > KERNEL_BYTES_MAX)
		return true;
	if (expected->slot < SERVICE_SLOTS && halves->rules[expected->slot].kind == SERVICE_deliver)
		without_socket(expected, frame, length); /* its kernel half has no way to finish */
	halves_run_kernel(halves->kernel, frame, length, &is);
	good = is_as_expected(name, "kernel", &is, expected, frame, length);
	halves_run_kernel(halves->handover, frame, length, &is);
	return is_as_expected(name, "handing over", &is, without_socket(expected, frame, length),
		       frame, length) &&
	       good;
}

bool halves_check_frame(struct halves *halves, const char *name, const uint8_t *frame,
	size_t length, int outcome, unsigned slot, const uint8_t *answer, size_t answer_length)
{
	struct judged expected = { .outcome = outcome, .slot = slot, .length = length }, is;
	bool good;

	memcpy(expected.frame, frame, length);
	if (outcome == OUTCOME_TX) {
		expected.length = answer_length;
		memcpy(expected.frame, answer, answer_length);
	}
	halves_run_user(halves, frame, length, &is);
	good = is_as_expected(name, "user", &is, &expected, frame, length);
	return kernel_halves_agree(halves, name, frame, length, &expected) && good;
}

bool halves_check(struct halves *halves, const char *name, const struct packet *packet, int outcome,
	unsigned slot)
{
	uint8_t frame[PACKET_BYTES_MAX], answer[PACKET_BYTES_MAX];
	size_t length = packet_build(packet, frame), answer_length = 0;

	if (outcome == OUTCOME_TX) {
		struct packet described = halves_answer(packet, &halves->settings[slot]);

		answer_length = packet_build(&described, answer);
	}
	return halves_check_frame(
		halves, name, frame, length, outcome, slot, answer, answer_length);
}

bool halves_agree(struct halves *halves, const char *name, const uint8_t *frame, size_t length)
{
	struct judged user;

	halves_run_user(halves, frame, length, &user);
	if (user.outcome != OUTCOME_TX && memcmp(user.frame, frame, length)) {
		print_error("%s: user half: wrote to a frame that it did not answer\n", name);
		print_frame("frame", frame, length);
		return false;
	}
	return kernel_halves_agree(halves, name, frame, length, &user);
}
