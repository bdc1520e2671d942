/* SPDX-License-Identifier: BSD-2-Clause */
/* What the kernel can do, found by doing it: never by its version. */
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "doctor/code.h"
#include "doctor/doctor.h"
#include "io/io.h"
#include "io/xdp_program.h"

#define JIT_FILE "/proc/sys/net/core/bpf_jit_enable"

static void look_at_release(const struct subject *subject, struct finding *finding)
{
	struct utsname name;

	(void)subject;
	if (!uname(&name))
		finding_set(
			finding, FINDING_OK, "%s %s, %s", name.sysname, name.release, name.machine);
}

static void look_at_jit(const struct subject *subject, struct finding *finding)
{
	FILE *file = fopen(JIT_FILE, "re");
	int value;

	if (!file || fscanf(file, "%d", &value) != 1) {
		finding_set(finding, FINDING_UNKNOWN, "%s cannot be read%s", JIT_FILE,
			file ? "" : " (it is there only in the first network namespace)");
	} else if (value) {
		finding_set(finding, FINDING_OK, "on");
	} else {
		finding_set(finding, FINDING_WARN, "off: BPF programs are interpreted");
		finding_mend(finding, subject, "sysctl -w net.core.bpf_jit_enable=1");
		finding_undo(finding, subject, "sysctl -w net.core.bpf_jit_enable=0");
	}
	if (file)
		fclose(file);
}

/* As a program of its own, or as an extension of the dispatcher. */
static void load_kernel_half(struct finding *finding, bool extends)
{
	struct service_rule *rules = calloc(SERVICE_SLOTS, sizeof(*rules));
	struct rule_tables *tables = calloc(1, sizeof(*tables));
	const struct rule_state state = { .level = LEVEL_BASIC };
	const struct xdp_program_settings settings = { .queues = 1,
		.services = rules,
		.tables = tables,
		.state = &state,
		.dispatcher = extends };
	struct xdp_program *program = NULL;
	struct err err = { "" };
	int code = -ENOMEM;

	if (rules && tables)
		code = xdp_program_open(&program, &settings, &err);
	if (!code)
		finding_set(finding, FINDING_OK, "%s",
			extends ? "replaces a function of another program"
				: "loads, with its maps");
	else if (code == -EPERM || code == -EACCES)
		finding_set(finding, FINDING_UNKNOWN, "%.200s", err.text);
	else
		finding_set(finding, FINDING_WARN, "%.200s", err.text);
	if (!code)
		xdp_program_close(program);
	free(tables);
	free(rules);
}

/* Who asks for XDP gets no packet socket instead. */
static bool insists_on_xdp(const struct config *config)
{
	for (unsigned i = 0; config && i < config->interfaces_count; i++) {
		const struct config_interface *interface = &config->interfaces[i];

		if (interface->io == IO_AF_XDP ||
			(interface->io == IO_AUTO && interface->xdp != XDP_AUTO))
			return true;
	}
	return false;
}

static void look_at_program(const struct subject *subject, struct finding *finding)
{
	load_kernel_half(finding, false);
	if (finding->state == FINDING_WARN && insists_on_xdp(subject->config))
		finding->state = FINDING_FAIL;
}

static bool wants_dispatcher(const struct config *config)
{
	for (unsigned i = 0; config && i < config->interfaces_count; i++)
		if (config->interfaces[i].attach == ATTACH_DISPATCHER)
			return true;
	return false;
}

/* Who has not asked for it misses nothing. */
static void look_at_freplace(const struct subject *subject, struct finding *finding)
{
	load_kernel_half(finding, true);
	if (finding->state == FINDING_WARN)
		finding->state = wants_dispatcher(subject->config) ? FINDING_FAIL : FINDING_UNKNOWN;
}

static int load(const struct bpf_insn *code, size_t count)
{
	int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "doctor", "GPL", code, count, NULL);

	return fd < 0 ? -errno : fd;
}

/* Redirects to an empty slot: with a fallback it passes, without it would be a silent drop. */
static int run_redirect(uint32_t *verdict)
{
	uint8_t frame[ETH_ZLEN] = { 0 };
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame, .data_size_in = sizeof(frame),
		.repeat = 1);
	int map = bpf_map_create(BPF_MAP_TYPE_XSKMAP, "doctor", 4, 4, 1, NULL), program, code;

	if (map < 0)
		return -errno;
	program = load((const struct bpf_insn[]){ LOAD_MAP(BPF_REG_1, map), LOAD(BPF_REG_2, 0),
			       LOAD(BPF_REG_3, XDP_PASS), CALL(BPF_FUNC_redirect_map), EXIT },
		6);
	code = program < 0 ? program : bpf_prog_test_run_opts(program, &options);
	*verdict = options.retval;
	if (program >= 0)
		close(program);
	close(map);
	return code;
}

static void look_at_redirect(const struct subject *subject, struct finding *finding)
{
	uint32_t verdict = 0;
	int code = run_redirect(&verdict);

	(void)subject;
	if (code)
		finding_set_refused(finding, code, "redirect with a fallback");
	else if (verdict == XDP_PASS)
		finding_set(finding, FINDING_OK, "a queue without a socket passes");
	else
		finding_set(finding, FINDING_WARN, "a queue without a socket drops (verdict %u)",
			verdict);
}

static void attach_by_link(struct finding *finding)
{
	LIBBPF_OPTS(bpf_link_create_opts, options, .flags = XDP_FLAGS_SKB_MODE);
	int program = load((const struct bpf_insn[]){ LOAD(BPF_REG_0, XDP_PASS), EXIT }, 2), link;

	if (program < 0) {
		finding_set_refused(finding, program, "load an XDP program");
		return;
	}
	link = bpf_link_create(program, (int)if_nametoindex("lo"), BPF_XDP, &options);
	if (link < 0)
		finding_set_refused(finding, -errno, "attach by bpf_link");
	else
		finding_set(finding, FINDING_OK, "attaches; gone with its owner");
	if (link >= 0)
		close(link);
	close(program);
}

static void look_at_link(const struct subject *subject, struct finding *finding)
{
	(void)subject;
	doctor_try_apart(attach_by_link, finding);
}

static void bind_on_loopback(struct finding *finding)
{
	const struct io_queue_settings settings = {
		.interface = "lo",
		.netns = "",
		.ifindex = if_nametoindex("lo"),
		.mtu = 1500,
		.frames = CONFIG_FRAMES_MIN,
		.frame_size = 2048,
		.batch = 64,
		.huge_pages = HUGE_OFF,
		.numa_node = -1,
		.generic = true,
	};
	struct io_queue *queue;
	struct err err = { "" };
	int code = io_af_xdp.open(&queue, &settings, &err);

	if (!code) {
		finding_set(finding, FINDING_OK, "binds");
		io_af_xdp.close(queue);
	} else if (code == -EPERM || code == -EACCES) {
		finding_set(finding, FINDING_UNKNOWN, "%.200s", err.text);
	} else {
		finding_set(finding, FINDING_WARN, "%.200s", err.text);
	}
}

static void look_at_socket(const struct subject *subject, struct finding *finding)
{
	(void)subject;
	doctor_try_apart(bind_on_loopback, finding);
}

const struct probe doctor_kernel_probes[] = {
	{ "kernel", "what a report of a problem should say", look_at_release, false },
	{ "jit", "an interpreted BPF program is many times slower", look_at_jit, false },
	{ "program", "the kernel half is this program; without it only AF_PACKET is left",
		look_at_program, false },
	{ "redirect", "the traffic of a queue whose worker has died must reach the stack",
		look_at_redirect, false },
	{ "bpf_link", "so held, the program goes with Ringside, also when that is killed",
		look_at_link, false },
	{ "af_xdp", "services that answer in user space receive through it", look_at_socket,
		false },
	{ "freplace", "attach = dispatcher, beside other XDP programs, is made of it",
		look_at_freplace, false },
	{ NULL, NULL, NULL, false },
};
